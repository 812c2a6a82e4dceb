"""A cold cache: data that is local, and nothing made of it yet, as in a user's first run."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from pipelines.machine.locations import downloads_folder


@contextmanager
def cold_cache():
    """Give a folder for BACKPROP_DATA that shares the downloads and has an empty cache, and delete it in the end."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "downloads").symlink_to(downloads_folder())
        yield folder
