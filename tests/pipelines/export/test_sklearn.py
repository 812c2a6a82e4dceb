"""The exported pipeline is scikit-learn's own, and answers as the model does."""

import numpy as np
import pytest

from pipelines.errors import UsageError
from pipelines.export import find
from pipelines.export.exporter import Options
from pipelines.features.images.extractor import ImageExtractor

pytest.importorskip("skops")
SKLEARN = find("sklearn")
ROWS = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)


def assert_same(subject, folder, samples):
    path = folder / "model.skops"
    path.write_bytes(SKLEARN.make(subject, Options()).files[".skops"])
    with SKLEARN.running(subject, [path]) as answer:
        for sample in samples:
            np.testing.assert_allclose(answer(sample), subject.answer(sample), rtol=0, atol=1e-5)


def test_words_get_the_same_answers(speech_subject, words, tmp_path):
    assert_same(speech_subject, tmp_path, words[:4])


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_pictures_do_with_each_activation_that_it_has(make_subject, activation, n_classes, tmp_path):
    extractor = ImageExtractor(6, 5, "grey")
    subject = make_subject("images", extractor, ROWS, n_classes=n_classes, activation=activation)
    assert_same(subject, tmp_path, [row.reshape(5, 6) for row in ROWS[:5]])


def test_classes_that_are_not_sorted_keep_their_names(make_subject, tmp_path):
    subject = make_subject("images", ImageExtractor(6, 5, "grey"), ROWS)
    subject.bundle.labels = ("ten", "nine", "eight", "a")
    assert_same(subject, tmp_path, [row.reshape(5, 6) for row in ROWS[:5]])


def test_what_scikit_learn_has_not_is_refused_with_what_to_do(make_subject, picture_subject, text_subject):
    extractor = ImageExtractor(6, 5, "grey")
    for subject, sentence in (
        (picture_subject, "no layer_norm"),
        (make_subject("images", extractor, ROWS, activation="gelu"), "no activation gelu"),
        (make_subject("images", extractor, ROWS, residual=True), "no residual"),
        (text_subject, "'ngrams'"),
    ):
        with pytest.raises(UsageError, match=f"{sentence}.*--to onnx"):
            SKLEARN.make(subject, Options())
