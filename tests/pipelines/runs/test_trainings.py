"""Many trainings give what each gives alone, whatever runs them and in whatever order they end; none is repeated."""

import os
import signal

import numpy as np
import pytest

from backprop_core.errors import BackpropError
from pipelines.runs import trainings
from pipelines.runs.store import Store

KEYS = [("spiral", seed) for seed in range(6)]


class Drawing:
    """A work whose result is drawn by its seed; it counts its trainings in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.large = np.arange(300_000.0)

    def result(self, key):
        name, seed = key
        drawn = np.random.default_rng(seed).normal(size=(3, 2)).astype(np.float32)
        with (self.folder / f"{name}-{seed}").open("a") as file:
            file.write("trained\n")
        return {"name": name, "drawn": drawn, "sum": float(self.large.sum()), "curve": [{"loss": 0.5}, None]}

    def count(self):
        return sum(len(path.read_text().splitlines()) for path in self.folder.iterdir())


def same(a, b):
    """Whether two results are the same, arrays to the bit and type."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "data"))
    (tmp_path / "trained").mkdir()
    return Drawing(tmp_path / "trained")


@pytest.mark.parametrize("n_jobs", [1, 2, None])
def test_each_key_is_trained_once_and_gives_what_it_gives_alone(work, n_jobs):
    found = list(trainings.run(work, KEYS, n_jobs=n_jobs))
    assert sorted(key for key, _ in found) == KEYS
    assert work.count() == len(KEYS)
    for key, result in found:
        assert same(result, work.result(key))


def test_one_job_trains_in_the_order_of_the_keys(work):
    assert [key for key, _ in trainings.run(work, KEYS[::-1], n_jobs=1)] == KEYS[::-1]


def test_nothing_to_train_is_no_training(work):
    assert list(trainings.run(work, [])) == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_rerun_repeats_nothing_and_finds_the_same(work, n_jobs):
    first = dict(trainings.run(work, KEYS, n_jobs=n_jobs, store=Store({"recipe": 1})))
    again = dict(trainings.run(work, KEYS, n_jobs=n_jobs, store=Store({"recipe": 1})))
    assert work.count() == len(KEYS)
    assert all(same(first[key], again[key]) for key in KEYS)


def test_what_was_finished_before_a_run_was_left_is_not_repeated_and_comes_first(work):
    begun = trainings.run(work, KEYS, n_jobs=1, store=Store({}))
    done = [next(begun)[0] for _ in range(2)]
    begun.close()
    store = Store({})
    assert store.find_known(KEYS) == done == KEYS[:2]
    assert [key for key, _ in trainings.run(work, KEYS[::-1], n_jobs=1, store=store)] == done[::-1] + KEYS[:1:-1]
    assert work.count() == len(KEYS)


class Failing:
    def __init__(self, error):
        self.error = error

    def result(self, key):
        if key == ("b",):
            raise self.error
        return {"key": list(key)}


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("error", [BackpropError("it diverged"), KeyboardInterrupt("Ctrl-C")])
def test_an_error_of_a_training_reaches_the_caller_and_what_came_before_it_is_kept(work, error, n_jobs):
    keys, store = [("a",), ("b",)], Store({})
    with pytest.raises(type(error), match=str(error)):
        list(trainings.run(Failing(error), keys, n_jobs=n_jobs, store=store))
    known = store.find_known(keys)
    assert known == [("a",)] if n_jobs == 1 else ("b",) not in known


def test_a_process_that_the_system_ends_is_an_error_in_one_sentence():
    class Greedy:
        def result(self, key):
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(BackpropError, match="use fewer --jobs"):
        list(trainings.run(Greedy(), KEYS, n_jobs=2))


def test_training_takes_one_thread_of_the_libraries_for_linear_algebra(work):
    class Counting:
        def result(self, key):
            from threadpoolctl import threadpool_info

            return {"threads": [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]}

    for n_jobs in (1, 2):
        for _, result in trainings.run(Counting(), KEYS, n_jobs=n_jobs):
            assert set(result["threads"]) == {1}


def test_processes_map_large_arrays_instead_of_each_having_its_own(work):
    class Mapped:
        def __init__(self):
            self.large, self.small = np.zeros(300_000), np.zeros(3)

        def result(self, key):
            return {"mapped": [isinstance(array, np.memmap) for array in (self.large, self.small)]}

    for _, result in trainings.run(Mapped(), KEYS, n_jobs=2):
        assert result["mapped"] == [True, False]
