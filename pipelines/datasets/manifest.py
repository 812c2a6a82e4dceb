"""A manifest: a table that lists the files of a data set, in any folders.

The columns `path` and `label` must be there; `split` (train, valid or test) and `group` (who spoke, or where the file
came from) may be; `columns` knows what other programs call them. Paths are relative to the folder of the table, or
absolute.
"""

from collections import Counter

from pipelines.datasets.columns import MEANINGS, find_columns
from pipelines.datasets.listed_files import ListedFiles
from pipelines.datasets.reading import Reading
from pipelines.datasets.roles import settle
from pipelines.datasets.rows import MANY_NUMBERS, Row, check_classes, numbers_in, regression
from pipelines.datasets.tables import Table, heading, read_table, unreadable
from pipelines.errors import DataError
from pipelines.wording import list_some

CLASS_HEADINGS = frozenset(name for names in MEANINGS["label"] for name in names) - {"target", "y"}
_MISSING = ("NaN", "nan", "<NA>", "#N/A")  # what pandas and Excel write where there is no value
OFTEN = 5  # samples of each number, at least or on average, if numbers are classes


def read(path, task, to_train=True, default_role=None):
    """Read a manifest.

    Parameters
    ----------
    path : Path
        The table: CSV of any separator, or JSON lines.
    task : str
        Decides which files a name without suffix may mean.
    to_train : bool
        Whether the classes must be fit to train on.
    default_role : str or None
        The role of all rows, where the table has no column for it; None means "train".

    Returns
    -------
    Reading
        Its rows are in the order of the lines; all `"train"` without a column for the split.

    Raises
    ------
    DataError
        If columns are missing or ambiguous, a cell is empty, a split is unknown, files are missing or have
        two labels, the labels are numbers to predict, or there are too few classes or samples of one.
    """
    files = ListedFiles(path, task)
    table = _with_heading(read_table(path), files)
    if path.suffix.lower() == ".txt" and len(table.columns) < 2:
        raise unreadable(path)
    columns = find_columns(table, path, files.is_file)
    if not table.lines:
        raise DataError(f"{path}: lists no files")
    rows = _rows(path, table, columns, files, default_role)
    if missing := [name for name, found, *_ in rows if found is None]:
        raise DataError(f"{path}: lists {len(missing)} of {len(rows)} files that do not exist: {list_some(missing)}")
    rows, n_twice = _each_once(path, [Row(*row) for row in rows])
    _check_not_numbers(path, table.columns[columns.label], rows)
    if to_train:
        check_classes(rows, path)
    return Reading(rows, notes=_notes(path, table, columns, n_twice), layout=f"a table ({table.kind})")


def _notes(path, table, columns, n_twice):
    notes = []
    taken = {
        name: table.columns[getattr(columns, name)]
        for name in ("path", "label", "split", "group")
        if getattr(columns, name) is not None
    }
    if other := [f"{called!r} for the {name}" for name, called in taken.items() if called != name]:
        notes.append(f"{path.name}: takes the column {list_some(other, 4)}.")
    if columns.unused:
        notes.append(f"{path.name}: does not use the columns {list_some([repr(name) for name in columns.unused], 8)}.")
    if n_twice:
        notes.append(f"{path.name}: {n_twice} {'line repeats' if n_twice == 1 else 'lines repeat'} an earlier one.")
    return notes


def _with_heading(table, files):
    """Return the table; if its first line already lists a file, give it the headings path and label."""
    found = [i for i, cell in enumerate(table.columns) if "/" in cell or "." in cell]
    found = [i for i in found if files.is_file(table.columns[i])]
    if len(found) != 1 or len(table.columns) != 2:
        return table
    names = ["path" if i == found[0] else "label" for i in range(2)]
    return Table(names, [(1, table.columns), *table.lines], table.kind, table.n_empty, table.encoding)


def _rows(path, table, columns, files, default_role):
    """Return the content of each line: list of (name, Path or None, label, role, group)."""
    roles = settle({cells[columns.split] for _, cells in table.lines}) if columns.split is not None else {}
    rows = []
    for line, cells in table.lines:
        for name in ("path", "label", "split", "group"):
            column = getattr(columns, name)
            if column is not None and not cells[column]:
                raise DataError(f"{path}: line {line} has no {name}; fill the cell in, or delete the line")
        if cells[columns.label] in _MISSING:
            told = f"line {line} has the label {cells[columns.label]}, which means a missing value"
            raise DataError(f"{path}: {told}; fill the cell in, or delete the line")
        role = default_role or "train"
        if columns.split is not None and (role := roles[cells[columns.split]]) is None:
            raise DataError(
                f"{path}: line {line} has the split {cells[columns.split]!r}; it must be one of train, valid, test"
            )
        name = cells[columns.path]
        group = None if columns.group is None else cells[columns.group]
        rows.append((name, files.find(name), cells[columns.label], role, group))
    return rows


def _each_once(path, rows):
    """Return the rows without repeated ones, and the number of repeated ones."""
    seen, kept = {}, []
    for row in rows:
        place = row.path.resolve()
        first = seen.setdefault(place, row)
        if first is row:
            kept.append(row)
        elif (first.label, first.role, first.group) != (row.label, row.role, row.group):
            raise DataError(
                f"{path}: lists {row.name} twice, with different values; each file has one label and one split"
            )
    return kept, len(rows) - len(kept)


def _check_not_numbers(path, column, rows):
    """Refuse a column of many different numbers whose heading does not mean classes: it is a quantity to predict.

    Raises DataError. Whole numbers under a heading such as `label` are names of classes. If most of them occur only
    once, `rows.check_classes` refuses them.
    """
    values = numbers_in(row.label for row in rows)
    if values is None:
        return
    whole = all(value.is_integer() for value in values)
    if whole and (len(values) <= MANY_NUMBERS or heading(column) in CLASS_HEADINGS):
        return
    if whole and _counts_up(values) and min(Counter(row.label for row in rows).values()) >= OFTEN:
        return
    if whole or len(values) > MANY_NUMBERS or len(values) > max(2, len(rows) / OFTEN):
        raise DataError(f"{path}: the column {column!r} has {regression(len(values), len(rows))}")


def _counts_up(values):
    """Tell whether numbers are 0, 1, 2, … or 1, 2, 3, … without a gap, like numbers of classes."""
    return values[0] in (0, 1) and values == [values[0] + i for i in range(len(values))]
