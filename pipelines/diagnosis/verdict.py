"""The verdict: one word for the whole, the reason, and what to try next.

Causes come before effects. A score on copies of training rows means nothing. If gradients vanish, the network
underfits, but more units would not help. So the next step is about the most serious finding, or about the fit if there
are no other problems.
"""

from dataclasses import dataclass, field

from pipelines.diagnosis import fit
from pipelines.diagnosis.finding import PROBLEM, Kind

# The findings that come before the fit, the most serious first.
CAUSES = (
    Kind.LEAKAGE,
    Kind.CONTRADICTING_DUPLICATES,
    Kind.EXPLODING,
    Kind.VANISHING,
    Kind.DEAD,
    Kind.SATURATED,
    Kind.STEP_SIZE,
    Kind.SIGNAL,
    Kind.MISLABELLED,
    Kind.ONE_GROUP_ALONE,
    Kind.MIXED_CONDITIONS,
    Kind.MEMORISING,
    Kind.INITIAL_LOSS,
)
ABOUT_DATA = (
    Kind.LEAKAGE,
    Kind.CONTRADICTING_DUPLICATES,
    Kind.SIGNAL,
    Kind.MISLABELLED,
    Kind.ONE_GROUP_ALONE,
    Kind.MIXED_CONDITIONS,
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


def give_reason(fitting, findings):
    """Return the reason for the verdict in a few sentences: str.

    Parameters
    ----------
    fitting : Finding, of `fit`, whose name is the verdict
    findings : sequence of Finding, all others
    """
    told = [*find_causes(findings)[:2], *_find_lost_groups(findings)]
    return " ".join([fitting.advice, *(finding.advice for finding in told)])


def summarise(fitting, findings):
    """Return the verdict and its reason in a few sentences: str; parameters as in `give_reason`."""
    return f"{fitting.name.capitalize()}. {give_reason(fitting, findings)}"


def find_causes(findings):
    """Return the problems that come before the fit, the most serious first: list of Finding."""
    problems = [finding for finding in findings if finding.kind in CAUSES and finding.verdict == PROBLEM]
    return sorted(problems, key=lambda finding: CAUSES.index(finding.kind))


def _find_lost_groups(findings):
    """Return the finding that new speakers are a problem, in a list; an empty list if they are not."""
    return [finding for finding in findings if finding.kind == Kind.NEW_GROUPS and finding.verdict == PROBLEM]


def choose_next_step(fitting, findings, recipe, preset, has_model):
    """Return what to try next: Next.

    Parameters
    ----------
    fitting, findings : as in `give_reason`
    recipe : Recipe, of the diagnosed network
    preset : str, the name of the recipe that it began with
    has_model : bool, whether there is a model file that can be evaluated
    """
    grave = find_causes(findings)
    if grave and grave[0].kind in ABOUT_DATA:
        return Next("Correct the data first, then diagnose again. The report of --out shows the samples.")
    if fitting.name == fit.DIVERGED or (grave and grave[0].changes):
        changes = grave[0].changes if grave and grave[0].changes else _slow_down(recipe)
        return Next(
            "Change the settings that the first problem above names, and check that it is gone.",
            changes=_keep_new(recipe, changes),
        )
    if fitting.name == fit.UNKNOWN:
        return Next("Cross-validation tests every row, not only the validation rows.", verb="crossval")
    if fitting.name == fit.UNFINISHED:
        return Next("Train longer.", changes={"epochs": LONGER * recipe.epochs})
    better = [finding for finding in findings if finding.kind == Kind.VALIDATION_CURVE and finding.changes]
    if better:
        best = max(better, key=lambda finding: finding.evidence["gain"])
        wider = sum(best.changes.get("hidden", ())) > sum(recipe.hidden)
        if not (wider and fitting.name == fit.UNDER):  # underfitting has advice for more than the next width
            return Next("Use the better value of the validation curve.", changes=_keep_new(recipe, best.changes))
    if fitting.name == fit.OVER:
        return _reduce_overfitting(findings, recipe)
    if fitting.name == fit.UNDER:
        return _reduce_underfitting(recipe)
    if _find_lost_groups(findings):
        return Next(
            "Add speakers or sources. Cross-validation by them gives the number to report, and shows which are hard.",
            verb="crossval",
            preset="best",
        )
    if preset != "best":
        return Next("Nothing is wrong. The preset best takes longer and is better.", verb="train", preset="best")
    verb = "evaluate" if has_model else "train"
    return Next("Nothing is wrong. Measure once on the test rows: this is the number to report.", verb=verb)


def _slow_down(recipe):
    return {"learning_rate": SLOWER * recipe.learning_rate, "clip_norm": 1.0}


def _keep_new(recipe, changes):
    """Return the entries whose value really changes."""
    settings = recipe.settings()
    return {name: value for name, value in changes.items() if settings[name] != value}


def _reduce_overfitting(findings, recipe):
    rising = any(f.kind == Kind.LEARNING_CURVE and f.evidence.get("rising") for f in findings)
    more = " More samples would help as well, because the learning curve is still rising." if rising else ""
    if recipe.augmentation == 0:
        changes, text = {"augmentation": 1.0}, "Vary the training rows, so that the network cannot memorise them."
    elif recipe.hidden and recipe.dropout < MOST_DROPOUT:
        changes = {"dropout": round(min(MOST_DROPOUT, recipe.dropout + DROPOUT_STEP), 2)}
        text = "Regularise the network with more dropout."
    else:
        changes = {"weight_decay": round(max(0.05, 3 * recipe.weight_decay), 4)}
        text = "Regularise the weights with more decay."
    return Next(text + more, changes=changes)


def _reduce_underfitting(recipe):
    if not recipe.hidden:
        return Next("Give the network hidden layers.", changes={"hidden": [256, 128]})
    if recipe.dropout > MOST_DROPOUT or recipe.weight_decay > 1:
        changes = _keep_new(
            recipe, {"dropout": min(recipe.dropout, 0.1), "weight_decay": min(recipe.weight_decay, 0.02)}
        )
        return Next("Regularise the network less.", changes=changes)
    hidden = [max(64, GROWTH * width) for width in recipe.hidden]
    return Next("Give the network more units.", changes={"hidden": hidden})
