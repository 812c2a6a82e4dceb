"""Make the pages that are generated from the program: commands.md, recipe.md and json.md.

`python docs/make_pages.py` writes them; the tests compare each page with a new one.
"""

import ast
import inspect
import sys
from pathlib import Path

import click

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))


def commands_page():
    """Return docs/commands.md: the help of every command."""
    from pipelines.cli import cli

    parts = [COMMANDS_INTRODUCTION]
    for words, command in all_commands(cli, ("backprop",)):
        with click.Context(command, info_name=" ".join(words), **cli.context_settings, **WIDE) as context:
            parts.append(f"## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"


WIDE = {"terminal_width": 100, "max_content_width": 100}

COMMANDS_INTRODUCTION = """# Commands

This page shows the `--help` of every command. `python docs/make_pages.py` generates it.

Results go to standard output. Progress, warnings and errors go to standard error. Exit codes: 0 done, 1 failed, 2
usage, 3 some inputs failed and the others were answered, 4 data missing, unreachable or damaged, 5 model file unusable,
6 quality missed (`evaluate --min-accuracy`) or training diverged, 130 interrupted. Ctrl-C during training keeps the
best model so far. An error is one or two lines; `backprop --debug COMMAND` shows the traceback.

Environment: `BACKPROP_DATA` is the folder of downloads and caches. `BACKPROP_MIRROR` is a folder or address that is
tried before the registered addresses. An option overrides the environment, the environment overrides a file given with
`--config`, and this file overrides the preset."""


def all_commands(command, words):
    """Yield the words and the command of a group and of everything below it, in the order of `--help`."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words[-1])
        for name in command.list_commands(context):
            yield from all_commands(command.get_command(context, name), (*words, name))


def recipe_page():
    """Return docs/recipe.md: every entry with its meaning, its range, and its value in each preset."""
    from pipelines.learning import tasks
    from pipelines.learning.recipe import Recipe

    presets = {
        f"{name} {preset}": recipe for name in tasks.NAMES for preset, recipe in tasks.find(name).presets.items()
    }
    header = ["entry", "meaning", "range", *presets]
    rows = [
        [f"`{entry.name}`", entry.metadata["meaning"], entry.metadata["range"].text]
        + [_value(recipe.settings()[entry.name]) for recipe in presets.values()]
        for entry in Recipe.entries()
    ]
    return "\n\n".join([RECIPE_INTRODUCTION, _table(header, rows)]) + "\n"


RECIPE_INTRODUCTION = """# Recipes

A recipe is the list of all settings of a training, by name. A preset is a recipe: `fast` gives a first result in
seconds, `best` the best score in minutes. `--set NAME=VALUE` changes an entry. `--config FILE.toml` changes the entries
that the file contains. `--epochs` and `--hidden` change the entries with these names. An option overrides the file, and
the file overrides the preset. In Python each entry is a keyword of `train`.

`backprop recipe TASK --preset NAME` prints all entries as TOML that `--config` accepts. `python docs/make_pages.py`
generates this page from the same table."""


def json_page():
    """Return docs/json.md: the keys of every record, from the types in `pipelines.records`."""
    from pipelines import records

    tree = ast.parse(inspect.getsource(records))
    lines = inspect.getsource(records).splitlines()
    parts = [JSON_INTRODUCTION]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            entries = [
                *_find_inherited(node, tree),
                *(entry for entry in node.body if isinstance(entry, ast.AnnAssign)),
            ]
            rows = [
                [f"`{entry.target.id}`", f"`{ast.unparse(entry.annotation)}`", _comment(entry, lines)]
                for entry in entries
            ]
            parts.append(f"## {node.name}\n\n{ast.get_docstring(node)}\n\n{_table(['key', 'type', ''], rows)}")
    return "\n\n".join(parts) + "\n"


JSON_INTRODUCTION = """# What `--json` prints

These are the keys of each command's `--json`, and of `.record()` in Python. A number is never NaN. A path is printed as
it was given. Keys may be added in later versions; before a key is removed, the [changelog](../CHANGELOG.md) says so. A
type with `None` may be `null`. A key that is `NotRequired` is not always there. `Json` is any JSON value.
`python docs/make_pages.py` generates this page from `pipelines/records.py`. The tests compare the output of the
commands with these types."""


def _find_inherited(node, tree):
    """Return the entries of the classes that a class is derived from and that the page does not show."""
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
    found = [other for other in tree.body if isinstance(other, ast.ClassDef) and other.name in bases]
    return [entry for other in found for entry in other.body if isinstance(entry, ast.AnnAssign)]


def _code(node):
    """Return a piece of a program as Markdown shows it."""
    return f"`{ast.unparse(node)}`"


def _comment(entry, lines):
    """Return the comment at the end of an entry's line, or nothing."""
    return lines[entry.end_lineno - 1].partition("  # ")[2]


def _value(value):
    """Return a value of a recipe as TOML."""
    if isinstance(value, list):
        return str(value)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _table(header, rows):
    """Return rows of cells as a table in Markdown."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *escaped])


PAGES = {"commands.md": commands_page, "recipe.md": recipe_page, "json.md": json_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
