"""What every extractor promises, whatever it extracts from."""

import json

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageDraw

from pipelines.errors import InputFileError
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.gradient_extractor import GradientExtractor
from pipelines.features.speech.extractor import SpeechExtractor

EXTRACTORS = {
    "speech": SpeechExtractor(),
    "grey images": ImageExtractor(28, 28, "grey"),
    "colour images": ImageExtractor(9, 16, "colour"),
    "drawings": ImageExtractor(28, 28, "grey", "strokes", 20, 2.4),
    "gradients": GradientExtractor(ImageExtractor(24, 16, "colour")),
    "gradients of drawings": GradientExtractor(ImageExtractor(28, 28, "grey", "strokes", 20, 2.4)),
}


@pytest.fixture(params=EXTRACTORS)
def extractor(request):
    return EXTRACTORS[request.param]


@pytest.fixture
def files(extractor, tmp_path):
    """Seven files of different sizes that the extractor reads."""
    rng = np.random.default_rng(6)
    paths = []
    for number in range(7):
        path = tmp_path / f"{number}.{'wav' if extractor.name == 'speech' else 'png'}"
        if extractor.name == "speech":
            noise = rng.normal(size=1000 + 1111 * number)
            soundfile.write(path, 0.1 * noise * np.hanning(len(noise)), (8000, 16000, 44100)[number % 3])
        else:
            shape = (5 + 13 * number, 40, 3)[: 2 + number % 2]
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
            if extractor.framing == "strokes":  # each leans and bends in its own way
                sheet = Image.new("RGB" if len(shape) == 3 else "L", (60 + 13 * number, 90), "white")
                ImageDraw.Draw(sheet).line([(20, 20), (40, 30 + 6 * number), (25, 70)], "black", 5)
                pixels = np.asarray(sheet)
            Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths


def test_features_are_finite_float32_and_of_the_promised_length(extractor, files):
    for path in files:
        features = extractor.extract(path)
        assert features.dtype == np.float32
        assert features.shape == (extractor.n_features,)
        assert np.isfinite(features).all()


def test_different_files_have_different_features(extractor, files):
    assert len({extractor.extract(path).tobytes() for path in files}) == len(files)


def test_extracting_again_gives_the_same_bytes(extractor, files):
    for path in files:
        assert extractor.extract(path).tobytes() == extractor.extract(path).tobytes()


def test_a_file_and_its_contents_give_the_same_bytes(extractor, files):
    for path in files:
        assert extractor.extract(path).tobytes() == extractor.extract(path.read_bytes()).tobytes()


def test_extracting_does_not_change_what_was_decoded(extractor, files):
    decoded = extractor.read(files[0])
    before = decoded.copy()
    extractor.extract_row(decoded)
    assert np.array_equal(decoded, before)


def test_extracting_is_reading_storing_and_converting(extractor, files):
    for path in files:
        row = extractor.extract_row(extractor.read(path))
        assert row.dtype == extractor.stored_dtype
        assert row.shape == (extractor.n_stored,)
        assert np.array_equal(extractor.to_features(row[np.newaxis])[0], extractor.extract(path))


def test_a_sample_has_a_display_and_evidence_lies_over_all_of_it(extractor, files):
    gradient, typical = np.random.default_rng(7).normal(size=(2, extractor.n_features))
    for path in files:
        decoded = extractor.read(path)
        before = decoded.copy()
        display, evidence = extractor.display(decoded), extractor.evidence(decoded, gradient, typical)
        assert display.pixels.dtype == np.uint8
        assert evidence.shape == display.pixels.shape[:2]
        assert np.isfinite(evidence).all()
        assert not extractor.evidence(decoded, 0 * gradient, typical).any()
        np.testing.assert_allclose(extractor.evidence(decoded, -gradient, typical), -evidence)
        assert np.array_equal(decoded, before)


def test_the_first_view_is_what_the_network_learns_from(extractor, files):
    rows = np.stack([extractor.extract_row(extractor.read(path)) for path in files])
    views = list(extractor.views(rows))
    assert np.array_equal(views[0], extractor.to_features(rows))
    assert {view.shape for view in views} == {(len(files), extractor.n_features)}


def test_settings_survive_json_and_give_the_same_features(extractor, files):
    settings = json.loads(json.dumps(extractor.settings(), allow_nan=False))
    for matrices in (None, extractor.matrices()):
        again = type(extractor).from_settings(settings, matrices)
        assert again == extractor
        assert again.settings() == extractor.settings()
        assert again.extract(files[3]).tobytes() == extractor.extract(files[3]).tobytes()


def test_every_feature_has_a_name_of_its_own(extractor):
    names = [extractor.feature_name(index) for index in range(extractor.n_features)]
    assert len(set(names)) == len(names)
    assert all(names)


def test_a_vector_is_the_same_alone_and_in_a_batch(extractor, files):
    from pipelines.features.extraction import extract_all

    alone = np.stack([extractor.extract(path) for path in files])
    for order in (range(7), (6, 2, 4, 0, 1, 5, 3), (3, 3)):
        stored, ok, failures = extract_all(extractor, [files[i] for i in order])
        assert ok.all()
        assert failures == []
        assert extractor.to_features(stored).tobytes() == alone[list(order)].tobytes()


@pytest.mark.parametrize("content", [b"", b"not what was expected\n" * 30])
def test_an_unusable_file_is_refused_by_name(extractor, tmp_path, content):
    path = tmp_path / "unusable"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        extractor.extract(path)
    assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(InputFileError) as caught:
        extractor.extract(content)
    assert str(caught.value).startswith("<stdin>: ")


def test_an_extractor_has_a_name_and_a_version(extractor):
    assert extractor.name in ("speech", "images", "gradients")
    assert extractor.version >= 1
