"""Processes: workers of this machine that share a list of calls among them.

Ctrl-C reaches every process of a terminal, but only the first should answer it: it ends its workers and prints the
finished work. A worker that received Ctrl-C itself would end with a traceback in the middle of its work.
"""

import signal
import warnings
from contextlib import contextmanager

from backprop_core.errors import BackpropError
from pipelines.machine.decoders import ignore_decoders


def results(function, calls, n_jobs, *, ordered, advice):
    """Yield what the calls return.

    Parameters
    ----------
    function : function that can be pickled
        It runs on one thread of the libraries for linear algebra.
    calls : iterable of tuples, the arguments of each call
        An array of a megabyte or more is written to a file once, which all processes map.
    n_jobs : int > 0
    ordered : bool, whether results come in the order of the calls, or of completion
    advice : str, what to do where a process is ended by the system

    Raises
    ------
    BackpropError
        A process was ended by the system.
    Whatever `function` raises.
    """
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed

    return_as = "generator" if ordered else "generator_unordered"
    pool, found = Parallel(n_jobs, backend="loky", batch_size=1, return_as=return_as), None
    try:
        with _ignore_ctrl_c():
            found = pool(delayed(_in_worker)(function, call) for call in calls)
        yield from found
    except BrokenProcessPool:
        raise BackpropError(f"a process was ended by the system, as happens when memory runs out; {advice}") from None
    finally:
        if found is not None:
            with warnings.catch_warnings(action="ignore"):  # joblib warns about calls that are not done
                found.close()


def _in_worker(function, call):
    from threadpoolctl import threadpool_limits

    ignore_decoders()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # if the start of the process did not do it
    with threadpool_limits(1):
        return function(*call)


@contextmanager
def _ignore_ctrl_c():
    """Block Ctrl-C while processes start: they never receive it, and this process receives it at the end."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it starts with the first process, and removes the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
