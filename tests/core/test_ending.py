"""A training ends after its epochs, early, by Ctrl-C, or by an error, and always keeps its best weights."""

import itertools
import warnings

import numpy as np
import pytest

from backprop_core import epoch
from backprop_core.errors import DivergedError
from backprop_core.history import measure
from backprop_core.optimizers import SGD, Adam
from backprop_core.schedules import one_cycle
from tests.core.small_training import clouds, fit, trainer_for


def interrupt(state):
    if state.epoch == 6:
        raise KeyboardInterrupt


def break_off(state):
    if state.epoch == 6:
        raise RuntimeError("a plug-in failed")


@pytest.mark.parametrize("on_epoch", [None, interrupt, break_off], ids=["to the end", "Ctrl-C", "an error"])
def test_the_best_weights_are_the_ones_that_remain(on_epoch):
    # A rate this high makes the validation loss jump up and down, so the last epoch is not the best one.
    trainer = trainer_for(learning_rate=0.3, epochs=12)
    best = {}

    def keep(state):
        entry = state.history.entries[-1]
        if not best or entry["valid"]["loss"] < best["loss"]:
            best.update(loss=entry["valid"]["loss"], params=state.params.copy(), epoch=entry["epoch"])
        if on_epoch:
            on_epoch(state)

    state = trainer.start(np.random.default_rng(1))
    try:
        stopped = trainer.fit(*clouds(150, 0), *clouds(60, 1), state, on_epoch=keep)
    except RuntimeError:
        stopped = "error"
    assert stopped == {None: "epochs", interrupt: "interrupted", break_off: "error"}[on_epoch]
    assert len(state.history.entries) == (6 if on_epoch else 12)
    assert state.history.best()["epoch"] == best["epoch"] < len(state.history.entries)
    np.testing.assert_array_equal(trainer.network.params.flat, best["params"])
    assert measure(trainer.network, trainer.loss, *clouds(60, 1)) == state.history.best()["valid"]


def test_ctrl_c_in_the_middle_of_an_epoch_keeps_the_best_weights_so_far():
    class Interrupting(Adam):
        steps = 0

        def update(self, grads, state, learning_rate, out):
            self.steps += 1
            if self.steps == 25:
                raise KeyboardInterrupt
            return super().update(grads, state, learning_rate, out)

    trainer = trainer_for(optimizer=Interrupting())  # 150 rows make 10 steps an epoch: it happens in the third
    stopped, state = fit(trainer)
    assert stopped == "interrupted"
    assert state.epoch == len(state.history.entries) == 2
    assert measure(trainer.network, trainer.loss, *clouds(60, 1)) == state.history.best()["valid"]


@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_called_before_steps_can_end_a_training_in_the_middle_of_an_epoch(compiled, monkeypatch):
    monkeypatch.setattr(epoch, "BACK_AFTER", 0)  # runs of a single step
    calls, seen = itertools.count(), {}

    def before_step():
        if seen.get("epochs") == 2 and next(calls) == 4:
            raise KeyboardInterrupt

    def after_epoch(state):
        seen["epochs"] = state.epoch

    trainer = trainer_for(compiled=compiled, batch_size=4)
    state = trainer.start(np.random.default_rng(1))
    rows = *clouds(150, 0), *clouds(60, 1)
    assert trainer.fit(*rows, state, on_epoch=after_epoch, before_step=before_step) == "interrupted"
    assert state.epoch == 2
    _stopped, expected = fit(trainer_for(compiled=compiled, batch_size=4, epochs=2))
    np.testing.assert_array_equal(state.params, expected.params)


def test_ctrl_c_before_the_first_epoch_is_over_leaves_the_initial_weights():
    class Interrupting(Adam):
        def update(self, grads, state, learning_rate, out):
            raise KeyboardInterrupt

    trainer = trainer_for(optimizer=Interrupting())
    initial = trainer.network.params.flat.copy()
    assert fit(trainer)[0] == "interrupted"
    np.testing.assert_array_equal(trainer.network.params.flat, initial)


@pytest.mark.parametrize("optimizer", [SGD(0.9), SGD(0.0)])
def test_a_huge_learning_rate_diverges_in_one_clear_sentence_and_without_warnings(optimizer):
    trainer = trainer_for(optimizer=optimizer, learning_rate=1e12, hidden=(8, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DivergedError, match=r"diverged in epoch \d+.*lower the learning rate \(it is 1e\+12\)"):
            fit(trainer)
    assert np.isfinite(trainer.network.params.flat).all()


@pytest.mark.parametrize("epochs", [1, 40])
def test_divergence_names_the_learning_rate_that_was_chosen_whatever_the_schedule_makes_of_it(epochs):
    trainer = trainer_for(learning_rate=1e30, schedule=one_cycle, epochs=epochs, hidden=(8, 8))
    with pytest.raises(DivergedError, match=r"lower the learning rate \(it is 1e\+30\)"):
        fit(trainer)


def test_divergence_after_good_epochs_keeps_the_best_of_them():
    class Exploding(SGD):
        def update(self, grads, state, learning_rate, out):
            super().update(grads, state, learning_rate, out)
            state["steps"] = state.get("steps", 0) + 1
            return np.multiply(out, np.inf, out=out) if state["steps"] == 35 else out

    trainer = trainer_for(optimizer=Exploding())
    state = trainer.start(np.random.default_rng(1))
    with pytest.raises(DivergedError, match="epoch 4"):
        trainer.fit(*clouds(150, 0), *clouds(60, 1), state)
    assert state.epoch == 3
    assert measure(trainer.network, trainer.loss, *clouds(60, 1)) == state.history.best()["valid"]


def test_patience_ends_training_that_many_epochs_after_the_best_one():
    trainer = trainer_for(learning_rate=0.3, epochs=200, patience=3)
    stopped, state = fit(trainer)
    assert stopped == "patience"
    assert state.epoch == state.history.best()["epoch"] + 3 < 200
    assert fit(trainer_for(learning_rate=0.3, epochs=8))[0] == "epochs"


def test_asking_to_go_on_after_patience_ran_out_trains_no_further():
    trainer = trainer_for(learning_rate=0.3, epochs=200, patience=3)
    _, state = fit(trainer)
    entries = len(state.history.entries)
    assert trainer.fit(*clouds(150, 0), *clouds(60, 1), state) == "patience"
    assert len(state.history.entries) == entries


def test_training_ends_where_the_callback_asks_for_it():
    stopped, state = fit(trainer_for(epochs=9), on_epoch=lambda state: state.epoch == 3)
    assert (stopped, state.epoch) == ("callback", 3)
