"""Gradients are chosen where they tell more, travel in the model file, and answer as pixels do."""

import numpy as np
import pytest
from PIL import Image

from pipelines import datasets
from pipelines.errors import UsageError
from pipelines.features.images import variants
from pipelines.features.images.gradient_extractor import GradientExtractor
from pipelines.features.images.picture_character import gradients_tell_more
from pipelines.features.stages import run
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.models import bundle


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    """A folder of colour pictures whose stripes run one way or the other: no pixel tells which."""
    folder, rng = tmp_path_factory.mktemp("stripes"), np.random.default_rng(0)
    for label, axis in (("across", 0), ("upright", 1)):
        (folder / label).mkdir()
        for number in range(40):
            wave = np.sin(np.indices((40, 40))[axis] * rng.uniform(0.7, 1.1) + rng.uniform(0, 6))
            colour = rng.uniform(40, 90, 3)
            pixels = 128 + wave[..., None] * colour + rng.normal(0, 12, (40, 40, 3))
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / label / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="module")
def training(call, stripes, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "stripes.safetensors"
    words = ["--dataset", stripes, "--hidden", "16", "--epochs", "20", "--out", out, "--json"]
    return call("train", "images", *words)


def test_gradients_are_chosen_by_validation_for_colour_pictures_and_said_in_a_note(training):
    assert training.code == 0
    assert training.json["extractor"]["features"] == "gradients"
    assert "gradient features instead of pixels, because" in " ".join(training.json["notes"])
    assert training.json["test"]["accuracy"] == 1.0


def test_pixels_stay_where_they_are_asked_for_and_for_drawings(call, stripes, tmp_path):
    dataset, drawings = datasets.load(str(stripes), "images"), datasets.load("digits", "images")
    auto, pixels, wanted = (IMAGES.recipe(changes={"features": kind}) for kind in ("auto", "pixels", "gradients"))
    assert IMAGES.extractor_for(dataset, auto).name == "gradients"
    assert IMAGES.extractor_for(dataset, pixels).name == "images"
    assert IMAGES.extractor_for(drawings, auto).name == "images"
    assert IMAGES.extractor_for(drawings, wanted).name == "gradients"
    refused = call("train", "images", "--dataset", stripes, "--set", "features=colours", "--out", tmp_path / "m")
    assert refused.code == 2
    assert "one of auto, pixels, drawing, gradients" in refused.stderr


def test_a_model_of_gradients_answers_explains_and_shows(call, training, stripes, tmp_path):
    model, files = training.json["model"], sorted((stripes / "across").iterdir())[:3]
    whys, seen = tmp_path / "why", tmp_path / "seen"
    answer = call("predict", model, *files, "--explain", whys, "--show-input", seen, "--json")
    assert answer.code == 0, answer
    assert [each["label"] for each in answer.json] == ["across"] * 3
    assert len(list(whys.iterdir())) == len(list(seen.iterdir())) == 3
    averaged = call("predict", model, *files, "--average", "--json")
    assert [each["label"] for each in averaged.json] == ["across"] * 3
    assert call("evaluate", model, "--json").json["accuracy"] == 1.0
    assert call("info", model, "--verify").code == 0


def test_a_form_that_lacks_gradients_says_so(call, training, tmp_path):
    answer = call("export", training.json["model"], "--to", "c", "--out", tmp_path / "model")
    assert answer.code == 2
    assert "has no gradients of pictures; train with --set features=pixels" in answer.stderr
    assert call("export", training.json["model"], "--to", "card", "--out", tmp_path / "card.md").code == 0


def test_the_stages_lead_to_the_features(training, stripes):
    extractor = bundle.load(training.json["model"]).extractor
    path = next((stripes / "across").iterdir())
    np.testing.assert_array_equal(run(extractor.stages(), extractor.read(path)), extractor.extract(path))


def test_the_extractor_is_restored_from_the_model_file(training, stripes):
    model = bundle.load(training.json["model"])
    assert isinstance(model.extractor, GradientExtractor)
    settings = model.extractor.settings()
    assert IMAGES.restore(settings) == model.extractor
    with pytest.raises(UsageError):
        IMAGES.restore(settings | {"width": 0})


def test_gradients_do_not_tell_more_where_pixels_tell_all():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    pictures = np.repeat((60 + 90 * y)[:, None, None, None], 3, axis=3) + rng.integers(0, 20, (200, 16, 16, 3))
    assert gradients_tell_more(pictures.astype(np.uint8), y, rng)[0] is False


def test_variants_are_the_same_whenever_they_are_made():
    def make(rows, rng):
        return rng.random((len(rows), 3), dtype=np.float32)

    first, again = variants.Variants(4), variants.Variants(4)
    rows = np.arange(variants.CHUNK + 5)
    early = {k: first.draw(rows, np.random.default_rng(k), make) for k in range(6)}
    for k in reversed(range(6)):
        np.testing.assert_array_equal(again.draw(rows, np.random.default_rng(k), make), early[k])


def test_variants_are_kept_for_small_sets_that_are_gone_through_often():
    assert variants.number_of_variants(1000, 1104, 100) == variants.MOST
    assert variants.number_of_variants(1000, 1104, 10) == 0
    assert variants.number_of_variants(50_000, 1104, 100) == 0
