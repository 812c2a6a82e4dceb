"""Lazy rows: a first layer whose weights are updated when they are next used.

A batch of sparse rows meets a few thousand of a first layer's 65,536 rows of W. The gradient of all others is exactly
0. But an optimizer with a memory moves them all the same: Adam's mean of recent gradients m fades from step to step,
and takes the weights along while it does. To move them all in every step costs 1.6 GB of traffic for 1,024 units, a
hundred times as much as the batch's own rows.

Their steps can wait. While the gradient of a row is 0, its memories only fade, m by b1 and v by b2 in each step, so
what a row would have gone in d steps is known when it is next needed, and is the same number:

    m_d = b1^d m,  v_d = b2^d v,   W <- W - m sum over i of rate_i b1^i / (b2^(i/2) sqrt(v) + eps)

This is Adam itself, up to rounding; what others call lazy Adam leaves these steps out and trains another network. Let
e_i = eps b2^(-i/2) and a_i = rate_i b1^i b2^(-i/2). The sum is that of a_i / (sqrt(v) + e_i), in which e_i hardly
changes before a_i has faded. Around their mean e = sum(a_i e_i) / sum(a_i), to a few parts in ten million,

    sum of a_i / (sqrt(v) + e_i)  =  sum(a_i) r + sum(a_i (e_i - e)^2) r^3,     r = 1 / (sqrt(v) + e):

three numbers for each length of waiting, whatever the number of units. In float64, or where b1 and b2 make e_i change
faster, the sum is taken term by term. Weight decay multiplies W and each earlier term by what it keeps.

A row also puts off the step of the batch that it is in: moments are brought up to date at once, W when the row is next
needed. At an epoch's end all rows are settled, and nothing is left that a checkpoint would have to know.
"""

import math
from pathlib import Path

import numpy as np

from backprop_core.machine_code import Kernels
from backprop_core.optimizers import SGD, Adam
from backprop_core.sparse import SparseRows
from backprop_core.threads import Team, available

SOURCES = [Path(__file__).with_name(f"{name}.py") for name in ("sparse_kernels", "kernels")]
# All rows are settled at the latest after this number of steps. The tables have an entry for each step since then.
LONGEST = 512
# The greatest error of the series, relative to a step.
EXACT_ENOUGH = 1e-6


class AdamMoves:
    """The steps of Adam that rows wait for.

    A row's slot tells since when it waits. 0: since all rows were settled. s > 0: since it was in the batch of step s
    after that, including this step. The tables have an entry for each slot.
    """

    names = ("m", "v")

    def __init__(self, optimizer, weight_decay, dtype):
        self._optimizer, self._weight_decay, self._number = optimizer, weight_decay, np.dtype(dtype).type
        self._kernels = Kernels("backprop_core.sparse_kernels", SOURCES)
        d, self._d = np.arange(LONGEST + 1.0), np.arange(LONGEST + 1)
        root = math.sqrt(optimizer.b2)
        self._mean_powers = (optimizer.b1**d).astype(dtype)
        self._square_powers, self._root_powers = (optimizer.b2**d).astype(dtype), (root**d).astype(dtype)
        self._by_series = dtype == np.float32 and self._series_holds(optimizer.b1, root)
        if self._by_series:
            self._weight, self._eps = (optimizer.b1 / root) ** d, optimizer.eps * root**-d
        self.begin()

    @staticmethod
    def _series_holds(b1, root):
        """Return whether e_i changes little while a_i fades: the series leaves out 2 (its spread)^3."""
        ratio = b1 / root if root else math.inf
        return ratio < 1 and 2 * ((1 - root) * math.sqrt(ratio) / (1 - ratio)) ** 3 < EXACT_ENOUGH

    def begin(self):
        """Begin anew: all rows are settled, and nothing waits."""
        self.n = 0
        self._sums = np.zeros((3, LONGEST + 1))
        self._keep, self._rates = np.ones(LONGEST + 1), np.zeros(LONGEST + 1)

    def count(self, memory, rate):
        """Note a step that `memory["t"]` has counted: from now on every row waits for it, too."""
        t = int(memory["t"])
        rate_t = float(rate) * math.sqrt(1 - self._optimizer.b2**t) / (1 - self._optimizer.b1**t)
        keep, self.n = 1 - rate * self._weight_decay, self.n + 1
        slots = slice(0, self.n + 1)
        self._keep[slots] *= keep
        self._rates[slots] *= keep
        self._rates[self.n] = rate_t
        if self._by_series:
            waited = self.n - self._d[slots]
            a, e = rate_t * self._weight[waited], self._eps[waited]
            self._sums[:, slots] *= keep
            self._sums[:, slots] += a, a * e, a * e * e

    def move(self, team, W, memories, slots, chosen):
        """Take the steps that the chosen rows of W wait for."""
        m, v = memories
        number, keep = self._number, self._keep.astype(W.dtype)
        if not self._by_series:
            numbers = self._rates.astype(W.dtype), self._mean_powers, self._root_powers, keep
            team.share(
                self._kernels.move_step_by_step, W, m, v, chosen, slots, self.n, *numbers, number(self._optimizer.eps),
                width=len(chosen),
            )  # fmt: skip
            return
        first, products, squares = self._sums
        moving = first > 0
        middle = np.divide(products, first, out=np.full(LONGEST + 1, self._optimizer.eps), where=moving)
        second = np.maximum(squares - products * middle, 0)
        tables = [table.astype(W.dtype) for table in (first, middle, second)]
        team.share(self._kernels.move_by_roots, W, m, v, chosen, slots, keep, *tables, width=len(chosen))

    def learn(self, team, W, memories, slots, batch, dy, rate, scale, limit, work):
        """Bring the moments of the batch's rows up to date, this step's gradient included."""
        number = self._number
        gains = number(1 - self._optimizer.b1), number(1 - self._optimizer.b2)
        powers = self._mean_powers, self._square_powers, *gains
        team.share(
            self._kernels.learn_moments, *memories, *batch, dy, slots, self.n + 1, *powers, number(scale),
            number(limit), width=len(batch[0]), each=work,
        )  # fmt: skip

    def fade(self, team, memories, slots):
        """Let the memories of all rows fade up to now."""
        for memory, powers in zip(memories, (self._mean_powers, self._square_powers), strict=True):
            team.share(self._kernels.fade_rows, memory, slots, powers, self.n, width=len(memory))


