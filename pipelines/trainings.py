"""Trainings: many that do not depend on each other, several at a time.

Folds, seeds, and the points of a learning curve are each a training of their own. They run side by side in processes,
each on one thread, so that nothing in a result tells how many there were. What is finished is finished: it is handed on
at once, and kept in a store if there is one, so that whatever happens next, nobody has to compute it again.
"""

import signal
from concurrent.futures.process import BrokenProcessPool

from threadpoolctl import threadpool_limits

from backprop_core.errors import BackpropError
from pipelines.cores import cores


def run(work, keys, *, n_jobs=None, store=None):
    """Yield (key, result) of every training: first those that the store has, the others in the order of completion.

    Parameters
    ----------
    work : object that can be pickled
        What all trainings have in common. `work.result(key)` trains once and returns what it found: JSON types and
        ndarrays, in each other in any way. Large arrays of the work are one file that all processes map.
    keys : sequence of distinct tuples of JSON types, the longest training first: so the processes end together
    n_jobs : int > 0 or None
        Processes; None means one for each core. 1 means this process.
    store : Store or None
        Whatever it has is not computed again.

    Raises
    ------
    BackpropError
        A process was ended by the system, as happens when memory runs out.
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
    for key, result in _computed(work, ahead, n_jobs):
        if store:
            store.save(key, result)
        yield key, result


def _computed(work, keys, n_jobs):
    if not keys:
        return iter(())
    n_jobs = min(n_jobs or cores(), len(keys))
    return _in_this_process(work, keys) if n_jobs == 1 else _in_processes(work, keys, n_jobs)


def _in_this_process(work, keys):
    for key in keys:
        with threadpool_limits(1):
            result = work.result(key)
        yield key, result


def _in_processes(work, keys, n_jobs):
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs, backend="loky", batch_size=1, return_as="generator_unordered")
    try:
        yield from pool(delayed(_in_worker)(work, key) for key in keys)
    except BrokenProcessPool:
        raise BackpropError(
            "a process that trained was ended by the system, as happens when memory runs out; use fewer --jobs"
        ) from None


def _in_worker(work, key):
    # Ctrl-C reaches every process of a terminal; the first one answers it, and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with threadpool_limits(1):
        return key, work.result(key)
