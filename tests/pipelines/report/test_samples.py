import numpy as np
import pytest

from pipelines import datasets
from pipelines.learning import tasks
from pipelines.report.samples import samples_of


def test_a_spoken_word_can_be_seen_and_heard_as_the_network_hears_it(sound, tmp_path):
    import soundfile

    paths = [tmp_path / label / f"{n}.wav" for label in ("a", "b") for n in range(3)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sound(), 8000)
    dataset = datasets.load(str(tmp_path), "speech")
    extractor = tasks.find("speech").extractor_for(dataset)
    sample = samples_of(dataset, extractor)
    found = sample({"index": 0})
    np.testing.assert_array_equal(found.sound, extractor.read(dataset.items[0]))
    assert found.sr == extractor.sr
    assert found.display.across
    for path in paths:
        path.unlink()
    assert sample({"index": 0}) is None


@pytest.mark.parametrize("index", [0, 1796])
def test_a_picture_in_memory_can_only_be_seen(index):
    dataset = datasets.load("digits", "images")
    found = samples_of(dataset, tasks.find("images").extractor_for(dataset))({"index": index})
    assert found.sound is found.sr is None
    assert found.display.pixels.shape == (8, 8)
