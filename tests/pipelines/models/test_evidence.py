"""Evidence is about the network's weights, adds up where it must, and is the same whenever it is asked for."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from backprop_core.inspection.attribution import log_odds
from backprop_core.layers import Dense
from backprop_core.network import Network
from pipelines import datasets
from pipelines.models import bundle
from pipelines.models.evidence import evidence_for

DIGITS = datasets.load("digits", "images")
TESTS = DIGITS.rows("test")[:40]


@pytest.fixture(scope="module")
def twins(call, tmp_path_factory):
    """Two models of the small digits that began from different weights."""
    folder, models = tmp_path_factory.mktemp("twins"), []
    for seed in (0, 1):
        words = ("--dataset", "digits", "--hidden", "64", "--epochs", "40", "--seed", seed, "--out", folder / str(seed))
        assert call("train", "images", *words).code == 0
        models.append(bundle.load(folder / str(seed)))
    return models


def maps(model, answers):
    """The evidence in each test sample for the answer given, flattened."""
    return [
        evidence_for(model, DIGITS.items[row], answer).values.ravel()
        for row, answer in zip(TESTS, answers, strict=True)
    ]


def answers_of(model):
    return [int(model.probabilities(model.extractor.extract_row(DIGITS.items[row])[None]).argmax()) for row in TESTS]


def likeness(some, others):
    """The mean rank correlation of maps."""
    return np.mean([spearmanr(a, b).statistic for a, b in zip(some, others, strict=True)])


def redraw(model, layers, seed):
    """The model with new random weights in some of its layers."""
    network = Network.from_description(model.network.describe())
    network.params.flat[...] = model.network.params.flat
    rng = np.random.default_rng(seed)
    for place in layers:
        network.layers[place].initialize(network.params.views[place], rng)
    return replace(model, network=network)


def test_evidence_fades_to_noise_when_weights_are_drawn_anew_and_is_found_again_by_another_training(twins):
    """Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim 2018, https://arxiv.org/abs/1810.03292: a map that looks the
    same with random weights explains the sample, not the network."""
    model, twin = twins
    answers = answers_of(model)
    learned = maps(model, answers)
    assert likeness(learned, maps(twin, answers)) > 0.3
    first, last = [i for i, layer in enumerate(model.network.layers) if layer.kind == "dense"]
    random = {
        layers: np.mean([likeness(learned, maps(redraw(model, layers, seed), answers)) for seed in range(10, 18)])
        for layers in ((last,), (first,), (first, last))
    }
    assert abs(random[first, last]) < 0.1
    # With random outputs another class wins, and what the hidden units found in the sample speaks for that one instead.
    assert max(random.values()) < 0.15


def test_in_a_linear_network_of_two_classes_the_evidence_adds_up_to_the_calibrated_log_odds(twins):
    linear = Network([Dense(64, 2)], rng=np.random.default_rng(0))
    model = replace(twins[0], network=linear, labels=("no", "yes"), temperature=1.7)
    typical = model.standardizer.feature_means
    for row in TESTS[:5]:
        features = model.extractor.to_features(DIGITS.items[row].reshape(1, -1))
        odds = log_odds(linear.logits(model.standardizer.transform(np.vstack([features[0], typical]))) / 1.7, 1)
        gained = odds[0] - odds[1]
        assert evidence_for(model, DIGITS.items[row], 1).values.sum() == pytest.approx(gained, rel=1e-4, abs=1e-4)


def test_of_two_classes_what_speaks_for_one_speaks_against_the_other(twins):
    model = replace(twins[0], network=Network([Dense(64, 2)], rng=np.random.default_rng(0)), labels=("no", "yes"))
    values = [evidence_for(model, DIGITS.items[TESTS[0]], answer).values for answer in (0, 1)]
    np.testing.assert_allclose(values[0], -values[1], atol=1e-6)


def test_the_same_sample_has_the_same_evidence_each_time(twins):
    first = evidence_for(twins[0], DIGITS.items[TESTS[0]])
    evidence_for(twins[0], DIGITS.items[TESTS[1]])
    again = evidence_for(twins[0], DIGITS.items[TESTS[0]])
    np.testing.assert_array_equal(first.values, again.values)
    assert first.label == again.label


def test_the_evidence_is_for_the_likeliest_label_unless_another_is_asked_about(twins):
    best = answers_of(twins[0])[3]
    sample = DIGITS.items[TESTS[3]]
    assert evidence_for(twins[0], sample).label == twins[0].labels[best]
    np.testing.assert_array_equal(evidence_for(twins[0], sample).values, evidence_for(twins[0], sample, best).values)
    assert evidence_for(twins[0], sample, (best + 1) % 10).label == twins[0].labels[(best + 1) % 10]


def test_a_sample_like_the_average_one_holds_no_evidence(twins):
    model, sample = twins[0], DIGITS.items[TESTS[0]]
    standardizer = copy.copy(model.standardizer)
    standardizer.feature_means = model.extractor.to_features(sample.reshape(1, -1))[0]
    assert not evidence_for(replace(model, standardizer=standardizer), sample).values.any()
