"""TREC: questions by what kind of answer they want, six kinds: ABBR, DESC, ENTY, HUM, LOC and NUM.

A line holds `KIND:finer question`; the finer kinds are left aside, as most who use this data do. The text is Latin-1.
"""

from pipelines.datasets.texts import TextReading, TextRow
from pipelines.errors import DataError

ROLES = {"TREC.train": "train", "TREC.test": "test"}


def read_texts(paths):
    """Read TREC.train and TREC.test, in this order, among `paths` (list of Path): TextReading. Raises DataError."""
    by_name = {path.name: path for path in paths}
    rows = []
    for name, role in ROLES.items():
        for number, line in enumerate(by_name[name].read_text(encoding="latin-1").splitlines(), 1):
            kinds, _, question = line.partition(" ")
            kind, colon, _ = kinds.partition(":")
            if not (colon and question):
                raise DataError(f"{by_name[name]}: line {number} is not KIND:finer question; fetch it again")
            rows.append(TextRow(question, kind, role))
    return TextReading(rows, [])
