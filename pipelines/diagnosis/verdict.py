"""The verdict: one word for the whole, why, and what to try next.

Findings stand side by side, but causes come before effects. What a network scores on copies of what it learned means
nothing; one whose gradients vanish is underfitting, and more units would not help. So the next step answers the
gravest finding, and only where there is none of those, the fit itself.
"""

from dataclasses import dataclass, field

from pipelines.diagnosis import fit
from pipelines.diagnosis.finding import PROBLEM

# The findings that come before the fit, the gravest first.
CAUSES = (
    "leakage",
    "contradicting duplicates",
    "exploding gradients",
    "vanishing gradients",
    "dead units",
    "saturated units",
    "step size",
    "labels and samples",
    "mislabelled",
    "one group alone",
    "mixed conditions",
    "memorising",
    "initial loss",
)
ABOUT_DATA = (
    "leakage",
    "contradicting duplicates",
    "labels and samples",
    "mislabelled",
    "one group alone",
    "mixed conditions",
)
DROPOUT_STEP, MOST_DROPOUT = 0.2, 0.6
GROWTH, LONGER, SLOWER = 2, 3, 0.1


@dataclass(frozen=True)
class Next:
    """What to try next.

    Attributes
    ----------
    text : str, a sentence or two
    verb : str, "diagnose", "train", "crossval" or "evaluate"
    changes : dict, recipe entries to change
    preset : str or None, another preset to train with
    """

    text: str
    verb: str = "diagnose"
    changes: dict = field(default_factory=dict)
    preset: str | None = None


def summary(fitting, findings):
    """Return the verdict in a few sentences.

    Parameters
    ----------
    fitting : Finding, of `fit`
    findings : sequence of Finding, all others
    """
    sentences = [f"{fitting.name[:1].upper()}{fitting.name[1:]}. {fitting.advice}"]
    return " ".join([*sentences, *(finding.advice for finding in causes(findings)[:2])])


def causes(findings):
    """Return the problems that come before the fit, the gravest first: list of Finding."""
    found = {finding.name: finding for finding in findings if finding.verdict == PROBLEM}
    return [found[name] for name in CAUSES if name in found]


def next_step(fitting, findings, recipe, preset, has_model):
    """Return what to try next: Next.

    Parameters
    ----------
    fitting, findings : as in `summary`
    recipe : Recipe, what was diagnosed
    preset : str, the name of the recipe that it began with
    has_model : bool, whether there is a model file that can be evaluated
    """
    grave = causes(findings)
    if grave and grave[0].name in ABOUT_DATA:
        return Next("Put the data right first, then ask again; the report of --out shows the samples.")
    if fitting.name == fit.DIVERGED or (grave and grave[0].changes):
        changes = grave[0].changes if grave and grave[0].changes else _slower(recipe)
        return Next(
            "Change what the first problem above names, and see whether it is gone.", changes=_new(recipe, changes)
        )
    if fitting.name == fit.UNKNOWN:
        return Next("Cross-validation asks about every row, not only about the validation rows.", verb="crossval")
    if fitting.name == fit.UNFINISHED:
        return Next("Train longer.", changes={"epochs": LONGER * recipe.epochs})
    better = [finding for finding in findings if finding.name.endswith(" curve") and finding.changes]
    if better:
        best = max(better, key=lambda finding: finding.evidence["gain"])
        wider = sum(best.changes.get("hidden", ())) > sum(recipe.hidden)
        if not (wider and fitting.name == fit.UNDER):  # which asks for more than the next width
            return Next("Use the better value that the validation curve found.", changes=_new(recipe, best.changes))
    if fitting.name == fit.OVER:
        return _against_overfitting(findings, recipe)
    if fitting.name == fit.UNDER:
        return _against_underfitting(recipe)
    if preset != "best":
        return Next("Nothing is wrong. The preset best takes longer and is better.", verb="train", preset="best")
    verb = "evaluate" if has_model else "train"
    return Next("Nothing is wrong. Ask the test rows, once: their answer is the one to report.", verb=verb)


def _slower(recipe):
    return {"learning_rate": SLOWER * recipe.learning_rate, "clip_norm": 1.0}


def _new(recipe, changes):
    """Return the changes that are any."""
    settings = recipe.settings()
    return {name: value for name, value in changes.items() if settings[name] != value}


def _against_overfitting(findings, recipe):
    rising = any(f.name == "learning curve" and "still rising" in f.advice for f in findings)
    more = " More samples would help as well: the learning curve is still rising." if rising else ""
    if recipe.augmentation == 0:
        changes, text = {"augmentation": 1.0}, "Let the training rows vary, so that they cannot be learned by heart."
    elif recipe.hidden and recipe.dropout < MOST_DROPOUT:
        changes = {"dropout": round(min(MOST_DROPOUT, recipe.dropout + DROPOUT_STEP), 2)}
        text = "Hold the network back with more dropout."
    else:
        changes = {"weight_decay": round(max(0.05, 3 * recipe.weight_decay), 4)}
        text = "Hold the weights back with more decay."
    return Next(text + more, changes=changes)


def _against_underfitting(recipe):
    if not recipe.hidden:
        return Next("Give the network hidden layers.", changes={"hidden": [256, 128]})
    if recipe.dropout > MOST_DROPOUT or recipe.weight_decay > 1:
        changes = _new(recipe, {"dropout": min(recipe.dropout, 0.1), "weight_decay": min(recipe.weight_decay, 0.02)})
        return Next("Hold the network back less.", changes=changes)
    hidden = [max(64, GROWTH * width) for width in recipe.hidden]
    return Next("Give the network more units.", changes={"hidden": hidden})
