"""A finding: one thing that a diagnosis looked at, what it saw, and what that means.

Every check of a diagnosis returns findings, the reassuring ones too: a reader wants to know what was looked at, not
only what was wrong. The numbers are in the evidence. The advice is a sentence made from them for people; a program
decides by the kind, the verdict and the evidence, and never by the words of the advice.
"""

from dataclasses import dataclass, field
from enum import StrEnum

FINE, PROBLEM, UNCERTAIN = "fine", "problem", "inconclusive"


class Kind(StrEnum):
    """What a finding is about."""

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
    """What one check saw.

    Attributes
    ----------
    kind : Kind, what was looked at
    verdict : str
        "fine", "problem", or "inconclusive" where the data cannot tell.
    evidence : dict of JSON types
        The numbers, the thresholds that they were compared with among them.
    advice : str
        What the numbers mean and what to do about it, in a sentence or two.
    changes : dict
        The recipe entries that would follow the advice, such as {"clip_norm": 1.0}; empty where there are none.
    name : str
        What a reader sees as its heading. It is the kind, but where several findings are of one kind it says which,
        such as "dropout curve".
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
        """Return the finding as the contract has it: {"name", "verdict", "evidence", "advice"}."""
        return {"name": self.name, "verdict": self.verdict, "evidence": self.evidence, "advice": self.advice}
