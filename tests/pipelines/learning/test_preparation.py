"""Near copies of a user's own samples are found when rows are set aside, and stay on one side."""

import numpy as np
import pytest
from PIL import Image

from pipelines import datasets
from pipelines.features.images.extractor import ImageExtractor
from pipelines.learning.preparation import extract, prepare, with_kin


@pytest.fixture
def noise(tmp_path):
    """A folder of two classes of 40 pictures of noise, each followed by a copy that is a little darker."""
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "noise" / label).mkdir(parents=True)
        for i in range(0, 80, 2):
            pixels = rng.integers(40, 215, (16, 16))
            for k, factor in enumerate((1.0, 0.8)):
                Image.fromarray((factor * pixels).astype(np.uint8)).save(tmp_path / "noise" / label / f"{i + k:03}.png")
    return str(tmp_path / "noise")


def test_each_chain_of_near_copies_is_on_one_side_and_it_is_said(noise):
    dataset = prepare(datasets.load(noise, "images"), ImageExtractor(16, 16, "grey")).dataset
    pairs = dataset.role.reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert set(dataset.role) == {"train", "valid", "test"}
    assert "160 samples are near copies of others, in 80 chains of up to 2" in dataset.notes[-1]


def test_a_split_that_came_with_the_data_is_left_as_it_is(noise, tmp_path):
    lines = ["path,label,split"]
    for label in ("a", "b"):
        lines += [f"noise/{label}/{i:03}.png,{label},{('train', 'valid', 'test')[i % 3]}" for i in range(80)]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    given = datasets.load(str(tmp_path / "list.csv"), "images")
    prepared = prepare(given, ImageExtractor(16, 16, "grey")).dataset
    assert np.array_equal(prepared.role, given.role)
    assert prepared.kin is None


def test_data_sets_that_have_a_name_are_not_searched_for_copies():
    digits = datasets.load("digits", "images")
    prepared = extract(digits, ImageExtractor(8, 8, "grey"))
    assert with_kin(prepared) is prepared
