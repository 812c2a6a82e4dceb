"""Checkpoints: the state of a training run as a file, so that an interrupted run can continue.

Everything that the next epoch depends on is saved (weights, the optimizer's memory, the random stream, the history),
and so the continued run ends with the same bytes as an uninterrupted one. The file appears under its name only when it
is complete and on the disk: whenever the power fails, either the old checkpoint is there or the new one.
"""

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from backprop_core.errors import BackpropError
from backprop_core.whole_file import whole_file

FORMAT = 2
HEADER = {"format": int, "epoch": int, "rng": dict, "history": list, "fingerprint": dict}


def save(state, path, fingerprint):
    """Write `state` to `path`, replacing what is there.

    Call it from `on_epoch`: when `Trainer.fit` has returned, the network holds its best weights, not its latest.

    Parameters
    ----------
    state : TrainingState
        Its `rng` is one that `numpy.random.default_rng` makes.
    path : str or Path
    fingerprint : dict of JSON types
        All that makes it this run and no other: data, recipe, seed. `load` insists on the same.

    Raises
    ------
    BackpropError
        The file cannot be written. An older checkpoint is then still there.
    """
    path = Path(path)
    header = {
        "format": FORMAT,
        "epoch": state.epoch,
        "rng": state.rng.bit_generator.state,
        "history": state.history.entries,
        "fingerprint": fingerprint,
    }
    metadata = {"checkpoint": json.dumps(header, allow_nan=False)}
    try:
        with whole_file(path) as temporary:
            save_file(_tensors(state), temporary, metadata)  # this writes the arrays without a copy
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BackpropError(
            f"{path}: the checkpoint cannot be written ({reason}); free some space or choose another folder"
        ) from error


def load(path, state, fingerprint):
    """Fill `state`, fresh from `Trainer.start`, with the checkpoint that `save` wrote to `path`, and return it.

    The function reads and compares everything before it changes anything.

    Raises
    ------
    BackpropError
        The file is missing, damaged, no checkpoint, or one of another run.
    """
    path = Path(path)
    header, tensors = _read(path)
    _insist_on(json.loads(json.dumps(fingerprint)), header["fingerprint"], path)
    current = _tensors(state)
    if _shapes(tensors) != _shapes(current):
        raise BackpropError(
            f"{path}: this checkpoint is of another network or optimizer; delete it to train from the start"
        )
    try:
        state.rng.bit_generator.state = header["rng"]
    except (TypeError, ValueError, KeyError) as error:
        raise BackpropError(
            f"{path}: the checkpoint's random generator is unusable; delete it to train from the start"
        ) from error
    for name, array in current.items():
        array[...] = tensors[name]
    state.epoch, state.history.entries[:] = header["epoch"], header["history"]
    return state


def _tensors(state):
    """Return the arrays of a state by their names in the file."""
    memory = {f"memory.{name}": array for name, array in state.memory.items()}
    memory |= {f"average.{name}": array for name, array in state.average.items()}
    names = ("params", "statistics", "best_params", "best_statistics")
    return {name: getattr(state, name) for name in names} | memory


def _shapes(tensors):
    return {name: (array.shape, array.dtype) for name, array in tensors.items()}


def _read(path):
    """Return header and tensors of a checkpoint; raise BackpropError if it is damaged or has another format."""
    if not path.is_file():
        raise BackpropError(f"{path}: this checkpoint file does not exist; train from the start")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})["checkpoint"])
            tensors = {name: np.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - no mapping
    except KeyError as error:
        raise BackpropError(f"{path}: this is no training checkpoint; name another file") from error
    except (SafetensorError, ValueError, OSError) as error:
        raise BackpropError(f"{path}: the checkpoint is damaged ({error}); delete it to train anew") from error
    if not isinstance(header, dict) or "format" not in header:
        raise BackpropError(f"{path}: this is no training checkpoint; name another file")
    if header["format"] != FORMAT:
        raise BackpropError(f"{path}: the checkpoint has format {header['format']}, this version reads {FORMAT}")
    if not HEADER.items() <= {key: type(value) for key, value in header.items()}.items():
        raise BackpropError(f"{path}: the checkpoint's header is damaged; delete it to train anew")
    return header, tensors


def _insist_on(here, there, path):
    """Raise BackpropError that names the differences, unless both fingerprints are equal."""
    differing = sorted(key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
    if differing:
        raise BackpropError(
            f"{path}: this checkpoint is of another run, it differs in {', '.join(differing)}; "
            "give the same settings, or delete it to train anew"
        )
