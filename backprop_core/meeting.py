"""A meeting: the place in compiled code where a few threads wait until all of them have arrived.

Threads that share a training step must know that what the others compute is there before they read it. They meet
several times in a step of a hundred microseconds, so a thread may not sleep: each adds itself to a count and reads the
count until it is complete. If one thread is late because another program uses its core, the waiting threads release
their cores.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from backprop_core.kernels import part
from backprop_core.native_calls import let_go
from backprop_core.threads import ARRIVED, GIVEN_UP

# Looks at the count before the core is offered to others: some microseconds.
LOOKS = 2000


@intrinsic
def _add_one(typing, array, place):
    """array[place] += 1, seen by all threads, with all that was written before."""

    def codegen(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        builder.atomic_rmw("add", builder.gep(data, [values[1]]), ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@intrinsic
def _look(typing, array, place):
    """array[place] as other threads have left it."""

    def codegen(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.load_atomic(builder.gep(data, [values[1]]), "acquire", 8)

    return types.int64(array, types.intp), codegen


@part
def meet(team, turn):
    """Wait until all threads of the team have come here for the `turn`th time, counted from 1; return the next turn.

    Parameters
    ----------
    team : (this thread's number, how many threads, how many parts, the meeting, address of sched_yield)
        The meeting is an int64 ndarray of zeros. A single thread does not wait.
    """
    _worker, workers, _parts, meeting, sched_yield = team
    if workers == 1:
        return turn + 1
    _add_one(meeting, ARRIVED)
    looks = 0
    while _look(meeting, ARRIVED) < turn * workers and _look(meeting, GIVEN_UP) == 0:
        looks += 1
        if looks % LOOKS == 0:
            let_go(sched_yield)
    return turn + 1
