"""Fetching: bringing the files of a registered data set to this computer.

A file is searched in the downloads folder, then at the mirror `BACKPROP_MIRROR` (a folder or a base URL), then at each
of its addresses. A download goes to a file with a temporary name, is measured and hashed, and gets its final name only
if size and SHA-256 are those of the registry. So a mirror or an address need not be trusted, and an interrupted
download leaves no file.
"""

import errno
import hashlib
import os
import shutil
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path

from pipelines.datasets.archives import unpack
from pipelines.errors import DataError
from pipelines.machine.locations import downloads_folder
from pipelines.machine.log import log, piece_of_work

CONNECT_SECONDS = 5  # for one attempt to connect
ANSWER_SECONDS = 12  # until the first byte; a name may stand for many computers, and each gets an attempt
SILENCE_SECONDS = 20  # between two pieces of a download
_BLOCK = 2**16  # bytes


class UnreachableError(DataError):
    """A file cannot be downloaded: there is no network, or the file is no longer served."""


class _NotHadError(Exception):
    """One place could not give the file; the message says why, in a few words."""


class _WrongContentError(_NotHadError):
    """One place gave something, but it is not the file."""


def fetch_files(source):
    """Bring all files of a registered data set to this computer, unless they are here already.

    Parameters
    ----------
    source : Source

    Returns
    -------
    list of Path
        The files in the registry's order; the checksum of each has been verified just now.

    Raises
    ------
    UnreachableError
        If a file cannot be downloaded. DataError If it is not the registered file, or the downloads folder cannot be
        written.
    """
    return [_fetch_file(source, file) for file in source.files]


def fetch_folder(source):
    """Bring a data set that is an archive to this computer, unpacked, and return the folder where its data begins.

    Raises the same errors as `fetch_files`.
    """
    folder = find_unpacked_folder(source)
    if not _is_here(folder):
        [archive] = fetch_files(source)
        log.info(f"{source.name}: unpacking {archive.name}")
        unpack(archive, folder, source.unpacked_files, source.unpacked_bytes)
    return folder / source.root


def find_unpacked_folder(source):
    """Return where the archive of `source` is unpacked: Path. The name follows the contents, so it never goes stale."""
    return downloads_folder() / f"{source.name}-{source.files[0].sha256[:12]}"


def is_local(source):
    """Return whether `source` can be read without fetching: bool. Checksums are verified only when files are used."""
    if source.is_archive and _is_here(find_unpacked_folder(source)):
        return True
    paths = [downloads_folder() / file.name for file in source.files]
    return all(
        _is_here(path) and path.stat().st_size == file.size for path, file in zip(paths, source.files, strict=True)
    )


def _fetch_file(source, file):
    path = downloads_folder() / file.name
    if _is_here(path):
        if _is_registered(path, file):
            return path
        log.info(f"{path}: is not the registered file (its size or sha256 differs); fetching it again")
    failures = []
    for place in _places(file):
        try:
            with _verify_file(path, file) as receiver:
                _transfer(place, receiver, source.name)
            return path
        except _NotHadError as failure:
            failures.append((place, failure))
        except OSError as error:
            advice = "make room, or set BACKPROP_DATA to a folder that can be written"
            raise DataError(f"{path}: cannot be written ({error.strerror}); {advice}") from error
    raise _no_place_left(source, file, path, failures)


def _is_here(path):
    # Unlike Path.is_file, this does not raise if a folder on the way may not be entered.
    return os.access(path, os.R_OK)


def _is_registered(path, file):
    try:
        with path.open("rb") as stream:
            return path.stat().st_size == file.size and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); repair it, or delete it to fetch it again"
        ) from error


def _places(file):
    """Return the places to look for the file, in order: the mirror, as a Path if it is a folder, then addresses."""
    mirror = os.environ.get("BACKPROP_MIRROR")
    if not mirror:
        return list(file.addresses)
    is_address = mirror.startswith(("http://", "https://"))
    first = f"{mirror.rstrip('/')}/{file.name}" if is_address else Path(mirror).expanduser() / file.name
    return [first, *file.addresses]


