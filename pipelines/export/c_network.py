"""The network in C: its tables, and the calls from a row of features to logits.

The weights of one output are adjacent, so that a product reads memory in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backprop_core.activations import LEAK
from pipelines.export.c_tables import constants, table
from pipelines.export.layers import Step, every_step
from pipelines.export.subject import Subject

SOURCE = Path(__file__).parent / "c" / "network.c"
FORMULAS = {
    "identity": "x[i]",
    "relu": "x[i] > 0 ? x[i] : 0",
    "leaky_relu": f"x[i] > 0 ? x[i] : {LEAK}f * x[i]",
    "tanh": "tanhf(x[i])",
    "logistic": "0.5f * (1 + tanhf(0.5f * x[i]))",
    "softplus": "(x[i] > 0 ? x[i] : 0) + log1pf(expf(-fabsf(x[i])))",
    "elu": "x[i] > 0 ? x[i] : expm1f(x[i])",
    "silu": "x[i] * (0.5f * (1 + tanhf(0.5f * x[i])))",
    "gelu": "x[i] * (0.5f * (1 + erff(x[i] * 0.70710678f)))",
}


def network_source(subject: Subject, int8: Any = None) -> str:
    """Return the source of `add_logits` and `to_probabilities`; `int8` are `integer_layers`, or None."""
    steps, bundle = subject.layers, subject.bundle
    kinds = {step.kind for step in every_step(steps)}
    widths = [side for step in every_step(steps) if step.kind == "dense" for side in step.arrays["W"].shape]
    numbers = {
        "WIDEST": max(widths),
        "NEEDS_DENSE": int(int8 is None and "dense" in kinds),
        "NEEDS_DENSE_INT8": int(int8 is not None),
        "NEEDS_LAYER_NORM": int("layer_norm" in kinds),
        "NEEDS_SCALE": int("scale" in kinds),
    }
    writer = _Writer(int8)
    writer.write(steps)
    standardizer = bundle.standardizer
    mean, scale = (table(f"feature_{name}", getattr(standardizer, name)) for name in ("mean", "scale"))
    functions = [
        f"static void {name}(float *x, long n) {{\n  long i;\n  for (i = 0; i < n; i++) x[i] = {formula};\n}}\n"
        for name, formula in ((f"apply_{name}", FORMULAS[name]) for name in writer.activations)
    ]
    kept = "".join(f"  static float kept_{depth}[WIDEST];\n" for depth in range(writer.deepest))
    add = f"""/* Standardise a row of features, take it through the layers, and add the logits to z. */
static void add_logits(const float *row, float *z) {{
{kept}  float *x = layer_a, *y = layer_b, *other;
  long i;
  for (i = 0; i < BACKPROP_FEATURES; i++) x[i] = (row[i] - feature_mean[i]) / feature_scale[i];
{"".join(f"  {line}{chr(10)}" for line in writer.lines)}  for (i = 0; i < BACKPROP_CLASSES; i++) z[i] += x[i];
  (void)y, (void)other;
}}

/* Average logits over n views, calibrate them, and write their softmax. */
static void to_probabilities(const float *z, int n, float *probabilities) {{
  float largest = z[0], sum = 0;
  long i;
  for (i = 1; i < BACKPROP_CLASSES; i++)
    if (z[i] > largest) largest = z[i];
  for (i = 0; i < BACKPROP_CLASSES; i++) {{
    probabilities[i] = expf((z[i] - largest) / (float)n * {np.float32(1 / bundle.temperature):.9g}f);
    sum += probabilities[i];
  }}
  for (i = 0; i < BACKPROP_CLASSES; i++) probabilities[i] /= sum;
}}
"""
    source = SOURCE.read_text(encoding="utf-8")
    return "\n".join([constants(numbers), source, *functions, mean, scale, *writer.tables, add])


class _Writer:
    """Writes a call for each step, and its tables. In the C code, x is the input and the output of a step."""

    def __init__(self, int8: Any):
        self.int8, self.lines, self.tables = int8, [], []
        self.activations: dict[str, None] = {}
        self.deepest = self.depth = self.n_arrays = self.n_dense = 0
        self.width = 0

    def write(self, steps: Sequence[Step]) -> None:
        """Write steps, one after the other."""
        for step in steps:
            getattr(self, f"_{step.kind}")(step)

    def _table(self, values: np.ndarray, kind: str = "float") -> str:
        self.n_arrays += 1
        name = f"learned_{self.n_arrays}"
        self.tables.append(table(name, values, kind))
        return name

    def _dense(self, step: Step) -> None:
        W, b = step.arrays["W"], step.arrays["b"]
        n_in, self.width = W.shape
        if self.int8 is None:
            call = f"dense(x, y, {self._table(W.T.reshape(-1))}, {self._table(b)}, {n_in}, {self.width});"
        else:
            layer = self.int8[self.n_dense]
            weights = self._table(layer.weights.T.reshape(-1), "signed char")
            scales = self._table(layer.scales)
            per_step = f"{layer.per_step:.9g}f" if "." in f"{layer.per_step:.9g}" else f"{layer.per_step:.9g}.0f"
            call = f"dense_int8(x, y, {weights}, {scales}, {self._table(b)}, {per_step}, {n_in}, {self.width});"
        self.n_dense += 1
        self.lines += [call, "other = x, x = y, y = other;"]

    def _activation(self, step: Step) -> None:
        name = step.settings["activation"]
        if name != "identity":
            self.activations[name] = None
            self.lines.append(f"apply_{name}(x, {self.width});")

    def _scale(self, step: Step) -> None:
        by, shift = self._table(step.arrays["scale"]), self._table(step.arrays["shift"])
        self.lines.append(f"scale(x, {by}, {shift}, {len(step.arrays['scale'])});")

    def _layer_norm(self, step: Step) -> None:
        gamma, beta = self._table(step.arrays["gamma"]), self._table(step.arrays["beta"])
        eps = f"{step.settings['eps']:.9g}f"
        self.lines.append(f"layer_norm(x, {gamma}, {beta}, {eps}, {len(step.arrays['gamma'])});")

    def _residual(self, step: Step) -> None:
        depth, width = self.depth, self.width
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        self.lines.append(f"memcpy(kept_{depth}, x, {width} * sizeof(float));")
        self.write(step.inner)
        self.lines.append(f"for (i = 0; i < {width}; i++) x[i] += kept_{depth}[i];")
        self.depth -= 1
