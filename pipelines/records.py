"""Records: the keys that each command prints with `--json`, and that `.record()` returns in Python.

This is a contract with other programs. A number is never NaN, and a path is printed as it was given. Keys may be added
in later versions; before a key is removed, the changelog says so. The type of a value that may be `null` includes
`None`; a key that is not always there is `NotRequired`. `Json` is any JSON value; such values are for people to look
at, and programs should not rely on their content.
"""

from typing import Any, Literal, NotRequired, TypedDict

Json = Any  # dict, list, str, int, float, bool or None, in each other
Verdict = Literal["good fit", "overfitting", "underfitting", "not converged", "diverged", "inconclusive"]


class ScoreRecord(TypedDict):
    """Scores of one split."""

    loss: float
    accuracy: float
    balanced_accuracy: float


class WarningRecord(TypedDict):
    """A warning about the data or the training."""

    name: str
    text: str
    evidence: dict[str, Json]


class GroupsRecord(TypedDict):
    """Scores of some speakers or sources."""

    groups: int
    n: int
    accuracy: float  # the mean over the groups
    worst: str
    worst_accuracy: float


class ByGroupRecord(TypedDict):
    """Scores of speakers or sources that the model has learned from, and of new ones."""

    known: GroupsRecord | None
    new: GroupsRecord | None


class TrainRecord(TypedDict):
    """`backprop train`."""

    model: str | None  # None in Python if the model is only in memory
    task: str
    dataset: str
    bundled_fallback: bool  # whether bundled data are used because the default cannot be downloaded
    preset: str | None  # None in Python for a recipe without a preset
    seed: int
    threads: int
    epochs: int
    best_epoch: int
    threshold: (
        float  # 5 % of the validation samples have a lower probability; with foreign samples, chosen on both kinds
    )
    n_foreign: NotRequired[dict[str, int]]  # by role, if the data has foreign samples
    stopped: Literal["epochs", "patience", "interrupted"]
    seconds: float
    n_train: int
    n_valid: int
    n_test: int
    train: ScoreRecord | None
    valid: ScoreRecord | None
    test: ScoreRecord | None
    by_group: NotRequired[ByGroupRecord]  # of the test samples, if speakers or sources are known
    extractor: dict[str, Json]
    balance: float | None
    skipped: list[str]
    notes: list[str]
    warnings: list[WarningRecord]


class ClassRecord(TypedDict):
    """Scores of one class."""

    precision: float
    recall: float
    f1: float
    support: int


# The files of the other models if several answer together; "with" cannot be the name of an attribute.
_Together = TypedDict("_Together", {"with": NotRequired[list[str | None]]})


class ForeignRecord(TypedDict):
    """How the model's threshold works on foreign samples, which belong to no class and should be refused."""

    threshold: float
    n: int  # foreign samples
    recall: float
    precision: float | None  # None if no sample is refused
    accuracy: float  # of the samples of the classes; a refused one counts as wrong
    learned_from: int  # foreign samples that the model has learned from


class EvaluateRecord(_Together):
    """`backprop evaluate`; with `--with`, also "with", the list of the other models' files."""

    model: str | None
    averaged: NotRequired[bool]
    dataset: str
    split: Literal["train", "valid", "test"]
    n: int
    accuracy: float
    balanced_accuracy: float
    ci95: list[float]
    loss: float
    ece: float
    labels: list[str]
    per_class: dict[str, ClassRecord]
    confusion: list[list[int]]
    by_group: NotRequired[ByGroupRecord]  # if speakers or sources are known
    foreign: NotRequired[ForeignRecord]  # if the data has foreign samples


class FoldRecord(TypedDict):
    """One fold of a cross-validation."""

    n: int
    accuracy: float


class SeedRecord(TypedDict):
    """One seed of a cross-validation."""

    seed: int
    mean: float
    worst: float


class CrossvalRecord(TypedDict):
    """`backprop crossval`."""

    task: str
    dataset: str
    bundled_fallback: bool
    preset: str | None
    by: str
    grouped: bool
    validation: str
    interrupted: bool
    seconds: float
    folds: dict[str, FoldRecord]
    mean: float
    worst: float
    worst_fold: str
    ci95: list[float] | None
    pooled: float
    seeds: list[SeedRecord]
    sd: float | None
    labels: list[str]
    confusion: list[list[int]]


class GuessRecord(TypedDict):
    """A label and its probability."""

    label: str
    probability: float


class PredictionRecord(TypedDict):
    """`backprop predict`, for each file: an answer, or only "path" and "error"."""

    path: str
    text: NotRequired[str]  # of a text that is not a file
    label: NotRequired[str | None]
    probability: NotRequired[float | None]
    top: NotRequired[list[GuessRecord]]
    unknown: NotRequired[bool]  # true below --threshold, and then "label" is None; else the key is not there
    warnings: NotRequired[list[str]]  # warnings about the answer; else the key is not there
    explanation: NotRequired[str | None]  # with --explain: the sheet, or None if the file cannot be read again
    input: NotRequired[str | None]  # with --show-input, in the same way
    error: NotRequired[str]


class WordRecord(TypedDict):
    """One word of a recording; times in seconds."""

    start: float
    end: float
    word: str | None
    probability: float
    unknown: bool


class TranscriptRecord(TypedDict):
    """`backprop transcribe`, for each file: its words, or only "path" and "error"."""

    path: str
    words: NotRequired[list[WordRecord]]
    warnings: NotRequired[list[str]]  # words without a sound; if words are uncertain, how the recording differs
    error: NotRequired[str]


