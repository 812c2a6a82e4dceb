import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from backprop_core import checkpoint
from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.errors import BackpropError
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.training import Trainer

FINGERPRINT = {"data": "4f1e", "seed": 1, "hidden": [8], "recipe": {"learning_rate": 0.01}}
EPOCHS = 8


def clouds(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 4)) + 2 * np.eye(3, 4)[y]).astype(np.float32), y


def begin(optimizer="adam", hidden=8, seed=1):
    """A trainer and the state before its first epoch, with all that makes every part of the state matter."""
    layers = multilayer_perceptron(4, [hidden], 3, dropout=0.3, normalization="batch")
    network = Network(layers, rng=np.random.default_rng(seed))
    optimizers = {"adam": Adam(), "sgd": SGD(nesterov=True)}
    trainer = Trainer(
        network,
        optimizers[optimizer],
        schedule="cosine",
        epochs=EPOCHS,
        batch_size=16,
        learning_rate=0.01,
        average=ExponentialAverage(0.9),
        mixup=0.2,
    )
    return trainer, trainer.start(np.random.default_rng(seed))


def fit(trainer, state, on_epoch=None):
    return trainer.fit(*clouds(150, 0), *clouds(60, 1), state, on_epoch=on_epoch)


def result(state):
    """All bytes that a run ends with; only the seconds may differ from run to run."""
    entries = [{key: value for key, value in entry.items() if key != "seconds"} for entry in state.history.entries]
    memory = {name: array.tobytes() for name, array in [*state.memory.items(), *state.average.items()]}
    memory |= {name: getattr(state, name).tobytes() for name in ("statistics", "best_statistics")}
    rng = state.rng.bit_generator.state
    return state.epoch, state.params.tobytes(), state.best_params.tobytes(), memory, rng, entries


@pytest.fixture
def saved(tmp_path):
    """A checkpoint after three epochs."""

    class Enough(Exception):
        pass

    path = tmp_path / "run.checkpoint"

    def on_epoch(state):
        if state.epoch == 3:
            checkpoint.save(state, path, FINGERPRINT)
            raise Enough

    trainer, state = begin()
    with pytest.raises(Enough):
        fit(trainer, state, on_epoch)
    return path


def interrupt_after(epochs, path):
    def on_epoch(state):
        checkpoint.save(state, path, FINGERPRINT)
        if state.epoch == epochs:
            raise KeyboardInterrupt

    return on_epoch


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("epochs", [1, 5, EPOCHS])
def test_a_continued_run_ends_with_the_same_bytes_as_an_uninterrupted_one(tmp_path, optimizer, epochs):
    trainer, whole = begin(optimizer)
    fit(trainer, whole)

    path = tmp_path / "run.checkpoint"
    trainer, state = begin(optimizer)
    assert fit(trainer, state, interrupt_after(epochs, path)) == "interrupted"
    trainer, continued = begin(optimizer, seed=99)  # whatever it starts from is replaced
    checkpoint.load(path, continued, FINGERPRINT)
    assert fit(trainer, continued) == "epochs"
    assert result(continued) == result(whole)
    np.testing.assert_array_equal(trainer.network.params.flat, whole.params)


