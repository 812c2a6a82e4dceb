"""Make the pages that say what the program says of itself: commands.md.

`python docs/make_pages.py` writes them; the tests compare each page with what would be written now.
"""

from pathlib import Path

import click

DOCS = Path(__file__).parent


def commands_page():
    """Return docs/commands.md: the help of every command."""
    from pipelines.cli import cli

    parts = [COMMANDS_INTRODUCTION]
    for words, command in all_commands(cli, ("backprop",)):
        with click.Context(command, info_name=" ".join(words), terminal_width=100, max_content_width=100) as context:
            parts.append(f"## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"


COMMANDS_INTRODUCTION = """# Commands

This page is what `--help` says. `python docs/make_pages.py` makes it anew.

Results go to standard output. Progress, warnings and errors go to standard error. Exit codes: 0 done, 1 failed, 2 usage,
3 some inputs failed and the others were answered, 4 data missing, unreachable or damaged, 5 model file unusable,
6 quality missed (`evaluate --min-accuracy`) or training diverged, 130 interrupted. Ctrl-C during training keeps the best
model so far. An error is one or two lines; `backprop --debug COMMAND` shows the traceback.

Environment: `BACKPROP_DATA` is the folder of downloads and caches. `BACKPROP_MIRROR` is a folder or address that is
tried before the registered addresses. An option comes before the environment, the environment before a file given with
`--config`, and that before the preset."""


def all_commands(command, words):
    """Yield the words and the command of a group and of everything below it, in the order of `--help`."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words[-1])
        for name in command.list_commands(context):
            yield from all_commands(command.get_command(context, name), (*words, name))


PAGES = {"commands.md": commands_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
