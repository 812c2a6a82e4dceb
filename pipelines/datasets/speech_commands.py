"""Speech Commands: short words, each said once or a few times by each of many people.

A folder a word, and in it `<speaker>_nohash_<n>.wav`, where the speaker is a hexadecimal number that stands for a
person and n counts that person's repetitions. `validation_list.txt` and `testing_list.txt` name one recording a line;
what is in neither is for training. Long recordings of noise lie in `_background_noise_`: no samples, but of use to
mix in.
"""

import re

from pipelines.datasets.rows import Row
from pipelines.errors import DataError

NOISE_FOLDER = "_background_noise_"
LISTS = {"valid": "validation_list.txt", "test": "testing_list.txt"}

_NAME = re.compile(r"(?P<speaker>[0-9a-f]+)_nohash_[0-9]+\.wav")


def read_rows(folder):
    """Read the words, speakers and lists.

    Parameters
    ----------
    folder : Path
        The unpacked archive.

    Returns
    -------
    list of Row
        By word and file name; groups are the speakers. Background noise is not among them.

    Raises
    ------
    DataError
        If a list is missing, names a recording that does not exist or that the other list has too, or if a file does
        not belong there.
    """
    words = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != NOISE_FOLDER)
    names = [f"{word}/{path.name}" for word in words for path in sorted((folder / word).iterdir())]
    if not names:
        raise DataError(f"{folder}: contains no folders of words; delete it and fetch the data set again")
    roles = _read_roles(folder, set(names))
    return [
        Row(name, folder / name, name.split("/")[0], roles.get(name, "train"), _speaker(folder, name)) for name in names
    ]


def background_noise(folder):
    """Return the recordings of noise in the unpacked archive: sorted list of Path, empty if there are none."""
    return sorted((folder / NOISE_FOLDER).glob("*.wav"))


def _read_roles(folder, names):
    roles = {}
    for role, list_name in LISTS.items():
        path = folder / list_name
        try:
            lines = path.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path}: cannot be read ({error}); delete {folder} and fetch the data set again"
            ) from error
        for name in lines:
            if name not in names:
                raise DataError(
                    f"{path}: names {name}, which does not exist; delete {folder} and fetch the data set again"
                )
            if roles.setdefault(name, role) != role:
                raise DataError(f"{path}: names {name}, which {LISTS[roles[name]]} names too")
    return roles


def _speaker(folder, name):
    match = _NAME.fullmatch(name.split("/")[1])
    if not match:
        raise DataError(f"{folder / name}: is not named like a recording of this data set, speaker_nohash_number.wav")
    return match["speaker"]
