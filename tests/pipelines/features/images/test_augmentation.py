"""Pictures vary as far as they were asked to, by the seed alone, and in the end no more."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from pipelines import datasets
from pipelines.features.images import warping
from pipelines.features.images.augmentation import (
    FADE,
    HANDWRITING,
    PHOTOGRAPHS,
    THINGS,
    Amounts,
    ImageAugmentation,
    fade,
)
from pipelines.learning.preparation import prepare
from pipelines.learning.tasks.images import TASK as IMAGES

EVERYTHING = Amounts(True, 0.1, 20, 0.2, 0.2, 0.2, 0.05, 0.3, 0.2, 0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def prepared():
    dataset = datasets.load("digits", "images")
    return prepare(dataset, IMAGES.extractor_for(dataset))


def augmentation(amounts=EVERYTHING, shape=(8, 8, 1), strength=1.0):
    return ImageAugmentation(*shape, strength, amounts, {})


def plain(rows):
    return rows.astype(np.float32)


def epoch(prepared, seed=0, progress=0.0, amounts=EVERYTHING, batch_size=100):
    rng = np.random.default_rng(seed)
    made = list(augmentation(amounts).batches(prepared, plain, batch_size, progress, rng))
    return np.concatenate([X for X, _ in made]), np.concatenate([y for _, y in made]), rng


def test_each_training_row_comes_once_with_its_class_in_an_order_of_each_epochs_own(prepared):
    stored, y = prepared.rows("train")
    X, y_seen, _ = epoch(prepared, amounts=Amounts())
    order = np.lexsort(X.T), np.lexsort(stored.T)
    np.testing.assert_array_equal(X[order[0]], stored[order[1]])
    assert len(y_seen) == len(y)
    known = {row.tobytes(): k for row, k in zip(plain(stored), y, strict=True)}
    assert [known[row.tobytes()] for row in X] == y_seen.tolist()
    assert (stored != X).any()


def test_the_same_seed_makes_the_same_batches_and_leaves_the_stream_at_the_same_place(prepared):
    first, again, other = epoch(prepared), epoch(prepared), epoch(prepared, seed=1)
    np.testing.assert_array_equal(first[0], again[0])
    assert first[2].bit_generator.state == again[2].bit_generator.state
    assert (first[0] != other[0]).any()


def test_batches_do_not_depend_on_what_is_drawn_meanwhile(prepared):
    rng = np.random.default_rng(0)
    made = []
    for X, _ in augmentation().batches(prepared, plain, 100, 0, rng):
        made.append(X)
        rng.random(1000)  # as dropout does
    np.testing.assert_array_equal(np.concatenate(made), epoch(prepared)[0])


def test_no_thread_is_left_where_an_epoch_is_broken_off(prepared):
    before = threading.active_count()
    batches = augmentation().batches(prepared, plain, 10, 0, np.random.default_rng(0))
    next(batches)
    assert threading.active_count() == before + 1
    batches.close()
    assert threading.active_count() == before


def test_variation_fades_to_nothing_at_the_end():
    assert fade(0) == fade(1 - 1.1 * FADE) == 1
    assert fade(1 - FADE / 2) == pytest.approx(0.5)
    assert fade(1) == 0


def test_at_strength_0_only_mirroring_is_left():
    rows = np.random.default_rng(0).integers(0, 256, (50, 64)).astype(np.uint8)
    same = augmentation(replace(EVERYTHING, mirror=False)).vary(rows, 0, np.random.default_rng(1))
    np.testing.assert_array_equal(same, rows)
    turned = augmentation(replace(EVERYTHING, mirror=True)).vary(rows, 0, np.random.default_rng(1))
    mirrored = rows.reshape(50, 8, 8)[:, :, ::-1].reshape(50, 64)
    is_mirrored = (turned == mirrored).all(axis=1)
    assert 10 < is_mirrored.sum() < 40
    np.testing.assert_array_equal(turned[~is_mirrored], rows[~is_mirrored])


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 9, 3), (1, 1, 1), (300, 2, 1)])
def test_the_compiled_warp_makes_the_same_pictures(shape):
    rows = np.random.default_rng(0).integers(0, 256, (20, np.prod(shape))).astype(np.uint8)
    one = augmentation(shape=shape)
    ways = [one.vary(rows, 1, np.random.default_rng(3), warp) for warp in (warping.warp, None)]
    assert np.abs(ways[0].astype(int) - ways[1]).max() <= 2  # a level, which contrast may have doubled


def test_no_amount_is_exceeded():
    n = 5000
    warps = augmentation(Amounts(shift=0.1, rotation=20), shape=(10, 20, 1)).warps(n, 0.5, np.random.default_rng(0))
    angle = np.degrees(np.arctan2(warps.affine[:, 1, 0], warps.affine[:, 0, 0]))
    assert 9.9 < np.abs(angle).max() <= 10
    np.testing.assert_allclose(np.linalg.det(warps.affine[:, :, :2]), 1, atol=1e-5)
    for axis, side in enumerate((10, 20)):
        assert 0.049 * side < np.abs(warps.affine[:, axis, 2]).max() <= 0.05 * side
    assert not warps.bend.any()
    grown = augmentation(Amounts(scale=0.25, aspect=0.1)).warps(n, 1, np.random.default_rng(0)).affine
    assert np.sqrt(np.linalg.det(grown[:, :, :2])).max() == pytest.approx(1.25, rel=1e-2)
    assert (grown[:, 0, 0] / grown[:, 1, 1]).max() == pytest.approx(1.1, rel=1e-2)


def test_what_varies_follows_from_the_pictures(prepared):
    chosen = ImageAugmentation.choose_for(prepared, 0.5)
    assert chosen.strength == 0.5
    assert not chosen.amounts.mirror
    assert chosen.because["linear_accuracy"] > chosen.because["linear_accuracy_mirrored"]
    assert chosen == chosen.refit(prepared)
    assert chosen.settings()["amounts"]["shift"] > 0
    assert "shift" in chosen.note()


def discs(radius, n=60, side=28):
    rows, columns = np.indices((side, side)) - side / 2
    disc = (np.hypot(rows, columns) < radius) * np.uint8(200)
    return np.repeat(disc[None, :, :, None], n, axis=0), np.arange(n) % 3


def test_thin_strokes_are_taken_for_handwriting_broad_figures_for_things_and_full_pictures_for_photographs(prepared):
    stored, y = prepared.rows("train")
    without_a_pen = replace(HANDWRITING, pen=0, flourish=0)
    assert Amounts.choose_for(stored.reshape(-1, 8, 8, 1), y)[0] == without_a_pen
    assert Amounts.choose_for(*discs(2))[0] == HANDWRITING
    dark, classes = discs(2)
    assert Amounts.choose_for(255 - dark, classes)[0] == without_a_pen
    assert Amounts.choose_for(*discs(9))[0] == THINGS
    before_a_wall = np.random.default_rng(0).integers(0, 25, (60, 28, 28, 1)).astype(np.uint8) + discs(9)[0]
    assert Amounts.choose_for(before_a_wall, classes)[0] == PHOTOGRAPHS
    noise = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3)).astype(np.uint8)
    assert Amounts.choose_for(noise, np.arange(60) % 3)[0] == PHOTOGRAPHS


def test_training_tells_how_pictures_were_varied_and_goes_on_to_the_same_weights(call, tmp_path):
    from pipelines.models import bundle

    (tmp_path / "varied.toml").write_text("augmentation = 1.0\nhidden = [16]\n")
    words = ("train", "images", "--dataset", "digits", "--config", tmp_path / "varied.toml", "--epochs", 3)
    answers = [call(*words, "--out", tmp_path / name, "--json") for name in ("a.safetensors", "b.safetensors")]
    assert [answer.code for answer in answers] == [0, 0]
    assert "varied with strength 1" in answers[0].stderr
    first, again = (bundle.load(tmp_path / name) for name in ("a.safetensors", "b.safetensors"))
    np.testing.assert_array_equal(first.network.params.flat, again.network.params.flat)
    assert first.provenance["augmentation"]["amounts"]["mirror"] is False


def test_a_training_that_was_cut_off_goes_on_to_the_same_weights(prepared, tmp_path):
    from backprop_core import checkpoint
    from backprop_core.scaling import Standardizer
    from pipelines.learning.fitting import fit
    from pipelines.learning.recipe import Recipe

    recipe, path = Recipe(hidden=(8,), epochs=3, dropout=0.1), tmp_path / "state"
    varied = replace(prepared, augmentation=augmentation())

    def stop_after_one(state, member, before):
        checkpoint.save(state, path, {})
        return True

    def go_on(state, member):
        checkpoint.load(path, state, {})

    fit(varied, Standardizer(False), recipe, 0, 1, on_epoch=stop_after_one)
    resumed = fit(varied, Standardizer(False), recipe, 0, 1, on_start=go_on)
    whole = fit(varied, Standardizer(False), recipe, 0, 1)
    np.testing.assert_array_equal(resumed.network.params.flat, whole.network.params.flat)
