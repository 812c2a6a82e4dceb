"""A lesson: the samples of a user's own classes.

On the disk it is an ordinary data set: a folder for each class, the samples as files in them, and `manifest.csv` with
path, label and, if known, group (whose voice or handwriting it is). `train` works on it without the lab. Each file is
written completely under another name and then renamed, and the manifest after it. If the computer stops between the
two, the manifest does not list the file; it is added when the lesson is opened again. So a crash loses at most the
current sample. Deleted samples can be restored until the lab ends, except if a person was deleted: this is permanent.
"""

import csv
import itertools
import json
import shutil
import threading
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from backprop_core.whole_file import whole_file
from pipelines.errors import DataError, UsageError
from pipelines.lab.refusal import Refusal
from pipelines.lab.shelf import plain_name
from pipelines.learning import tasks

MANIFEST, ABOUT, REMOVED = "manifest.csv", "lesson.json", ".removed"
COLUMNS = ["path", "label", "group"]
NOBODY = "unnamed"  # group of samples without a person, if others have one
LONGEST_NAME = 80
SUFFIX = {"images": ".png", "speech": ".wav", "text": ".txt"}
KNOWN_SUFFIXES = {
    "images": (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"),
    "speech": (".wav", ".flac", ".ogg", ".mp3"),
    "text": (".txt",),
}


@dataclass(frozen=True)
class Taught:
    """One sample: its path below the folder, with slashes, its class, and its person."""

    path: str
    label: str
    person: str


class Lesson:
    """The samples of one lesson.

    Parameters
    ----------
    folder : Path, which is made when the first class is named
    task : str or None
        None means the task of an existing lesson. Raises Refusal if there is none.
    """

    def __init__(self, folder, task=None):
        self.folder = Path(folder)
        self._lock = threading.RLock()
        self._undo = []  # functions that undo, each with the name of the change
        about = self._read_about()
        if about is None and task is None:
            raise Refusal(404, f"{self.folder}: there is no lesson in this folder; make one.")
        self.task = tasks.find(about["task"] if about else task).name
        self.classes = list(about["classes"]) if about else []
        self.samples = self._read_manifest()
        if about is None:
            self._write()

    @property
    def name(self):
        """Return the name of the lesson, which is the name of its folder."""
        return self.folder.name

    @property
    def manifest(self):
        """The path of the manifest, which `train --dataset` takes."""
        return self.folder / MANIFEST

    def describe(self):
        """Return the lesson for a page: dict of JSON types."""
        with self._lock:
            counts = {name: [s for s in self.samples if s.label == name] for name in self.classes}
            return {
                "name": self.name,
                "task": self.task,
                "folder": str(self.folder),
                "manifest": str(self.manifest),
                "classes": [
                    {
                        "name": name,
                        "n": len(of_class),
                        "people": sorted({sample.person for sample in of_class if sample.person}),
                        "samples": [{"path": sample.path, "person": sample.person} for sample in of_class],
                    }
                    for name, of_class in counts.items()
                ],
                "people": sorted({sample.person for sample in self.samples if sample.person}),
                "undo": self._undo[-1][0] if self._undo else None,
                "advice": advice(self.task, {name: len(of_class) for name, of_class in counts.items()}, self.samples),
            }

    def add_class(self, name):
        """Add a class. Raises UsageError if its name is invalid or already used."""
        name = check_name(name)
        with self._lock:
            if name.casefold() in (other.casefold() for other in self.classes):
                raise UsageError(f"{name}: there is already a class with this name")
            self.classes.append(name)
            self._write()
            self._remember(f"adding the class {name}", lambda: self.classes.remove(name))

    def remove_class(self, name):
        """Remove a class and its samples; this can be undone."""
        with self._lock:
            place = self._index(name)
            gone = [sample.path for sample in self.samples if sample.label == name]
            back = self._take_away(gone)
            self.classes.pop(place)
            self._write()

            def undo():
                self.classes.insert(place, name)
                back()

            self._remember(f"removing the class {name}", undo)

    def add(self, label, content, person="", suffix=None):
        """Add a sample, the contents of a file (bytes), and return its path. Raises Refusal, OSError."""
        with self._lock:
            self._index(label)
            person = plain_name(person) if person else ""
            suffix = suffix if suffix in KNOWN_SUFFIXES[self.task] else SUFFIX[self.task]
            path = self._fresh_path(label, person, suffix)
            with whole_file(self.folder / path) as temporary:
                temporary.write_bytes(content)
            self.samples.append(Taught(path, label, person))
            self._write()
            self._remember("adding a sample", lambda: self._take_away([path]))
            return path

    def remove(self, paths):
        """Remove samples; this can be undone."""
        with self._lock:
            back = self._take_away([self.find(path).path for path in paths])
            self._write()
            self._remember(f"removing {len(paths)} sample{'s' if len(paths) > 1 else ''}", back)

    def relabel(self, path, label):
        """Change the class of a sample; its file moves too."""
        with self._lock:
            self._index(label)
            before = self.find(path)
            moved = replace(
                before, path=self._fresh_path(label, before.person, PurePosixPath(before.path).suffix), label=label
            )
            self._move(before, moved)
            self._write()
            self._remember(f"moving a sample to {label}", lambda: self._move(moved, before))
            return moved.path

    def rewrite(self, path, content):
        """Replace the contents of a sample (bytes of a file), under a new name, and return it.

        Raises Refusal, OSError.
        """
        with self._lock:
            before = self.find(path)
            place = self.samples.index(before)
            after = replace(before, path=self._fresh_path(before.label, before.person, SUFFIX[self.task]))
            with whole_file(self.folder / after.path) as temporary:
                temporary.write_bytes(content)
            back = self._take_away([path])
            self.samples.insert(place, after)
            self._write()

            def undo():
                self._take_away([after.path])
                back()

            self._remember("trimming a sample", undo)
            return after.path

    def undo(self):
        """Undo the last change. Raises Refusal if there is none."""
        with self._lock:
            if not self._undo:
                raise Refusal(409, "There is nothing to undo.")
            what, back = self._undo.pop()
            back()
            self._write()
            return what

    def forget(self, person):
        """Delete all samples of one person permanently, also the removed ones. Return the number of files."""
        with self._lock:
            mine = [sample for sample in self.samples if sample.person == person]
            if not mine:
                raise Refusal(404, f"There is no sample of {person} here.")
            for sample in mine:
                (self.folder / sample.path).unlink(missing_ok=True)
            shutil.rmtree(self.folder / REMOVED, ignore_errors=True)
            self.samples = [sample for sample in self.samples if sample.person != person]
            self._undo.clear()
            self._write()
            return len(mine)

    def find(self, path):
        """Return the Taught of a path. Raises Refusal for a path that the lesson does not list."""
        found = next((sample for sample in self.samples if sample.path == path), None)
        if found is None:
            raise Refusal(404, "This sample is not in the lesson.")
        return found

    def content(self, path):
        """Return the contents of a sample's file: bytes."""
        try:
            return (self.folder / self.find(path).path).read_bytes()
        except OSError as error:
            raise Refusal(404, f"{path}: cannot be read ({error.strerror}).") from None

    def all_files(self):
        """Return the paths of all files of the lesson, relative to its folder; hold the lock meanwhile: list of str."""
        with self._lock:
            return [ABOUT, MANIFEST, *(sample.path for sample in self.samples)]

    def _take_away(self, paths):
        """Move samples to the folder for removed files; return the function that brings them back."""
        gone = [(place, sample) for place, sample in enumerate(self.samples) if sample.path in set(paths)]
        places = {}
        for _, sample in gone:
            places[sample.path] = self._fresh_place()
            places[sample.path].parent.mkdir(parents=True, exist_ok=True)
            (self.folder / sample.path).replace(places[sample.path])
        self.samples = [sample for sample in self.samples if sample.path not in places]

        def back():
            for place, sample in gone:
                there = self.folder / sample.path
                there.parent.mkdir(parents=True, exist_ok=True)
                places[sample.path].replace(there)
                self.samples.insert(place, sample)

        return back

    def _move(self, before, after):
        there = self.folder / after.path
        there.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / before.path).replace(there)
        self.samples[self.samples.index(before)] = after

    def _remember(self, what, back):
        self._undo.append((what, back))
        del self._undo[:-100]

    def _index(self, label):
        if label not in self.classes:
            raise Refusal(404, "This class is not in the lesson; add it first.")
        return self.classes.index(label)

    def _fresh_path(self, label, person, suffix):
        folder, stem = self._folder_of(label), person or "sample"
        taken = {sample.path for sample in self.samples}
        for number in itertools.count(1):
            path = f"{folder}/{stem}-{number}{suffix}"
            if path not in taken and not (self.folder / path).exists():
                return path
        raise AssertionError("there is always another number")

    def _folder_of(self, label):
        """Return the name of a class's folder: its plain name, with a number where two classes have the same."""
        plain = [plain_name(name) for name in self.classes]
        place = self._index(label)
        same = plain[:place].count(plain[place])
        return plain[place] if not same else f"{plain[place]}-{same + 1}-"

    def _fresh_place(self):
        for number in itertools.count(1):
            place = self.folder / REMOVED / str(number)
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
                return place
        raise AssertionError("there is always another number")

    def _read_about(self):
        try:
            about = json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
            if about["task"] not in tasks.NAMES or not all(isinstance(name, str) for name in about["classes"]):
                raise ValueError
            return about
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"{self.folder / ABOUT}: is not a description of a lesson; repair or remove it") from None

    def _read_manifest(self):
        try:
            with self.manifest.open(encoding="utf-8", newline="") as file:
                listed = [Taught(row["path"], row["label"], _person(row.get("group"))) for row in csv.DictReader(file)]
        except FileNotFoundError:
            listed = []
        except (OSError, ValueError, KeyError):
            raise DataError(f"{self.manifest}: cannot be read as the manifest of a lesson; repair it") from None
        inside = [sample for sample in listed if is_inside(sample.path) and (self.folder / sample.path).is_file()]
        known = {sample.path for sample in inside}
        for label in self.classes:
            for path in sorted((self.folder / self._folder_of(label)).glob("*")):
                name = path.relative_to(self.folder).as_posix()
                if name not in known and not path.name.startswith(".") and path.suffix in KNOWN_SUFFIXES[self.task]:
                    person = path.stem.rpartition("-")[0]
                    inside.append(Taught(name, label, "" if person == "sample" else person))
        return [sample for sample in inside if sample.label in self.classes]

    def _write(self):
        """Write the manifest and the classes, each file completely or not at all."""
        with whole_file(self.folder / ABOUT) as temporary:
            about = {"task": self.task, "classes": self.classes}
            temporary.write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
        with (
            whole_file(self.manifest) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            grouped = any(sample.person for sample in self.samples)  # the reader refuses empty cells
            writer = csv.writer(file)
            writer.writerow(COLUMNS if grouped else COLUMNS[:2])
            for sample in self.samples:
                writer.writerow([sample.path, sample.label, *([sample.person or NOBODY] if grouped else [])])


def _person(group):
    return "" if group in (None, NOBODY) else group


def check_name(name):
    """Return the name of a class, without spaces around it. Raises UsageError if it is invalid."""
    if not isinstance(name, str):
        raise UsageError("name of a class: give a text")
    name = unicodedata.normalize("NFC", name).strip()
    if not name:
        raise UsageError("name of a class: give at least one letter")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"name of a class: {len(name)} letters are too many; give at most {LONGEST_NAME}")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise UsageError("name of a class: it contains an invisible letter; remove it")
    return name


def is_inside(path):
    """Tell whether a path with slashes stays below its first folder."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and "\0" not in path


def advice(task, counts, samples):
    """Return advice before a training: list of str."""
    if len(counts) < 2:
        return ["Add at least two classes, because a network learns to tell classes apart."]
    said = []
    few = [name for name, n in counts.items() if n < 5]
    if few:
        said.append(f"{', '.join(few[:6])}: collect at least five samples; twenty are better.")
    most, least = max(counts.values()), min(counts.values())
    if not few and most > 3 * least:
        said.append("The classes have very different sizes; collect more samples of the small ones.")
    people = {sample.person for sample in samples if sample.person}
    if task == "speech" and not few and len(people) == 1:
        said.append("All samples are of one voice; the model may not understand other people.")
    return said
