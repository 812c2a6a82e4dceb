"""Progress of long work, as lines on standard error or as a bar in a notebook.

Python programs see it only with `progress=True`; the command line always shows it.
"""

import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.machine.log import let_watch, watcher
from pipelines.wording import escape, percent

MOST_LISTED = 10  # skipped files, classes that cannot be learned


class Silent:
    """Shows nothing."""

    def dataset(self, dataset: Any, fallback: bool, warnings: list[str]) -> None:
        """Receive the training data."""

    def epoch(self, state: Any, epochs: int) -> None:
        """Receive the last epoch of a TrainingState, out of `epochs`."""

    def folding(self, dataset: Any, fallback: bool, folding: Any) -> None:
        """Receive the folds of a cross-validation."""

    def known(self, known: int, total: int) -> None:
        """Receive the number of trainings, out of `total`, that need not be repeated."""

    def fold(self, name: str, seed: int, n: int, share: float, done: int, total: int) -> None:
        """Receive the result of one fold, number `done` of `total`."""

    def trainings(self, done: int, total: int, known: int = 0) -> None:
        """Receive the number of finished trainings, out of `total`; it is also called before the first of them."""


class Told(Silent):
    """Puts the progress into words; a subclass shows them."""

    def begin(self) -> None:
        """Start to measure the time again."""
        self._began: float | None = None
        self._first = 0

    def hear(self, level: int, text: str) -> None:
        """Show a message of the log."""
        self.note(f"warning: {text}" if level >= logging.WARNING else text)

    def close(self) -> None:
        """End the current line, so that the next text begins on a new one."""

    def note(self, text: str) -> None:
        """Show a permanent line."""
        raise NotImplementedError

    def rewrite(self, text: str, done: int, total: int, short: str = "") -> None:
        """Show the progress, `done` of `total`; it replaces the last line about it, if possible."""
        raise NotImplementedError

    def piece(self, title: str, total: int, remark: str) -> Any:
        """Return a context manager that shows a piece of work; see `log.piece_of_work`."""
        raise NotImplementedError

    def dataset(self, dataset: Any, fallback: bool, warnings: list[str]) -> None:
        """Show the training data, the skipped files, and the warnings."""
        self._note_left_out(dataset, fallback)
        for warning in warnings:
            self.note(f"warning: {dataset.name}: {warning}")
        for remark in dataset.notes:
            self.note(f"note: {remark}")
        sizes = ", ".join(f"{len(dataset.rows(role))} {role}" for role in ("train", "valid", "test"))
        self.note(f"{dataset.name}: {len(dataset.labels)} classes, {sizes}")

    def _note_left_out(self, dataset: Any, fallback: bool) -> None:
        if fallback:
            self.note(
                "warning: the default data set cannot be downloaded, so this training uses the bundled "
                f"{dataset.name}; choose one with --dataset, or set BACKPROP_MIRROR"
            )
        for reason in dataset.skipped[:MOST_LISTED]:
            self.note(f"skipped: {reason}")
        if len(dataset.skipped) > MOST_LISTED:
            self.note(f"skipped: {len(dataset.skipped) - MOST_LISTED} more files; train --json lists all of them")

    def epoch(self, state: Any, epochs: int) -> None:
        """Show the result of the last epoch, and the time for the others."""
        entry, now = state.history.entries[-1], time.perf_counter()
        if self._began is None:
            self._began, self._first = now - entry["seconds"], state.epoch - 1
        left = (now - self._began) / (state.epoch - self._first) * (epochs - state.epoch)
        text = (
            f"epoch {state.epoch:3d}/{epochs}  train loss {entry['train']['loss']:.4f} "
            f"accuracy {percent(entry['train']['accuracy']):>8}  valid loss {entry['valid']['loss']:.4f} "
            f"accuracy {percent(entry['valid']['accuracy']):>8}  {left:4.0f} s left"
        )
        self.rewrite(text, state.epoch, epochs, short=text.replace(" loss", "").replace(" accuracy", ""))

    def folding(self, dataset: Any, fallback: bool, folding: Any) -> None:
        """Show the data and the folds of a cross-validation, and the classes that cannot be learned in a fold."""
        self._note_left_out(dataset, fallback)
        for remark in dataset.notes:
            self.note(f"note: {remark}")
        untaught = folding.find_untaught(dataset)
        for name, label in untaught[:MOST_LISTED]:
            self.note(
                f"warning: class {label} has samples only in {folding.by} {name}, so the network cannot learn it when "
                "they are tested"
            )
        if len(untaught) > MOST_LISTED:
            self.note(f"warning: {len(untaught) - MOST_LISTED} more classes have samples in only one {folding.by}")
        drawn = "whole speakers" if folding.validation == "groups" else "rows drawn by class"
        apart = ", each speaker in one fold" if folding.grouped and folding.by == "fold" else ""
        self.note(
            f"{dataset.name}: {len(dataset.labels)} classes, {len(dataset)} samples, each tested once (the data's own "
            f"split is not used); {len(folding.folds)} {folding.by}s{apart}; validation: {drawn} among the others"
        )

    def known(self, known: int, total: int) -> None:
        """Show the number of trainings that need not be repeated."""
        if known:
            self.note(f"{known} of {total} trainings were finished before; --fresh repeats them")

    def fold(self, name: str, seed: int, n: int, share: float, done: int, total: int) -> None:
        """Show the result of one fold."""
        self.note(f"{done:3d}/{total}  {name}  seed {seed}  {n} samples  accuracy {percent(share)}")

    def trainings(self, done: int, total: int, known: int = 0) -> None:
        """Show the number of finished trainings, of which `known` were finished by an earlier run."""
        now = time.perf_counter()
        if self._began is None:
            self._began = now
        text = f"trainings {done:{len(str(total))}d}/{total}"
        if known:
            text += f"  {known} of them before"
        if done > known:
            text += f"  {(now - self._began) / (done - known) * (total - done):4.0f} s left"
        self.rewrite(text, done, total)


