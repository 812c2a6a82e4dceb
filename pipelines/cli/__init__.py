"""The command line: parse the words, call a verb, print what it returns.

`main` is what `backprop` and `python -m pipelines` call.
"""

from pipelines.cli.group import cli, main

__all__ = ["cli", "main"]
