"""A stream of texts: many texts in one file or pipe, answered as they come.

A program that writes a line into a pipe waits for the answer. So the lines that have come are answered before more is
read; memory contains one piece of the stream at a time.
"""

import codecs
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import InputFileError
from pipelines.features.inputs import Sample
from pipelines.features.text.text_file import MARKS, UNKNOWN, decode, place_of
from pipelines.machine.contents import ENOUGH, task_of, what_it_is
from pipelines.wording import replace_halves

PIECE = 1 << 17  # bytes read at a time
LONGEST = 1 << 24  # bytes of a line, or of a cell in quotes
_JSON = (".jsonl", ".ndjson", ".json")
OPEN_QUOTE = "opens a quote that is never closed; close it, and double a quote inside quotes"
_CLOSING = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
_NO_QUOTE = re.compile(b"(?!)")
_WIDE = re.compile(r"utf[-_ ]?(16|32)", re.I)


def texts_in(sample: Sample, column: str | None = None, encoding: str | None = None) -> Iterator[list[Sample]]:
    """Yield the texts of one file, pipe or stream, as many as are there at a time.

    Parameters
    ----------
    sample : Sample, whose source is a Path, bytes or a binary file object
    column : str or None
        The column of the text, where the lines are CSV with headings (tabs in a .tsv) or JSON objects, or lists of
        these; None means that a line is a text.
    encoding : str or None, as for `text_file.decode`

    Yields
    ------
    list of Sample
        Named `file:line`. A line that cannot be read has its `problem`. A file that cannot be read is one Sample
        with a `problem`.
    """
    try:
        _check_encoding(sample, encoding)
        records = _records(sample, encoding, quoted=column is not None and not _is_json(sample.name))
        yield from _texts(sample.name, records) if column is None else _cells(sample.name, records, column)
    except InputFileError as error:
        yield [Sample(sample.name, b"", str(error))]
    except UnicodeError:  # UTF-16 or UTF-32 without the mark that tells the order of bytes
        problem = f"{sample.name}: has no byte order mark; give --encoding its full name, such as utf-16-le"
        yield [Sample(sample.name, b"", problem)]
    except OSError as error:
        yield [Sample(sample.name, b"", f"{sample.name}: cannot be read ({error.strerror or error})")]


def whole(sample: Sample, encoding: str | None) -> Sample:
    """Return a file that is one text in another encoding as UTF-8."""
    try:
        source = sample.source
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        return Sample(sample.name, decode(content, sample.name, encoding).encode(errors="surrogatepass"))
    except InputFileError as error:
        return Sample(sample.name, b"", str(error))
    except OSError as error:
        return Sample(sample.name, b"", f"{sample.name}: cannot be read ({error.strerror or error})")


def _texts(name, records):
    for batch in records:
        yield [Sample(f"{name}:{number}", text, problem) for number, text, problem in batch]


def _cells(name, records, column):
    """Take the text out of each record. All are JSON objects if the first one is, else CSV under headings."""
    place = delimiter = None
    as_json = _is_json(name)
    for batch in records:
        samples = []
        for number, record, problem in batch:
            where = f"{name}:{number}"
            if problem or not record.strip():
                if problem:
                    samples.append(Sample(where, record, problem))
                continue
            if place is None and not as_json:
                as_json = record.lstrip().startswith(("{", "["))
            if as_json:
                samples += _of_json(where, record, column)
            elif place is None:
                delimiter = _delimiter(name, record)
                headings = [heading.strip() for heading in next(csv.reader([record], delimiter=delimiter))]
                if column not in headings:
                    raise InputFileError(f"{name}: has no column {column}; its columns are {', '.join(headings)}")
                place = headings.index(column)
            else:
                samples.append(_of_csv(where, record, place, delimiter))
        if samples:
            yield samples


def _of_json(where, record, column):
    """Return the texts of a line of JSON: one object, or a list of objects that their "path" names."""
    try:
        found = json.loads(record)
    except (ValueError, RecursionError):
        return [Sample(where, b"", f"{where}: is not JSON; write one object in each line")]
    if not isinstance(found, list):
        return [_of_object(where, found, column)]
    names = [each.get("path", where) if isinstance(each, dict) else where for each in found]
    return [_of_object(replace_halves(str(name)), each, column) for name, each in zip(names, found, strict=True)]


def _of_object(where, found, column):
    if not isinstance(found, dict) or column not in found:
        reason = found.get("error") if isinstance(found, dict) else None
        return Sample(where, b"", reason if isinstance(reason, str) else f"{where}: has no {column}")
    text = _join_words(found[column])
    if not isinstance(text, str):
        return Sample(where, b"", f"{where}: {column} is not a text")
    return Sample(where, replace_halves(text))


def _join_words(value):
    """Join a text that is given as the list of its words, as in `transcribe --json`; return other values unchanged."""
    if not isinstance(value, list):
        return value
    words = [each.get("word") if isinstance(each, dict) else each for each in value]
    return " ".join(words) if all(isinstance(word, str) for word in words) else value


def _of_csv(where, record, place, delimiter):
    try:
        cells = next(csv.reader([record], delimiter=delimiter))
    except (csv.Error, StopIteration) as error:
        return Sample(where, b"", f"{where}: is not CSV ({error})")
    return Sample(where, cells[place]) if place < len(cells) else Sample(where, b"", f"{where}: has too few cells")


