"""Worked examples: the arithmetic of one unit, so that a reader can check it by hand.

A formula says what a layer does with all its numbers; an example shows it with a few. Every layer says in its `Words`
what it does and with which formulas. Where it also has a `work_out` method, this returns the numbers of one unit, and
the lines of its `Words` tell how to write them down. So the terminal and the page take the explanation from the layer,
and a new layer is explained in the same way.
"""

from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import NamedTuple

import numpy as np


class Line(NamedTuple):
    """One line of a worked example, as templates that the numbers of `work_out` fill in.

    Attributes
    ----------
    formula : str, such as "dx_{unit} = dy_{unit} gamma_{unit}"
        Its left side alone, without " = ...", where there is no more to say.
    numbers : str, such as "{dy} * {gamma}"; may be empty
        After a name may stand how it is written: "{x:taken}" is put in brackets if it is below 0, and "{x:added}" has
        its sign in front, "+ 3" or "- 3".
    value : str, the key of the result
        Where the result is missing or None, the line is left out.
    each : str
        Where given, the key of a list: the line is repeated for each of its entries, whose "unit" is then called
        {from_unit}. After the last one, the entries that were left out follow as one line, "3 more".
    """

    formula: str
    numbers: str
    value: str
    each: str = ""


class Words(NamedTuple):
    """What a layer says of itself to a reader, in plain text: arrays are called x, y, W, b, gamma, xhat.

    Attributes
    ----------
    does : str, one clause, such as "each unit sums up all inputs, weighted"
    forward, backward : str, the formulas, such as "y = x W + b"
    worked_forward, worked_backward : tuple of Line
        How the two dicts of the layer's `work_out` are written down; empty if it has no such method.
    factors : dict of str to str
        For a parameter of one number for each unit that multiplies something: which key of the forward example has what
        it multiplies. {"gamma": "xhat"} says that y contains gamma * xhat, so that dgamma = xhat * dy.
    """

    does: str
    forward: str
    backward: str
    worked_forward: tuple[Line, ...] = ()
    worked_backward: tuple[Line, ...] = ()
    factors: Mapping[str, str] = {}


class Row(NamedTuple):
    """A line that was filled in: the formula, the same with numbers (may be empty), and the result.

    `term` is the unit whose term of a sum this is; it is None in every other line.
    """

    formula: str
    numbers: str
    value: float
    term: int | None = None


def rows(lines: tuple[Line, ...], example: Mapping | None, number: Callable[[float], str], **settings) -> Iterator[Row]:
    """Fill in the lines of a worked example.

    Parameters
    ----------
    lines : tuple of Line, `Words.worked_forward` or `Words.worked_backward`
    example : dict, what the layer's `work_out` returned for this way, or None, which has no lines
    number : function of a float or None that returns it as text
    **settings : further names in the templates, such as the layer's own settings; they must be safe to print

    Yields
    ------
    row : Row
    """
    if example is None:
        return
    filler = _Filler(number)

    def row(line, names, value, term=None):
        return Row(filler.vformat(line.formula, (), names), filler.vformat(line.numbers, (), names), value, term)

    for line in lines:
        names = {**settings, **example}
        if line.each:
            for term in example[line.each]:
                place = term["unit"]
                yield row(line, {**names, **term, "unit": example["unit"], "from_unit": place}, term[line.value], place)
            if example["n_rest"]:
                yield Row(f"{example['n_rest']:,} more", "", example["rest"])
        elif example.get(line.value) is not None:
            yield row(line, names, example[line.value])


class _Filler(Formatter):
    """Fills a template, writing floats as `number` does."""

    def __init__(self, number):
        self._number = number

    def format_field(self, value, format_spec):
        if isinstance(value, int | str):
            return str(value)
        if format_spec == "added":
            return f"- {self._number(-value)}" if value < 0 else f"+ {self._number(value)}"
        text = self._number(value)
        return f"({text})" if format_spec == "taken" and value < 0 else text


def terms_of_sum(values, weights, total: float, top: int) -> dict:
    """Return the `top` largest terms of a sum of products, and what the others add to the total.

    Parameters
    ----------
    values, weights : float ndarray [shape=(n,)]
    total : float, the sum that the network has computed
    top : int > 0

    Returns
    -------
    terms : {"terms": [{"unit", "value", "weight", "product"}], "n_rest": int, "rest": float}
    """
    products = values * weights
    terms = [
        {"unit": i, "value": float(values[i]), "weight": float(weights[i]), "product": float(products[i])}
        for i in largest(products, top)
    ]
    rest = total - sum(term["product"] for term in terms)
    return {"terms": terms, "n_rest": len(products) - len(terms), "rest": rest}


def largest(array, top: int) -> list[int]:
    """Return the places, in the flat array, of the numbers largest in size, ties in order; zeros are left out."""
    size = np.abs(array).ravel()
    least = np.partition(size, -top)[-top] if top < size.size else 0
    candidates = np.flatnonzero((size >= least) & (size > 0))
    return candidates[np.argsort(-size[candidates], kind="stable")][:top].tolist()
