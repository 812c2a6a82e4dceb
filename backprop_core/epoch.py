"""Compiled epochs: which trainings can run many steps as machine code, and when they return to Python.

A step calls some twenty operations in Python. If the network has the usual layers and the rows are in memory,
`epoch_kernels` runs hundreds of steps at a time instead, on as many cores as the step can use. It returns every fifth
of a second, so that Ctrl-C works, and before each watched step. What it computes are the numbers of `Step`, up to
rounding.

What was measured for two cores, in shares of the bare products' speed on 784-64-10, 784-100-10, 784-256-128-10 and
784-1024-1024-10: the library's own threads for the products, and one core for the rest, had 0.49, 0.56, 0.68 and 0.81.
To share out each layer by the columns of W had 0.73, 0.51, 0.65 and 0.86: both cores fetch all of x, and half of W from
each other. To share out by the rows of W, so that weights and columns of x never leave their core, and to add up, has
0.80, 0.61, 0.69 and 0.82, and the least time in each (the bare products differed from run to run).
"""

import ctypes
import math
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from backprop_core import machine_code
from backprop_core.epoch_plan import Plan, can_plan
from backprop_core.losses import LogisticCrossEntropy, SoftmaxCrossEntropy
from backprop_core.mapped_memory import mapping_of
from backprop_core.optimizers import SGD, Adam
from backprop_core.regression_losses import SquaredError
from backprop_core.threads import Company, available, use_single_threads

# Seconds after which compiled steps come back to Python.
BACK_AFTER = 0.2
# Multiplications of a step that are worth a thread of its own: some ten microseconds.
WORTH_A_THREAD = 250_000
SOURCES = [
    Path(__file__).with_name(f"{name}.py")
    for name in (
        "epoch_kernels",
        "epoch_layers",
        "epoch_passes",
        "epoch_plan",
        "kernels",
        "meeting",
        "native_calls",
        "threads",
    )
]
SYMBOLS = (("scipy_cblas_{}64_", 1), ("cblas_{}64_", 1), ("scipy_cblas_{}", 0), ("cblas_{}", 0))
LOSSES = (SoftmaxCrossEntropy, SquaredError, LogisticCrossEntropy)


