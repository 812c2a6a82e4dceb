"""A failure on purpose, and its cure: a running demonstration, trial by trial."""

from backprop_core.errors import BackpropError
from pipelines.lab.watched import Watched
from pipelines.verbs.demonstrate import DEMONSTRATIONS, demonstrate


class Failure(Watched):
    """One demonstration and its visible state; the "trials" are those of `demonstrate --json`.

    It stops before the next step.

    Parameters
    ----------
    number : int, which training of this lab it is
    name : str, one of `DEMONSTRATIONS`
    dataset : str or None
    seed : int >= 0
    """

    def __init__(self, number, name, dataset=None, seed=0):
        state = {
            "number": number,
            "name": name,
            "question": DEMONSTRATIONS[name].question,
            "state": "training",
            "asked": {"dataset": dataset, "seed": seed},
            "trials": [],
            "total": len(DEMONSTRATIONS[name].trials),
        }
        super().__init__(f"failure {number}", state)
        self._asked = (name, dataset, seed)

    def _run(self):
        name, dataset, seed = self._asked
        try:
            record = demonstrate(
                name, dataset_name=dataset, seed=seed, on_trial=self._after_trial, before_step=self._before_step
            )
            self._tell(state="done", record=record)
        except KeyboardInterrupt:
            self._tell(state="stopped")
        except BackpropError as error:
            self._tell(state="failed", error=str(error))
        except Exception as error:  # as in a course
            self._tell(state="failed", error=f"it ended unexpectedly: {type(error).__name__}: {error}")

    def _after_trial(self, trial, done, total):
        self._tell(trials=[*self._state["trials"], trial])
