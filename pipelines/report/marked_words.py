"""Marked words: a text in which words for an answer are blue, and words against it are red.

A stronger colour means more evidence, relative to the word of this text with the most evidence. A word against the
answer is also underlined, for print in grey. The records are those of `models.evidence.WordEvidence`.
"""

from typing import NamedTuple

SHADES = 4
MOST = 400  # words that are shown


class MarkedWord(NamedTuple):
    """A word for a page: its text, whether there is a blank before it, its class in the style sheet, and its number."""

    text: str
    begins: bool
    shade: str
    said: str


def mark_words(words, most=MOST):
    """Return MarkedWords of the "words" of a record: list; only the beginning of a long text."""
    limit = max((abs(word["evidence"]) for word in words), default=0.0)
    return [
        MarkedWord(word["word"], word["begins"], _shade(word["evidence"], limit), f"{word['evidence']:+.2f}")
        for word in words[:most]
    ]


def _shade(value, limit):
    level = round(SHADES * abs(value) / limit) if limit else 0
    return f"{'for' if value > 0 else 'against'}-{level}" if level else ""


def heaviest(words, most=12):
    """Return the words of a record with the most evidence, each once with its sum: list of (word, evidence)."""
    sums = {}
    for word in words:
        sums[word["word"]] = sums.get(word["word"], 0.0) + word["evidence"]
    return sorted(sums.items(), key=lambda entry: -abs(entry[1]))[:most]
