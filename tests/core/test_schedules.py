import itertools

import numpy as np
import pytest

from backprop_core.schedules import SCHEDULES, constant, cosine, one_cycle

PROGRESS = np.linspace(0, 1, 1001)

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


@every_schedule
def test_the_factor_stays_between_0_and_1_and_reaches_1(schedule):
    factors = [schedule(p) for p in PROGRESS]
    assert min(factors) >= 0
    assert max(factors) == pytest.approx(1, abs=1e-5)
    assert max(factors) <= 1


@every_schedule
def test_the_factor_never_jumps(schedule):
    assert max(abs(schedule(a) - schedule(b)) for a, b in itertools.pairwise(PROGRESS)) < 0.03


@pytest.mark.parametrize(("schedule", "top"), [(cosine, 0.05), (one_cycle, 0.3)])
def test_it_rises_to_its_top_and_then_falls_to_zero(schedule, top):
    rising, falling = [schedule(p) for p in PROGRESS if p <= top], [schedule(p) for p in PROGRESS if p >= top]
    assert (np.diff(rising) > 0).all()
    assert (np.diff(falling) < 0).all()
    assert schedule(top) == pytest.approx(1)
    assert schedule(1) == pytest.approx(0, abs=1e-12)


def test_a_constant_rate_is_constant():
    assert {constant(p) for p in PROGRESS} == {1.0}


def test_half_way_down_a_cosine_stands_at_a_half():
    # The fall runs from 0.05 to 1; its middle is 0.525.
    assert cosine(0.525) == pytest.approx(0.5)


def test_one_cycle_starts_at_a_twenty_fifth():
    assert one_cycle(0) == pytest.approx(1 / 25)