RUN = """
import sys, time
sys.path.insert(0, sys.argv[1])
from test_checkpoint import FINGERPRINT, begin, checkpoint, fit
def on_epoch(state):
    checkpoint.save(state, sys.argv[2], FINGERPRINT)
    print(state.epoch, flush=True)
    time.sleep(0.02)
fit(*begin(), on_epoch)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path):
    trainer, whole = begin()
    fit(trainer, whole)

    path, here = tmp_path / "run.checkpoint", Path(__file__).parent
    command = [sys.executable, "-c", RUN, str(here), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=here.parents[1]) as run:
        for line in run.stdout:
            if int(line) == 3:
                break
        run.kill()
    assert run.returncode == -signal.SIGKILL

    trainer, continued = begin(seed=99)
    assert 3 <= checkpoint.load(path, continued, FINGERPRINT).epoch < EPOCHS
    fit(trainer, continued)
    assert result(continued) == result(whole)


def test_everything_comes_back_exactly_as_it_was_saved(tmp_path):
    trainer, state = begin()
    path, at_save = tmp_path / "run.checkpoint", []

    def on_epoch(state):
        if state.epoch == 4:
            checkpoint.save(state, path, FINGERPRINT)
            at_save.append((result(state), [dict(entry) for entry in state.history.entries]))

    fit(trainer, state, on_epoch)
    trainer, loaded = begin(seed=99)
    assert checkpoint.load(path, loaded, FINGERPRINT) is loaded
    assert (result(loaded), loaded.history.entries) == at_save[0]
    assert loaded.params is trainer.network.params.flat
    assert loaded.memory["t"].shape == ()
    assert loaded.memory["t"].dtype == np.int64


def test_saving_changes_nothing_in_the_state(tmp_path):
    _, state = begin()
    before = result(state)
    checkpoint.save(state, tmp_path / "run.checkpoint", FINGERPRINT)
    assert result(state) == before


def test_saving_does_not_copy_the_arrays(tmp_path):
    _, state = begin(hidden=20_000)
    tracemalloc.start()
    checkpoint.save(state, tmp_path / "run.checkpoint", FINGERPRINT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < state.params.nbytes / 2


def check_refused(path, state=None, fingerprint=FINGERPRINT):
    """Load, insist on the refusal being one line that starts with the path and leaves the state alone; return it."""
    state = state or begin()[1]
    before = result(state)
    with pytest.raises(BackpropError) as caught:
        checkpoint.load(path, state, fingerprint)
    assert result(state) == before
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, 0.5, -1], ids=lambda kept: f"{kept} bytes")
def test_a_truncated_checkpoint_is_refused(saved, kept):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    assert "damaged" in check_refused(saved)


@pytest.mark.parametrize("content", [b"\x00" * 500, b"\xff" * 500, b"RIFF....WAVEfmt " * 40, b"hello\n"])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "run.checkpoint"
    path.write_bytes(content)
    assert "damaged" in check_refused(path)


def test_a_safetensors_file_that_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    for metadata in (None, {"format": "np"}):
        save_file({"W": np.ones(3)}, path, metadata)
        assert "no training checkpoint" in check_refused(path)


@pytest.mark.parametrize("header", ["{", "[]", "null", "{}", '{"format": 1}', '{"format": 99}'])
def test_a_checkpoint_with_an_edited_header_is_refused(tmp_path, header):
    path = tmp_path / "run.checkpoint"
    save_file({"params": np.ones(3)}, path, {"checkpoint": header})
    assert check_refused(path)


def test_a_checkpoint_of_a_newer_format_is_refused_by_its_number(saved, monkeypatch):
    written = checkpoint.FORMAT
    monkeypatch.setattr(checkpoint, "FORMAT", 0)
    assert f"format {written}, this version reads 0" in check_refused(saved)


def test_missing_files_and_folders_are_refused(tmp_path):
    assert "checkpoint file does not exist" in check_refused(tmp_path / "nothing.checkpoint")
    assert "checkpoint file does not exist" in check_refused(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"seed": 2}, "seed"), ({"data": "77aa", "hidden": [9]}, "data, hidden"), ({"extra": None, "more": 1}, "more")],
)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(saved, change, named):
    message = check_refused(saved, fingerprint=FINGERPRINT | change)
    assert f"differs in {named};" in message


def test_a_fingerprint_is_compared_as_json_writes_it(saved):
    _, state = begin()
    checkpoint.load(saved, state, FINGERPRINT | {"hidden": (8,)})
    assert state.epoch == 3


@pytest.mark.parametrize("other", [{"optimizer": "sgd"}, {"hidden": 9}])
def test_a_checkpoint_of_another_network_or_optimizer_is_refused(saved, other):
    assert "another network or optimizer" in check_refused(saved, begin(**other)[1])


def test_a_random_stream_of_another_kind_is_refused(saved):
    trainer, _ = begin()
    state = trainer.start(np.random.Generator(np.random.MT19937(0)))
    before = state.params.copy()
    with pytest.raises(BackpropError, match="random generator"):
        checkpoint.load(saved, state, FINGERPRINT)
    np.testing.assert_array_equal(state.params, before)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one_and_no_litter(saved, monkeypatch):
    content = saved.read_bytes()

    def full(fd):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackpropError, match=r"run\.checkpoint: the checkpoint cannot be written \(No space left"):
        checkpoint.save(begin()[1], saved, FINGERPRINT)
    assert saved.read_bytes() == content
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "nowhere").write_text("a file, not a folder")
    with pytest.raises(BackpropError, match="cannot be written"):
        checkpoint.save(begin()[1], tmp_path / "nowhere" / "run.checkpoint", FINGERPRINT)


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, seen, fsync = tmp_path / "run.checkpoint", [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (fsync(fd), seen.append((path.exists(), os.fstat(fd).st_size))))
    checkpoint.save(begin()[1], path, FINGERPRINT)
    assert seen == [(False, path.stat().st_size)]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_header_is_plain_json_without_nan(saved):
    content = saved.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    run = json.loads(header["__metadata__"]["checkpoint"], parse_constant=pytest.fail)
    assert run["epoch"] == len(run["history"]) == 3
    assert run["fingerprint"] == FINGERPRINT