class SGDMoves:
    """As `AdamMoves`, for SGD: the velocity fades by the momentum, and each step adds what is left of it to W."""

    names = ("velocity",)

    def __init__(self, optimizer, weight_decay, dtype):
        self._optimizer, self._weight_decay, self._number = optimizer, weight_decay, np.dtype(dtype).type
        self._kernels = Kernels("backprop_core.sparse_kernels", SOURCES)
        self._d = np.arange(LONGEST + 1)
        self._exact_powers = optimizer.momentum ** np.arange(LONGEST + 1.0)
        self._powers = self._exact_powers.astype(dtype)
        self._ahead = optimizer.nesterov and optimizer.momentum > 0
        self.begin()

    def begin(self):
        """As in `AdamMoves`."""
        self.n = 0
        self._keep, self._sum = np.ones(LONGEST + 1), np.zeros(LONGEST + 1)

    def count(self, memory, rate):
        """As in `AdamMoves`."""
        keep, self.n = 1 - rate * self._weight_decay, self.n + 1
        slots = slice(0, self.n + 1)
        self._keep[slots] *= keep
        self._sum[slots] *= keep
        share = self._optimizer.momentum if self._ahead else 1.0
        self._sum[slots] += share * self._exact_powers[self.n - self._d[slots]]

    def move(self, team, W, memories, slots, chosen):
        """As in `AdamMoves`."""
        tables = self._keep.astype(W.dtype), self._sum.astype(W.dtype)
        team.share(self._kernels.move_by_velocity, W, *memories, chosen, slots, *tables, width=len(chosen))

    def learn(self, team, W, memories, slots, batch, dy, rate, scale, limit, work):
        """As in `AdamMoves`; Nesterov's step looks ahead, by a share of the newest gradient that W gets at once."""
        number, keep = self._number, 1 - rate * self._weight_decay
        ahead = rate / keep if self._ahead else 0.0
        team.share(
            self._kernels.learn_velocity, W, *memories, *batch, dy, slots, self.n + 1, self._powers, number(rate),
            number(ahead), number(scale), number(limit), width=len(batch[0]), each=work,
        )  # fmt: skip

    def fade(self, team, memories, slots):
        """As in `AdamMoves`."""
        if self._optimizer.momentum:
            team.share(self._kernels.fade_rows, memories[0], slots, self._powers, self.n, width=len(memories[0]))
        else:
            memories[0][...] = 0


MOVES = {Adam: AdamMoves, SGD: SGDMoves}


