"""What pictures are like is measured, and does not depend on what they are called."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge

from pipelines.datasets.digits import spread
from pipelines.features.images import picture_character as character


def digits():
    bunch = load_digits()
    return spread(bunch.images)[..., None], bunch.target


def bars(rng, n=400, mirrored=False):
    """Pictures of two classes, bright above or bright below, on noise; with `mirrored`, bright at one side or other."""
    y = rng.integers(0, 2, n)
    pictures = rng.integers(0, 60, (n, 12, 12, 1)).astype(np.uint8)
    for picture, k in zip(pictures, y, strict=True):
        where = picture.transpose(1, 0, 2) if mirrored else picture
        where[6 * k : 6 * k + 6] += 100
    return pictures, y


def test_a_mirrored_digit_is_no_digit():
    allowed, plain, mirrored = character.can_be_mirrored(*digits(), np.random.default_rng(0))
    assert not allowed
    assert plain > 0.9 > 0.5 > mirrored


def test_where_left_and_right_mean_nothing_a_mirror_image_is_as_good():
    rng = np.random.default_rng(0)
    assert character.can_be_mirrored(*bars(rng), rng) == (True, 1, 1)
    assert character.can_be_mirrored(*bars(rng, mirrored=True), rng) == (False, 1, 0)


def wedges(rng, directions, n=600):
    """Pictures of wedges that point to one side, dark on bright, of a height that is their class's, on noise."""
    y = rng.integers(0, len(directions), n)
    pictures = rng.integers(150, 255, (n, 16, 16, 1)).astype(np.uint8)
    for picture, k in zip(pictures, y, strict=True):
        height, side = directions[k]
        for column in range(10):
            reach = 1 + height * column // 10
            picture[8 - reach : 8 + reach, 3 + column if side == "left" else 12 - column] = 20
    return pictures, y


def test_what_points_to_one_side_may_be_mirrored_unless_another_class_points_to_the_other():
    rng = np.random.default_rng(0)
    one_way = wedges(rng, [(1, "left"), (4, "left"), (7, "left")])
    assert not character.can_be_mirrored(*one_way, rng)[0]
    assert character.mirror_images_fit_in(*one_way, rng)
    many = [(height, "left") for height in (1, 3, 5)]
    assert not character.mirror_images_fit_in(*wedges(rng, [*many, (7, "left"), (7, "right")]), rng)


def test_mirror_images_of_digits_do_not_fit_in():
    assert not character.mirror_images_fit_in(*digits(), np.random.default_rng(0))


def test_what_cannot_be_learned_allows_no_conclusion():
    rng = np.random.default_rng(0)
    pictures, y = bars(rng)
    assert not character.can_be_mirrored(pictures, rng.permutation(y), rng)[0]
    assert not character.can_be_mirrored(pictures[:1], y[:1], rng)[0]
    assert not character.can_be_mirrored(pictures, np.zeros(len(y), int), rng)[0]
    assert not character.mirror_images_fit_in(pictures, rng.permutation(y), rng)
    assert not character.mirror_images_fit_in(pictures[:1], y[:1], rng)
    assert not character.mirror_images_fit_in(pictures, np.zeros(len(y), int), rng)


def test_the_linear_classifier_is_ridge_regression():
    pictures, y = digits()
    X = pictures.reshape(len(y), -1).astype(np.float64)
    penalty = 1e-2 * np.mean(np.sum((X - X.mean(axis=0)) ** 2, axis=0)) + 1e-6
    oracle = Ridge(alpha=penalty).fit(X, np.eye(10)[y])
    np.testing.assert_array_equal(character._linear_classifier(X, y)(X), oracle.predict(X).argmax(axis=1))


@pytest.mark.parametrize("breadth", [2, 4, 8])
def test_bars_are_as_broad_as_they_are(breadth):
    pictures = np.full((3, 20, 20, 1), 200, np.uint8)
    pictures[:, 3:17, 5 : 5 + breadth] = 30
    assert character.breadth_of_figures(pictures) == pytest.approx(breadth / 20)
    assert character.evenness_of_edges(pictures) == 1


def test_a_picture_of_nothing_has_no_figure():
    assert character.breadth_of_figures(np.full((3, 9, 9, 3), 7, np.uint8)) == 0


def test_noise_up_to_the_edge_is_no_even_ground():
    noise = np.random.default_rng(0).integers(0, 256, (50, 16, 16, 3)).astype(np.uint8)
    assert character.evenness_of_edges(noise) < 0.1
