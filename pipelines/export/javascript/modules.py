"""Modules: many files of JavaScript become one, because a page that is opened from disk may not load other files.

A browser refuses to import a module from disk into a page. So each module becomes a function that is called once and
returns its exports. Each comes after the modules that it imports. Only these forms, which the engine's modules use, are
supported:

    import { a, b } from "./other.js";
    export const a, export function a, export class A, export { a, b };
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:const|function|class) )(\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};\n", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n?", re.MULTILINE | re.DOTALL)


@cache
def in_one(*entries: str) -> str:
    """Return modules and all their imports as statements, with a constant for each export of an entry.

    Parameters
    ----------
    entries : str, files below this folder, such as "engine.js"
    """
    order: list[Path] = []
    for entry in entries:
        _visit((FOLDER / entry).resolve(), order)
    statements = [_as_function(path) for path in order]
    for entry in entries:
        path = (FOLDER / entry).resolve()
        statements.append(f"const {{ {', '.join(_exports(_text(path)))} }} = {_constant(path)};\n")
    return "\n".join(statements)


def _visit(path: Path, order: list[Path]) -> None:
    if path in order:
        return
    for match in _IMPORT.finditer(_text(path)):
        _visit((path.parent / match[2]).resolve(), order)
    order.append(path)


def _text(path: Path) -> str:
    """Return a module without its documentation, which is as long as the code; keep line comments."""
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def _as_function(path: Path) -> str:
    text, names = _text(path), ", ".join(_exports(_text(path)))
    for match in _IMPORT.finditer(text):
        taken = _constant((path.parent / match[2]).resolve())
        text = text.replace(match[0], f"const {{{match[1]}}} = {taken};\n")
    text = _EXPORT_LIST.sub("", _EXPORT.sub(r"\1\2", text)).strip()
    return f"const {_constant(path)} = (() => {{\n{text}\nreturn {{ {names} }};\n}})();\n"


def _exports(text: str) -> list[str]:
    listed = [name.strip() for match in _EXPORT_LIST.finditer(text) for name in match[1].split(",")]
    return [match[2] for match in _EXPORT.finditer(text)] + [name for name in listed if name]


def _constant(path: Path) -> str:
    """Return the name of a module in the single file: `speech_drift`, after a sign that no other name has."""
    return "$" + "_".join(path.relative_to(FOLDER).with_suffix("").parts)
