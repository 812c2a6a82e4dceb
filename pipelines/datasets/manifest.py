"""A manifest: a table that lists the files of a data set, wherever they lie.

A CSV file with a heading. The columns `path` and `label` must be there; `split` (train, valid or test) and `group` (who
spoke, or where the file came from) may be. Paths are relative to the folder of the CSV file, or absolute.
"""

import csv

from pipelines.datasets.dataset import ROLES
from pipelines.datasets.rows import Row, check_classes
from pipelines.errors import DataError
from pipelines.wording import listed

REQUIRED = ("path", "label")
OPTIONAL = ("split", "group")


def read_rows(path, to_train=True):
    """Read a manifest.

    Parameters
    ----------
    path : Path
        The CSV file, in UTF-8.
    to_train : bool
        Whether the classes must be fit to train on.

    Returns
    -------
    list of Row
        In the order of the lines; all `"train"` without a column `split`.

    Raises
    ------
    DataError
        If columns are missing or unknown, a cell is empty, a split is none of the three words, files are missing or
        named twice, or there are too few classes or samples of one.
    """
    rows = [_row(path, line, cells) for line, cells in _lines(path)]
    if not rows:
        raise DataError(f"{path}: lists no files")
    if missing := [row.name for row in rows if not row.path.is_file()]:
        raise DataError(f"{path}: lists {len(missing)} of {len(rows)} files that do not exist: {listed(missing)}")
    _check_no_file_twice(path, rows)
    if to_train:
        check_classes(rows, path)
    return rows


def _lines(path):
    """Return pairs of a line number and the cells of that line, a dict by column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            _check_columns(path, reader.fieldnames or [])
            return [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not text in UTF-8; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: is not a CSV file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _check_columns(path, columns):
    allowed = f"they are {', '.join(REQUIRED)} and optionally {', '.join(OPTIONAL)}, separated by commas"
    if unknown := [column for column in columns if column not in REQUIRED + OPTIONAL]:
        raise DataError(f"{path}: has unknown columns: {listed([repr(column) for column in unknown])}; {allowed}")
    if missing := [column for column in REQUIRED if column not in columns]:
        raise DataError(f"{path}: lacks the column {' and '.join(missing)}; {allowed}")
    if len(set(columns)) < len(columns):
        raise DataError(f"{path}: has a column twice; {allowed}")


def _row(path, line, cells):
    if "" in cells:
        raise DataError(f"{path}: line {line} has more cells than there are columns; quote cells that contain a comma")
    cells = {column: (cell or "").strip() for column, cell in cells.items()}
    for column, cell in cells.items():
        if not cell:
            raise DataError(f"{path}: line {line} has no {column}")
    role = cells.get("split", "train")
    if role not in ROLES:
        raise DataError(f"{path}: line {line} has the split {role!r}; it must be one of {', '.join(ROLES)}")
    return Row(cells["path"], path.parent / cells["path"], cells["label"], role, cells.get("group"))


def _check_no_file_twice(path, rows):
    seen = set()
    for row in rows:
        place = row.path.resolve()
        if place in seen:
            raise DataError(f"{path}: lists {row.name} twice; each file has one label and one split")
        seen.add(place)
