"""Tables: lines of cells under headings, as spreadsheets and programs write them.

CSV has many forms: commas, semicolons if the comma is the decimal sign, tabs from a clipboard; UTF-8, or UTF-16 from
Excel's "Unicode text"; a first line `sep=;` only for Excel. JSON lines have one object in each line. All of them become
the same Table here. Ambiguous text is not guessed: text that is not Unicode may look right in a wrong encoding, so the
user is told how to save it.
"""

import csv
import io
import json
from dataclasses import dataclass, field

from pipelines.datasets.tree import compose
from pipelines.errors import DataError
from pipelines.machine import contents
from pipelines.wording import list_some, replace_halves

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SUFFIXES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".labels", ".txt", ".psv")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json", ".labels", ".manifest")
MOST_BYTES = 1 << 29
_OF_RECORDS = frozenset({"path", "label", "file_name", "filename", "file", "image", "audio_filepath", "class", "text"})
_BLANK = "\ufeff \t\r\n\0\xa0"


@dataclass
class Table:
    """The lines of a table.

    Attributes
    ----------
    columns : list of str, as the file has them, blanks around them taken off
    lines : list of (line number, list of str)
        A cell for each column; cells without blanks around them. Lines without any content are not among them.
    kind : str, what separates the cells, such as "semicolons"; or "JSON lines"
    n_empty : int, how many lines were empty
    """

    columns: list
    lines: list
    kind: str
    n_empty: int = 0
    encoding: str = "UTF-8"
    remarks: list = field(default_factory=list)


def read_table(path):
    """Read a table from a file (Path): CSV of any separator, JSON lines, or a JSON list of objects.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        The file cannot be read, is not Unicode text or not a table, or a line has more cells than there are columns.
    """
    text, encoding = _text_of(path)
    beginning = text.lstrip(_BLANK)[:1]
    if beginning == "{" or (beginning == "[" and path.suffix.lower() in JSON_SUFFIXES):
        table = _from_json(path, text)
    else:
        table = _from_cells(path, text)
    table.encoding = encoding
    return table


def lines_of(path):
    """Return the lines of a text file (Path), list of str. DataError if it cannot be read, or is not Unicode."""
    return _text_of(path)[0].split("\n")


def heading(name):
    """Return a column's name as it is compared: in small letters, words joined by one underscore."""
    return "_".join(compose(name).strip(_BLANK).casefold().replace("-", " ").replace("_", " ").split())