class Lines(Told):
    """Writes lines on standard error: one line that is rewritten on a terminal, several lines elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._open = False  # whether the last line may still be rewritten

    def note(self, text: str) -> None:
        """Print a line; control characters are escaped, because names of files and classes may contain them."""
        self.close()
        print(escape(text), file=sys.stderr, flush=True)

    def rewrite(self, text: str, done: int, total: int, short: str = "") -> None:
        """Replace the line before on a terminal; print a new line elsewhere."""
        if not self._terminal:
            print(text, file=sys.stderr, flush=True)
            return
        if short and len(text) >= shutil.get_terminal_size().columns:
            text = short
        print(f"\r{text}", end="", file=sys.stderr, flush=True)
        self._open = True

    def close(self) -> None:
        """End the current line, so that the next text begins on a new one."""
        if self._open:
            print(file=sys.stderr, flush=True)
            self._open = False

    @contextmanager
    def piece(self, title: str, total: int, remark: str) -> Iterator[Callable[[int], object]]:
        """Show a bar on a terminal, one line elsewhere."""
        if not self._terminal:
            self.note(f"{title} {remark}".rstrip())
            yield lambda done: None
            return
        import click

        self.close()
        with click.progressbar(length=total, label=title, width=36, file=sys.stderr) as bar:
            yield bar.update


class Notebook(Told):
    """Writes into a cell of a notebook: a moving bar, and the last lines below it."""

    def __init__(self) -> None:
        from html import escape

        from IPython.display import HTML, display

        self._escape = escape
        self._html, self._bar = HTML, ""
        self._lines: list[str] = []
        self._handle = display(HTML(""), display_id=True)

    def _show(self) -> None:
        lines = "".join(f"<div>{self._escape(escape(line))}</div>" for line in self._lines[-MOST_LISTED:])
        self._handle.update(self._html(f"{lines}{self._bar}"))

    def note(self, text: str) -> None:
        """Add a line."""
        self._lines.append(text)
        self._show()

    def rewrite(self, text: str, done: int, total: int, short: str = "") -> None:
        """Move the bar."""
        self._bar = f'<div><progress value="{done}" max="{total}"></progress> {self._escape(text)}</div>'
        self._show()

    @contextmanager
    def piece(self, title: str, total: int, remark: str) -> Iterator[Callable[[int], object]]:
        """Show a separate bar during the work."""
        done, latest = 0, 0.0

        def advance(more: int) -> None:
            nonlocal done, latest
            done += more
            if time.perf_counter() - latest > 0.2:
                latest = time.perf_counter()
                self.rewrite(title, done, total)

        yield advance
        self.rewrite(title, total, total)


@contextmanager
def telling(progress: bool) -> Iterator[Silent]:
    """Give the object that receives the progress inside, and show the log there too, if `progress` is true.

    If one is already active, such as that of the command line, it is used again.
    """
    if not progress:
        yield Silent()
        return
    someone = watcher()
    teller = someone if isinstance(someone, Told) else Notebook() if _in_notebook() else Lines()
    teller.begin()
    try:
        if teller is someone:
            yield teller
        else:
            with let_watch(teller):
                yield teller
    finally:
        teller.close()


def _in_notebook() -> bool:
    """Return whether this runs in a notebook that can show HTML, not in a terminal."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    return running is not None and "IPKernelApp" in getattr(running, "config", {})
