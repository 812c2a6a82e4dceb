"""Packed data sets: a zip or tar archive of the user, which works like the packed folder.

It is unpacked into the cache, to a folder that is named after its contents, so an archive is unpacked once, and again
if it changes. An archive is not trusted: its names must stay inside the folder, links are left out, and number and size
of the files are limited, also if a small archive would unpack to a huge one. The unpacked folder has a temporary name
until it is complete.
"""

import gzip
import hashlib
import lzma
import shutil
import stat
import tarfile
import time
import uuid
import zipfile
import zlib

from pipelines.datasets.archives import check_end, give_final_name
from pipelines.datasets.tree import compose
from pipelines.errors import DataError
from pipelines.machine.leftovers import is_left_behind
from pipelines.machine.locations import cache_folder
from pipelines.machine.log import log

MOST_FILES = 1_000_000
MOST_BYTES = 64 << 30
MOST_TIMES = 200  # largest size, in sizes of the archive; even recordings of silence pack less
SMALL_BYTES = 1 << 28  # may be unpacked from an archive of any size
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz")
_OTHERS = {b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"\x28\xb5\x2f\xfd": "Zstandard", b"MSCF": "CAB"}
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, ValueError)
_BLOCK = 1 << 20
_STALE_SECONDS = 24 * 3600


def is_packed(path):
    """Tell by its beginning, and by its name where that says nothing, whether a file (Path) is an archive."""
    try:
        with path.open("rb") as file:
            first = file.read(512)
    except OSError:
        return False
    packed = first.startswith((b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", *_OTHERS))
    return packed or first[257:262] == b"ustar" or path.name.lower().endswith(SUFFIXES)


def unpack(archive):
    """Unpack an archive (Path) into the cache, unless it has been, and return the folder: Path.

    Raises
    ------
    DataError
        The archive is damaged, locked with a password, of another kind, unpacks to more than the bounds, or a name in
        it leads out of the folder; or the cache cannot be written.
    """
    try:
        folder = cache_folder() / "unpacked" / _checksum(archive)[:32]
    except OSError as error:
        raise DataError(f"{archive}: cannot be read ({error.strerror})") from error
    if folder.is_dir():
        return folder
    temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    try:
        temporary.mkdir(parents=True)
        _remove_stale(folder.parent)
        log.info(f"{archive}: unpacking")
        _Unpacking(archive, temporary).run()
        give_final_name(temporary, folder)
    except _DAMAGE as error:
        raise DataError(f"{archive}: is damaged ({error}); copy or download it again") from error
    except (RuntimeError, NotImplementedError) as error:
        locked = "password" in str(error) or "encrypted" in str(error)
        problem = "is locked with a password" if locked else f"cannot be unpacked ({error})"
        raise DataError(f"{archive}: {problem}; unpack it with its own program, and name the folder") from error
    except OSError as error:
        advice = "make room, or set BACKPROP_DATA to a folder that can be written"
        raise DataError(f"{folder}: cannot be made from {archive} ({error.strerror or error}); {advice}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _checksum(archive):
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_stale(place):
    """Remove files that a killed run left a day ago or longer."""
    for path in place.glob(".*-*"):
        try:
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue


class _Unpacking:
    """Unpacks one archive into one folder, within bounds."""

    def __init__(self, archive, folder):
        self.archive, self.folder = archive, folder
        self.left = max(SMALL_BYTES, min(MOST_BYTES, MOST_TIMES * archive.stat().st_size))
        self.left = min(self.left, shutil.disk_usage(folder).free)
        self.bound, self.n, self.made = self.left, 0, {folder}

    def run(self):
        """Unpack everything; raise the errors of the libraries, and DataError."""
        with self.archive.open("rb") as file:
            first = file.read(512)
        for beginning, name in _OTHERS.items():
            if first.startswith(beginning):
                raise DataError(
                    f"{self.archive}: is a {name} archive, and zip and tar can be read; unpack it with its own "
                    "program, and name the folder"
                )
        if zipfile.is_zipfile(self.archive) and first[257:262] != b"ustar":
            self._unzip()
        else:
            self._untar()

    def _unzip(self):
        with zipfile.ZipFile(self.archive) as entries:
            for entry in entries.infolist():
                is_link = stat.S_ISLNK(entry.external_attr >> 16)
                if not is_link and (target := self._target(entry.filename, entry.filename.endswith("/"))) is not None:
                    with entries.open(entry) as content:
                        self._write(content, target)

    def _untar(self):
        with tarfile.open(self.archive, "r|*") as entries:
            for entry in entries:
                kind_is_plain = (entry.isreg() and entry.sparse is None) or entry.isdir()
                if kind_is_plain and (target := self._target(entry.name, entry.isdir())) is not None:
                    self._write(entries.extractfile(entry), target)
            check_end(entries)

    def _target(self, name, is_folder):
        """Return an entry's place; None for a folder or a leftover of a system. Refuse places outside the folder."""
        self.n += 1
        if self.n > MOST_FILES:
            raise DataError(
                f"{self.archive}: contains more than {MOST_FILES:,} files; unpack it, and name a folder of it"
            )
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        outside = name.startswith(("/", "\\")) or ".." in parts or "\0" in name or (parts and parts[0].endswith(":"))
        if outside:
            raise DataError(f"{self.archive}: {name} would be written outside its folder; the archive is not unpacked")
        if is_folder or not parts or any(map(is_left_behind, parts)):
            return None
        return self.folder.joinpath(*map(compose, parts))

    def _write(self, content, target):
        if target.parent not in self.made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(target.parent)
        with target.open("wb") as file:  # if two entries have one name, the later one counts, as usual
            while block := content.read(_BLOCK):
                self.left -= len(block)
                if self.left < 0:
                    raise DataError(
                        f"{self.archive}: unpacks to more than {self.bound / 1e9:.1f} GB, which is too much for its "
                        "size or for this disk; unpack it by hand if you trust it, and name the folder"
                    )
                file.write(block)
