"""Class folders: the plainest data set there is, a folder for each class with its files in it.

    mydata/cat/1.jpg          or          mydata/train/cat/1.jpg
    mydata/dog/1.jpg                      mydata/test/cat/7.jpg

The folder's name is the label. If `train`, `valid` (or `val`, `validation`) or `test` come first, they are the split.
Hidden files are no concern of ours; files of another kind are left out and reported.
"""

import os

from pipelines.datasets.rows import Row, check_classes
from pipelines.errors import DataError
from pipelines.wording import listed

SUFFIXES = {
    "speech": frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"}),
    "images": frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm"}),
}
ROLE_FOLDERS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}


def read_rows(folder, task, to_train=True):
    """Read a folder of class folders.

    Parameters
    ----------
    folder : Path
    task : str
        Decides which files count: `"speech"` or `"images"`.
    to_train : bool
        Whether the classes must be fit to train on.

    Returns
    -------
    rows : list of Row
        Sorted by name; all `"train"` if the folder has no split.
    skipped : list of str
        A sentence for each file that was left out.

    Raises
    ------
    DataError
        If there are fewer than two classes, a class has no files or too few, or folders are nested in another way.
    """
    rows, skipped = [], []
    for role, place in _splits(folder):
        for class_folder in _class_folders(place, task, skipped):
            rows += _class_rows(folder, class_folder, role, task, skipped)
    if to_train:
        check_classes(rows, folder)
    return rows, skipped


def _splits(folder):
    """Return pairs of a role and the folder that holds its class folders."""
    folders, _ = _visible(folder)
    splits = [path for path in folders if path.name in ROLE_FOLDERS and _visible(path)[0]]
    if not splits:
        return [("train", folder)]
    if strange := [path.name for path in folders if path not in splits]:
        advice = "have class folders only, or only train, valid and test with class folders in each"
        raise DataError(f"{folder}: holds {listed(strange)} beside {listed([path.name for path in splits])}; {advice}")
    return [(ROLE_FOLDERS[path.name], path) for path in splits]


def _class_folders(place, task, skipped):
    class_folders, others = _visible(place)
    skipped += [f"{path}: left out, it lies in no class folder" for path, _ in others]
    if not class_folders:
        raise DataError(
            f"{place}: holds no class folders; put the files of each class in a folder with the class's name"
        )
    return class_folders


def _class_rows(folder, class_folder, role, task, skipped):
    folders, others = _visible(class_folder)
    if folders:
        raise DataError(
            f"{folders[0]}: is a folder inside the class {class_folder.name}; put its files directly in the class"
        )
    before = class_folder.relative_to(folder).as_posix()
    rows = []
    for path, is_file in others:
        if is_file and path.suffix.lower() in SUFFIXES[task]:
            rows.append(Row(f"{before}/{path.name}", path, class_folder.name, role))
        elif path.is_symlink() and not path.exists():
            skipped.append(f"{path}: left out, a link that leads nowhere")
        else:
            skipped.append(f"{path}: left out, not a file of a kind that {task} uses")
    if not rows:
        kinds = " ".join(sorted(SUFFIXES[task]))
        raise DataError(f"{class_folder}: holds no files that {task} can use ({kinds}); add some, or delete the folder")
    return rows


def _visible(folder):
    """Return a folder's folders, and pairs of its other entries and whether they are files, by name, none hidden."""
    folders, others = [], []
    try:
        with os.scandir(folder) as entries:  # Path.iterdir would ask the disk about each entry once more
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith("."):
                    continue
                if _holds(entry.is_dir):
                    folders.append(folder / entry.name)
                else:
                    others.append((folder / entry.name, _holds(entry.is_file)))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be read ({error.strerror}); change its permissions, or move it elsewhere"
        ) from error
    return folders, others


def _holds(question):
    """Return the answer about an entry; no, where it is a link that leads round in a circle."""
    try:
        return question()
    except OSError:
        return False
