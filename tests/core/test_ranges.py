"""A setting is a number within its range, of whatever library, or one short sentence says what it is."""

from fractions import Fraction

import numpy as np
import pytest

from backprop_core.errors import BackpropError
from backprop_core.ranges import RANGES, check_count, check_number


@pytest.mark.parametrize("within", RANGES)
@pytest.mark.parametrize("value", [10**400, "ten to the power of 5000", float("nan"), "x", None, [1], 2j])
def test_what_is_no_number_of_any_range_is_shown_in_one_short_sentence(value, within):
    value = 10**5000 if value == "ten to the power of 5000" else value  # pytest cannot write it
    with pytest.raises(BackpropError, match=r"^rate is .*: choose ") as refusal:
        check_number("rate", value, within)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("value", [np.float32(0.5), np.longdouble(0.5), Fraction(1, 2), 0.5])
def test_a_number_of_any_library_becomes_a_float(value):
    found = check_number("rate", value, "(0, 1)")
    assert (type(found), found) == (float, 0.5)


def test_a_count_is_a_whole_number_and_no_truth():
    assert check_count("epochs", np.int64(3)) == 3
    for value in (True, 0, 1.5, "3", -(10**5000)):
        with pytest.raises(BackpropError, match=r"^epochs is .*: choose a whole number, 1 or more"):
            check_count("epochs", value)
