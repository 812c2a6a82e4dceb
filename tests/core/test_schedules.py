import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_core.errors import BackpropError
from backprop_core.schedules import SCHEDULES, constant, cosine, exponential, one_cycle, plateau, step, warmed_up

PROGRESS = np.linspace(0, 1, 1001)

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def history(*losses):
    """Entries with these validation losses."""
    return [{"train": {"loss": 1.0}, "valid": {"loss": loss}} for loss in losses]


@every_schedule
def test_the_factor_stays_between_0_and_1_and_reaches_1(schedule):
    factors = [schedule(p) for p in PROGRESS]
    assert min(factors) >= 0
    assert max(factors) == pytest.approx(1, abs=1e-5)
    assert max(factors) <= 1


@every_schedule
def test_the_factor_is_a_python_float_which_leaves_float32_alone(schedule):
    assert type(schedule(0.3, history(1.0, 2.0))) is float


@every_schedule
def test_the_first_step_of_training_goes_somewhere(schedule):
    assert schedule(0.0) >= 0.04


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"step"}))
def test_the_factor_never_jumps(name):
    schedule = SCHEDULES[name]
    assert max(abs(schedule(a) - schedule(b)) for a, b in itertools.pairwise(PROGRESS)) < 0.03


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"plateau"}))
def test_only_plateau_looks_at_the_history(name):
    schedule = SCHEDULES[name]
    assert [schedule(p, history(1, 2, 3, 4, 5, 6, 7)) for p in PROGRESS] == [schedule(p) for p in PROGRESS]


@pytest.mark.parametrize(("schedule", "top"), [(cosine, 0.05), (one_cycle, 0.3)])
def test_it_rises_to_its_top_and_then_falls_to_zero(schedule, top):
    rising, falling = [schedule(p) for p in PROGRESS if p <= top], [schedule(p) for p in PROGRESS if p >= top]
    assert (np.diff(rising) > 0).all()
    assert (np.diff(falling) < 0).all()
    assert schedule(top) == pytest.approx(1)
    assert schedule(1) == pytest.approx(0, abs=1e-12)


def test_a_constant_rate_is_constant():
    assert {constant(p) for p in PROGRESS} == {1.0}


def test_steps_fall_at_the_milestones_and_nowhere_else():
    assert [step(p) for p in (0, 0.49, 0.5, 0.74)] == [1, 1, 0.1, 0.1]
    assert step(0.75) == pytest.approx(0.01)
    assert step(0.2, milestones=(0.1,), factor=0.5) == 0.5


def test_an_exponential_falls_by_the_same_share_everywhere():
    factors = np.array([exponential(p, last=0.1) for p in PROGRESS])
    np.testing.assert_allclose(factors[1:] / factors[:-1], 0.1**0.001, rtol=1e-12)
    assert factors[-1] == pytest.approx(0.1)


def test_half_way_down_a_cosine_stands_at_a_half():
    # The fall runs from 0.05 to 1; its middle is 0.525.
    assert cosine(0.525) == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", [cosine, one_cycle])
def test_a_warm_up_starts_at_a_twenty_fifth(schedule):
    assert schedule(0) == pytest.approx(1 / 25)


def test_a_cosine_without_warm_up_starts_at_the_top():
    assert cosine(0, warm_up=0) == 1


@every_schedule
@pytest.mark.parametrize("share", [0, 0.1, 0.5])
def test_a_warm_up_raises_any_schedule_from_a_part_of_it_to_the_whole(schedule, share):
    warm = warmed_up(schedule, share, start=0.2)
    for p in PROGRESS:
        part = 0.2 + 0.8 * p / share if p < share else 1
        assert warm(p) == pytest.approx(part * schedule(p), rel=1e-12)


def test_a_warmed_up_plateau_still_looks_at_the_history():
    assert warmed_up(plateau)(0.5, history(1, 2, 2, 2, 2, 2)) == pytest.approx(0.2)


@every_schedule
def test_a_warmed_up_schedule_can_be_sent_to_another_process(schedule):
    warm = warmed_up(schedule)
    again = pickle.loads(pickle.dumps(warm))
    assert [again(p) for p in PROGRESS] == [warm(p) for p in PROGRESS]


@pytest.mark.parametrize("settings", [{"share": 1}, {"share": -0.1}, {"start": 0}, {"start": 2}])
def test_an_impossible_warm_up_is_refused(settings):
    with pytest.raises(BackpropError, match="the warm-up"):
        warmed_up(cosine, **settings)


def test_a_plateau_divides_after_patience_epochs_without_a_better_loss():
    # Best 0.5 in the second epoch; then three epochs that are no better, three more, and one of the next three.
    losses = [1.0, 0.5, 0.6, 0.5, 0.7, 0.8, 0.9, 0.6, 0.7]
    factors = [plateau(0.5, history(*losses[:n]), patience=3, factor=2) for n in range(10)]
    assert factors == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_a_loss_that_goes_on_falling_never_lowers_the_rate():
    assert plateau(1, history(*np.linspace(1, 0, 50)), patience=1) == 1


def test_a_better_loss_begins_the_wait_anew():
    assert plateau(1, history(1.0, 1.0, 0.9, 1.0, 0.8, 1.0), patience=2) == 1


@given(losses=st.lists(st.floats(0, 10)), patience=st.integers(1, 4))
def test_a_plateau_never_raises_the_rate_and_counts_every_epoch_once(losses, patience):
    entries = history(*losses)
    factors = [plateau(0.0, entries[:n], patience=patience, factor=2) for n in range(len(entries) + 1)]
    assert all(after in (before, before / 2) for before, after in itertools.pairwise(factors))
    assert factors[-1] >= 2.0 ** -(len(losses) // patience)


@pytest.mark.parametrize("absent", [{}, {"valid": None}])
def test_without_validation_rows_a_plateau_listens_to_the_training_loss(absent):
    entries = [{"train": {"loss": 1.0}, **absent} for _ in range(6)]
    assert plateau(0.5, entries) == pytest.approx(0.2)
