"""SNIPS: requests to a voice assistant, seven intents.

Each intent has two JSON files, `train_INTENT_full.json` and `validate_INTENT.json`; the second one is the usual test
set. A sentence is stored in pieces, because pieces with a meaning of their own are separate. Joined, the pieces are the
sentence again.
"""

import json

from pipelines.datasets.texts import TextReading, TextRow
from pipelines.errors import DataError


def read_texts(paths):
    """Read the files in `paths` (list of Path), in order: TextReading. Raises DataError."""
    rows = []
    for path in paths:
        role = "test" if path.name.startswith("validate_") else "train"
        try:
            for intent, sentences in json.loads(_text_of(path)).items():
                for sentence in sentences:
                    rows.append(TextRow("".join(piece["text"] for piece in sentence["data"]).strip(), intent, role))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: is not in the form of SNIPS ({error}); fetch it again") from error
    return TextReading(rows, [])


def _text_of(path):
    """Return a file as text: some of them are UTF-8 and some are Latin-1."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
