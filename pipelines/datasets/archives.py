"""Archives: many files in one, as data sets travel.

An archive is a list of names with contents, and its author chose both. So an archive is not trusted: a name must
stay inside the folder, only plain files and folders are made, and the registry limits their number and their total
size. An archive is unpacked into a folder with a temporary name, which gets its final name in one step at the end; so a
folder with the final name is always complete.
"""

import gzip
import shutil
import tarfile
import uuid
import zlib
from pathlib import Path, PurePosixPath

from pipelines.errors import DataError

_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError, ValueError)
_BLOCK = 2**20  # bytes


def unpack(archive, folder, max_files, max_bytes):
    """Unpack a gzipped tar archive, unless it has been unpacked before.

    Parameters
    ----------
    archive : Path
    folder : Path
        The target folder. If it exists, the archive is not unpacked again.
    max_files, max_bytes : int
        Bounds of the number of entries and of the size of the unpacked archive.

    Raises
    ------
    DataError
        If the archive is damaged, holds anything but plain files and folders inside `folder`, or passes the bounds;
        if the folder cannot be written.
    """
    if folder.is_dir():
        return
    temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    try:
        temporary.mkdir(parents=True)
        _unpack_into(archive, temporary, max_files, max_bytes)
        give_final_name(temporary, folder)
    except _DAMAGE as error:
        raise DataError(f"{archive}: is damaged ({error}); delete it and fetch it again") from error
    except OSError as error:
        advice = "make room, or set BACKPROP_DATA to a folder that can be written"
        raise DataError(f"{folder}: cannot be made from {archive} ({error.strerror}); {advice}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpack_into(archive, folder, max_files, max_bytes):
    folders = {folder}
    with gzip.open(archive) as unzipped:
        bounded = _Bounded(unzipped, max_bytes, archive)
        with tarfile.open(fileobj=bounded, mode="r|") as entries:
            for number, entry in enumerate(entries, start=1):
                if number > max_files:
                    raise DataError(f"{archive}: contains more than the expected {max_files} entries")
                _unpack_entry(entries, entry, folder, folders, archive)
            check_end(entries)


def _unpack_entry(entries, entry, folder, folders, archive):
    target = folder / _safe_name(entry, archive)
    parent = target if entry.isdir() else target.parent
    if parent not in folders:
        parent.mkdir(parents=True, exist_ok=True)
        folders.add(parent)
    if not entry.isdir():
        try:
            with target.open("xb") as file:
                shutil.copyfileobj(entries.extractfile(entry), file, _BLOCK)
        except FileExistsError:
            raise DataError(f"{archive}: contains {entry.name} twice, so it is not the right archive") from None


def check_end(entries):
    """Raise tarfile.ReadError if an archive goes on after what tarfile took for its end."""
    # tarfile stops at a header that it cannot read. After the true end there are only zeros.
    while block := entries.fileobj.read(_BLOCK):
        if block.strip(b"\0"):
            raise tarfile.ReadError("an entry in the middle cannot be read")


def _safe_name(entry, archive):
    """Return the entry's name as a relative path that stays inside, or raise DataError."""
    if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or entry.sparse is not None:
        raise DataError(f"{archive}: {entry.name} is neither a plain file nor a folder; the archive is not unpacked")
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or any(sign in entry.name for sign in "\\:\0"):
        raise DataError(f"{archive}: {entry.name} would be written outside its folder; the archive is not unpacked")
    return Path(*name.parts)


def give_final_name(temporary, folder):
    """Rename a complete folder; if another run was faster, its folder is kept."""
    try:
        temporary.rename(folder)
    except OSError:
        # Another run was faster. A rename never replaces a folder that is not empty, so its folder is kept.
        if not folder.is_dir():
            raise


class _Bounded:
    """A readable stream that raises DataError if it gives more than a number of bytes."""

    def __init__(self, stream, max_bytes, archive):
        self.stream = stream
        self.left = max_bytes
        self.max_bytes = max_bytes
        self.archive = archive

    def read(self, size):
        data = self.stream.read(min(size, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise DataError(f"{self.archive}: unpacks to more than the {self.max_bytes} bytes that it should have")
        return data
