"""A committee answers with the mean of its members, wherever one asks it."""

from dataclasses import replace

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.network import Network
from pipelines import datasets, diagnose, load, train
from pipelines.errors import UsageError
from pipelines.learning.committee import join_networks
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import prepare
from pipelines.learning.tasks.images import TASK as IMAGES

SMALL = {"epochs": 2, "hidden": (8,), "augmentation": 0.0, "normalization": "none", "residual": False}


@pytest.fixture(scope="module")
def prepared():
    dataset = datasets.load("digits", "images")
    return prepare(dataset, IMAGES.extractor_for(dataset))


def fit_small(prepared, seed=0, **changes):
    recipe = IMAGES.presets["fast"].replace({**SMALL, **changes})
    entries = []
    fitted = fit(
        prepared, IMAGES.scaling(), recipe, seed, 1, on_epoch=lambda state, *more: entries.append((state.epoch, *more))
    )
    return fitted, entries


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(
    ("hidden", "settings"),
    [((), {}), ((5,), {}), ((5, 4), {"activation": "tanh", "dropout": 0.2}), ((6, 3, 2), {"normalization": "batch"})],
    ids=str,
)
def test_joined_networks_have_the_mean_of_their_logits(n, hidden, settings):
    rng = np.random.default_rng(0)
    members = [Network(multilayer_perceptron(7, hidden, 3, **settings), rng, dtype=np.float64) for _ in range(n)]
    for member in members:
        member.params.flat += rng.normal(size=member.params.flat.size)
        member.statistics.flat[...] = rng.uniform(1, 2, member.statistics.flat.size)
    wide = Network(multilayer_perceptron(7, [n * width for width in hidden], 3, **settings), rng, dtype=np.float64)
    X = rng.normal(size=(20, 7))
    expected = np.mean([member.logits(X) for member in members], axis=0)
    np.testing.assert_allclose(join_networks(members, wide).logits(X), expected, rtol=0, atol=1e-12)


def test_the_first_member_is_the_single_network_and_the_others_begin_elsewhere(prepared):
    single, _ = fit_small(prepared)
    committee, told = fit_small(prepared, members=2)
    width = single.network.layers[0].fan_out
    W = committee.network.params.views[0]["W"]
    np.testing.assert_array_equal(W[:, :width], single.network.params.views[0]["W"])
    assert np.abs(W[:, width:] - W[:, :width]).max() > 0.01
    assert [entry["epoch"] for entry in committee.history.entries] == [1, 2, 3, 4]
    assert [(epoch, member, len(before.entries)) for epoch, member, before in told] == [
        (1, 0, 0), (2, 0, 0), (1, 1, 2), (2, 1, 2)
    ]  # fmt: skip


def test_a_committee_repeats_itself_and_members_of_another_seed_are_others(prepared):
    first, again = (fit_small(prepared, members=2)[0].network.params.flat for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, fit_small(prepared, seed=1, members=2)[0].network.params.flat)


def test_a_committee_that_is_interrupted_is_as_wide_as_the_members_that_have_learned(prepared):
    recipe = IMAGES.presets["fast"].replace({**SMALL, "members": 3})

    def press_ctrl_c(state, member, before):
        if member == 1:
            raise KeyboardInterrupt

    fitted = fit(prepared, IMAGES.scaling(), recipe, 0, 1, on_epoch=press_ctrl_c)
    assert (fitted.stopped, fitted.members) == ("interrupted", 2)
    assert fitted.network.layers[0].fan_out == 2 * 8
    assert len(fitted.history.entries) == 3


@pytest.mark.parametrize("changes", [{"normalization": "layer"}, {"residual": True}], ids=str)
def test_networks_that_cannot_be_joined_are_refused_before_they_learn(prepared, changes):
    with pytest.raises(UsageError, match=r"members 2: networks with .* cannot be joined"):
        fit_small(prepared, members=2, **changes)


def test_a_committee_is_saved_explained_diagnosed_and_continued_as_one_network(bars, tmp_path):
    out = tmp_path / "committee.safetensors"
    settings = {"members": 2, "hidden": [6], "epochs": 3, "normalization": "none", "residual": False}
    model = train("images", bars, out=out, preset="fast", **settings)
    loaded = load(out)
    assert list(loaded.predict(bars)) == list(model.predict(bars))
    assert diagnose(out).record()["findings"]
    further = train("images", bars, out=tmp_path / "further.safetensors", origin=out, epochs=1)
    assert all(answer.label for answer in further.predict(bars))


def test_as_one_is_as_wide_as_all_members():
    recipe = replace(IMAGES.presets["fast"], hidden=(5, 4), members=3)
    assert (recipe.as_one().hidden, recipe.as_one().members) == ((15, 12), 1)
