"""IDX: the file format of MNIST, an array of numbers behind a short header.

The header is: two zero bytes, a byte for the type of the numbers (8: unsigned bytes, the only type read here), a byte
for the number of dimensions, and each dimension as a big-endian 32-bit integer. The numbers follow, the last
dimension fastest. Files may be gzipped. Format: http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import math
import struct
import zlib

import numpy as np

from pipelines.errors import DataError

_UNSIGNED_BYTE = 8


def read_images(path):
    """Read pictures: uint8 [shape=(n, height, width)], 0 to 255.

    Raises
    ------
    DataError
        If the file is not an IDX file of three dimensions, is truncated, or goes on after its end.
    """
    return _read(path, n_dims=3)


def read_labels(path):
    """Read class numbers: uint8 [shape=(n,)]. Raises DataError like `read_images`."""
    return _read(path, n_dims=1)


def _read(path, n_dims):
    data = _contents(path)
    header_size = 4 + 4 * n_dims
    magic = bytes([0, 0, _UNSIGNED_BYTE, n_dims])
    if data[:4] != magic:
        raise DataError(
            f"{path}: is not an IDX file of {n_dims}-dimensional bytes: begins with {data[:4]!r}, not {magic!r}"
        )
    if len(data) < header_size:
        raise DataError(f"{path}: is truncated inside its header; fetch it again")
    shape = struct.unpack(f">{n_dims}I", data[4:header_size])
    size, promised = len(data) - header_size, math.prod(shape)
    if size != promised:
        problem = "is truncated" if size < promised else "goes on after its end"
        raise DataError(f"{path}: {problem}: {shape} takes {promised} bytes, there are {size}; fetch it again")
    return np.frombuffer(data, dtype=np.uint8, offset=header_size).reshape(shape)


def _contents(path):
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: is damaged ({error}); fetch it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def read_split_pair(paths):
    """Read a data set in MNIST's four files.

    Parameters
    ----------
    paths : list of Path
        Training images, training labels, test images, test labels.

    Returns
    -------
    images : ndarray of uint8 [shape=(n, height, width)]
    y : ndarray of int64 [shape=(n,)]
    role : ndarray of str [shape=(n,)]
        `"train"`, then `"test"`.

    Raises
    ------
    DataError
        If a file is damaged, or images and labels do not belong together.
    """
    train_images, train_y, test_images, test_y = (
        read_images(path) if number % 2 == 0 else read_labels(path) for number, path in enumerate(paths)
    )
    for images, y, path in ((train_images, train_y, paths[1]), (test_images, test_y, paths[3])):
        if len(images) != len(y):
            raise DataError(f"{path}: has {len(y)} labels for {len(images)} images; fetch both files again")
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DataError(
            f"{paths[2]}: pictures are {test_images.shape[1:]} pixels, those for training {train_images.shape[1:]}"
        )
    role = np.repeat(["train", "test"], [len(train_y), len(test_y)])
    return np.concatenate([train_images, test_images]), np.concatenate([train_y, test_y]).astype(np.int64), role
