"""Trainings: many that do not depend on each other, several at a time.

Folds, seeds, and the points of a learning curve are each a training of their own. They run side by side in processes of
this machine, or on a cluster, each on one thread; nothing in a result tells which of these it was. Each result is
handed on as soon as it is finished. Where there is a store, it is kept there too, and is not computed again.
"""

from pipelines.machine import processes
from pipelines.machine.cores import blas_threads, cores
from pipelines.runs import cluster


def run(work, keys, *, n_jobs=None, dask=None, store=None):
    """Yield (key, result) of every training: first those that the store has, the others in the order of completion.

    Parameters
    ----------
    work : object that can be pickled
        What all trainings have in common. `work.result(key)` trains once and returns what it found: JSON types and
        ndarrays, in each other in any way. Large arrays in it are one file that all processes map; of a cluster, each
        worker gets it once.
    keys : sequence of distinct tuples of JSON types, the longest training first: so the processes end together
    n_jobs : int > 0 or None
        Processes; None means one for each core. 1 means this process.
    dask : str or None
        The address of a Dask scheduler, such as "tcp://10.0.0.1:8786", whose workers train in place of processes here.
    store : Store or None
        Whatever it has is not computed again.

    Raises
    ------
    BackpropError
        A process was ended by the system; ClusterError, UsageError: see `cluster.connect`.
    KeyboardInterrupt
        After Ctrl-C; results that were yielded are stored.
    Whatever `work.result` raises.
    """
    ahead = []
    for key in keys:
        result = store.load(key) if store else None
        if result is None:
            ahead.append(key)
        else:
            yield key, result
    for key, result in _compute(work, ahead, n_jobs, dask):
        if store:
            store.save(key, result)
        yield key, result


def _compute(work, keys, n_jobs, dask):
    if not keys:
        return iter(())
    if dask:
        return cluster.results(work, keys, dask)
    n_jobs = min(n_jobs or cores(), len(keys))
    if n_jobs == 1:
        return _in_this_process(work, keys)
    calls = ((work, key) for key in keys)
    return processes.results(_compute_keyed, calls, n_jobs, ordered=False, advice="use fewer --jobs")


def _in_this_process(work, keys):
    for key in keys:
        with blas_threads(1):
            result = work.result(key)
        yield key, result


def _compute_keyed(work, key):
    return key, work.result(key)
