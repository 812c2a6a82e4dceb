"""A cluster: computers that train together, led by a Dask scheduler that knows which of them has time.

joblib can use a cluster too. But when the last worker that has the data dies, the scheduler cancels its trainings, and
joblib takes them for finished. So this module gives them to the scheduler directly, and then once more, with the data.

Each worker gets the data once, and may die: its trainings go to the others. A worker needs this program in the version
that runs here, and does not need its files, because the training data comes from here.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from pipelines.errors import ClusterError, UsageError
from pipelines.machine.extras import install_command
from pipelines.machine.versions import code

PATIENCE = 10  # seconds for a scheduler to answer, and again for it to have a worker
ATTEMPTS = 3  # attempts to send the data without a result in between


@contextmanager
def connect(address):
    """Give a distributed.Client that is connected to the scheduler at `address`, whose workers run this very program.

    Raises
    ------
    UsageError
        The package distributed is not installed.
    ClusterError
        No scheduler answers, it has no worker, or one with another version of this program, or none.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError(f"--dask needs the package distributed: {install_command('distributed')}") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # this module says what matters, in a sentence
    try:
        with ThreadPoolExecutor(1) as thread:  # the thread of a notebook already has an event loop
            thread.submit(asyncio.run, _greet(distributed, address)).result()
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError):
        raise ClusterError(
            f"{address}: no Dask scheduler answers; start one with 'dask scheduler', and give the address that it names"
        ) from None
    with client:
        _await_workers(client, address)
        try:
            found = client.run(code)
        except (ImportError, AttributeError):
            found = {"a worker": None}
        for worker, version in found.items():
            if version != code():
                raise ClusterError(f"{address}: {worker} has not this version of backprop; install it there")
        yield client


def check(address):
    """Connect and leave again, so that problems are reported before the work begins. Raises as `connect`."""
    with connect(address):
        pass


async def _greet(distributed, address):
    """Check that a scheduler answers. A client checks this too, but leaves a traceback behind if nothing answers."""
    arguments = distributed.Security().get_connection_args("client")
    async with asyncio.timeout(PATIENCE), distributed.rpc(address, connection_args=arguments) as stranger:
        kind = (await stranger.identity())["type"]
    if kind != "Scheduler":
        raise ValueError(f"{address} is a {kind}")


def _await_workers(client, address):
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, RuntimeError):
        if client.status != "running":
            raise ClusterError(f"{address}: the Dask scheduler is gone") from None
        raise ClusterError(f"{address}: the cluster has no workers; start some with 'dask worker {address}'") from None


def results(work, keys, address):
    """Yield (key, result) of every training in the order of completion; see `trainings.run`.

    Raises
    ------
    UsageError
    ClusterError
        See `connect`; and where workers die again and again.
    """
    with connect(address) as client:
        from distributed import CancelledError, KilledWorker, as_completed

        ahead, attempts = dict(enumerate(keys)), 0
        while ahead:
            attempts += 1
            if attempts > ATTEMPTS:
                raise ClusterError(f"{address}: all workers died, {ATTEMPTS} times; is there memory for the data?")
            _await_workers(client, address)
            futures = _submit(client, work, ahead)
            for future in as_completed(futures, loop=client.loop):
                try:
                    result = future.result()
                except CancelledError:  # no worker is left that has the data
                    continue
                except KilledWorker:
                    raise ClusterError(
                        f"{address}: workers that trained were ended one after the other, as happens when memory runs "
                        "out; give them more, or fewer threads"
                    ) from None
                attempts = 0
                yield ahead.pop(futures[future]), result


def _submit(client, work, ahead):
    """Send the data to every worker, and then the trainings, in their order: dict of Future to index."""
    shared = client.scatter(work, broadcast=True, hash=False)
    return {client.submit(_train, shared, key, pure=False, priority=-index): index for index, key in ahead.items()}


def _train(work, key):
    # Several threads of a worker may train. The limit stays, because the end of one must not change the others.
    threadpool_limits(1)
    return work.result(key)
