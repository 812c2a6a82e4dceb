"""`train --from` goes on from a finished model, with the classes of the data."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from pipelines.models import bundle


@pytest.fixture(scope="module")
def two_digits(tmp_path_factory):
    """A folder with pictures of two digits, one of them under a name that the model does not know."""
    folder, digits = tmp_path_factory.mktemp("two"), load_digits()
    for digit, label in ((3, "3"), (7, "lucky")):
        (folder / label).mkdir()
        for number, picture in enumerate(digits.images[digits.target == digit][:12]):
            Image.fromarray((picture * 15.9).astype(np.uint8)).save(folder / label / f"{number}.png")
    return folder


def test_a_training_that_hardly_goes_on_answers_as_the_model_did(call, images_model, tmp_path):
    before, out = images_model.read_bytes(), tmp_path / "more.safetensors"
    still = ["--epochs", "1", "--set", "learning_rate=1e-7", "--set", "augmentation=0", "--set", "average=0"]
    answer = call("train", "images", "--dataset", "digits", "--from", images_model, *still, "--out", out, "--json")
    assert answer.code == 0, answer
    assert images_model.read_bytes() == before
    old, new = bundle.load(images_model), bundle.load(out)
    rows = np.concatenate([old.golden_row, old.golden_row])
    np.testing.assert_allclose(new.network.logits(rows[:, :64]), old.network.logits(rows[:, :64]), atol=1e-3)
    assert new.provenance["from"]["labels"] == list(old.labels)
    assert any("knows 10 of 10 classes" in note for note in answer.json["notes"])


def test_the_new_model_has_the_classes_of_the_data(call, images_model, two_digits, tmp_path):
    out = tmp_path / "two.safetensors"
    answer = call("train", "images", "--dataset", two_digits, "--from", images_model, "--epochs", "2", "--out", out)
    assert answer.code == 0, answer
    assert "new to it: lucky" in answer.stderr
    assert bundle.load(out).labels == ("3", "lucky")
    assert bundle.load(out).extractor == bundle.load(images_model).extractor


def test_a_model_of_another_task_or_none_is_refused(call, images_model, tmp_path):
    out = tmp_path / "never.safetensors"
    answer = call("train", "speech", "--dataset", "spoken-digits", "--from", images_model, "--out", out)
    assert answer.code == 2
    assert "recognises images, not speech" in answer.stderr
    answer = call("train", "images", "--dataset", "digits", "--from", tmp_path / "none.safetensors", "--out", out)
    assert answer.code == 5
    assert not out.exists()
