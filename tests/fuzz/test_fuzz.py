"""What damaged files have found once is not found again, and a few more find nothing."""

from pathlib import Path

import pytest

from pipelines.errors import InputFileError
from pipelines.features.images.image_file import read_pixels

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_a_damaged_picture_is_read_or_refused_in_a_sentence(path):
    for source in (path, path.read_bytes()):
        try:
            pixels = read_pixels(source)
        except InputFileError:
            continue
        assert pixels.ndim in (2, 3)
        assert pixels.size


def test_a_few_damaged_files_are_answered_or_refused(tmp_path):
    from tests.fuzz.trials import Workshop

    workshop = Workshop(tmp_path)
    faults = [(count, fault) for count in range(40) if (fault := workshop.trial(7, count)["fault"])]
    assert not faults
