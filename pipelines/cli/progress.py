"""Progress: how long a training still takes, as lines on standard error."""

import shutil
import sys
import time

import click

from pipelines.cli.terminal import note
from pipelines.wording import percent


class Lines:
    """Tells how something goes: one line that is rewritten on a terminal, one after the other elsewhere.

    It is a context manager, so that whatever is said next begins on a line of its own.
    """

    def __init__(self):
        self._terminal = sys.stderr.isatty()
        self._began = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._terminal and self._began is not None:
            note("")

    def _say(self, text):
        click.echo(f"\r{text}" if self._terminal else text, err=True, nl=not self._terminal)


class EpochLines(Lines):
    """Tells how training goes, epoch by epoch."""

    def __call__(self, state, epochs):
        """Report the last epoch of `state`, a TrainingState, out of `epochs`."""
        entry = state.history.entries[-1]
        now = time.perf_counter()
        if self._began is None:
            self._began, self._first = now - entry["seconds"], state.epoch - 1
        left = (now - self._began) / (state.epoch - self._first) * (epochs - state.epoch)
        text = (
            f"epoch {state.epoch:3d}/{epochs}  train loss {entry['train']['loss']:.4f} "
            f"accuracy {percent(entry['train']['accuracy']):>8}  valid loss {entry['valid']['loss']:.4f} "
            f"accuracy {percent(entry['valid']['accuracy']):>8}  {left:4.0f} s left"
        )
        if self._terminal and len(text) >= shutil.get_terminal_size().columns:
            text = text.replace(" loss", "").replace(" accuracy", "")
        self._say(text)


class TrainingLines(Lines):
    """Tells how many trainings go. It is called before the first of them too, when it begins to measure the time."""

    def __call__(self, done, total, known=0):
        """Report that `done` trainings of `total` are done, of which `known` were finished by an earlier run."""
        now = time.perf_counter()
        if self._began is None:
            self._began = now
        text = f"trainings {done:{len(str(total))}d}/{total}"
        if known:
            text += f"  {known} of them before"
        if done > known:
            text += f"  {(now - self._began) / (done - known) * (total - done):4.0f} s left"
        self._say(text)
