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

    A unit that died has a gradient of exactly 0 for ever, and its moments shrink step by step into the denormal
    numbers, below the smallest that a float holds with all its digits. There they stay, 0.9 times the smallest of all
    being rounded to itself, and each operation on one costs the processor as much as a hundred ordinary ones: training
    took two to three times as long. What is swept is far below all that `eps` or a weight notices, and high enough that
    in float32, at the usual b = 0.9, nothing falls from there into the denormal numbers before the next sweep.
    """
    if state["t"] % SWEEP:
        return
    for name in names:
        memory = state[name]
        smallest = 1e8 * float(np.finfo(memory.dtype).tiny)
        for piece in pieces(len(memory)):
            memory[piece][np.abs(memory[piece]) < smallest] = 0
