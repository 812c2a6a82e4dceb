"""Class folders: the simplest data set, a folder for each class with its files in it.

    mydata/cat/1.jpg          or          mydata/train/cat/1.jpg          or          mydata/yes/anna/1.wav
    mydata/dog/1.jpg                      mydata/test/cat/7.jpg                       mydata/yes/bob/1.wav

The folder's name is the label. Folders for parts of a split, with any of the usual names, may be above the classes.
Folders inside a class are groups: one speaker, one session, one object each. A single folder around all of it is
opened. If files are not in class folders, a table beside them gives their labels, or their names do (`cat.17.jpg`).
Files of another kind are left out and reported.
"""

import functools
import re
from collections import Counter, defaultdict

from pipelines.datasets import manifest
from pipelines.datasets.columns import find_columns
from pipelines.datasets.groups import with_named_groups
from pipelines.datasets.listed_files import ListedFiles
from pipelines.datasets.reading import Reading
from pipelines.datasets.roles import role_of, says_nothing, settle
from pipelines.datasets.rows import Row, check_classes
from pipelines.datasets.tables import is_table, read_table
from pipelines.datasets.tree import PassedOver, compose, look_into, usable
from pipelines.errors import DataError
from pipelines.machine import contents
from pipelines.machine.suffixes import SUFFIXES
from pipelines.wording import list_some

NOISE_FOLDERS = ("_background_noise_", "background_noise", "_noise_")
UNLISTED = 0.1  # a table that leaves out a larger share of the files does not count; the folders do
_LOOKED_AT = 100  # small files that are examined first; if one is a pointer, all are examined
_CLASS_IN_NAME = re.compile(r"(?P<label>[^.]*[^.\d][^.]*)\..+")


def read(folder, task, to_train=True):
    """Read a folder of class folders, or of files that a table in it lists.

    Parameters
    ----------
    folder : Path
    task : str
        Decides which files count, see `machine.suffixes`.
    to_train : bool
        Whether the classes must be fit to train on.

    Returns
    -------
    Reading
        Its rows are sorted by name; all `"train"` if the folder has no split.

    Raises
    ------
    DataError
        If there are fewer than two classes, a class has no files or too few, files have no label, or the files are only
        pointers of Git LFS.
    """
    passed_over = PassedOver()
    reader = _FolderReader(folder, task, passed_over)
    place = reader.inner(look_into(folder, passed_over))
    found = reader.read_place(place)
    found.skipped = [*passed_over.sentences, *found.skipped]
    if note := passed_over.note():
        found.notes.append(note)
    found.rows = _true_files(folder, found.rows, reader.small, found.skipped)
    if to_train:
        check_classes(found.rows, folder)
    if all(row.group is None for row in found.rows):
        found.rows, note = with_named_groups(found.rows)
        found.notes += [note] if note else []
    return found


