"""Errors: every deliberate error of this project has one base class.

A program that must distinguish unusable input from a bug catches `BackpropError`. Its message is one sentence that
names the thing, the value and the fix.
"""


class BackpropError(Exception):
    """Root of every error that this project raises on purpose."""


class DivergedError(BackpropError):
    """The loss stopped being a finite number; the message names the likely cause and the remedy.

    Attributes
    ----------
    entries : tuple of dict of JSON types
        Where a `Trainer` raised it: the history's entries, and behind them one of the epoch that was not finished,
        {"epoch", "learning_rate", "clip_rate": None} and "health", where that is recorded.
    """

    entries = ()
