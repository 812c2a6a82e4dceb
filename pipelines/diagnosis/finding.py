"""A finding: one thing that a diagnosis looked at, what it saw, and what that means.

Every check of a diagnosis returns findings, the reassuring ones too: a reader wants to know what was looked at, not
only what was wrong. The numbers are in the evidence; the sentence is made from them and from nothing else.
"""

from dataclasses import dataclass, field

FINE, PROBLEM, UNCERTAIN = "fine", "problem", "inconclusive"


@dataclass(frozen=True)
class Finding:
    """What one check saw.

    Attributes
    ----------
    name : str
        What was looked at, such as "dead units".
    verdict : str
        "fine", "problem", or "inconclusive" where the data cannot tell.
    evidence : dict of JSON types
        The numbers, the thresholds that they were compared with among them.
    advice : str
        What the numbers mean and what to do about it, in a sentence or two.
    changes : dict
        The recipe entries that would follow the advice, such as {"clip_norm": 1.0}; empty where there are none.
    """

    name: str
    verdict: str
    evidence: dict
    advice: str
    changes: dict = field(default_factory=dict)

    def record(self):
        """Return the finding as the contract has it: {"name", "verdict", "evidence", "advice"}."""
        return {"name": self.name, "verdict": self.verdict, "evidence": self.evidence, "advice": self.advice}


def sentence(clause):
    """Return a clause of `advice.advice` as a sentence: str."""
    return f"{clause[:1].upper()}{clause[1:]}."
