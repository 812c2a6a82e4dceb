"""Watched work: a long task, and its visible state.

It runs on a thread of its own. Its state is kept here and not in a page, so a reloaded page, or a second one, shows the
same. The version rises with every change, so that a page knows whether something has changed.
"""

import threading

RUNNING = ("getting ready", "training", "paused", "stopping")


class Watched:
    """The common part of a training and of a demonstration; `_run` does the work.

    Parameters
    ----------
    name : str, of the thread
    state : dict of JSON types
        The visible state at first; its "state" is one of `RUNNING` until the work is finished.
    """

    def __init__(self, name, state):
        self.version = 0
        self._lock, self._stops, self._state = threading.Lock(), False, state
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self):
        raise NotImplementedError

    def start(self):
        """Begin."""
        self._thread.start()

    def wait(self, seconds):
        """Wait until the work is finished, but not longer than this."""
        self._thread.join(seconds)

    @property
    def is_running(self):
        """Whether the work is still running."""
        return self._state["state"] in RUNNING

    def describe(self):
        """Return the visible state: dict of JSON types."""
        with self._lock:
            return {**self._state, "version": self.version}

    def _before_step(self):
        """End the work before its next step if `stop` was called; a training then keeps its best network."""
        if self._stops:
            raise KeyboardInterrupt

    def stop(self):
        """Stop before the next step, or as soon as the running part is finished."""
        self._stops = True
        if self.is_running:
            self._tell(state="stopping")

    def _tell(self, **changes):
        with self._lock:
            self._state = {**self._state, **changes}
            self.version += 1
