"""A store gives back what it was given, to the bit, or nothing; whatever happens to its files, it is never an error."""

import errno
import os
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipelines.machine.locations import cache_folder
from pipelines.runs import store as module
from pipelines.runs.store import Store

KEY = ("george", 3)
RESULT = {"logits": np.arange(12, dtype=np.float32).reshape(3, 4), "history": [{"loss": 0.25}]}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))


def entries():
    return sorted((cache_folder() / "trainings").glob("*"))


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
        arrays.array_shapes(min_dims=0, min_side=0),
    )
)
RESULTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(string.printable), inner))


@settings(max_examples=50)
@given(RESULTS)
def test_what_is_written_reads_back_in_the_same_types(result):
    def same(a, b):
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
        if isinstance(a, list):
            return len(a) == len(b) and all(map(same, a, b))
        if isinstance(a, np.ndarray):
            return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        return type(a) is type(b) and a == b

    assert same(result, module._decode(module._encode(result)))


def test_a_result_belongs_to_its_key_and_its_identity(monkeypatch):
    Store({"recipe": {"epochs": 3}}).save(KEY, RESULT)
    assert Store({"recipe": {"epochs": 3}}).load(KEY)["history"] == RESULT["history"]
    assert Store({"recipe": {"epochs": 4}}).load(KEY) is None
    assert Store({"recipe": {"epochs": 3}}).load(("george", 4)) is None
    monkeypatch.setattr(module, "code", lambda: "another version")
    assert Store({"recipe": {"epochs": 3}}).load(KEY) is None


def test_an_infinite_loss_is_kept_too():
    Store({}).save(KEY, {"loss": [float("inf"), float("nan")]})
    loss = Store({}).load(KEY)["loss"]
    assert loss[0] == float("inf")
    assert np.isnan(loss[1])


@pytest.mark.parametrize("value", [object(), np.float32(1), {1, 2}, np.array([object()]), b"raw"])
def test_what_would_not_come_back_as_it_was_is_refused(value):
    with pytest.raises(TypeError, match="JSON types and arrays of numbers"):
        Store({}).save(KEY, {"value": value})
    assert entries() == []


def test_any_damage_makes_a_result_unknown():
    Store({}).save(KEY, RESULT)
    (path,) = entries()
    whole = path.read_bytes()
    for cut in (0, 1, 31, 32, 33, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert Store({}).load(KEY) is None
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert Store({}).load(KEY) is None
    path.unlink()
    path.mkdir()
    assert Store({}).load(KEY) is None


def test_what_is_forgotten_is_unknown_and_the_rest_is_there():
    store = Store({})
    for key in ("a",), ("b",), ("c",):
        store.save(key, RESULT)
    store.forget([("b",), ("never",)])
    assert store.find_known([("c",), ("b",), ("a",)]) == [("c",), ("a",)]


def test_a_full_disk_costs_one_warning(monkeypatch, caplog):
    def full(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "whole_file", full)
    store = Store({})
    for seed in range(3):
        store.save(("x", seed), RESULT)
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert "No space left on device" in warning.getMessage()


def test_what_was_not_used_for_longest_goes_first(monkeypatch):
    store = Store({})
    for seed in range(4):
        store.save(("x", seed), RESULT)
    for age, path in enumerate(entries()):
        os.utime(path, (age, age))
    oldest = next(seed for seed in range(4) if store._path(("x", seed)) == entries()[0])
    store.load(("x", oldest))  # is used, and so the youngest
    size = entries()[0].stat().st_size
    monkeypatch.setattr(module, "MOST_BYTES", 3 * size)
    gone = entries()[1:3]
    Store({}).save(("x", 4), RESULT)
    assert len(entries()) == 3
    assert not set(gone) & set(entries())
    assert set(store.find_known([("x", oldest), ("x", 4)])) == {("x", oldest), ("x", 4)}