class LazyRows:
    """The first layer's weights, and which of their steps are still to be taken.

    Parameters
    ----------
    W : ndarray [shape=(n_features, width)], a view of the network's parameters, at their beginning
    optimizer : Adam or SGD
    weight_decay : float >= 0
    """

    def __init__(self, W, optimizer, weight_decay):
        self.W = W
        self._moves = MOVES[type(optimizer)](optimizer, weight_decay, W.dtype)
        self._slots = np.zeros(len(W), np.int32)
        self._places, self._met = np.zeros(len(W), np.int32), np.zeros(len(W), np.bool_)
        self._kernels = Kernels("backprop_core.sparse_kernels", SOURCES)
        self._team = Team(available())
        self._work = np.empty((self._team.n, W.shape[1]), W.dtype)
        self._memories = self._batch = self._dy = None

    def batch(self, rows, memory):
        """Return `SparseRows` as the network takes them in this step; `memory` is the optimizer's."""
        self._memories = [memory[name][: self.W.size].reshape(self.W.shape) for name in self._moves.names]
        return LazyBatch(rows, self)

    def forward(self, rows, out):
        """Take the steps that the batch's rows of W wait for, and write X W to `out`."""
        self._batch = self._by_column(rows)
        self._moves.move(self._team, self.W, self._memories, self._slots, self._batch[0])
        out[...] = 0
        self._team.share(self._kernels.multiply, self.W, *self._batch, out, width=self.W.shape[1])
        return out

    def _by_column(self, rows):
        """Return the batch's numbers column by column, as `SparseRows.by_column` does."""
        of_numbers, n = np.ascontiguousarray(rows.columns, np.int32), len(rows.data)
        self._met[of_numbers] = True  # np.unique would sort them
        columns, starts = np.flatnonzero(self._met).astype(np.int32), np.ascontiguousarray(rows.starts, np.int64)
        self._met[columns] = False
        found = columns, np.empty(len(columns) + 1, np.int64), np.empty(n, np.int32), np.empty(n, rows.dtype)
        self._kernels.by_column(np.ascontiguousarray(rows.data), of_numbers, starts, self._places, *found)
        return found

    def backward(self, dy):
        """Keep the error of the layer's output, from which `learn` makes the gradient."""
        self._dy = dy

    def largest_and_norm(self, scale=1.0, limit=0.0):
        """Return the greatest magnitude in dW and its length, floats, when scaled and then limited."""
        number, found = self.W.dtype.type, np.zeros((2, self.W.shape[1]))
        numbers = number(scale), number(limit), self._work[0], found
        self._team.share(self._kernels.largest_and_squares, *self._batch, self._dy, *numbers, width=self.W.shape[1])
        squares = float(found[1].sum())
        return float(found[0].max()) if math.isfinite(squares) else math.inf, math.sqrt(squares)

    def learn(self, memory, rate, scale, limit):
        """Learn from the batch: the rate and the memory are those of the step, which `memory["t"]` has counted."""
        self._moves.learn(
            self._team, self.W, self._memories, self._slots, self._batch, self._dy, rate, scale, limit, self._work
        )
        self._slots[self._batch[0]] = self._moves.n + 1
        self._moves.count(memory, rate)
        self._batch = self._dy = None
        if self._moves.n == LONGEST:
            self.settle()

    def settle(self):
        """Take all steps that still wait. A batch that was not learned from leaves no trace."""
        if self._batch is not None or self._moves.n:
            waiting = np.ones(len(self.W), bool)
            if self._batch is not None:
                waiting[self._batch[0]] = False
            chosen = np.flatnonzero(waiting).astype(np.int32)
            self._moves.move(self._team, self.W, self._memories, self._slots, chosen)
            self._moves.fade(self._team, self._memories, self._slots)
        self._slots[:] = 0
        self._moves.begin()
        self._batch = self._dy = None


class LazyBatch(SparseRows):
    """A batch whose product with W first takes the steps that wait, and whose gradient is learned, never written."""

    def __init__(self, rows, lazy):
        super().__init__(rows.data, rows.columns, rows.starts, rows.shape[1])
        self._lazy = lazy

    def with_data(self, data):
        """As in `SparseRows`: what dropout makes of a batch is still that batch."""
        return LazyBatch(super().with_data(data), self._lazy)

    def times(self, W, out):
        """Write X W to `out` and return it."""
        return self._lazy.forward(self, out)

    def gradient(self, dy, out):
        """Note dy; `out` stays as it is."""
        self._lazy.backward(dy)
        return out
