from dataclasses import replace

import numpy as np
import pytest

from pipelines.diagnosis.data.copies import look_for_copies
from pipelines.learning.tasks.images import TASK as IMAGES


def with_copies(digits, role, n):
    """Put the first n training rows in the place of the first n rows of another role."""
    dataset, stored, y = digits.dataset, digits.stored.copy(), digits.dataset.y.copy()
    of, to = dataset.rows("train")[:n], dataset.rows(role)[:n]
    stored[to], y[to] = stored[of], y[of]
    return replace(digits, stored=stored, dataset=replace(dataset, y=y)), to


@pytest.mark.parametrize("role", ["valid", "test"])
def test_copies_of_training_rows_are_leakage(digits, role):
    leaky, to = with_copies(digits, role, 12)
    pairs, findings, copied = look_for_copies(leaky, IMAGES.likeness)
    assert (findings[0].name, findings[0].verdict) == ("leakage", "problem")
    assert findings[0].evidence["copies"][role] == 12
    assert set(to.tolist()) <= {row for pair in pairs for row in pair["rows"]}
    np.testing.assert_array_equal(np.flatnonzero(copied), np.arange(12) if role == "valid" else [])


def test_without_copies_that_is_said(digits):
    pairs, findings, copied = look_for_copies(digits, IMAGES.likeness)
    assert (findings[0].name, findings[0].verdict) == ("leakage", "fine")
    assert not copied.any()
    assert not pairs


def test_a_copy_or_two_among_many_do_not_matter(digits):
    few, _ = with_copies(digits, "test", 1)
    _, findings, _ = look_for_copies(few, IMAGES.likeness)
    assert findings[0].verdict == "fine"
    assert "too few to matter" in findings[0].advice


def test_copies_with_different_labels_are_a_problem_of_their_own(digits):
    dataset, stored = digits.dataset, digits.stored.copy()
    first, second = dataset.rows("train")[:2]
    stored[second] = stored[first]
    y = dataset.y.copy()
    y[second] = (y[first] + 1) % 10
    _, findings, _ = look_for_copies(replace(digits, stored=stored, dataset=replace(dataset, y=y)), IMAGES.likeness)
    assert ("contradicting duplicates", "problem") in [(f.name, f.verdict) for f in findings]
