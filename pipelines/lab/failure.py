"""A failure on purpose, beside its cure: a demonstration as it goes, trial by trial."""

import threading

from backprop_core.errors import BackpropError
from pipelines.verbs.demonstrate import DEMONSTRATIONS, demonstrate


class Failure:
    """One demonstration and what can be seen of it.

    Parameters
    ----------
    number : int, which training of this lab it is
    name : str, one of `DEMONSTRATIONS`
    dataset : str or None
    seed : int >= 0
    """

    def __init__(self, number, name, dataset=None, seed=0):
        self.version = 0
        self._lock, self._stops = threading.Lock(), False
        self._asked = (name, dataset, seed)
        self._state = {
            "number": number,
            "name": name,
            "question": DEMONSTRATIONS[name].question,
            "state": "training",
            "asked": {"dataset": dataset, "seed": seed},
            "trials": [],
            "total": len(DEMONSTRATIONS[name].trials),
        }
        self._thread = threading.Thread(target=self._run, name=f"failure {number}", daemon=True)

    def start(self):
        """Begin."""
        self._thread.start()

    def wait(self, seconds):
        """Wait until it is over, but no longer than this."""
        self._thread.join(seconds)

    @property
    def is_running(self):
        """Whether it is not over yet."""
        return self._state["state"] in ("training", "stopping")

    def seen(self):
        """Return what can be seen: dict of JSON types; its "trials" are those of `demonstrate --json`."""
        with self._lock:
            return {**self._state, "version": self.version}

    def stop(self):
        """End after the trial that is running."""
        self._stops = True
        if self.is_running:
            self._tell(state="stopping")

    def _tell(self, **changes):
        with self._lock:
            self._state = {**self._state, **changes}
            self.version += 1

    def _run(self):
        name, dataset, seed = self._asked
        try:
            record = demonstrate(name, dataset_name=dataset, seed=seed, on_trial=self._after_trial)
            self._tell(state="done", record=record)
        except KeyboardInterrupt:
            self._tell(state="stopped")
        except BackpropError as error:
            self._tell(state="failed", error=str(error))
        except Exception as error:  # as in a course
            self._tell(state="failed", error=f"it ended unexpectedly: {type(error).__name__}: {error}")

    def _after_trial(self, trial, done, total):
        self._tell(trials=[*self._state["trials"], trial])
        if self._stops:
            raise KeyboardInterrupt