class _FolderReader:
    """Reads one folder for one task. It remembers which folders have usable files, because this is needed often."""

    def __init__(self, top, task, passed_over):
        self.top, self.task, self.passed_over = top, task, passed_over
        self.small, self._usable, self.noise = set(), {}, []

    def usable(self, folder):
        """Return the files of a Folder itself that the task can use."""
        if folder.path not in self._usable:
            self._usable[folder.path] = [path for path in folder.files if usable(path, self.task)]
            self.small |= folder.small
        return self._usable[folder.path]

    def full(self, folder):
        """Return the folders of a Folder that have usable files in them or below, without folders of noise."""
        return [each for each in folder.folders if not self._is_noise(each) and self._has_any(each)]

    def inner(self, folder):
        """Return the folder where the data begins. If a folder contains only one other folder, look into that one."""
        while True:
            full, strays = self.full(folder), self.usable(folder)
            if len(full) != 1 or role_of(full[0].name) not in (None, role_of(folder.name)):
                return folder
            inside = self.full(full[0])
            if len(inside) < (2 if strays else 1) and not any(map(self._lists_files, full[0].files)):
                return folder
            if any(map(self._lists_files, folder.files)):
                return folder
            self.passed_over.sentences += [f"{path}: left out, it is not in a class folder" for path in strays]
            folder = full[0]

    def read_place(self, place):
        """Return the Reading of the folder where the data begins."""
        full = self.full(place)
        roles = settle([folder.name for folder in full])
        parts = {folder.name: self.inner(folder) for folder in full if roles[folder.name]}
        labelled = [name for name, part in parts.items() if self.full(part)]
        if labelled:
            return self._read_parts(place, full, roles, parts, labelled)
        without_names = not full or all(roles[folder.name] or says_nothing(folder.name) for folder in full)
        found = self._read_listed(place, full, roles, or_else=not without_names)
        if found is None and without_names:
            found = self._read_named(place, full, roles)
        if found is not None:
            return found
        if len(full) > 1 and all(roles[folder.name] for folder in full):
            raise DataError(
                f"{place.path}: has {list_some([folder.path.name for folder in full])}, but no class folders in them; "
                "put the files of each class in a folder with the class's name, or list them in a table "
                "(path,label,split)"
            )
        rows, skipped = self._classes(place, "train")
        return self._reading(rows, skipped, "class folders", place)

    def _read_parts(self, place, full, roles, parts, labelled):
        """Read folders for the split, with class folders in each."""
        if strange := [folder.path.name for folder in full if not roles[folder.name]]:
            raise DataError(
                f"{self.top}: contains {list_some(strange)} beside {list_some(labelled)}; have class folders only, or "
                "only train, valid and test with class folders in each"
            )
        rows, skipped = [], self._outside(place)
        taught = {f.name for name in labelled if roles[name] == "train" for f in self.full(parts[name])}
        for name, part in parts.items():
            inside = {f.name for f in self.full(part)}
            unlabelled = name not in labelled or (
                len(taught) > 1 and not inside & taught and all(map(_says_no_class, inside))
            )
            if unlabelled and roles[name] != "train":
                n = sum(1 for path in part.all_files() if usable(path, self.task))
                skipped.append(
                    f"{part.path}: left out, its {n} files have no labels, because they are not in class folders"
                )
                continue
            if unlabelled:
                raise DataError(
                    f"{part.path}: contains no class folders; put the files of each class in a folder of its name"
                )
            self._find_noise(part)
            more, left_out = self._classes(part, roles[name])
            rows += more
            skipped += left_out
        words = ", ".join(f"{name} ({roles[name]})" if name != roles[name] else name for name in labelled)
        return self._reading(rows, skipped, f"class folders in {words}", place)

    def _classes(self, place, role):
        """Read class folders; return rows, and sentences about what was left out."""
        folders = [folder for folder in place.folders if not self._is_noise(folder)]
        if not folders:
            raise DataError(
                f"{place.path}: contains no class folders; put the files of each class in a folder of its name, or "
                "list them in a table with the columns path and label"
            )
        rows, skipped = [], self._outside(place)
        inner_roles = self._roles_inside(folders)
        for folder in folders:
            rows += self._class_rows(folder, role, inner_roles, skipped)
        return rows, skipped

    def _class_rows(self, folder, role, inner_roles, skipped):
        rows = [self._row(path, folder.name, role) for path in self.usable(folder)]
        skipped += self._strange(folder)
        for inside in folder.folders:
            paths = list(inside.all_files())
            good = [path for path in paths if usable(path, self.task)]
            self._note_small(inside)
            skipped += [self._other_kind(path) for path in paths if path not in set(good)]
            if inner_roles:
                rows += [self._row(path, folder.name, inner_roles[inside.name] or role) for path in good]
            else:
                rows += [self._row(path, folder.name, role, inside.name) for path in good]
        if not rows:
            kinds = " ".join(sorted(SUFFIXES[self.task]))
            raise DataError(
                f"{folder.path}: contains no files that {self.task} can use ({kinds}); add some, or delete the folder"
            )
        return rows

    def _roles_inside(self, folders):
        """Return the roles that folders inside the classes mean, dict by name; empty if the folders are groups."""
        names = {inside.name for folder in folders for inside in self.full(folder)}
        roles = settle(names)
        return roles if names and all(roles.values()) and "train" in roles.values() else {}

    def _read_listed(self, place, full, roles, or_else):
        """Read the tables in the folder or in its parts; return None if no table can be understood.

        With `or_else`, the folders may be classes: then a table counts only if it lists nearly all files.
        """
        tables = [(path, None) for path in place.files if is_table(path)]
        if not or_else:
            tables += [(path, roles[folder.name]) for folder in full for path in folder.files if is_table(path)]
        understood = [(path, role) for path, role in tables if self._lists_files(path)]
        if not understood:
            return None
        parts = [(path, role or role_of(path.stem)) for path, role in understood]
        if any(role == "train" for _, role in parts):  # take train.tsv, dev.tsv and test.tsv, not validated.tsv
            understood = [(path, role) for path, role in parts if role]
        if len(understood) > 1 and any(role is None and role_of(path.stem) is None for path, role in understood):
            if or_else:
                return None
            names = list_some([path.relative_to(self.top).as_posix() for path, _ in understood])
            raise DataError(f"{place.path}: has {len(understood)} tables that list files: {names}; name the one to use")
        together = Reading([], layout="a table beside the files")
        for path, role in understood:
            one = manifest.read(path, self.task, to_train=False, default_role=role or role_of(path.stem))
            together.rows += one.rows
            together.notes += [f"The labels are from {path.relative_to(self.top).as_posix()}.", *one.notes]
        chosen = {row.path.resolve() for row in together.rows}
        files = [path for folder in (place, *full) for path in self._files_of(folder, place)]
        unlisted = sum(1 for path in files if path.resolve() not in chosen)
        if or_else and unlisted > UNLISTED * len(files):
            return None
        if unlisted:
            together.skipped.append(f"{place.path}: {unlisted} files left out, because no table lists them")
        self._find_noise(place)
        together.noise = tuple(self.noise)
        return together

    def _lists_files(self, path):
        """Tell whether a file is a table that lists files that exist, with a label for each."""
        if not is_table(path):
            return False
        files = ListedFiles(path, self.task)
        try:
            table = read_table(path)
            columns = find_columns(table, path, files.is_file)
            cells = [line[columns.path] for _, line in table.lines[:20]]
        except DataError:
            return False
        return bool(cells) and sum(files.is_file(cell) for cell in cells) > len(cells) / 2

    def _read_named(self, place, full, roles):
        """Read files whose names begin with the class and a dot, like `cat.17.jpg`; return None if they do not."""
        rows = []
        for folder in (place, *full):
            role = "train" if folder is place else roles[folder.name] or "train"
            for path in self._files_of(folder, place):
                match = _CLASS_IN_NAME.fullmatch(compose(path.stem))
                rows.append((path, match["label"] if match else None, role))
        counts = Counter(label for _, label, _ in rows)
        named = {label for label in counts if label is not None}
        unnamed_parts = {role for _, label, role in rows if label is None}
        if len(named) < 2 or "train" in unnamed_parts or min(counts[label] for label in named) < 2:
            return None
        found = [self._row(path, label, role) for path, label, role in rows if label is not None]
        skipped = [
            f"{path}: left out, its name does not begin with a class" for path, label, _ in rows if label is None
        ]
        reading = self._reading(found, skipped, "names that begin with the class", place)
        reading.notes.append(
            f"The labels are the beginnings of the names, up to the dot: {list_some(sorted(named), 5)}."
        )
        return reading

    def _reading(self, rows, skipped, layout, place):
        self._find_noise(place)
        notes = []
        if groups := sorted({row.group for row in rows if row.group is not None}):
            rows = [row if row.group is not None else row._replace(group=row.name) for row in rows]
            notes.append(
                f"Folders inside the classes are used as groups, such as speakers: {len(groups)} of them "
                f"({list_some(groups)})."
            )
        spellings = defaultdict(set)
        for row in rows:
            spellings[row.label].add(row.name.split("/")[-2] if "/" in row.name else "")
        doubled = [label for label, names in spellings.items() if len({n for n in names if compose(n) == label}) > 1]
        if doubled:
            notes.append(f"{list_some(sorted(doubled))}: written in two forms of Unicode, and used as the same class.")
        if self.noise:
            use = "mixed into training words" if self.task == "speech" else "left out"
            n, kind = len(self.noise), "recording" if len(self.noise) == 1 else "recordings"
            notes.append(f"{self.noise[0].parent.name}: {n} {kind} of noise, not a class of words; {use}.")
        return Reading(rows, skipped, notes, tuple(self.noise), layout)

    def _find_noise(self, place):
        for folder in place.folders:
            if self._is_noise(folder):
                self.noise += [path for path in folder.all_files() if usable(path, "speech") and path not in self.noise]

    def _is_noise(self, folder):
        return folder.name.casefold() in NOISE_FOLDERS

    def _has_any(self, folder):
        return bool(self.usable(folder)) or any(map(self._has_any, folder.folders))

    def _files_of(self, folder, place):
        """Return the usable files of a folder: of `place` only its own files, of a folder in it also those below."""
        if folder is place:
            return self.usable(folder)
        return [path for path in folder.all_files() if usable(path, self.task)]

    def _note_small(self, folder):
        self.small |= folder.small
        for inside in folder.folders:
            self._note_small(inside)

    def _row(self, path, label, role, group=None):
        name = path.as_posix().removeprefix(self._above)  # relative_to takes five times as long
        return Row(name, path, label, role, group)

    @functools.cached_property
    def _above(self):
        return f"{self.top.as_posix().rstrip('/')}/"

    def _outside(self, place):
        return [f"{path}: left out, it is not in a class folder" for path in place.files]

    def _strange(self, folder):
        good = set(self.usable(folder))
        return [self._other_kind(path) for path in folder.files if path not in good]

    def _other_kind(self, path):
        return f"{path}: left out, not a file of a kind that {self.task} uses"


def _says_no_class(name):
    """Tell whether a folder beside the classes has samples without labels: `unknown`, `images`, a second `test`."""
    return (
        name.casefold() in ("unknown", "unlabelled", "unlabeled", "unlabel")
        or bool(role_of(name))
        or says_nothing(name)
    )


def _true_files(folder, rows, small, skipped):
    """Leave out the rows whose file is a Git LFS pointer, a web page or the like; raise DataError if most are."""
    suspects = [row for row in rows if row.path in small]
    first = suspects[:: max(1, len(suspects) // _LOOKED_AT)]
    if not any(map(_in_its_place, first)):
        return rows
    told = {row.path: sentence for row in suspects if (sentence := _in_its_place(row))}
    if 2 * len(told) > len(rows):
        path, sentence = next(iter(told.items()))
        raise DataError(f"{path}: {sentence} (so are {len(told)} of the {len(rows)} files in {folder})")
    skipped += [f"{path}: left out, {sentence}" for path, sentence in told.items()]
    return [row for row in rows if row.path not in told]


def _in_its_place(row):
    try:
        return contents.what_it_is(contents.first_bytes(row.path))
    except OSError:
        return None