def gemm_address(dtype):
    """Return (address of cblas_sgemm or cblas_dgemm, 1 if it takes sizes of 64 bits else 0), or None.

    It is that of the library that numpy multiplies with: a second library would bring threads of its own.
    """
    from threadpoolctl import threadpool_info

    name = "sgemm" if dtype == np.float32 else "dgemm"
    pools = [pool["filepath"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    for path in sorted(pools, key=lambda path: "numpy" not in path):
        library = ctypes.CDLL(path)
        for symbol, wide in SYMBOLS:
            if hasattr(library, symbol.format(name)):
                return ctypes.cast(getattr(library, symbol.format(name)), ctypes.c_void_p).value, wide
    return None


def compile_steps(step, X, target, batch_size, rng=None, average=None):
    """Return the CompiledSteps of a `Step` over these rows, which then stays plain; None if it has to go alone.

    Parameters
    ----------
    step : Step
    X, target : the rows, and their classes or amounts
    batch_size : int > 0
    rng : numpy Generator or None, for dropout
    average : (ExponentialAverage, its state) or None
    """
    rows_fit = (
        isinstance(X, np.ndarray)
        and X.dtype == step.network.dtype
        and X.flags.c_contiguous
        and mapping_of(X) is None
        and isinstance(target, np.ndarray)
        and _targets_fit(step.loss, target, step.network.n_outputs)
    )
    fits = (
        rows_fit
        and type(step.optimizer) in (Adam, SGD)
        and not step.mixup
        and step.max_norm is None
        and can_plan(step.network.layers)
    )
    gemm = gemm_address(X.dtype) if fits else None
    if gemm is None:
        return None
    step.stay_plain()
    return CompiledSteps(step, X, target, batch_size, gemm, rng, average)


def _targets_fit(loss, target, n_outputs):
    """Return whether the compiled loss takes such a target: classes for softmax, else a number for each output."""
    if type(loss) is SoftmaxCrossEntropy:
        return target.ndim == 1 and np.issubdtype(target.dtype, np.integer)
    return type(loss) in LOSSES and target.size == len(target) * n_outputs and target.dtype.kind in "biuf"


class CompiledSteps:
    """The steps of an epoch, in runs.

    Parameters
    ----------
    step : Step, whose counts and losses are kept up to date
    X, target, batch_size, rng, average : as for `compile_steps`
    gemm : from `gemm_address`

    Attributes
    ----------
    n_threads : int, how many parts a step has, and how many threads may share it
    """

    def __init__(self, step, X, target, batch_size, gemm, rng, average):
        self._step, self._X, self._batch_size = step, np.asarray(X), batch_size
        network, dtype = step.network, X.dtype
        most = min(batch_size, len(X))
        work = most * network.params.flat.size
        self.n_threads = max(1, min(available(), work // WORTH_A_THREAD)) if _sched_yield() else 1
        self._company = Company(self.n_threads)
        plan = Plan(network, batch_size, self.n_threads)
        self._averaging = average
        self._fixed = {
            "plan": (plan.table, plan.settings, plan.first),
            "vectors": (
                network.params.flat,
                np.zeros_like(network.params.flat),
                network.statistics.flat,
                average[1]["average"] if average else np.empty(0, dtype),
            ),
            "places": (
                np.empty(plan.n_values, dtype),
                np.empty(plan.n_errors, dtype),
                np.empty(plan.n_bits, np.uint16),
                np.empty(batch_size, np.int64),
                plan.n_bits,
            ),
            "loss": self._loss_rule(),
            "gemm": gemm,
            "source": _source(rng) if plan.n_bits else (0, 0),
        }
        self._rng = rng
        self._data = self._X, *self._targets(target)
        self._steps = None

    def run(self, order, first, rates, memory, before_piece=None):
        """Take a step for each of `rates`, from batch `first` of an epoch in this `order` on; return their losses.

        They are taken piece by piece; `before_piece`, a function, is called before each.

        Returns
        -------
        losses : float64 ndarray
            Shorter than `rates` where the next step's loss is not finite; that step is not taken.
        """
        n = len(rates)
        losses, clipped, told = np.empty(n), np.zeros(n, np.bool_), np.zeros((4, self.n_threads))
        before, after = self._arguments(order, first, rates, memory, (told, losses, clipped))
        done = first
        while done < first + n:
            if before_piece:
                before_piece()
            together, some = self._company.next_piece(BACK_AFTER)
            until, began = min(done + some, first + n), time.perf_counter()
            arguments = before[0], self._batch_size, done, until, first, *after
            if self._steps is None:
                self._steps = self._load(arguments)
                began = time.perf_counter()
            with use_single_threads() if self.n_threads > 1 else nullcontext():  # `before_piece` may wait for long
                taken = self._company.work(self._steps, arguments, _sched_yield(), together)
            whole = taken == some or done == first  # a remainder is too short to tell anything
            done += taken
            if done < until:
                break
            if whole:
                self._company.note(together, max(time.perf_counter() - began, 1e-6), taken)
        taken = losses[: done - first]
        for state in (memory, self._averaging[1] if self._averaging else {}):
            if "t" in state and ("m" in state or "average" in state):
                state["t"] += len(taken)
        self._note(taken, clipped[: done - first])
        return taken

    @staticmethod
    def _load(arguments):
        """Return the compiled function for arguments of these types."""
        team = 0, 1, 1, np.zeros(1, np.int64), 0
        return machine_code.load_kernel("backprop_core.epoch_kernels", "steps", SOURCES, (team, *arguments))

    def _arguments(self, order, first, rates, memory, results):
        """Return what `epoch_kernels.steps` is given: (data,), and all that follows the numbers of the steps."""
        step, fixed = self._step, self._fixed
        memories = (memory["m"], memory["v"]) if "m" in memory else (memory["velocity"],) * 2
        limits = float(step.alpha), float(step.l1), float(step.clip_value or 0), float(step.clip_norm or 0)
        return ((*self._data, order),), (
            fixed["plan"], fixed["vectors"], step.network.params.n_weights, fixed["places"], memories, self._rule(),
            self._schedule(rates, memory), limits, fixed["loss"], fixed["gemm"], fixed["source"], *results,
        )  # fmt: skip

    def _targets(self, target):
        """Return the targets as classes and as amounts; those that the loss does not want are none."""
        n_outputs, number = self._step.network.n_outputs, self._X.dtype
        if type(self._step.loss) is SoftmaxCrossEntropy:
            return np.ascontiguousarray(target, np.int64), np.empty((0, n_outputs), number)
        amounts = np.ascontiguousarray(target.reshape(len(target), n_outputs), number)
        _kind, smoothing, _divided = self._loss_rule()
        return np.empty(0, np.int64), (1 - smoothing) * amounts + smoothing / 2 if smoothing else amounts

    def _loss_rule(self):
        """Return which loss it is, its label smoothing, and by how many outputs it is divided."""
        loss = self._step.loss
        if type(loss) is SquaredError:
            divided = float(self._step.network.n_outputs) if loss.mean_over_outputs else 1.0
            return LOSSES.index(SquaredError), 0.0, divided
        return LOSSES.index(type(loss)), float(loss.label_smoothing), 1.0

    def _schedule(self, rates, memory):
        """Return each step's rate as the rule takes it, what decay keeps, and the average's share."""
        number, step, n = self._X.dtype, self._step, len(rates)
        rates, shares = np.asarray(rates, np.float64), np.zeros(n)
        keeps = 1 - rates * step.weight_decay
        if type(step.optimizer) is Adam:  # `Adam.correct_rate`
            b1, b2, t = step.optimizer.b1, step.optimizer.b2, int(memory["t"])
            counts = range(t + 1, t + 1 + n)
            rates = rates * [math.sqrt(1 - b2**t) / (1 - b1**t) for t in counts]
        if self._averaging:  # `ExponentialAverage.update`
            decay, t = self._averaging[0].decay, int(self._averaging[1]["t"])
            shares = np.array([(1 - decay) / (1 - decay**t) for t in range(t + 1, t + 1 + n)])
        return rates.astype(number), keeps.astype(number), shares.astype(number)

    def _rule(self):
        number, optimizer = self._X.dtype.type, self._step.optimizer
        if type(optimizer) is Adam:
            b1, b2 = optimizer.b1, optimizer.b2
            return (0, *map(number, (b1, b2, 1 - b1, 1 - b2, optimizer.eps)), 0)
        return (1, *map(number, (optimizer.momentum, 0, 0, 0, 0)), int(optimizer.nesterov))

    def _note(self, losses, clipped):
        """Count these steps as `Step` counts its own."""
        step = self._step
        if step.first_loss is None and len(losses):
            step.first_loss = float(losses[0])
        step.losses.extend(losses[-step.losses.maxlen :].tolist())
        step.n_steps += len(losses)
        step.n_clipped += int(clipped.sum())


def _source(rng):
    """Return (address of next_uint32, address of the state) of a numpy Generator."""
    interface = rng.bit_generator.ctypes
    return ctypes.cast(interface.next_uint32, ctypes.c_void_p).value, interface.state_address


def _sched_yield():
    """Return the address of the system's sched_yield, or 0 if there is none."""
    try:
        return ctypes.cast(ctypes.CDLL(None).sched_yield, ctypes.c_void_p).value
    except (AttributeError, TypeError):
        return 0
