"""The archive: a lesson as a zip file, to be stored elsewhere and loaded again.

A zip file may come from anyone, so only files that belong to a lesson are unpacked, and only into its folder.
"""

import io
import itertools
import zipfile
from pathlib import Path, PurePosixPath

from backprop_core.whole_file import whole_file
from pipelines.lab.lesson import ABOUT, KNOWN_SUFFIXES, MANIFEST, Lesson, is_inside
from pipelines.lab.refusal import Refusal
from pipelines.lab.shelf import plain_name

MOST_FILES = 100_000
LARGEST_UNPACKED = 2 * 2**30  # bytes


def pack(lesson):
    """Return a lesson as a zip: bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in lesson.all_files():
            archive.write(lesson.folder / name, f"{lesson.name}/{name}")
    return file.getvalue()


def unpack(content, folder):
    """Write the lesson in a zip (bytes) below a folder, and return its Lesson.

    Raises Refusal. It unpacks only files that may be samples and whose names stay inside the folder.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            about = next((name for name in names if PurePosixPath(name).name == ABOUT), None)
            if about is None:
                raise Refusal(422, "This zip file does not contain a lesson; choose one that the lab has saved.")
            if len(names) > MOST_FILES or sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
                raise Refusal(413, "This zip file would use too much disk space.")
            root = str(PurePosixPath(about).parent)
            place = _fresh_folder(Path(folder), plain_name(PurePosixPath(about).parent.name or "lesson"))
            for name in names:
                inner = name if root == "." else name.removeprefix(f"{root}/")
                wanted = inner in (ABOUT, MANIFEST) or PurePosixPath(inner).suffix in sum(KNOWN_SUFFIXES.values(), ())
                if not name.endswith("/") and is_inside(inner) and wanted and not inner.startswith("."):
                    with whole_file(place / inner) as temporary:
                        temporary.write_bytes(archive.read(name))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise Refusal(422, "This zip file cannot be unpacked; choose one that the lab has saved.") from None
    return Lesson(place)


def _fresh_folder(parent, stem):
    for number in itertools.count(1):
        place = parent / (stem if number == 1 else f"{stem}-{number}")
        if not place.exists():
            return place
    raise AssertionError("there is always another number")
