import pytest

from pipelines.diagnosis import fit
from pipelines.diagnosis.fit import DIVERGED, GOOD, OVER, UNDER, UNFINISHED, UNKNOWN, of_history, of_scores


def of(train, valid, n_train=10_000, n_valid=2000, n_classes=10, still_learning=False):
    return of_scores(train, n_train, valid, n_valid, n_classes, still_learning)


def course(losses, accuracy=0.5):
    score = {"accuracy": accuracy}
    return [{"epoch": i, "train": {"loss": loss, **score}, "valid": score} for i, loss in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("train", "valid", "still_learning", "verdict"),
    [
        (0.99, 0.98, False, GOOD),
        (0.98, 0.99, False, GOOD),
        (1.0, 0.8, False, OVER),
        (0.7, 0.5, False, OVER),
        (0.6, 0.59, False, UNDER),
        (0.6, 0.59, True, UNFINISHED),
        (0.1, 0.1, False, UNDER),
        (0.99, 0.98, True, GOOD),
    ],
)
def test_two_accuracies_tell_the_fit(train, valid, still_learning, verdict):
    found = of(train, valid, still_learning=still_learning)
    assert found.name == verdict
    assert (found.verdict == "fine") == (verdict == GOOD)


def test_few_validation_rows_cannot_tell_and_it_says_how_many_more_could():
    found = of(1.0, 0.92, n_valid=25)
    assert found.name == UNKNOWN
    needed = found.evidence["valid_needed"]
    assert f"{needed - 25:,} more validation rows" in found.advice
    assert of(1.0, 0.92, n_valid=needed + needed // 10).name == OVER


def test_few_validation_rows_suffice_where_the_gap_is_wide():
    assert of(1.0, 0.4, n_valid=25).name == OVER


def test_the_same_accuracy_is_more_among_many_classes():
    assert fit.level(0.5, 2) == 0
    assert fit.level(0.5, 100) == pytest.approx(0.495, abs=1e-3)
    assert fit.level(1.0, 2) == 1


def test_a_loss_that_still_falls_is_told_from_one_that_has_settled():
    still = of_history(course([2.0, 1.8, 1.6, 1.4, 1.2]), 1000, 1000, 10)
    settled = of_history(course([2.0, 1.5, 1.41, 1.4, 1.4]), 1000, 1000, 10)
    assert (still.name, settled.name) == (UNFINISHED, UNDER)
    assert "fell by 14 %" in still.advice


@pytest.mark.parametrize("n_finished", [0, 3])
def test_an_epoch_that_was_not_finished_is_a_divergence(n_finished):
    entries = [*course([1.0] * n_finished), {"epoch": n_finished + 1, "learning_rate": 1.0, "clip_rate": None}]
    found = of_history(entries, 100, 100, 10)
    assert (found.name, found.verdict) == (DIVERGED, "problem")
    assert f"epoch {n_finished + 1}" in found.advice


def test_the_limits_are_quoted_beside_the_numbers():
    evidence = of(1.0, 0.8).evidence
    assert evidence["gap"] - 2 * evidence["gap_error"] > evidence["limit_gap"] == fit.LIMITS["gap"]


def test_a_longer_training_tells_one_that_had_only_begun_from_one_that_cannot():
    def learns(train, longer):
        score = [{"accuracy": accuracy, "loss": loss} for accuracy, loss in (train, longer)]
        return fit.learns_from_more_epochs(score[0], 10, score[1], 30, 10)[0]

    assert learns((0.3, 1.8), (0.7, 0.9))
    assert learns((0.11, 2.28), (0.14, 1.9))
    assert not learns((0.4, 1.5), (0.45, 1.4))
    assert not learns((0.1, 2.3026), (0.1, 2.3))
    assert not learns((1.0, 0.0), (1.0, 0.0))