class DrawnRecord(TypedDict):
    """One drawing in a picture."""

    word: str | None
    probability: float
    box: list[int]  # left, top, width and height in pixels
    unknown: bool


class LineRecord(TypedDict):
    """One line of writing."""

    words: list[DrawnRecord]


class PageRecord(TypedDict):
    """`backprop transcribe`, for each picture: its lines, from top to bottom, or only "path" and "error"."""

    path: str
    lines: NotRequired[list[LineRecord]]
    error: NotRequired[str]


class FindingRecord(TypedDict):
    """One finding of a diagnosis."""

    name: str
    verdict: str
    evidence: dict[str, Json]
    advice: str | None


class NextRecord(TypedDict):
    """What to try next after a diagnosis."""

    text: str
    verb: str
    changes: dict[str, Json]
    preset: str | None
    command: NotRequired[str]


class DiagnoseRecord(TypedDict):
    """`backprop diagnose`: the keys of the contract; other keys are for the report."""

    verdict: Verdict
    summary: str
    next: NextRecord
    findings: list[FindingRecord]
    interrupted: bool
    task: str
    dataset: str
    preset: str | None
    seed: int
    labels: list[str]
    n_train: int
    n_valid: int
    n_test: int
    recipe: dict[str, Json]
    seconds: float


class TrialRecord(TypedDict):
    """One trial of a demonstration."""

    name: str
    changes: dict[str, Json]
    n_train: int
    epochs: int
    seconds: float
    train: ScoreRecord | dict[str, float] | None
    valid: ScoreRecord | dict[str, float] | None
    first_gradient: float | None
    last_gradient: float | None
    verdict: str
    gradients: list[str] | None
    why: str | None
    remark: str | None
    history: list[dict[str, Json]]  # for each epoch "epoch", "train" and "valid", which are null if it diverged


class DemonstrateRecord(TypedDict):
    """`backprop demonstrate`."""

    demonstration: str
    question: str
    task: str
    dataset: str
    bundled_fallback: bool
    seed: int
    seconds: float
    n_train: int
    n_valid: int
    n_classes: int
    shows: str
    trials: list[TrialRecord]
    cured: bool
    lesson: str


class WordEvidenceRecord(TypedDict):
    """The evidence of one word of a text."""

    word: str
    evidence: float  # for the answer, in nats of log-odds; below 0 against it
    begins: bool  # whether there is a blank before it


class EvidenceRecord(TypedDict):
    """The evidence of the words of a text for an answer; added to "log_odds_without_words", it gives "log_odds"."""

    label: str
    log_odds: float
    log_odds_without_words: float
    words: list[WordEvidenceRecord]


class ExplainRecord(TypedDict):
    """`backprop explain`: the keys of the contract; the numbers of each layer are in "layers"."""

    path: str
    label_from: Literal["option", "folder", "prediction"]
    task: str
    label: str
    answer: GuessRecord
    temperature: float
    n_views: int
    dtype: str
    learning_rate: float
    learning_rate_from: Literal["option", "recipe", "default"]
    features: dict[str, str]
    steps_before: int  # number of steps before the one that is shown
    losses_before: list[float]  # before each of them
    frozen: list[int]  # layers that do not learn, with --frozen
    text: NotRequired[str]  # of a text: its beginning
    evidence: NotRequired[EvidenceRecord]  # of a text
    at: list[dict[str, Json]]  # with --at: {"place", "unit", "features"} or {"place", "weight"}
    layers: list[dict[str, Json]]


class InfoRecord(TypedDict):
    """`backprop info`."""

    model: str | None
    format: int
    task: str
    labels: list[str]
    extractor: dict[str, Json]
    network: list[dict[str, Json]]
    temperature: float
    n_parameters: int
    provenance: dict[str, Json]
    golden_error: NotRequired[float]  # with --verify


class ExportRecord(TypedDict):
    """`backprop export`."""

    model: str | None
    to: str
    files: list[str]  # the main one first
    bytes: list[int]  # of each file
    outside: list[str]  # stages that are not exported
    cost: NotRequired[dict[str, Json]]  # the cost where it runs
    check: NotRequired[dict[str, Json]]  # with --check: how it compares with the model


class CheckRecord(TypedDict):
    """One line of a gradient check: a part of a network by name, or the parameter of a layer."""

    part: NotRequired[str]
    name: NotRequired[str]
    layer: NotRequired[int | str | None]
    parameter: NotRequired[str]
    n_checked: int
    error: float | None
    verdict: Literal["ok", "wrong", "not checked"]


class GradcheckRecord(TypedDict):
    """`backprop gradcheck`."""

    model: str | None
    seed: int
    tolerance: float
    verdict: Literal["ok", "wrong", "not checked"]
    checks: list[CheckRecord]


class TakesRecord(TypedDict):
    """`backprop record`."""

    manifest: str
    speaker: str
    recorded: int
    takes: dict[str, int]
    missing: int
    interrupted: bool


class ListingRecord(TypedDict):
    """`backprop datasets`, for each data set; the size is in bytes."""

    name: str
    task: str
    licence: str
    size: int
    state: Literal["local", "bundled", "not fetched"]
    description: str


RecipeRecord = dict[str, Json]  # `backprop recipe`: the value of each entry by its name
