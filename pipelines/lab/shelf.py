"""The shelf: the models that the lab may open.

They are the models that were named when the lab was started, and those in the folder `models`. A page names a model by
the path from the shelf, so no page can make the lab read another file.
"""

import threading
from pathlib import Path

from pipelines.errors import ModelFileError
from pipelines.features.extractor import Framed
from pipelines.lab.refusal import Refusal
from pipelines.models import bundle

FOLDER = Path("models")
MOST_OPEN = 6


class Shelf:
    """Models by their path.

    Parameters
    ----------
    named : sequence of path, those named at the start; they come first
    folder : Path, whose model files are on the shelf too
    """

    def __init__(self, named=(), folder=FOLDER):
        self._named = [str(path) for path in named]
        self.folder = Path(folder)
        self._open = {}  # path: (modification time and size, Bundle)
        self._lock = threading.Lock()

    def paths(self):
        """Return the paths of all models; named ones come first: list of str."""
        found = sorted(self.folder.glob("*.safetensors"), key=lambda path: -path.stat().st_mtime)
        return list(dict.fromkeys([*self._named, *map(str, found)]))

    def open(self, path):
        """Return the Bundle of a model on the shelf; a file that has changed is read again.

        Raises Refusal if the model is not on the shelf, and ModelFileError if it cannot be used.
        """
        if path not in self.paths():
            raise Refusal(404, "This model is not in the lab; choose one from its list.")
        try:
            state = Path(path).stat()
        except OSError as error:
            raise ModelFileError(f"{path}: cannot be read ({error.strerror}); train it again") from None
        stamp = (state.st_mtime_ns, state.st_size)
        with self._lock:
            if path in self._open and self._open[path][0] == stamp:
                return self._open[path][1]
        opened = bundle.load(path)
        with self._lock:
            self._open[path] = (stamp, opened)
            while len(self._open) > MOST_OPEN:
                self._open.pop(next(iter(self._open)))
        return opened

    def fresh_name(self, stem):
        """Return an unused path in the folder: str, such as "models/images-2.safetensors"."""
        for number in range(1, 10_000):
            path = self.folder / (f"{stem}.safetensors" if number == 1 else f"{stem}-{number}.safetensors")
            if not path.exists():
                return str(path)
        raise Refusal(409, f"{self.folder}: there are too many models called {stem}; remove some")

    def listing(self):
        """Return the models for a page: list of dict of JSON types; an unusable model has its "error"."""
        return [self._entry(path) for path in self.paths()]

    def _entry(self, path):
        try:
            opened = self.open(path)
        except (ModelFileError, Refusal) as error:
            return {"path": path, "error": str(error)}
        known = opened.provenance
        return {
            "path": path,
            "task": opened.task.name,
            "labels": list(opened.labels),
            "dataset": known.get("dataset"),
            "preset": known.get("preset"),
            "n_parameters": int(opened.network.params.flat.size),
            "epochs": known.get("epochs"),
            "seconds": known.get("seconds"),
            "threshold": known.get("threshold"),
            "seed": known.get("seed"),
            "train": known.get("train"),
            "valid": known.get("valid"),
            "test": known.get("test"),
            "recipe": known.get("recipe"),
            "history": [
                {"epoch": entry["epoch"], **{name: entry["valid"][name] for name in ("loss", "accuracy")}}
                for entry in known.get("history", ())
            ],
            "extractor": opened.extractor.settings(),
            "ground": _ground(opened),
        }


def _ground(model):
    """Return whether the training pictures are "dark" or "light" on average; None if they are no pictures."""
    if not isinstance(model.extractor, Framed):
        return None
    return "dark" if float(model.standardizer.feature_means.mean()) < 0.5 else "light"


def plain_name(text):
    """Return a name as a file name: letters, digits, hyphens; "model" if nothing is left."""
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in text)
    return "-".join(part for part in kept.split("-") if part)[:60] or "model"
