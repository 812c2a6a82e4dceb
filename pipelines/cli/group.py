"""The command `backprop` itself: it finds the command that is called, and prints errors as one line.

Results go to standard output; progress, warnings and errors to standard error. A command is imported when it is called,
and imports its verb when it runs, so `--help` is fast.
"""

import contextlib
import errno
import importlib

import click

from backprop_core.errors import BackpropError, DivergedError
from pipelines.cli import streams, terminal
from pipelines.cli.commands import COMMANDS
from pipelines.errors import ApplicationError
from pipelines.machine.extras import explain_missing


class Commands(click.Group):
    """A group that imports a command when it is needed, and turns errors into one line and an exit code."""

    def list_commands(self, ctx):
        """Return the names of all commands, sorted."""
        return sorted({*COMMANDS, *self.commands})

    def get_command(self, ctx, name):
        """Return the command of this name, or None."""
        if name in COMMANDS:
            return getattr(importlib.import_module(f"pipelines.cli.commands.{name}"), name)
        return super().get_command(ctx, name)

    def format_commands(self, ctx, formatter):
        """List the commands with a sentence each, and import none of them."""
        commands = {name: click.Command(name, help=sentence) for name, sentence in COMMANDS.items()} | self.commands
        room = formatter.width - 6 - max(map(len, commands))
        with formatter.section("Commands"):
            formatter.write_dl([(name, commands[name].get_short_help_str(room)) for name in self.list_commands(ctx)])

    def parse_args(self, ctx, args):
        """Parse the words before the command; `--help` and `--version` print here."""
        with self._telling_errors(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx):
        """Run a command."""
        from pipelines.door.progress import telling
        from pipelines.machine.decoders import ignore_decoders

        ignore_decoders()
        with self._telling_errors(ctx), telling(True):
            return super().invoke(ctx)

    @contextlib.contextmanager
    def _telling_errors(self, ctx):
        """Turn errors into one line and an exit code; `--debug` lets the traceback through."""
        debug = ctx.params.get("debug", False)
        try:
            yield
        except BackpropError as error:
            if debug:
                raise
            self._fail(ctx, error, _exit_code_of(error))
        except BrokenPipeError:
            raise
        except ImportError as error:
            sentence = explain_missing(error)
            if sentence is None or debug:
                raise
            self._fail(ctx, sentence, 1)
        except (OSError, MemoryError) as error:
            if debug:
                raise
            where = f"{error.filename}: " if getattr(error, "filename", None) else ""
            full = "; make room, or choose another place" if getattr(error, "errno", None) == errno.ENOSPC else ""
            self._fail(ctx, f"{where}{getattr(error, 'strerror', None) or str(error) or 'not enough memory'}{full}", 1)
        except KeyboardInterrupt:
            self._fail(ctx, "interrupted", terminal.INTERRUPTED)

    @staticmethod
    def _fail(ctx, message, code):
        terminal.note(f"error: {message}")
        ctx.exit(code)


def _exit_code_of(error):
    if isinstance(error, ApplicationError):
        return error.exit_code
    return 6 if isinstance(error, DivergedError) else 1


def _version(ctx, param, asked):
    if asked:
        from pipelines.machine.extras import own_version

        click.echo(f"backprop {own_version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug):
    """Train networks that recognise spoken words, pictures and texts, and use them."""


def main():
    """Run the command line; `backprop` and `python -m pipelines` call this function."""
    streams.prepare()
    cli(prog_name="backprop")
