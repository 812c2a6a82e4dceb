"""Streams: standard input, output and error. They may be neither UTF-8 nor files.

An old Windows terminal uses cp437, a container may allow only ASCII, and a notebook replaces standard output by an
object that can only write. Results must be printed in every case: characters that an encoding lacks are escaped, and
file names that are not text keep their bytes.
"""

import codecs
import contextlib
import functools
import io
import os
import sys

_ESCAPE = "escape-or-bytes"
_ASCII = "escaped-ascii"


def prepare():
    """Make standard output and standard error accept any text; hide messages that C libraries print."""
    _open_closed()
    codecs.register_error(_ESCAPE, _escape)
    codecs.register(_ascii_by_another_name)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError, ValueError, LookupError):
                plain = codecs.lookup(stream.encoding or "utf-8").name == "ascii"
                stream.reconfigure(errors=_ESCAPE, encoding=_ASCII if plain else None)
    if "--debug" not in sys.argv[1:]:
        _part_from_libraries("stdout", 1, _Output)
        _part_from_libraries("stderr", 2, _Unheard)


def _open_closed():
    """Open streams that were closed, as by `2>&-`, for nowhere: many libraries print, and expect a stream.

    The descriptors 0 to 2 are taken first. Otherwise the next opened file, such as a model, would get one of them, and
    what a C library prints would be written into it.
    """
    with contextlib.suppress(OSError):
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(number, True)
        os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the end


def standard_input():
    """Return standard input as a binary file, or None if there is none, as in a notebook."""
    return getattr(sys.stdin, "buffer", None)


def takes_utf8():
    """Tell whether standard output is UTF-8, or takes text as it is."""
    return _is_utf8(getattr(sys.stdout, "encoding", None))


@functools.cache
def _is_utf8(encoding):
    try:
        return encoding is None or codecs.lookup(encoding).name == "utf-8"
    except (LookupError, TypeError):
        return False


def _escape(error):
    """Encode characters that an encoding lacks: a file name's bytes unchanged, other characters as their numbers."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if all("\udc80" <= character <= "\udcff" for character in text):
        return bytes(ord(character) - 0xDC00 for character in text), error.end
    first = text[0]
    if "\udc80" <= first <= "\udcff":
        return bytes([ord(first) - 0xDC00]), error.start + 1
    return first.encode("ascii", "backslashreplace").decode(), error.start + 1


def _ascii_by_another_name(name):
    """Return ASCII under another name, so that click does not replace it by UTF-8."""
    if name.replace("_", "-") != _ASCII:
        return None
    plain = codecs.lookup("ascii")
    return codecs.CodecInfo(
        plain.encode,
        plain.decode,
        plain.streamreader,
        plain.streamwriter,
        plain.incrementalencoder,
        plain.incrementaldecoder,
        name=_ASCII,
    )


class _Unheard(io.TextIOWrapper):
    """Standard error that ignores write errors: a pipe or terminal that is gone must not end a long training."""

    def write(self, text):
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self):
        with contextlib.suppress(OSError):
            super().flush()


class _Output(io.TextIOWrapper):
    """Standard output that raises a write error only once, and not again when Python ends."""

    failed = False

    def write(self, text):
        return self._once(super().write, text)

    def flush(self):
        self._once(super().flush)

    def _once(self, do, *text):
        if self.failed:
            return sum(map(len, text))
        try:
            return do(*text)
        except OSError:
            self.failed = True
            raise


def _part_from_libraries(name, number, kind):
    """Give a stream of Python its own descriptor, and discard what C libraries write to the old one.

    mpg123 and libtiff report every odd byte on standard error, and libsndfile on standard output, between the JSON.
    Output of Python, including tracebacks, appears as before, as long as standard error has a reader.
    """
    stream = getattr(sys, name)
    try:
        if stream is None or stream is not getattr(sys, f"__{name}__") or stream.fileno() != number:
            return
        stream.flush()
        own = os.dup(number)
        os.set_inheritable(own, True)
        parted = kind(
            io.BufferedWriter(io.FileIO(own, "w")),
            stream.encoding,
            stream.errors,
            line_buffering=number == 2 or stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, parted)
        setattr(sys, f"__{name}__", parted)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return
