"""Whole files: a file gets its name only when it is complete.

If the writing is interrupted (Ctrl-C, a full disk, a crash), the earlier file is still there and complete.
"""

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path):
    """Give a temporary path beside `path` to write to; on success it becomes `path`, on any failure it is removed.

    The temporary name is unique, so two runs side by side never write into each other's. Raises OSError.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
