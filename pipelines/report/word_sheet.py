"""Word sheets: one answer to one text, as a page: its words with the evidence of each, and the probability of the
answer. It is a page and not a picture, because browsers have the letters of all scripts and know which scripts run from
right to left. Like the page of a diagnosis, it loads nothing and runs no script.
"""

from backprop_core.whole_file import whole_file
from pipelines.report.marked_words import MOST, heaviest, mark_words
from pipelines.report.page import template
from pipelines.wording import encode


def save_word_sheet(path, evidence, record):
    """Write the sheet of an answer as HTML, completely or not at all. Raises OSError.

    Parameters
    ----------
    path : Path
    evidence : dict, the record of a WordEvidence
    record : dict
        The contract's record of the answer: path, label, probability, top.
    """
    content = template("words.html").render(
        record=record,
        evidence=evidence,
        words=mark_words(evidence["words"]),
        left_out=max(0, len(evidence["words"]) - MOST),
        heaviest=heaviest(evidence["words"]),
    )
    _write(path, content)


def save_review_sheet(path, entries, title, said):
    """Write a list of answered texts as HTML. Raises OSError.

    Parameters
    ----------
    path : Path
    entries : list of dict, with "text" and "words", see `models.evidence.with_words`
    title, said : str, the heading and the line below it
    """
    _write(path, template("texts.html").render(entries=entries, title=title, said=said))


def _write(path, content):
    with whole_file(path) as temporary:
        temporary.write_bytes(encode(content))
