"""A finding: one check of a diagnosis, its result, and the meaning of the result.

Every check of a diagnosis returns findings, also if all is well, because a reader wants to know all checks, not only
the problems. The numbers are in the evidence. The advice is a sentence for people, made from the numbers. Programs
should use the kind, the verdict and the evidence, not the words of the advice.
"""

from dataclasses import dataclass, field
from enum import StrEnum

FINE, PROBLEM, UNCERTAIN = "fine", "problem", "inconclusive"


class Kind(StrEnum):
    """The subject of a finding."""

    FIT = "fit"
    LEAKAGE = "leakage"
    LEAKING_DUPLICATES = "leaking duplicates"
    CONTRADICTING_DUPLICATES = "contradicting duplicates"
    DUPLICATES = "duplicates"
    FEW_SAMPLES = "few samples"
    UNEQUAL_CLASSES = "unequal classes"
    ONE_GROUP_ALONE = "one group alone"
    MIXED_CONDITIONS = "mixed conditions"
    ONE_WORD = "one word"
    SOUND_SAMPLES = "samples"
    SIGNAL = "labels and samples"
    BEST_EPOCH = "best epoch"
    LEARNING_CURVE = "learning curve"
    VALIDATION_CURVE = "validation curve"
    LINEAR_BASELINE = "linear baseline"
    MEMORISING = "memorising"
    INITIAL_LOSS = "initial loss"
    MISLABELLED = "mislabelled"
    SPREAD = "spread"
    NEW_GROUPS = "new speakers or sources"
    VANISHING = "vanishing gradients"
    EXPLODING = "exploding gradients"
    DEAD = "dead units"
    SATURATED = "saturated units"
    STEP_SIZE = "step size"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    kind : Kind, the subject of the check
    verdict : str
        "fine", "problem", or "inconclusive" if the data cannot tell.
    evidence : dict of JSON types
        The numbers, and the thresholds that they were compared with.
    advice : str
        The meaning of the numbers and what to do, in a sentence or two.
    changes : dict
        The recipe entries that follow the advice, such as {"clip_norm": 1.0}; may be empty.
    name : str
        Its heading. It is the kind, or a more exact name if there are several findings of one kind, such as "dropout
        curve".
    """

    kind: Kind
    verdict: str
    evidence: dict
    advice: str
    changes: dict = field(default_factory=dict)
    name: str = ""

    def __post_init__(self):
        object.__setattr__(self, "name", self.name or self.kind.value)

    def record(self):
        """Return the finding for the record: {"name", "verdict", "evidence", "advice"}."""
        return {"name": self.name, "verdict": self.verdict, "evidence": self.evidence, "advice": self.advice}
