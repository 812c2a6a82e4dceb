"""A text file: its bytes as text.

Texts are UTF-8, or UTF-16 and UTF-32 where a byte order mark says so. Other encodings are not guessed, because a wrong
guess would change letters without an error.
"""

import codecs

from pipelines.errors import InputFileError
from pipelines.machine.contents import ENOUGH, task_of, what_it_is

OTHER = "is a recording or a picture, not text; give it to a model of its kind"
UNKNOWN = "{encoding} is no encoding that Python knows; try latin-1"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes, source, encoding: str | None = None) -> str:
    """Return the bytes of a file as text.

    Parameters
    ----------
    content : bytes
    source : Path or bytes, whose name an error begins with
    encoding : str or None
        As Python names it; None means UTF-8, or what a byte order mark says.

    Raises
    ------
    InputFileError
        The bytes are no text, or text of another encoding.
    """
    if problem := what_it_is(content[:ENOUGH]):
        raise InputFileError.about(source, problem)
    encoding = encoding or next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise InputFileError.about(source, _what_instead(content[:ENOUGH], encoding, place_of(error))) from None
    except LookupError:
        raise InputFileError.about(source, UNKNOWN.format(encoding=encoding)) from None
    if "\0" in text:
        other = task_of(content[:ENOUGH]) is not None
        raise InputFileError.about(
            source, OTHER if other else "contains zero bytes, so it is not text; give a text file"
        )
    return text


def place_of(error: UnicodeError) -> str:
    """Return where an encoding failed, such as " (byte 3)"; "" where the encoding does not tell it."""
    return f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""


def _what_instead(first, encoding, place):
    """Say what a file that cannot be decoded is, from its beginning `first`, and what to do."""
    if encoding.startswith("utf-8") and task_of(first) is not None:
        return OTHER
    no_text = encoding == "utf-8" and b"\0" in first
    what = "holds no text" if no_text else f"is not {encoding.upper()}{place}"
    return f"{what}; give a text file, or name its --encoding"