def _no_place_left(source, file, path, failures):
    wrong = any(isinstance(failure, _WrongContentError) for _, failure in failures)
    tried = "; ".join(f"{place}: {failure}" for place, failure in failures)
    problem = "was found, but with the wrong content" if wrong else "cannot be downloaded"
    advice = f"Set BACKPROP_MIRROR to a folder or base URL with {file.name}, or put the file with sha256 {file.sha256}"
    kind = DataError if wrong else UnreachableError
    return kind(f"{source.name}: {file.name} {problem} ({tried}).\n{advice} at {path}")


@contextmanager
def _verify_file(path, file):
    """Yield a receiver to write to. If it receives the registered file, that becomes `path`; else it is deleted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if free < file.size:
        raise OSError(errno.ENOSPC, f"it needs {_readable(file.size)}, and only {_readable(free)} are free")
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as stream:
            receiver = _Receiver(stream, file)
            yield receiver
        receiver.verify()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Receiver:
    """A file open for writing that hashes and measures its content, and shows the progress."""

    def __init__(self, stream, file):
        self.stream = stream
        self.file = file
        self.hash = hashlib.sha256()
        self.size = 0
        self.answered = threading.Event()
        self.show = lambda n_bytes: None

    def write(self, block):
        self.answered.set()
        self.size += len(block)
        if self.size > self.file.size:
            raise _WrongContentError(f"is larger than the registered {self.file.size} bytes")
        self.hash.update(block)
        self.stream.write(block)
        self.show(len(block))

    def flush(self):
        """Do nothing: pooch calls this after every block, but the file is complete only when it is closed."""

    def verify(self):
        if self.size < self.file.size:
            raise _NotHadError(f"gives only {self.size} of {self.file.size} bytes")
        if self.hash.hexdigest() != self.file.sha256:
            raise _WrongContentError(f"has another sha256, {self.hash.hexdigest()}")


def _transfer(place, receiver, name):
    title, size = f"{name}: {Path(receiver.file.name).name}", receiver.file.size
    with piece_of_work(title, size, f"({_readable(size)}) from {_host(place)}") as advance:
        receiver.show = advance
        if isinstance(place, Path):
            _copy(place, receiver)
        else:
            _download(place, receiver)


def _copy(path, receiver):
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _NotHadError(error.strerror) from error
    with stream:
        while block := stream.read(_BLOCK):
            receiver.write(block)


def _download(address, receiver):
    """Download in a thread, so that the program can give up an address that does not answer, whatever the reason."""
    errors = []

    def work():
        try:
            _request(address, receiver)
        except BaseException as error:  # the caller raises it again, whatever it is
            errors.append(error)
        receiver.answered.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    if not receiver.answered.wait(ANSWER_SECONDS):
        raise _NotHadError(f"no answer within {ANSWER_SECONDS} s")
    thread.join()
    if errors:
        raise errors[0]


def _request(address, receiver):
    import pooch
    import requests

    # Without this header a server may compress the file, and then other bytes than those of the file arrive.
    headers = {"Accept-Encoding": "identity"}
    download = pooch.HTTPDownloader(chunk_size=_BLOCK, timeout=(CONNECT_SECONDS, SILENCE_SECONDS), headers=headers)
    try:
        download(address, receiver, None)
    except requests.HTTPError as error:
        raise _NotHadError(f"answers {error.response.status_code} {error.response.reason}") from error
    except requests.ConnectTimeout as error:
        raise _NotHadError(f"no answer within {CONNECT_SECONDS} s") from error
    except requests.RequestException as error:
        broke_off = f"broke off after {receiver.size} of {receiver.file.size} bytes"
        raise _NotHadError(broke_off if receiver.size else "cannot be reached") from error


def _host(place):
    return place.parent if isinstance(place, Path) else place.partition("//")[2].split("/")[0]


def _readable(n_bytes):
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"
