"""A cluster gives what one process gives, to the bit, whichever of its workers die; and what is wrong is a sentence."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_core.errors import DivergedError
from pipelines import datasets
from pipelines.datasets.folds import folding
from pipelines.errors import ClusterError, UsageError
from pipelines.learning import tasks
from pipelines.learning.preparation import extract
from pipelines.learning.recipe import Recipe
from pipelines.runs import cluster, trainings
from pipelines.runs.store import Store
from pipelines.verbs.crossval import Work

distributed = pytest.importorskip("distributed")
REPOSITORY = Path(__file__).resolve().parents[3]


class LocalCluster:
    """A scheduler in this process, and workers, each a process that nobody restarts when it dies."""

    def __init__(self):
        self._cluster = distributed.LocalCluster(n_workers=0, dashboard_address=None)
        self.scheduler, self.address, self.workers = self._cluster.scheduler, self._cluster.scheduler_address, []

    def add_worker(self):
        words = ["-m", "distributed.cli.dask_worker", self.address, "--no-nanny", "--no-dashboard", "--nthreads", "1"]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        self.workers.append(subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL))

    def kill_worker(self):
        worker = self.workers.pop()
        worker.kill()
        worker.wait()

    def await_workers(self, n):
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=30)

    def close(self):
        while self.workers:
            self.kill_worker()
        self._cluster.close()


@pytest.fixture
def local():
    local = LocalCluster()
    yield local
    local.close()


@pytest.fixture
def two_workers(local):
    local.add_worker()
    local.add_worker()
    local.await_workers(2)
    return local


@pytest.fixture(scope="module")
def digits():
    """The Work of trainings on the small digits, and their keys."""
    dataset = datasets.load("digits", "images")
    prepared = extract(dataset, tasks.find("images").extractor_for(dataset))
    shared = folding(dataset, "fold", 4)
    work = Work(prepared.without_items(), tasks.find("images").scaling(), Recipe(hidden=(16,), epochs=2), shared)
    return work, [(fold, seed) for seed in range(4) for fold in shared.folds]


@pytest.fixture(scope="module")
def serially(digits):
    """What one process finds, to compare with."""
    return {key: result["predicted"].tobytes() for key, result in trainings.run(*digits, n_jobs=1)}


def predict(found):
    return {key: result["predicted"].tobytes() for key, result in found}


def test_a_worker_that_is_killed_midway_changes_nothing(two_workers, digits, serially):
    found = []
    for done in trainings.run(*digits, dask=two_workers.address):
        found.append(done)
        if len(found) == 4:
            two_workers.kill_worker()
    assert len(found) == len(serially)
    assert predict(found) == serially


def test_where_all_workers_die_the_next_one_gets_the_data_again(two_workers, digits, serially):
    found = []
    for done in trainings.run(*digits, dask=two_workers.address):
        found.append(done)
        if len(found) == 4:
            two_workers.kill_worker()
            two_workers.kill_worker()
            two_workers.add_worker()
    assert len(found) == len(serially)
    assert predict(found) == serially


def test_a_cluster_that_has_lost_all_workers_is_an_error_and_what_it_has_done_is_kept(
    two_workers, digits, serially, tmp_path, monkeypatch
):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    work, keys = digits
    store, found = (
        Store(work.identity()),
        trainings.run(work, keys, dask=two_workers.address, store=Store(work.identity())),
    )
    first, _ = next(found)
    two_workers.kill_worker()
    two_workers.kill_worker()
    with pytest.raises(ClusterError, match="has no workers"):
        list(found)
    assert first in store.find_known(keys)
    assert predict(trainings.run(work, keys, n_jobs=1, store=store)) == serially


def test_trainings_that_end_their_workers_are_an_error_in_one_sentence(two_workers):
    class Greedy:
        def result(self, key):
            os.kill(os.getpid(), signal.SIGKILL)

    two_workers.scheduler.allowed_failures = 0
    with pytest.raises(ClusterError, match="as happens when memory runs out"):
        list(trainings.run(Greedy(), [(1,), (2,)], dask=two_workers.address))


def test_an_error_of_a_training_and_the_number_of_threads_are_those_of_one_process(local):
    class Diverging:
        def result(self, key):
            import numpy
            from threadpoolctl import threadpool_info

            if key == ("wild",):
                raise DivergedError("fold wild: the loss is not finite")
            numpy.ones((2, 2)) @ numpy.ones((2, 2))
            return {"threads": [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]}

    local.add_worker()
    ((_, result),) = trainings.run(Diverging(), [("tame",)], dask=local.address)
    assert set(result["threads"]) == {1}
    with pytest.raises(DivergedError, match="fold wild"):
        list(trainings.run(Diverging(), [("wild",)], dask=local.address))


@pytest.mark.parametrize("verb", [("crossval", "--folds", "2"), ("diagnose",)])
def test_the_command_gives_what_it_gives_without_a_cluster(two_workers, call, tiny, verb):
    words = (verb[0], "images", "--dataset", "digits", *verb[1:], "--fresh", "--json", *tiny)
    there, here = call(*words, "--dask", two_workers.address), call(*words, "--jobs", "1")
    assert there.code == here.code == 0, there
    assert drop_times(there.json) == drop_times(here.json)


def drop_times(value):
    """A record without the seconds that anything took."""
    if isinstance(value, dict):
        return {name: drop_times(inner) for name, inner in value.items() if name != "seconds"}
    return [drop_times(inner) for inner in value] if isinstance(value, list) else value


WORDS = ("crossval", "images", "--dataset", "digits")


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "nowhere", "pigeon://home:3", "127.0.0.1:99999", "tls://[::1]:9"]
)
def test_an_address_that_does_not_answer_is_an_error_before_the_work(call, monkeypatch, address):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    answer = call(*WORDS, "--dask", address)
    assert (answer.code, answer.stdout) == (4, "")
    assert answer.stderr.startswith(f"error: {address}: no Dask scheduler answers")
    assert answer.stderr.count("\n") == 1


def test_a_scheduler_without_workers_and_a_worker_in_its_place_are_told_apart(local, call, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    assert "the cluster has no workers" in call(*WORDS, "--dask", local.address).stderr
    local.add_worker()
    local.await_workers(1)
    (worker,) = local.scheduler.workers
    assert "no Dask scheduler answers" in call(*WORDS, "--dask", worker).stderr


def test_a_worker_with_another_version_is_refused(local, monkeypatch):
    local.add_worker()
    local.await_workers(1)
    monkeypatch.setattr(cluster, "code", lambda: str(os.getpid()))
    with pytest.raises(ClusterError, match="has not this version of backprop"):
        cluster.check(local.address)


def test_without_the_package_the_error_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    answer = call(*WORDS, "--dask", "tcp://127.0.0.1:8786")
    assert (answer.code, answer.stdout) == (UsageError.exit_code, "")
    assert "pip install 'visible-backprop[cluster]'" in answer.stderr
