"""CLINC150: sentences to a voice assistant, 150 intents, and sentences of no intent.

One JSON file has six lists of [sentence, intent]. `train`, `val` and `test` are the parts of the split; `oos_train`,
`oos_val` and `oos_test` hold what is out of scope, our foreign samples.
"""

import json

from pipelines.datasets.texts import TextReading, TextRow
from pipelines.errors import DataError

ROLES = {"train": "train", "val": "valid", "test": "test"}


def read_texts(paths):
    """Read the file, the only one in `paths` (list of Path): TextReading. Raises DataError."""
    [path] = paths
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))
        rows = [TextRow(text, intent, role) for name, role in ROLES.items() for text, intent in parts[name]]
        foreign = [(text, role) for name, role in ROLES.items() for text, _ in parts[f"oos_{name}"]]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is not in the form of CLINC150 ({error}); fetch it again") from error
    return TextReading(rows, foreign)
