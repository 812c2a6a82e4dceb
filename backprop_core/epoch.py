"""Compiled epochs: which trainings can do whole runs of steps as machine code, and how they come back in between.

A step asks Python for some twenty operations. Where the network is a plain one and the rows lie in memory,
`epoch_kernels` takes hundreds of steps at a time instead. It comes back every fifth of a second, so that Ctrl-C is
answered, and before each step that is to be watched. What it computes are the numbers of `Step`, up to rounding.
"""

import ctypes
import math
import time
from pathlib import Path

import numpy as np

from backprop_core import machine_code
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.mapped_memory import mapping_of
from backprop_core.optimizers import SGD, Adam

# Seconds after which compiled steps come back to Python.
BACK_AFTER = 0.2
SOURCES = [Path(__file__).with_name(name) for name in ("epoch_kernels.py", "kernels.py")]
GATES = ("relu", "tanh", "logistic", "identity")
SYMBOLS = (("scipy_cblas_{}64_", 1), ("cblas_{}64_", 1), ("scipy_cblas_{}", 0), ("cblas_{}", 0))


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


def plan_of(layers):
    """Return (widths, gates), int lists, of dense layers with the activations in `GATES` between them, or None."""
    widths, gates = [], []
    for layer in layers:
        if layer.kind == "dense":
            if widths and widths[-1] != layer.fan_in:
                return None
            widths += [layer.fan_out] if widths else [layer.fan_in, layer.fan_out]
            gates.append(GATES.index("identity"))
        elif layer.kind == "activate" and gates and gates[-1] == GATES.index("identity"):
            if layer.activation not in GATES or layer.activation == "identity":
                return None
            gates[-1] = GATES.index(layer.activation)
        else:
            return None
    return (widths, gates) if gates and gates[-1] == GATES.index("identity") else None


def compiled_steps(step, X, target, batch_size):
    """Return the CompiledSteps of a `Step` over these rows, which then stays plain; None where it has to go alone."""
    rows_fit = (
        isinstance(X, np.ndarray)
        and X.dtype == step.network.dtype
        and X.flags.c_contiguous
        and mapping_of(X) is None
        and isinstance(target, np.ndarray)
        and target.ndim == 1
        and np.issubdtype(target.dtype, np.integer)
    )
    fits = (
        rows_fit
        and type(step.loss) is SoftmaxCrossEntropy
        and type(step.optimizer) in (Adam, SGD)
        and not step.mixup
        and step.max_norm is None
    )
    plan = plan_of(step.network.layers) if fits else None
    gemm = gemm_address(X.dtype) if plan else None
    if gemm is None:
        return None
    step.stay_plain()
    return CompiledSteps(step, X, target, batch_size, plan, gemm)


class CompiledSteps:
    """The steps of an epoch, in runs.

    Parameters
    ----------
    step : Step, whose counts and losses are kept up to date
    X, target : the rows and their classes
    batch_size : int > 0
    plan, gemm : from `plan_of` and `gemm_address`
    """

    def __init__(self, step, X, target, batch_size, plan, gemm):
        self._step, self._X, self._batch_size, self._gemm = step, np.asarray(X), batch_size, gemm
        self._target = np.ascontiguousarray(target, np.int64)
        self._widths, self._gates = (np.array(part, np.int64) for part in plan)
        self._activations = np.empty(min(batch_size, len(X)) * sum(plan[0]), X.dtype)
        self._errors = np.empty_like(self._activations)
        self._true = np.empty(batch_size, np.int64)
        self._grads = np.empty_like(step.network.params.flat)
        self._at_once, self._steps = 8, None

    def run(self, order, first, rates, memory):
        """Take a step for each of `rates`, from batch `first` of an epoch in this `order` on; return their losses.

        Returns
        -------
        losses : float64 ndarray
            Shorter than `rates` where the next step's loss is not finite; that step is not taken.
        """
        step, n = self._step, len(rates)
        corrected, keeps = self._numbers(rates, memory)
        losses, clipped = np.empty(n), np.zeros(n, np.bool_)
        memories = (memory["m"], memory["v"]) if "m" in memory else (memory["velocity"],) * 2
        limits = float(step.alpha), float(step.l1), float(step.clip_value or 0), float(step.clip_norm or 0)
        done = first
        while done < first + n:
            until, began = min(done + self._at_once, first + n), time.perf_counter()
            arguments = (
                self._X, self._target, order, self._batch_size, done, until, first, self._widths, self._gates,
                step.network.params.flat, self._grads, self._activations, self._errors, self._true, memories,
                self._rule(), corrected, keeps, limits, float(step.loss.label_smoothing), self._gemm, losses, clipped,
            )  # fmt: skip
            if self._steps is None:
                self._steps = machine_code.loaded("backprop_core.epoch_kernels", "steps", SOURCES, arguments)
                began = time.perf_counter()
            taken = self._steps(*arguments)
            done += taken
            if done < until:
                break
            seconds = max(time.perf_counter() - began, 1e-6)
            self._at_once = max(1, min(2 * self._at_once, int(taken * BACK_AFTER / seconds)))
        taken = losses[: done - first]
        if "t" in memory and "m" in memory:
            memory["t"] += len(taken)
        self._note(taken, clipped[: done - first])
        return taken

    def _numbers(self, rates, memory):
        """Return each step's rate as the rule takes it, and what decay keeps."""
        number, step = self._X.dtype, self._step
        rates = np.asarray(rates, np.float64)
        keeps = 1 - rates * step.weight_decay
        if type(step.optimizer) is Adam:  # `Adam.corrected_rate`
            b1, b2, t = step.optimizer.b1, step.optimizer.b2, int(memory["t"])
            counts = range(t + 1, t + 1 + len(rates))
            rates = rates * [math.sqrt(1 - b2**t) / (1 - b1**t) for t in counts]
        return rates.astype(number), keeps.astype(number)

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
