"""A range takes what is a number, of whatever library, and shows what is none in one short sentence."""

import json
import math

import numpy as np
import pytest

from pipelines.errors import UsageError
from pipelines.learning.ranges import COUNT, FOLDER, MOST, PART, RATE, SEED, Several, Switch, Whole, Widths, require
from pipelines.learning.recipe import Recipe

ENDLESS = 10**5000  # Python refuses to write an integer of so many digits


@pytest.mark.parametrize(
    ("value", "allowed", "plain"),
    [
        (np.int64(2), COUNT, 2),
        (np.uint8(2), Whole(1, 3), 2),
        (np.float32(0.25), PART, 0.25),
        (np.longdouble(0.25), RATE, 0.25),
        (np.int32(3), RATE, 3),
        (np.bool_(True), Switch(), True),
        ([np.int64(4), 5], Widths(), [4, 5]),
        (np.array([4, 5]), Widths(), [4, 5]),
        (np.uint64(2**64 - 1), SEED, 2**64 - 1),
    ],
)
def test_numbers_of_numpy_are_numbers_and_become_plain_ones(value, allowed, plain):
    found = require("it", value, allowed)
    assert found == plain
    assert json.loads(json.dumps(found)) == plain


def test_a_recipe_of_numpys_numbers_is_one_of_plain_numbers():
    recipe = Recipe(hidden=np.array([8, 4]), epochs=np.int64(2), dropout=np.float32(0.25), residual=np.bool_(True))
    assert recipe == Recipe(hidden=(8, 4), epochs=2, dropout=0.25, residual=True)
    assert Recipe(**json.loads(json.dumps(recipe.settings()))) == recipe


@pytest.mark.parametrize("allowed", [COUNT, Whole(1, 3), RATE, PART, Widths(), Several("numbers", COUNT), FOLDER])
def test_what_is_out_of_a_range_is_shown_in_one_short_sentence(allowed):
    for value in (10**400, ENDLESS, -ENDLESS, math.inf, math.nan, True, np.bool_(True), None, [ENDLESS], ["x"], {2: 2}):
        with pytest.raises(UsageError, match=f"^it is .*: give {allowed.text}$") as refusal:
            require("it", value, allowed)
        assert len(str(refusal.value)) < 200


def test_what_is_counted_ends_at_a_billion():
    assert COUNT.allows(MOST)
    assert not COUNT.allows(MOST + 1)
    with pytest.raises(UsageError, match=r"batch_size is 1000.*: give a whole number from 1 to 1000000000"):
        Recipe(hidden=(8,), epochs=1, batch_size=10**400)


def test_none_is_in_the_range_of_what_is_optional():
    assert require("jobs", None, COUNT, optional=True) is None
    with pytest.raises(UsageError, match="jobs is 0"):
        require("jobs", 0, COUNT, optional=True)


def test_the_largest_recipe_still_counts_its_steps():
    recipe = Recipe(hidden=(8,), epochs=1, batch_size=MOST, least_steps=MOST)
    assert recipe.for_rows(1).epochs == MOST
