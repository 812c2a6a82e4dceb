"""Pieces: a long vector, processed in small parts.

A formula in numpy is a row of operations, and each of them walks over its whole arrays. A network's parameters do not
fit into the processor's fast memory, its cache, so every operation would fetch them anew from the slow one. Taken in
pieces that do fit, each number is fetched once for the whole formula.
"""

import numpy as np

PIECE = 16384
SWEEP = 128


def pieces(n):
    """Yield slices that cover range(n)."""
    for start in range(0, n, PIECE):
        yield slice(start, min(start + PIECE, n))


def sweep(state, *names):
    """Every `SWEEP` steps, set the numbers of these memories to 0 that are too small to matter.

    The gradient of a dead unit stays exactly 0, and its moments shrink step by step into the denormal numbers, below
    the smallest number that a float holds with all its digits. They stay there, because 0.9 times the smallest number
    is rounded to itself. Each operation on a denormal number costs as much as a hundred ordinary ones: training took
    two to three times as long. The limit is far below all that `eps` or a weight notices. In float32, at the usual
    b = 0.9, it is also so high that no number falls from there into the denormal numbers before the next sweep.
    """
    if state["t"] % SWEEP:
        return
    for name in names:
        memory = state[name]
        smallest = 1e8 * float(np.finfo(memory.dtype).tiny)
        for piece in pieces(len(memory)):
            memory[piece][np.abs(memory[piece]) < smallest] = 0
