"""An ONNX graph, written like numpy.

A graph is a list of operators whose inputs and outputs have names. Here each output is a `Value` with the usual signs:
`a + b` appends the operator Add and is its output. Numbers and arrays beside a Value become constants of its type. A
loop or a choice in the graph (Loop, If) is a function that is called once, with the graph that it fills.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 8  # from the first onnx with this opset, so that older runtimes can read it

TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.bool_): TensorProto.BOOL,
}
BOOL, INT, FLOAT, DOUBLE = np.dtype(bool), np.dtype(np.int64), np.dtype(np.float32), np.dtype(np.float64)


class Value:
    """A tensor of a graph, by name; `dtype` is numpy's."""

    __array_priority__ = 1000  # with it, numpy leaves `array + value` to this class
    __hash__ = object.__hash__

    def __init__(self, graph: Graph, name: str, dtype: np.dtype):
        self.graph, self.name, self.dtype = graph, name, np.dtype(dtype)

    def _binary(self, kind: str, other: Any, swapped: bool = False, dtype: Any = None) -> Value:
        other = self.graph.value(other, self.dtype)
        pair = (other, self) if swapped else (self, other)
        return self.graph.op(kind, *pair, dtype=dtype or self.dtype)

    def __add__(self, other):
        return self._binary("Add", other)

    def __radd__(self, other):
        return self._binary("Add", other, swapped=True)

    def __sub__(self, other):
        return self._binary("Sub", other)

    def __rsub__(self, other):
        return self._binary("Sub", other, swapped=True)

    def __mul__(self, other):
        return self._binary("Mul", other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._binary("Div", other)

    def __rtruediv__(self, other):
        return self._binary("Div", other, swapped=True)

    __floordiv__ = __truediv__  # only for integers that are not negative

    def __matmul__(self, other):
        return self._binary("MatMul", other)

    def __gt__(self, other):
        return self._binary("Greater", other, dtype=BOOL)

    def __ge__(self, other):
        return self._binary("GreaterOrEqual", other, dtype=BOOL)

    def __lt__(self, other):
        return self._binary("Less", other, dtype=BOOL)

    def __le__(self, other):
        return self._binary("LessOrEqual", other, dtype=BOOL)

    def __and__(self, other):
        return self._binary("And", other)

    def __or__(self, other):
        return self._binary("Or", other)

    def __invert__(self):
        return self.graph.op("Not", self)

    def equals(self, other):
        """Return where two tensors are equal."""
        return self._binary("Equal", other, dtype=BOOL)

    def cast(self, dtype):
        """Return the same in another type."""
        dtype = np.dtype(dtype)
        return self if dtype == self.dtype else self.graph.op("Cast", self, dtype=dtype, to=TYPES[dtype])

    def reshape(self, *shape):
        """Return the same numbers in another shape; -1 and 0 as ONNX has them."""
        return self.graph.op("Reshape", self, self.graph.value(np.array(shape, np.int64)))

    def transpose(self, *order):
        """Return the tensor with its axes in another order."""
        return self.graph.op("Transpose", self, perm=list(order))

    def take(self, places, axis=0):
        """Return the entries at places along an axis."""
        return self.graph.op("Gather", self, self.graph.value(places, INT), axis=axis)

    def part(self, start, stop, axis=0):
        """Return the entries from start to before stop along an axis; both are numbers or int Values of one entry."""
        ends = [self.graph.value(end, INT).reshape(1) for end in (start, stop)]
        return self.graph.op("Slice", self, *ends, self.graph.value(np.array([axis])))

    def at(self, axis=0):
        """Return the tensor with a new axis of length 1."""
        return self.graph.op("Unsqueeze", self, self.graph.value(np.array([axis])))

    def reduce(self, kind, axes=None, keep=False):
        """Return the "Max", "Min", "Mean" or "Sum" over axes; None means all."""
        given = () if axes is None else (self.graph.value(np.array(axes)),)
        return self.graph.op(f"Reduce{kind}", self, *given, keepdims=int(keep))

    def length(self, axis=0):
        """Return how long an axis is: int, a single number."""
        return self.graph.op("Shape", self, dtype=INT).take(np.array(axis))

    def first(self, last=False):
        """Return the place of the first True, or of the last, of one row; 0 or the end if there is none."""
        numbers = self.cast(FLOAT)
        return self.graph.op("ArgMax", numbers, dtype=INT, axis=0, keepdims=0, select_last_index=int(last))


class Graph:
    """A graph in the making; one inside it, of a loop or a choice, shares its constants and its names."""

    def __init__(self, outer: Graph | None = None):
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.constants: dict[bytes, tuple[str, onnx.TensorProto]] = outer.constants if outer else {}
        self.numbers: Any = outer.numbers if outer else itertools.count()

    def input(self, name: str, dtype: Any, shape: Sequence[Any] | None = None) -> Value:
        """Add an input."""
        self.inputs.append(helper.make_tensor_value_info(name, TYPES[np.dtype(dtype)], shape))
        return Value(self, name, dtype)

    def output(self, value: Value, name: str | None = None, shape: Sequence[Any] | None = None) -> None:
        """Make a value an output, under a name of its own where one is given."""
        named = self.op("Identity", value, name=name or self.name("output"))
        self.outputs.append(helper.make_tensor_value_info(named.name, TYPES[value.dtype], shape))

    def value(self, given: Any, dtype: Any = None) -> Value:
        """Return a Value of this graph: a constant for a number or an array, once for each content."""
        if isinstance(given, Value):
            return Value(self, given.name, given.dtype)
        array = np.asarray(given, dtype)
        key = f"{array.dtype} {array.shape} ".encode() + array.tobytes()
        if key not in self.constants:
            name = self.name("constant")
            self.constants[key] = name, numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
        return Value(self, self.constants[key][0], array.dtype)

    def op(self, kind: str, *inputs: Value, dtype: Any = None, name: str | None = None, **attributes: Any) -> Value:
        """Append an operator, and return its output, whose type is that of the first input unless it is given."""
        name = name or self.name(kind)
        self.nodes.append(helper.make_node(kind, [each.name for each in inputs], [name], **attributes))
        return Value(self, name, dtype or inputs[0].dtype)

    def arange(self, stop: Any, start: Any = 0, step: Any = 1) -> Value:
        """Return int start, start + step, … before stop."""
        start, stop, step = (self.value(each, INT) for each in (start, stop, step))
        return self.op("Range", *(each.reshape() for each in (start, stop, step)))

    def where(self, condition: Value, yes: Any, no: Any) -> Value:
        """Return `yes` where the condition holds, else `no`; one of them is a Value."""
        like = yes if isinstance(yes, Value) else no
        yes, no = (self.value(each, like.dtype) for each in (yes, no))
        return self.op("Where", condition, yes, no, dtype=like.dtype)

    def least(self, a: Any, b: Any) -> Value:
        """Return the smaller of two, one of which is a Value."""
        return self._of_two("Min", a, b)

    def most(self, a: Any, b: Any) -> Value:
        """Return the larger of two, one of which is a Value."""
        return self._of_two("Max", a, b)

    def _of_two(self, kind, a, b):
        like = a if isinstance(a, Value) else b
        return self.op(kind, self.value(a, like.dtype), self.value(b, like.dtype), dtype=like.dtype)

    def join(self, *values: Any, axis: int = 0) -> Value:
        """Return tensors one after the other, one of which is a Value."""
        like = next(value for value in values if isinstance(value, Value))
        return self.op("Concat", *(self.value(each, like.dtype) for each in values), dtype=like.dtype, axis=axis)

    def sums(self, values: Value) -> Value:
        """Return 0 and the running sum of one row."""
        running = self.op("CumSum", values, self.value(0, INT))
        return self.join(np.zeros(1), running)

    def smallest(self, values: Value, k: Any, axis: int = 0, largest: bool = False) -> Value:
        """Return the k smallest numbers along an axis, rising; or the k largest, falling."""
        names = [self.name("TopK"), self.name("places")]
        self.several("TopK", [values, self.value(k, INT).reshape(1)], names, axis=axis, largest=int(largest))
        return Value(self, names[0], values.dtype)

    def places(self, mask: Value) -> Value:
        """Return the places of True in one row: int."""
        return self.op("NonZero", mask, dtype=INT).reshape(-1)

    def highest_within(self, row: Value, length: int) -> Value:
        """Return the highest of each `length` neighbours in one row, which must have so many."""
        pooled = self.op("MaxPool", row.reshape(1, 1, -1), kernel_shape=[length])
        return pooled.reshape(-1)

    def choose(self, condition: Value, yes: Callable[[Graph], Sequence[Value]], no: Callable) -> list[Value]:
        """Return what `yes` or `no` give, functions of a graph that they fill."""
        branches, dtypes = [], []
        for name, fill in (("yes", yes), ("no", no)):
            inner = Graph(self)
            values = list(fill(inner))
            dtypes = [value.dtype for value in values]
            for value in values:
                inner.output(value)
            branches.append(inner.make(self.name(name)))
        names = [self.name("If") for _ in dtypes]
        inputs = [condition.reshape().name]
        node = helper.make_node("If", inputs, names, then_branch=branches[0], else_branch=branches[1])
        self.nodes.append(node)
        return [Value(self, name, dtype) for name, dtype in zip(names, dtypes, strict=True)]

    def repeat(self, body: Callable, state: Sequence[Value], times: Value | None = None, start: Value | None = None):
        """Repeat `body`, a function of (graph, number, *state) that returns (go on, *state); return the last state.

        It is repeated `times`, or as long as it says; not at all where `start` is false.
        """
        inner = Graph(self)
        number = inner.input(self.name("number"), INT, [])
        inner.input(self.name("going"), BOOL, [])
        given = [inner.input(self.name("state"), value.dtype) for value in state]
        going, *after = body(inner, number, *given)
        inner.output(inner.value(going, BOOL).reshape(), shape=[])
        for value in after:
            inner.output(value)
        names = [self.name("Loop") for _ in state]
        start = self.value(np.array(True)) if start is None else start
        inputs = ["" if times is None else times.reshape().name, start.reshape().name]
        inputs += [value.name for value in state]
        self.nodes.append(helper.make_node("Loop", inputs, names, body=inner.make(self.name("body"))))
        return [Value(self, name, value.dtype) for name, value in zip(names, state, strict=True)]

    def make(self, name: str) -> onnx.GraphProto:
        """Return the graph, without its constants, which belong to the outermost one."""
        return helper.make_graph(self.nodes, name, self.inputs, self.outputs)

    def model(self, name: str, metadata: dict[str, str], documentation: str) -> onnx.ModelProto:
        """Return the whole model, checked."""
        graph = self.make(name)
        graph.initializer.extend(tensor for _, tensor in self.constants.values())
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="backprop", ir_version=IR_VERSION)
        model.doc_string = documentation
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model

    def several(self, kind: str, inputs: Sequence[Value], names: Sequence[str], **attributes: Any) -> None:
        """Append an operator with several outputs, under these names."""
        self.nodes.append(helper.make_node(kind, [each.name for each in inputs], list(names), **attributes))

    def name(self, kind: str) -> str:
        """Return a new name."""
        return f"{kind}_{next(self.numbers)}"
