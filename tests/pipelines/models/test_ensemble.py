import json

import numpy as np
import pytest

from pipelines.errors import UsageError
from pipelines.features.images.extractor import ImageExtractor
from pipelines.models import bundle
from pipelines.models.ensemble import Ensemble
from pipelines.models.opening import open_model


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def other_model(call, tmp_path_factory):
    """Another network on the small digits."""
    out = tmp_path_factory.mktemp("other") / "other.safetensors"
    words = ["--dataset", "digits", "--hidden", "24", "--epochs", "8", "--seed", "1", "--out", out]
    assert call("train", "images", *words).code == 0
    return out


@pytest.fixture(scope="module")
def stored(images_model):
    """Some rows of the small digits."""
    from pipelines import datasets

    dataset = datasets.load("digits", "images")
    extractor = bundle.load(images_model).extractor
    return np.stack([extractor.extract_row(pixels) for pixels in dataset.items[:60]])


def test_a_model_with_itself_answers_as_it_does_alone(images_model, stored):
    alone, twice = open_model(images_model), open_model(images_model, [images_model])
    np.testing.assert_allclose(twice.probabilities(stored), alone.probabilities(stored), rtol=1e-6)


def test_the_answer_is_the_mean_in_any_order_and_of_rows_one_at_a_time(images_model, other_model, stored):
    one, other = bundle.load(images_model), bundle.load(other_model)
    expected = (one.probabilities(stored) + other.probabilities(stored)) / 2
    for names in ((images_model, [other_model]), (other_model, [images_model])):
        together = open_model(*names)
        np.testing.assert_allclose(together.probabilities(stored), expected, rtol=1e-5, atol=1e-7)
    singly = np.concatenate([together.probabilities(row[np.newaxis]) for row in stored[:5]])
    np.testing.assert_allclose(singly, expected[:5], rtol=1e-4, atol=1e-6)


def test_models_of_other_labels_tasks_or_extractors_do_not_answer_together(images_model, speech_model):
    one = bundle.load(images_model)
    with pytest.raises(UsageError, match="has another task"):
        open_model(images_model, [speech_model])
    other = bundle.load(images_model)
    other.labels = ("a", *other.labels[1:])
    with pytest.raises(UsageError, match=r"images\.safetensors: has other labels than .*images\.safetensors"):
        Ensemble([one, other])
    other = bundle.load(images_model)
    other.extractor = ImageExtractor(9, 8, "grey")
    with pytest.raises(UsageError, match="reads samples differently"):
        Ensemble([one, other])


def test_evaluate_and_predict_ask_models_together(call, images_model, other_model):
    words = [images_model, "--with", other_model]
    record = call("evaluate", *words, "--json").json
    assert record["with"] == [str(other_model)]
    assert "2 models together" in call("evaluate", *words).stdout
    example = images_model.with_name("images-example.png")
    alone = call("predict", images_model, example, "--json").json[0]
    together = json.loads(call("predict", *words[:1], example, *words[1:], "--json").stdout)[0]
    assert together["probability"] != alone["probability"]


@pytest.mark.parametrize("option", [["--average"], ["--with"]])
def test_an_explanation_is_of_one_model_and_one_view(call, images_model, tmp_path, option):
    together = [images_model] if option == ["--with"] else []
    answer = call("predict", images_model, "x.png", "--explain", tmp_path, *option, *together)
    assert answer.code == 2
    assert "one model" in answer.stderr


def test_a_model_that_is_not_there_is_named(call, images_model):
    answer = call("evaluate", images_model, "--with", "nowhere.safetensors")
    assert answer.code == 5
    assert "nowhere.safetensors" in answer.stderr


def test_views_of_a_picture_are_itself_and_itself_moved(rng):
    extractor = ImageExtractor(28, 28, "grey")
    picture = np.zeros((1, 28, 28), np.uint8)
    picture[0, 5:20, 8:15] = rng.integers(1, 255, (15, 7))
    views = [view.reshape(28, 28) * 255 for view in extractor.more_views(picture.reshape(1, -1))]
    expected = [np.roll(picture[0], shift, (0, 1)) for shift in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    np.testing.assert_allclose(views, expected, rtol=1e-5)


def test_mirror_images_are_views_only_where_a_model_has_learned_from_such(rng):
    extractor = ImageExtractor(6, 4, "colour")
    stored = rng.integers(0, 255, (3, 72), np.uint8)
    plain, mirrored = (list(extractor.more_views(stored, mirror)) for mirror in (False, True))
    assert (len(plain), len(mirrored)) == (5, 10)
    pictures = mirrored[0].reshape(3, 4, 6, 3)
    np.testing.assert_array_equal(mirrored[1].reshape(3, 4, 6, 3), pictures[:, :, ::-1])
    np.testing.assert_array_equal(plain, mirrored[::2])


def test_what_comes_in_at_an_edge_is_what_was_at_it():
    even = np.full((2, 64), 200, np.uint8)
    for view in ImageExtractor(8, 8, "grey").more_views(even):
        np.testing.assert_allclose(view, 200 / 255, rtol=1e-6)


def test_averaging_changes_answers_of_pictures_but_not_of_words(call, images_model, speech_model, stored):
    one = bundle.load(images_model)
    assert not np.array_equal(one.average_views().probabilities(stored), one.probabilities(stored))
    np.testing.assert_array_equal(one.probabilities(stored), bundle.load(images_model).probabilities(stored))
    words = bundle.load(speech_model)
    np.testing.assert_array_equal(words.average_views().probabilities(words.golden_row), words.golden_probabilities)
    answer = call("evaluate", images_model, "--average", "--json")
    assert answer.json["averaged"] is True
