"""IDX files are read exactly or refused by name."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets import idx
from pipelines.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def encode(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(path, content):
    path.write_bytes(content)
    return path


@given(shape=st.tuples(*[st.integers(0, 5)] * 3), zipped=st.booleans())
def test_what_was_written_is_read_gzipped_or_not(tmp_path_factory, shape, zipped):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    content = encode(images)
    path = write(tmp_path_factory.mktemp("idx") / "images", gzip.compress(content) if zipped else content)
    read = idx.read_images(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, images)


def test_a_file_cut_after_any_byte_is_refused_by_name(tmp_path):
    for content in (encode(IMAGES), gzip.compress(encode(IMAGES))):
        for length in range(len(content)):
            path = write(tmp_path / "cut", content[:length])
            with pytest.raises(DataError) as caught:
                idx.read_images(path)
            assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (encode(IMAGES) + b"x", "goes on after its end"),
        (b"\x00\x00\x0d\x03" + encode(IMAGES)[4:], "is not an IDX file"),
        (b"\x00\x01\x08\x03" + encode(IMAGES)[4:], "is not an IDX file"),
        (encode(IMAGES[0, 0]), "is not an IDX file of 3-dimensional"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1), "is truncated"),
        (b"PNG, really", "is not an IDX file"),
        (gzip.compress(encode(IMAGES), mtime=0)[:-8] + bytes(8), "is damaged"),
    ],
)
def test_anything_else_is_refused(tmp_path, content, match):
    with pytest.raises(DataError, match=match):
        idx.read_images(write(tmp_path / "images", content))


def test_images_and_labels_must_be_as_many(tmp_path):
    images, labels = write(tmp_path / "i", encode(IMAGES)), write(tmp_path / "l", encode(np.zeros(3, np.uint8)))
    with pytest.raises(DataError, match="3 labels for 2 images"):
        idx.read_split_pair([images, labels, images, labels])


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match="nowhere: cannot be read"):
        idx.read_labels(tmp_path / "nowhere")
