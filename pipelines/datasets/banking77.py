"""BANKING77: questions of customers to a bank, 77 intents, in two CSV files with the columns text and category."""

import csv

from pipelines.datasets.texts import TextReading, TextRow
from pipelines.errors import DataError


def read_texts(paths):
    """Read train.csv and test.csv among `paths` (list of Path): TextReading. Raises DataError."""
    by_name = {path.name: path for path in paths}
    rows = []
    for role in ("train", "test"):
        path = by_name[f"{role}.csv"]
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows += [TextRow(line["text"].strip(), line["category"], role) for line in csv.DictReader(file)]
        except (ValueError, KeyError, AttributeError, csv.Error) as error:
            raise DataError(f"{path}: is not in the form of BANKING77 ({error}); fetch it again") from error
    return TextReading(rows, [])
