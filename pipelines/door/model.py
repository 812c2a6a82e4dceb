"""The model in a Python program: from a training or from a file, with a method for each verb."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from pipelines.door.history import History
from pipelines.errors import InputFileError, UsageError
from pipelines.models.opening import open_model
from pipelines.wording import article

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.features.speech.transcript import Transcript
    from pipelines.models.answer import Answer
    from pipelines.models.bundle import Bundle
    from pipelines.models.ensemble import Ensemble
    from pipelines.records import ExplainRecord, InfoRecord, ScoreRecord
    from pipelines.verbs.evaluate import Evaluation
    from pipelines.verbs.export import Exported
    from pipelines.verbs.train import Trained

Path = str | os.PathLike[str]


class Model:
    """A trained model, or several that answer together. `pipelines.train` and `pipelines.load` return it.

    Several threads may use one model at the same time; the answers do not change.

    Attributes
    ----------
    answering : Bundle or Ensemble, which answers
    training : Trained or None
        The result of `pipelines.train`, whose `record()` is that of `backprop train --json`; None for a loaded model.
    """

    def __init__(self, answering: Bundle | Ensemble, training: Trained | None = None):
        self.answering = answering
        self.training = training

    @property
    def task(self) -> str:
        """The task: "speech", "images" or "text"."""
        return self.answering.task.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes."""
        return self.answering.labels

    @property
    def path(self) -> str | None:
        """The file of the model; None if it is only in memory."""
        return self.answering.path

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe of its training: the entries by name."""
        return dict(self.answering.provenance.get("recipe", {}))

    @property
    def history(self) -> History:
        """The measurements after each epoch of its training: a list of dicts."""
        return History(self.answering.provenance.get("history", ()))

    @property
    def scores(self) -> dict[str, ScoreRecord | None]:
        """Its scores at the end of its training on "train", "valid" and "test"; None if there were no samples."""
        return {role: self.answering.provenance.get(role) for role in ("train", "valid", "test")}

    def predict(
        self,
        paths: Path | Iterable[Path] = (),
        *,
        top: int = 3,
        threshold: float = 0.0,
        explain: Path | None = None,
        show_input: Path | None = None,
        texts: str | Iterable[str] = (),
        lines: bool = False,
        column: str | None = None,
        encoding: str | None = None,
        jobs: int | None = None,
    ) -> Iterator[Answer]:
        """Classify files; yield an Answer to each, in order.

        Parameters
        ----------
        paths : path or iterable of paths
            Files, or folders, which mean the files in them.
        top : int > 0, how many labels to list
        threshold : float in [0, 1]
            An answer less probable than this is unknown: its label is None.
        explain, show_input : path or None
            Folders for pictures of the evidence for each answer, and of the network's input.
        texts : str or iterable of str
            Texts to classify, before those in the files.
        lines : bool, whether each line of a file is a text
        column : str or None, the column of the texts, in files of CSV or JSON lines
        encoding : str or None, of texts in files that are not Unicode
        jobs : int > 0 or None
            Threads or processes that read files; None means one for each core.

        Returns
        -------
        iterator of Answer
            A file that cannot be read gives an answer with its `.error`.

        Raises
        ------
        UsageError
        """
        from pipelines.verbs.predict import predict

        return predict(
            self,
            paths,
            top=top,
            threshold=threshold,
            explain=explain,
            show_input=show_input,
            n_jobs=jobs,
            texts=texts,
            lines=lines,
            column=column,
            encoding=encoding,
        )

    def evaluate(
        self, dataset: Path | Sequence[Path] | None = None, *, split: str = "test", jobs: int | None = None
    ) -> Evaluation:
        """Measure the model on samples that it has not learned from.

        Parameters
        ----------
        dataset : str, Path or None
            A registered name, a folder of class folders, or a CSV manifest; None means the data set that the model was
            trained on, with the same split.
        split : str, "train", "valid" or "test"
        jobs : int > 0 or None

        Raises
        ------
        UsageError, DataError
        """
        from pipelines.verbs.evaluate import evaluate

        return evaluate(self, dataset, split=split, n_jobs=jobs)

    def explain(
        self,
        path: Path,
        *,
        label: str | None = None,
        learning_rate: float | None = None,
        top: int = 3,
        layers: Collection[int] | None = None,
        steps: int = 0,
        frozen: bool = False,
        at: Collection[str] = (),
    ) -> ExplainRecord:
        """Show one training step on one file, number by number; the model is not changed.

        Parameters
        ----------
        path : path of one file
        label : str or None
            The true label. None means the name of its folder, if that is a label; else the model's own answer.
        learning_rate : float > 0 or None
            Learning rate of the step; None means that of the model's recipe.
        top : int > 0, how many of the largest numbers to show
        layers : collection of int or None, which layers to show; None means all
        steps : int from 0 to 10,000, the number of steps before the one that is shown
        frozen : bool, whether only the last layer learns
        at : collection of str, places to show: LAYER:UNIT for a unit, LAYER:FROM:TO for a weight

        Raises
        ------
        UsageError, InputFileError
        """
        from pipelines.verbs.explain import explain

        return explain(
            self,
            path,
            label=label,
            learning_rate=learning_rate,
            top=top,
            layers=layers,
            steps=steps,
            frozen=frozen,
            at=at,
        )

    @overload
    def transcribe(  # type: ignore[overload-overlap]
        self, path: Path, *, threshold: float = 0.0, words: int | None = None, grammar: Path | None = None
    ) -> Transcript: ...
    @overload
    def transcribe(
        self, path: Iterable[Path], *, threshold: float = 0.0, words: int | None = None, grammar: Path | None = None
    ) -> Iterator[Transcript]: ...

    def transcribe(
        self,
        path: Path | Iterable[Path],
        *,
        threshold: float = 0.0,
        words: int | None = None,
        grammar: Path | None = None,
    ) -> Transcript | Iterator[Transcript]:
        """Find the words in a recording, and classify each.

        Parameters
        ----------
        path : path, or iterable of paths
        threshold : float in [0, 1]
            A word less probable than this is unknown.
        words : int from 1 to 200, or None
            The number of words in each recording, if it is known.
        grammar : path or None
            A text file with a sequence of words in each line; each recording is one of these lines.

        Returns
        -------
        Transcript, or for an iterable of paths an iterator of Transcript
            Its `.words` have `.start`, `.end` (in seconds), `.word` and `.probability`. In an iterator, a file that
            cannot be read has an `.error`.

        Raises
        ------
        UsageError
            The model does not recognise speech; or one path is a folder.
        InputFileError
            The one recording cannot be read.
        """
        from pipelines.verbs.transcribe import transcribe

        if not isinstance(path, str | os.PathLike):
            return transcribe(self, path, threshold=threshold, words=words, grammar=grammar)
        if os.path.isdir(path):  # noqa: PTH112 - Path's raises on odd names
            raise UsageError(f"{os.fspath(path)}: is a folder; give a list of recordings, or [{os.fspath(path)!r}]")
        (transcript,) = transcribe(self, path, threshold=threshold, words=words, grammar=grammar)
        if transcript.error is not None:
            raise InputFileError(transcript.error)
        return transcript

    def export(
        self,
        to: str,
        out: Path | None = None,
        *,
        int8: bool = False,
        check: bool = False,
        budget: int | None = None,
    ) -> Exported:
        """Write the model in another form, with the same answers.

        Parameters
        ----------
        to : str, "onnx", "c", "sklearn", "card", or another name of `pipelines.export.NAMES`
        out : path or None
            The file; None means the model's name with another suffix, in the same folder.
        int8 : bool, whether weights are stored in 8 bits
        check : bool, whether the files are compared with the model, see `Exported.parity`
        budget : int > 0 or None
            Bytes of flash for "c": a smaller network that fits learns from the model, and replaces it in the
            comparison.

        Raises
        ------
        UsageError
            The model cannot have this form, or another file would be replaced.
        """
        from pipelines.verbs.export import export

        return export(self, to, out, int8=int8, check=check, budget=budget)

    def info(self, *, verify: bool = False) -> InfoRecord:
        """Return the model's description; with `verify`, check that this computer reproduces its golden sample."""
        from pipelines.verbs.info import info

        return info(self, verify=verify)

    def save(self, path: Path) -> None:
        """Write the model to a file, which appears only when it is complete. Raises ModelFileError, UsageError."""
        if not isinstance(path, str | os.PathLike):
            raise UsageError(f"save: give the path of the model file, not {article(path)}")
        from pipelines.models.opening import open_bundle

        open_bundle(self, "save").save(path)

    def probabilities(self, stored: NDArray) -> NDArray:
        """Return class probabilities of rows in the form that the model's extractor stores: float32 [shape=(n,
        n_classes)].
        """
        return self.answering.probabilities(stored)

    def __repr__(self) -> str:
        from pipelines.models.ensemble import Ensemble

        several = f"{len(self.answering.members)} models of " if isinstance(self.answering, Ensemble) else ""
        where = f" in {self.path}" if self.path else ""
        return f"<Model: {several}{self.task}, {len(self.labels)} classes{where}>"

    def _repr_html_(self) -> str:
        from pipelines.report.notebook import model_html

        return model_html(self)


def load(model: Path | Model, *others: Path | Model, average: bool = False) -> Model:
    """Return the model in a file; or for several files, the models that answer together.

    Parameters
    ----------
    model, others : path of a model file, or Model
    average : bool
        Whether to average the answers to slightly moved views of each picture; slower.

    Raises
    ------
    ModelFileError
        A file is missing, damaged, or not a model file.
    UsageError
        The models cannot answer together.
    """
    return Model(open_model(model, others, average))
