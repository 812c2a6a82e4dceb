"""Tables in C: numbers, arrays and texts for a compiler."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

PER_LINE = 16


def table(name: str, values: np.ndarray, kind: str = "float") -> str:
    """Return an array of one or two axes as `static const`; the numbers of a float read back as the same float32."""
    values = np.asarray(values)
    inner = f"[{values.shape[1]}]" if values.ndim == 2 else ""
    if values.ndim == 2:
        body = ",\n".join("  {" + ", ".join(_number(each, kind) for each in row) + "}" for row in values)
    else:
        body = _lines(values, kind)
    return f"static const {kind} {name}[{len(values)}]{inner} = {{\n{body}\n}};\n"


def _lines(values: np.ndarray, kind: str) -> str:
    texts = [_number(each, kind) for each in values.tolist()]
    return ",\n".join("  " + ", ".join(texts[start : start + PER_LINE]) for start in range(0, len(texts), PER_LINE))


def _number(value: Any, kind: str) -> str:
    if kind == "float":
        return real(f"{float(value):.9g}") + "f"
    return real(f"{float(value):.17g}") if kind == "double" else str(int(value))


def real(text: str) -> str:
    """Return the text of a number with a point or an exponent, so that it is not a whole number in C."""
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def constants(numbers: Mapping[str, Any]) -> str:
    """Return definitions; a numpy float32 gets the suffix of a float, and text stays as it is."""
    return "".join(f"#define {name} {_define(value)}\n" for name, value in numbers.items())


def _define(value: Any) -> str:
    if isinstance(value, np.float32):
        return real(f"{float(value):.9g}") + "f"
    return real(f"{value:.17g}") if isinstance(value, float) else str(value)


def strings(name: str, texts: Sequence[str]) -> str:
    """Return an array of texts, in UTF-8."""
    lines = ",\n".join(f"  {_quote(text)}" for text in texts)
    return f"const char *const {name}[{len(texts)}] = {{\n{lines}\n}};\n"


def _quote(text: str) -> str:
    parts = [chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in text.encode()]
    return f'"{"".join(parts)}"'


def comment(sentences: Sequence[str]) -> str:
    """Return sentences as a comment; they cannot end the comment."""
    lines = [line for text in sentences for line in textwrap.wrap(text.replace("*/", "* /").replace("/*", "/ *"), 112)]
    return "/* " + "\n * ".join(line.encode("ascii", "replace").decode().replace("??", "? ?") for line in lines) + " */"
