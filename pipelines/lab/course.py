"""A course: one running training, which can be watched, paused and stopped.

It is a training of `train`, as `Watched` work. Its record grows by one entry each epoch; only the latest pictures of
the weights are kept.
"""

import base64
import threading
import time

import numpy as np

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError, DivergedError
from pipelines.diagnosis import fit, gradients
from pipelines.diagnosis.thresholds import GRADIENT_THRESHOLDS
from pipelines.lab.watched import Watched
from pipelines.learning import tasks
from pipelines.machine.extras import explain_missing
from pipelines.machine.log import let_watch
from pipelines.verbs.train import train

MOST_PICTURES = 32  # units of the first layer whose weights are shown


class Course(Watched):
    """One training and its visible state.

    Parameters
    ----------
    number : int, which training of this lab it is
    task : str
    dataset : str or None
    recipe : Recipe
    out : str, the path of the model file
    seed : int >= 0
    rows : int > 0 or None
    """

    def __init__(self, number, task, dataset, recipe, out, seed=0, rows=None):
        state = {
            "number": number,
            "state": "getting ready",
            "asked": {"task": task, "dataset": dataset, "seed": seed, "rows": rows, "recipe": recipe.settings()},
            "preset": recipe.preset,
            "out": out,
            "said": [],
            "findings": [],
            "began": time.time(),
        }
        super().__init__(f"course {number}", state)
        self.entries = []
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._asked = (tasks.find(task), recipe, out, dataset, seed, rows)
        self._ready, self._description = None, None

    def describe(self, since=0):
        """Return what can be seen, and the entries of the history from number `since` on: dict of JSON types."""
        with self._lock:
            return {**self._state, "version": self.version, "since": since, "entries": self.entries[since:]}

    def pause(self):
        """Wait before the next step."""
        if self._state["state"] in ("training", "getting ready"):
            self._goes_on.clear()
            self._tell(state="paused")

    def resume(self):
        """Go on."""
        if self._state["state"] == "paused":
            self._tell(state="training" if self.entries else "getting ready")
        self._goes_on.set()

    def stop(self):
        """End before the next step, and keep the best network of all complete epochs."""
        super().stop()
        self._goes_on.set()

    def _run(self):
        task, recipe, out, dataset, seed, rows = self._asked
        try:
            with let_watch(self):
                trained = train(
                    task,
                    recipe,
                    out,
                    dataset=dataset,
                    seed=seed,
                    rows=rows,
                    on_dataset=self._hear_of_data,
                    on_ready=self._begin,
                    on_epoch=self._after_epoch,
                    before_step=self._before_step,
                )
            self._tell(state="done", record=trained.record())
        except KeyboardInterrupt:
            self._tell(
                state="stopped", error="The training was stopped before the first epoch ended, so there is not a model."
            )
        except DivergedError as error:
            with self._lock:
                self.entries = list(error.entries)
            self._tell(state="diverged", error=str(error), findings=self._findings())
        except BackpropError as error:
            self._tell(state="failed", error=str(error))
        except (OSError, MemoryError) as error:
            self._tell(state="failed", error=getattr(error, "strerror", None) or str(error) or "not enough memory")
        except ImportError as error:
            self._tell(state="failed", error=explain_missing(error) or str(error))
        except Exception as error:  # an unusual message is better than a page that waits forever
            self._tell(state="failed", error=f"the training ended unexpectedly: {type(error).__name__}: {error}")

    def hear(self, level, text):
        """Keep the last few lines of the log."""
        self._tell(said=[*self._state["said"], text][-12:])

    def piece(self, title, total, remark):
        """Return a context manager that receives the progress of a piece of work."""
        return _Piece(self, title, total)

    def _hear_of_data(self, dataset, fallback, warnings):
        notes = [f"warning: {text}" for text in warnings] + [f"note: {text}" for text in dataset.notes]
        if fallback:
            notes.insert(
                0, f"warning: the default data set cannot be downloaded; this training uses the bundled {dataset.name}"
            )
        self._tell(
            said=[*self._state["said"], *notes],
            dataset=dataset.name,
            labels=list(dataset.labels),
            sizes={role: len(dataset.rows(role)) for role in ("train", "valid", "test")},
        )

    def _begin(self, ready):
        recipe, extractor = ready.recipe, ready.prepared.extractor
        self._ready = ready
        layers = multilayer_perceptron(
            extractor.n_features,
            recipe.hidden,
            len(ready.prepared.dataset.labels),
            recipe.activation,
            normalization=None if recipe.normalization == "none" else recipe.normalization,
            residual=recipe.residual,
        )
        self._description = [{"kind": layer.kind, **layer.describe()} for layer in layers]
        limits = {name: threshold.value for name, threshold in GRADIENT_THRESHOLDS.items()}
        self._tell(
            state="paused" if not self._goes_on.is_set() else "stopping" if self._stops else "training",
            epochs=recipe.epochs,
            recipe=recipe.settings(),
            n_features=extractor.n_features,
            band=[limits["smallest_update"], limits["largest_update"]],
            piece=None,
        )

    def _after_epoch(self, state, epochs):
        entry = state.history.entries[-1]
        with self._lock:
            self.entries.append(entry)
        self._tell(findings=self._findings(), weights=self._first_weights(state.params))

    def _before_step(self):
        self._goes_on.wait()
        super()._before_step()

    def _findings(self):
        """Return the findings of the diagnosis so far, with the fit first: list of records."""
        if self._ready is None:
            return []
        dataset = self._ready.prepared.dataset
        n_train, n_valid = len(dataset.rows("train")), len(dataset.rows("valid"))
        found = [fit.of_history(self.entries, n_train, n_valid, len(dataset.labels))]
        found += gradients.findings(self.entries, self._description)
        return [{**each.record(), "changes": each.changes} for each in found]

    def _first_weights(self, params):
        """Return the weights of the first units as pictures; None if the features do not make a picture."""
        extractor, hidden = self._ready.prepared.extractor, self._ready.recipe.hidden
        if extractor.grid is None:
            return None
        width = hidden[0] if hidden else len(self._ready.prepared.dataset.labels)
        W = params[: extractor.n_features * width].reshape(extractor.n_features, width)[:, :MOST_PICTURES]
        greatest = np.abs(W).max(axis=0)
        levels = (127 * W / np.where(greatest > 0, greatest, 1)).round().astype(np.int8)
        return {
            "shape": list(extractor.grid),
            "units": levels.shape[1],
            "of": width,
            "greatest": [float(f"{value:.4g}") for value in greatest if np.isfinite(value)],
            "levels": base64.b64encode(np.ascontiguousarray(levels.T).tobytes()).decode(),
        }


class _Piece:
    """A piece of work whose progress the page shows, such as reading files."""

    def __init__(self, course, title, total):
        self._course, self._title, self._total, self._done = course, title, total, 0

    def __enter__(self):
        return self.advance

    def advance(self, more):
        """Add an amount of work that is done."""
        self._done += more
        self._course._tell(piece={"title": self._title, "done": self._done, "total": self._total})

    def __exit__(self, *error):
        self._course._tell(piece=None)