def _delimiter(name, record):
    counts = {sign: record.count(sign) for sign in ("\t", ",", ";", "|")}
    return "\t" if name.lower().endswith((".tsv", ".tab")) else max(counts, key=counts.get)


def _is_json(name):
    return name.lower().endswith(_JSON)


def _records(sample, encoding, quoted):
    """Yield lists of (line number, text, problem or None); with `quoted`, a record may contain line ends in quotes."""
    number, first, rest, opening = 1, True, b"", None
    for piece in _pieces(sample, encoding):
        if first:
            encoding, piece = _check_start(sample, piece, encoding)
            first = False
        rest += piece
        *lines, rest = rest.split(b"\n")
        opening = opening or (_opening_quote(sample.name, lines) if quoted else None)
        records, number, left = _join_lines(lines, number, opening)
        rest = b"\n".join([*left, rest])
        if len(rest) > LONGEST:
            too_long = f"is longer than {LONGEST >> 20} MB; divide it, or give it as a file"
            raise InputFileError(f"{sample.name}: line {number} {OPEN_QUOTE if left else too_long}")
        if records:
            yield [_decode(sample.name, at, content, encoding) for at, content in records]
    if rest:
        lines = rest.split(b"\n")
        opening = opening or (_opening_quote(sample.name, lines) if quoted else None)
        records, number, left = _join_lines(lines, number, opening)
        last = [_decode(sample.name, at, content, encoding) for at, content in records]
        yield [*last, (number, b"", f"{sample.name}:{number}: {OPEN_QUOTE}")] if left else last


def _opening_quote(name, lines):
    """Return the pattern of a quote that opens a cell; None if there is no line yet that tells what separates cells.

    A quote opens a cell only at its beginning: in a 5" screen it is an ordinary sign. In JSON no quote does.
    """
    heading = next((line for line in lines if line.strip()), None)
    if heading is None:
        return None
    if heading.lstrip().startswith((b"{", b"[")):
        return _NO_QUOTE
    delimiter = _delimiter(name, heading.decode(errors="replace"))
    return re.compile(b'(?:^|%b)"' % re.escape(delimiter.encode()))


def _join_lines(lines, number, opening):
    """Join lines to records: return (line number, bytes) of each, the number of the next line, and the lines left."""
    records, open_lines, inside = [], [], False
    for line in lines:
        open_lines.append(line)
        inside = opening is not None and _ends_in_quotes(line, opening, inside)
        if inside:
            continue
        records.append((number, b"\n".join(open_lines)))
        number += len(open_lines)
        open_lines = []
    return records, number, open_lines


def _ends_in_quotes(line, opening, inside):
    """Tell whether a cell in quotes goes on after a line, at whose beginning one does or not."""
    if not inside and b'"' not in line:
        return False
    at = 0
    while True:
        if not inside:
            found = opening.search(line, at)
            if not found:
                return False
            at = found.end()
        closing = _CLOSING.match(line, at)
        if not closing:
            return True
        inside, at = False, closing.end()


def _pieces(sample, encoding):
    """Yield the content of a sample as bytes; convert text of two or four bytes a character to UTF-8."""
    source = sample.source
    if isinstance(source, bytes):
        yield from _recode([source], encoding)
    elif hasattr(source, "read"):
        yield from _recode(_read(source), encoding)
    else:
        with Path(source).open("rb") as file:
            yield from _recode(_read(file), encoding)


def _read(file):
    read = getattr(file, "read1", file.read)
    while piece := read(PIECE):
        yield piece


def _recode(pieces, encoding):
    decoder = None
    for place, piece in enumerate(pieces):
        if place == 0:
            name = encoding or next((name for mark, name in MARKS if piece.startswith(mark)), "utf-8")
            decoder = codecs.getincrementaldecoder(name)("replace") if _WIDE.match(name) else None
        yield decoder.decode(piece).encode("utf-8", "surrogatepass") if decoder else piece
    if decoder and (last := decoder.decode(b"", final=True)):
        yield last.encode("utf-8", "surrogatepass")


def _check_encoding(sample, encoding):
    try:
        b" ".decode(encoding or "utf-8", errors="ignore")
    except UnicodeError:  # the error of each line will be reported
        pass
    except LookupError:
        raise InputFileError(f"{sample.name}: {UNKNOWN.format(encoding=encoding)}") from None


def _check_start(sample, piece, encoding):
    """Return the encoding of lines and the piece without a byte order mark; refuse bytes that are not text."""
    problem = what_it_is(piece[:ENOUGH]) or (
        "is a recording or a picture, not text" if task_of(piece[:ENOUGH]) in ("speech", "images") else None
    )
    if problem:
        raise InputFileError(f"{sample.name}: {problem}")
    if encoding is None or _WIDE.match(encoding):
        return "utf-8", piece.removeprefix(codecs.BOM_UTF8)
    return encoding, piece.removeprefix(codecs.BOM_UTF8)


def _decode(name, number, content, encoding):
    where = f"{name}:{number}"
    try:
        text = content.removesuffix(b"\r").decode(encoding)
    except UnicodeError as error:
        return number, b"", f"{where}: is not {encoding.upper()}{place_of(error)}; name its --encoding"
    if "\0" in text:
        return number, b"", f"{where}: contains zero bytes, so it is not text"
    return number, text, None
