"""Watched work: something that takes long, and what can be seen of it meanwhile.

It runs on a thread of its own. Its state is kept here and not in any page, so a page that is loaded anew, or a second
one, sees the same. The version rises with every change, so that a page knows whether there is news.
"""

import threading

RUNNING = ("getting ready", "training", "paused", "stopping")


class Watched:
    """The body of a training and of a demonstration; `_run` is what they do.

    Parameters
    ----------
    name : str, of the thread
    state : dict of JSON types
        What can be seen at first; its "state" is one of `RUNNING` until all is over.
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
        """Wait until it is over, but no longer than this."""
        self._thread.join(seconds)

    @property
    def is_running(self):
        """Whether it is not over yet."""
        return self._state["state"] in RUNNING

    def describe(self):
        """Return what can be seen: dict of JSON types."""
        with self._lock:
            return {**self._state, "version": self.version}

    def stop(self):
        """End as soon as what is running has come to its end."""
        self._stops = True
        if self.is_running:
            self._tell(state="stopping")

    def _tell(self, **changes):
        with self._lock:
            self._state = {**self._state, **changes}
            self.version += 1
