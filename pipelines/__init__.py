"""Recognising words, pictures and texts with the one network of `backprop_core`.

Five lines train a model, measure it, use it and store it:

    from pipelines import load, train

    model = train("speech", "words/", out="models/words.safetensors", preset="best", epochs=60)
    model.evaluate().accuracy
    for answer in model.predict(["my-word.wav", "a-folder/"]):
        print(answer.path, answer.label, answer.probability, answer.error)
    load("models/words.safetensors").explain("my-word.wav", label="yes")

    train       make a model from a data set
    load        take a model from its file, or several that answer together
    crossval    train and test in turn, so that every sample is tested
    diagnose    say what went wrong with the learning, and what to try next
    datasets    the registered data sets: `datasets.names()`, `datasets.fetch(name)`
    Model       what `train` and `load` return, with the verbs on it

The functions print nothing unless they are called with `progress=True`; warnings go to the logger `backprop`. Every
deliberate error is a `BackpropError`, with the sentence that the command line would print.

Each folder is a room, and imports only rooms below it. `cli` reads a command and calls the `door`, like a Python
program. The door calls a verb of `verbs`. A verb takes findings from `diagnosis` and pages from `report`. Both use
`models`, which `learning` makes from `features` and `datasets`. `runs` repeats trainings, and `machine` knows the
computer.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backprop_core.errors import BackpropError, DivergedError
    from pipelines import datasets
    from pipelines.door.crossval import crossval
    from pipelines.door.diagnose import diagnose
    from pipelines.door.model import Model, load
    from pipelines.door.train import train

    __version__: str

__all__ = [
    "BackpropError",
    "DivergedError",
    "Model",
    "__version__",
    "crossval",
    "datasets",
    "diagnose",
    "load",
    "train",
]

_PLACES = {
    "BackpropError": "backprop_core.errors",
    "DivergedError": "backprop_core.errors",
    "Model": "pipelines.door.model",
    "crossval": "pipelines.door.crossval",
    "diagnose": "pipelines.door.diagnose",
    "load": "pipelines.door.model",
    "train": "pipelines.door.train",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that importing the package takes no time."""
    if name in _PLACES:
        found = getattr(importlib.import_module(_PLACES[name]), name)
    elif name == "datasets":
        found = importlib.import_module("pipelines.datasets")
    elif name == "__version__":
        from pipelines.machine.extras import own_version

        found = own_version()
    else:
        raise AttributeError(f"module 'pipelines' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
