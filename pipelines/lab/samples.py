"""Samples of the lab, each with a short name for addresses.

`test:17` is a sample of the test split of the data set that a model was trained on. `kept:ab12…` is a sample that the
user drew, spoke, typed or dropped into the page; it is kept in memory while the lab runs. Each is the contents of a
file, as `predict` would read them, or a text.
"""

import hashlib
import io
import threading
from collections import OrderedDict

import numpy as np

from pipelines import datasets
from pipelines.features.inputs import Sample
from pipelines.lab.refusal import Refusal
from pipelines.learning.preparation import prepare

MOST_KEPT = 400
MOST_BYTES = 256 * 2**20


class Samples:
    """Samples by name."""

    def __init__(self):
        self._kept = OrderedDict()  # name: bytes or str
        self._sets = {}  # (data set, task): (Dataset, rows of the test split)
        self._lock, self._reading = threading.Lock(), threading.Lock()

    def keep(self, source):
        """Keep the contents of a file (bytes) or a text (str), and return its name."""
        content = source.encode() if isinstance(source, str) else source
        kind = b"t" if isinstance(source, str) else b"f"
        name = f"kept:{hashlib.sha256(kind + content).hexdigest()[:16]}"
        with self._lock:
            self._kept[name] = source
            self._kept.move_to_end(name)
            while len(self._kept) > MOST_KEPT or sum(map(len, self._kept.values())) > MOST_BYTES:
                self._kept.popitem(last=False)
        return name

    def find(self, name, model):
        """Return the sample of a name, for a model (Bundle): (Sample, true label or None).

        Raises Refusal if there is none, and DataError if the model's data set cannot be read.
        """
        kind, _, rest = name.partition(":")
        if kind == "kept":
            with self._lock:
                source = self._kept.get(name)
            if source is None:
                raise Refusal(404, "This sample is lost, because the lab was started again since. Give it once more.")
            return Sample("sample", source), None
        if kind == "test" and rest.isdecimal():
            found, rows = self.tests_of(model)
            if int(rest) < len(rows):
                row = rows[int(rest)]
                return Sample(f"{found.name} {rest}", _contents(found.items[row])), found.labels[found.y[row]]
        raise Refusal(404, f"There is no sample {name[:40]}; choose another.")

    def tests_of(self, model):
        """Return the data set that a model was trained on, and its test rows.

        The split is the same as in the training. Raises DataError if the data set cannot be read.
        """
        key = (model.provenance["dataset"], model.task.name)
        with self._reading:  # two pages that ask at the same time need only one reading
            if key not in self._sets:
                found = datasets.load(*key)
                if not len(found.rows("test")):
                    found = prepare(found, model.reader).dataset
                self._sets[key] = found, found.rows("test")
            return self._sets[key]


def _contents(item):
    """Return a sample of a data set as the contents of a file, or as a text."""
    if isinstance(item, np.ndarray):
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(item).save(file, "PNG")
        return file.getvalue()
    return item if isinstance(item, bytes | str) else item.read_bytes()
