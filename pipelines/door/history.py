"""The history of a training: the measurements after each epoch."""

from typing import Any


class History(list[dict[str, Any]]):
    """A list with a dict for each epoch; a notebook shows it as curves.

    Each has "epoch", "seconds", "learning_rate", and "train" and "valid" with their "loss" and "accuracy".
    """

    def _repr_html_(self) -> str:
        from pipelines.report.notebook import history_html

        return history_html(self)