def _text_of(path):
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path}: is larger than {MOST_BYTES >> 20} MB, which is too large for a list of files")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if data and (problem := contents.what_it_is(data[: contents.ENOUGH])):
        raise DataError(f"{path}: {problem}")
    for mark, name in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decode(path, data, name), name.upper()
    sample = data[:4096]
    if len(sample) >= 4 and b"\0" in sample:  # UTF-16 without its mark: every other byte of plain text is 0
        for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
            if zeros.count(0) > 0.8 * len(zeros):
                return _decode(path, data[: len(data) // 2 * 2], name), "UTF-16"
        raise DataError(f"{path}: is not text, so it is not a list of files; save the table as CSV in UTF-8")
    return _decode(path, data, "utf-8-sig"), "UTF-8"


def _decode(path, data, encoding):
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        likely = " (Latin-1, as older programs and Excel's plain CSV write it)" if encoding == "utf-8-sig" else ""
        raise DataError(
            f"{path}: is not text in UTF-8: line {line} has the byte 0x{data[error.start]:02X}{likely}; "
            "save it as CSV UTF-8"
        ) from error


def _from_cells(path, text):
    skipped = 0
    while text.startswith("# ") and "\n" in text:  # remarks above the headings
        text, skipped = text.partition("\n")[2], skipped + 1
    first, _, rest = text.partition("\n")
    declared = first.strip(_BLANK + '"')
    if declared.lower().startswith("sep=") and len(declared) <= 5:
        delimiter, text, skipped = declared[4:] or "\t", rest, skipped + 1
    else:
        delimiter = _delimiter(path, text)
    try:
        columns, lines, n_empty = _lines_in(text, delimiter, skipped)
    except csv.Error as error:
        raise DataError(
            f"{path}: is not a CSV file ({error}); close every opened quote, and double a quote inside quotes"
        ) from error
    columns = _without_empty_ends(columns or [], lines)
    lines = [(line, _fit(path, line, cells, len(columns))) for line, cells in lines]
    return Table(columns, lines, DELIMITERS.get(delimiter, f"the sign {delimiter!r}"), n_empty)


def _lines_in(text, delimiter, skipped):
    """Return the headings, the lines, and how many lines were empty. Raises csv.Error.

    Cells between tabs are often not quoted. If quotes do not match there, they count as ordinary characters.
    """
    text = text.replace("\0", "")
    csv.field_size_limit(MOST_BYTES)  # a cell may hold a long text
    try:
        return _parse(text, delimiter, skipped, csv.QUOTE_MINIMAL)
    except csv.Error:
        if delimiter != "\t":
            raise
        return _parse(text, delimiter, skipped, csv.QUOTE_NONE)


def _parse(text, delimiter, skipped, quoting):
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    columns, lines, n_empty = None, [], 0
    for cells in reader:
        cells = [compose(cell).strip(_BLANK) for cell in cells]
        if not any(cells):
            n_empty += columns is not None
        elif columns is None:
            columns = cells
        else:
            lines.append((reader.line_num + skipped, cells))
    return columns, lines, n_empty


def _delimiter(path, text):
    """Return the sign that separates cells: the most frequent one in the heading outside quotes, or a tab in a .tsv."""
    line = next((line for line in text.splitlines() if line.strip(_BLANK + ",;|")), "")
    outside = "".join(line.split('"')[::2])
    counts = {sign: outside.count(sign) for sign in DELIMITERS}
    best = max(counts, key=counts.get)
    if path.suffix.lower() in (".tsv", ".tab") and counts["\t"]:
        return "\t"
    if (
        counts[best] == 0
        and path.suffix.lower() == ".txt"
        and all(line.strip(_BLANK).count(" ") in (0, 1) for line in text.splitlines())
    ):
        return " "  # a list of a path and a class in each line, without headings
    if counts[best] == 0:
        return "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    return best


def _without_empty_ends(columns, lines):
    """Remove the last columns that have neither a heading nor a cell; spreadsheets leave them."""
    used = max([len(cells) - next(i for i, cell in enumerate(reversed(cells)) if cell) for _, cells in lines] or [0])
    while columns and not columns[-1] and len(columns) > used:
        columns = columns[:-1]
    return columns


def _fit(path, line, cells, n):
    if any(cells[n:]):
        raise DataError(f"{path}: line {line} has more cells than there are columns; quote cells that contain a comma")
    return cells[:n] + [""] * (n - len(cells))


def _from_json(path, text):
    records, n_empty = [], 0
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("files"), list):  # Edge Impulse exports this
        document = [_of_edge_impulse(entry) for entry in document["files"]]
    elif isinstance(document, dict):
        document = _records_in(document)
    if isinstance(document, list):
        records, kind = list(enumerate(document, 1)), "a JSON list"
    else:
        kind = "JSON lines"
        for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
            if not line.strip(_BLANK):
                n_empty += bool(line)
                continue
            try:
                records.append((number, json.loads(line)))
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"{path}: line {number} is not JSON ({error}); write one object in each line"
                ) from error
    columns = []
    for number, record in records:
        if not isinstance(record, dict):
            raise DataError(f'{path}: line {number} is not an object such as {{"path": "a.wav", "label": "yes"}}')
        columns += [name for name in record if name not in columns]
    lines = [
        (number, [_as_cell(path, number, name, record.get(name)) for name in columns]) for number, record in records
    ]
    return Table([replace_halves(str(name)) for name in columns], lines, kind, n_empty)


def _records_in(document):
    """Return the records in one object: of columns, as pandas writes them, of labels by file, or of files by class.

    Return an object of another form unchanged.
    """
    columns = [list(value.values()) if isinstance(value, dict) else value for value in document.values()]
    if len(document) > 1 and all(isinstance(column, list) for column in columns):
        if len({len(column) for column in columns}) == 1 and {heading(name) for name in document} & _OF_RECORDS:
            return [dict(zip(document, cells, strict=True)) for cells in zip(*columns, strict=True)]
        if all(isinstance(name, str) for column in columns for name in column):
            return [{"path": name, "label": label} for label, names in document.items() for name in names]
    if (
        all(isinstance(value, str | int) for value in document.values())
        and not set(map(heading, document)) & _OF_RECORDS
    ):
        return [{"path": name, "label": label} for name, label in document.items()]
    return document


def _of_edge_impulse(entry):
    label = entry.get("label") if isinstance(entry, dict) else None
    if not isinstance(label, dict) or "path" not in entry:
        return entry
    return {"path": entry["path"], "label": label.get("label"), "split": entry.get("category")}


def _as_cell(path, line, name, value):
    """Return a JSON value as the text of a CSV cell. A nested value stays JSON, because its column is not used."""
    if value is None:
        return ""
    if isinstance(value, str):
        return compose(replace_halves(value)).strip(_BLANK)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict) and isinstance(value.get("path"), str):  # Hugging Face: {"audio": {"path": …}}
        return replace_halves(value["path"])
    return json.dumps(value)


def is_table(path):
    """Tell by its suffix whether a file (Path) may be a table."""
    return path.suffix.lower() in SUFFIXES


def unreadable(path):
    """Return the DataError about a file that is not a table by its name."""
    return DataError(
        f"{path}: is neither a folder of class folders nor a manifest, which is a table ending in "
        f"{list_some(SUFFIXES[:4], 4)}, nor an archive of them (.zip, .tar.gz)"
    )
