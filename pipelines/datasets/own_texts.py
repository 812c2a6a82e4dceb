"""A user's own texts: tables with a column of texts, and lines with the label in front.

    text,label                      __label__spam  You have won a prize!
    Where is my card?,arrival       __label__ham   See you at eight.

The table is CSV, TSV or JSON lines, may have the columns `split` and `group`, and may call its columns as other
programs do. Two columns without headings do, too: the label is the one that repeats itself. The other form is
fastText's. A folder may hold several of them that are called after their part of the split, `train.csv` and `test.csv`.
"""

import re
from collections import Counter

from pipelines.datasets.columns import MEANINGS, column_of, is_index, only
from pipelines.datasets.reading import Reading
from pipelines.datasets.roles import settle
from pipelines.datasets.rows import check_classes
from pipelines.datasets.tables import Table, heading, is_table, lines_of, read_table
from pipelines.datasets.texts import TextRow
from pipelines.errors import DataError
from pipelines.machine.leftovers import is_left_behind
from pipelines.wording import list_some

MARK = "__label__"
_LABELLED = re.compile(rf"((?:{MARK}\S+\s+)*{MARK}\S+)(?:\s+(.*))?", re.DOTALL)
_FIRST = 1 << 12  # bytes that show whether lines begin with labels


def are_here(path):
    """Tell whether a file (Path) or a folder holds texts in tables or lines rather than each in a file of its own."""
    return bool(_parts(path))


def read(path, to_train=True):
    """Read a table, lines with labels, or a folder of those: Reading of TextRow.

    Raises
    ------
    DataError
        Columns are missing or ambiguous, a label is missing, a split is unknown, or there are too few classes
        or samples of one.
    """
    found = Reading([])
    parts = _parts(path)
    for file, role in parts:
        one = _read_lines(file, role) if _has_labels_in_front(file) else _read_table(file, role)
        found.rows += one.rows
        found.skipped += one.skipped
        found.notes += one.notes
        found.layout = one.layout
    if not found.rows:
        raise DataError(f"{path}: contains no texts")
    if to_train:
        check_classes(found.rows, path)
    return found


def _parts(path):
    """Return the files that contain texts, each with the role that its name means: list of (Path, str or None)."""
    if path.is_file():
        return [(path, None)] if is_table(path) or _has_labels_in_front(path) else []
    inside = [each for each in sorted(path.iterdir()) if not is_left_behind(each.name)]
    if any(each.is_dir() for each in inside):
        return []
    tables = [each for each in inside if _has_labels_in_front(each) or (is_table(each) and each.suffix != ".txt")]
    roles = settle([each.stem for each in tables])
    if len(tables) > 1 and not all(roles.values()):
        tables = [each for each in tables if roles[each.stem]]
        if not any(roles[each.stem] == "train" for each in tables):
            return []
    return [(each, roles[each.stem] if len(tables) > 1 else None) for each in tables]


def _has_labels_in_front(path):
    try:
        with path.open("rb") as file:
            return file.read(_FIRST).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MARK.encode())
    except OSError:
        return False


def _read_lines(path, role):
    """Read lines that begin with labels, in the format of fastText."""
    rows, several, empty, unlabelled = [], 0, 0, 0
    for line in lines_of(path):
        if not line.strip():
            continue
        match = _LABELLED.fullmatch(line.strip())
        if not match:
            unlabelled += 1
            continue
        labels, text = match[1].split(), (match[2] or "").strip()
        if len(set(labels)) > 1:
            several += 1
        elif not text:
            empty += 1
        else:
            rows.append(TextRow(text, labels[0].removeprefix(MARK), role or "train"))
    told = (
        (several, "have several labels, and a text here has one"),
        (empty, "have a label and no text"),
        (unlabelled, f"do not begin with {MARK}"),
    )
    skipped = [f"{path}: left out, {count} lines {why}" for count, why in told if count]
    return Reading(rows, skipped, layout=f"lines that begin with {MARK}")


def _read_table(path, role):
    table = read_table(path)
    table, at = _columns(path, table)
    text, label, split, group = (at[name] for name in ("text", "label", "split", "group"))
    roles = settle({cells[split] for _, cells in table.lines}) if split is not None else {}
    rows, empty = [], []
    for number, cells in table.lines:
        if not cells[label]:
            raise DataError(f"{path}: line {number} has no label; fill the cell in, or delete the line")
        its_role = role or "train"
        if split is not None and (its_role := roles[cells[split]]) is None:
            raise DataError(
                f"{path}: line {number} has the split {cells[split]!r}; it must be one of train, valid, test"
            )
        if not cells[text].strip():
            empty.append(number)
            continue
        its_group = None if group is None else cells[group] or f"line {number}"
        rows.append(TextRow(cells[text], cells[label], its_role, its_group))
    skipped = [f"{path}: left out, {len(empty)} lines without text; the first is line {empty[0]}"] if empty else []
    taken = [f"{table.columns[at[name]]!r} for the {name}" for name in at if at[name] is not None]
    unused = [repr(name) for i, name in enumerate(table.columns) if i not in at.values() and name]
    notes = [f"{path.name}: takes the column {list_some(taken, 4)}."]
    if unused:
        notes.append(f"{path.name}: does not use the columns {list_some(unused, 8)}.")
    return Reading(rows, skipped, notes, layout=f"a table of texts ({table.kind})")


def _columns(path, table):
    """Return the table, and the index of the column of each meaning: dict of str to int or None."""
    headings = [heading(column) for column in table.columns]
    free = {i for i, name in enumerate(headings) if not is_index(name, i, table)}
    at = {}
    if not any(name in names for name in headings for names in (*MEANINGS["text"], *MEANINGS["label"])):
        return _without_headings(path, table)
    for meaning in ("text", "label", "group", "split"):
        at[meaning] = column_of(meaning, headings, free, table, path, lambda cell: True)
        free.discard(at[meaning])
    for meaning, other in (("text", "label"), ("label", "text")):
        if at[meaning] is None and at[other] is not None:
            at[meaning] = only(sorted(free))
            free.discard(at[meaning])
    if missing := [name for name in ("text", "label") if at[name] is None]:
        raise _lacking(path, table, missing)
    return table, at


def _without_headings(path, table):
    """Read a table of two columns without known headings: the column with fewer different cells is the label."""
    if len(table.columns) != 2:
        raise _lacking(path, table, ["text", "label"])
    lines = [(0, table.columns), *table.lines]
    different = [len({cells[column] for _, cells in lines}) for column in range(2)]
    label = different.index(min(different))
    counts = Counter(cells[label] for _, cells in table.lines)
    if 2 * min(different) > len(lines) and len(lines) > 8:
        raise _lacking(path, table, ["text", "label"])
    names = ["label" if column == label else "text" for column in range(2)]
    if table.columns[label] not in counts:  # the first line has unknown headings
        lines = table.lines
    at = {"text": 1 - label, "label": label, "split": None, "group": None}
    return Table(names, [(max(1, n), cells) for n, cells in lines], table.kind, table.n_empty, table.encoding), at


def _lacking(path, table, names):
    has = f"it has {list_some([repr(column) for column in table.columns], 8)}" if table.columns else "it is empty"
    return DataError(
        f"{path}: lacks the column {' and '.join(names)}; {has}, separated by {table.kind}; the first line must name "
        "the columns text and label, and optionally split and group"
    )
