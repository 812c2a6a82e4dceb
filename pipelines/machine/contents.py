"""Contents: the type of a file by its first bytes, not by its name.

A file can have the right name and be something else: a pointer of Git LFS, a web page that asks for a password, or an
empty file because the disk was full. A reader that trusts the name would call this file damaged. So every reader checks
the file here first. This module also tells sound from pictures if the name does not.
"""

import re

ENOUGH = 512  # bytes from the beginning of the file that the functions here need

_GET_AGAIN = "download or copy it again"
_PAGE = re.compile(
    rb"(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script)\b", re.I | re.S
)
_REFUSAL = re.compile(
    rb"(?:<\?xml[^>]*>\s*)?<Error>|\{\s*\"error\"\s*:|(?:404|403|401|400|429|50[0-4])(?::|\s+)\s*[A-Z][a-z]|"
    rb"Not Found\s*\Z|Forbidden\s*\Z|Entry not found|Access Denied|Rate limit",
)

# Substitutes for a file: their first bytes, and the sentence about them.
_IN_ITS_PLACE = (
    (b"version https://git-lfs.github.com/", "this is a Git LFS pointer, not the file itself; run: git lfs pull"),
    (b"version https://hawser.github.com/", "this is a Git LFS pointer, not the file itself; run: git lfs pull"),
    (b"/annex/objects/", "this is a git-annex pointer, not the file itself; run: git annex get"),
    (b"../.git/annex/objects/", "this is a git-annex pointer, not the file itself; run: git annex get"),
    (b".git/annex/objects/", "this is a git-annex pointer, not the file itself; run: git annex get"),
    (b"outs:\n- md5:", "this is a DVC pointer, not the file itself; run: dvc pull"),
    (b"[InternetShortcut]", f"this is a link to a web address, not the file itself; {_GET_AGAIN}"),
    (b"L\0\0\0\1\x14\2\0", "this is a Windows shortcut, not the file itself; give the file that it leads to"),
    (b"book\0\0\0\0mark\0\0\0\0", "this is a macOS alias, not the file itself; give the file that it leads to"),
    (
        b"\0\5\x16\7",
        "this is what macOS keeps beside a file, not the file itself; give the file without ._ in its name",
    ),
    (
        b"\0\5\x16\0",
        "this is what macOS keeps beside a file, not the file itself; give the file without ._ in its name",
    ),
)

# Files inside another format, which must be extracted first.
_WRAPPED = (
    (b"HTTP/1.", f"this is a server's answer with its headers, not the file alone; {_GET_AGAIN}"),
    (b"HTTP/2", f"this is a server's answer with its headers, not the file alone; {_GET_AGAIN}"),
)
_DATA_URL = re.compile(rb"data:(?:audio|image|video|application)/[\w.+-]+[;,]")
_IN_BASE64 = re.compile(rb"(?:UklGR|iVBORw0KGgo|/9j/[24]|R0lGODlh|R0lGODdh|T2dnUwAC|ZkxhQwAAA)[A-Za-z0-9+/\s]{32}")
_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\3\4", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)

_SOUND, _PICTURE = "speech", "images"

# The first bytes of files with sound or a picture, with a second mark if several formats share the first.
_KINDS = (
    (0, b"RIFF", 8, b"WAVE", _SOUND),
    (0, b"RIFF", 8, b"WEBP", _PICTURE),
    (0, b"RIFX", 8, b"WAVE", _SOUND),
    (0, b"RF64", 8, b"WAVE", _SOUND),
    (0, b"BW64", 8, b"WAVE", _SOUND),
    (0, b"riff\x2e\x91\xcf\x11", 0, b"", _SOUND),
    (0, b"FORM", 8, b"AIF", _SOUND),
    (0, b"FORM", 8, b"8SVX", _SOUND),
    (0, b"FORM", 8, b"16SV", _SOUND),
    (0, b".snd", 0, b"", _SOUND),
    (0, b"dns.", 0, b"", _SOUND),
    (0, b"caff", 0, b"", _SOUND),
    (0, b"fLaC", 0, b"", _SOUND),
    (0, b"OggS", 0, b"", _SOUND),
    (0, b"ID3", 0, b"", _SOUND),
    (0, b"NIST_1A", 0, b"", _SOUND),
    (0, b"Creative Voice File", 0, b"", _SOUND),
    (0, b"\x1a\x45\xdf\xa3", 0, b"", _SOUND),
    (0, b"#!AMR", 0, b"", _SOUND),
    (0, b"ADIF", 0, b"", _SOUND),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, b"", _SOUND),
    (0, b"MAC ", 0, b"", _SOUND),
    (0, b"wvpk", 0, b"", _SOUND),
    (4, b"ftypavif", 0, b"", _PICTURE),
    (4, b"ftypavis", 0, b"", _PICTURE),
    (4, b"ftyphei", 0, b"", _PICTURE),
    (4, b"ftyphev", 0, b"", _PICTURE),
    (4, b"ftypmif1", 0, b"", _PICTURE),
    (4, b"ftypmsf1", 0, b"", _PICTURE),
    (4, b"ftyp", 0, b"", _SOUND),
    (0, b"\x89PNG\r\n\x1a\n", 0, b"", _PICTURE),
    (0, b"\xff\xd8\xff", 0, b"", _PICTURE),
    (0, b"GIF87a", 0, b"", _PICTURE),
    (0, b"GIF89a", 0, b"", _PICTURE),
    (0, b"BM", 6, b"\0\0\0\0", _PICTURE),
    (0, b"II*\0", 0, b"", _PICTURE),
    (0, b"MM\0*", 0, b"", _PICTURE),
    (0, b"II+\0", 0, b"", _PICTURE),
    (0, b"MM\0+", 0, b"", _PICTURE),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", 0, b"", _PICTURE),
    (0, b"\xff\x4f\xff\x51", 0, b"", _PICTURE),
    (0, b"8BPS", 0, b"", _PICTURE),
    (0, b"qoif", 0, b"", _PICTURE),
    (0, b"DDS ", 0, b"", _PICTURE),
    (0, b"\0\0\1\0", 0, b"", _PICTURE),
)
_ANYMAP = re.compile(rb"P[1-7fF][ \t\r\n#]")
_MPEG_FRAME = re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd\xf1\xf9][\x10-\xef]")  # layers II and III, and AAC


def what_it_is(first):
    """Say it if a file is not what was meant to have its name: a pointer, a web page, nothing.

    Parameters
    ----------
    first : bytes
        The first `ENOUGH` bytes of the file, or all of it if it has fewer.

    Returns
    -------
    sentence : str or None
        What it is and what to do about it, such as "this is a Git LFS pointer, not the file itself; run: git lfs
        pull"; None if nothing speaks against the file. The sentence wants the file's name before it.
    """
    if not first:
        return f"the file is empty; {_GET_AGAIN}"
    for beginning, sentence in _IN_ITS_PLACE:
        if first.startswith(beginning):
            return sentence
    text = _text(first)
    for beginning, sentence in _WRAPPED:
        if first.startswith(beginning):
            return sentence
    if _DATA_URL.match(text):
        return "this is a data URL, as web pages have it, not the file itself; decode what follows its comma: base64 -d"
    if _IN_BASE64.match(text):
        return "this is the file as text in base64, not the file itself; decode it: base64 -d"
    if _PAGE.match(text):
        return f"this is a web page, not the file itself; {_GET_AGAIN}, after logging in if necessary"
    if len(text) < ENOUGH and _REFUSAL.match(text):
        return f"this is an error message of a server, not the file; {_GET_AGAIN}"
    if len(first) >= 64 and not any(first):
        return f"the file begins only with zeros, like an unfinished download; {_GET_AGAIN}"
    return None


def find_packing(first):
    """Return with what a file is packed, such as "gzip", by its first bytes; None if it is not."""
    return next((name for beginning, name in _PACKED if first.startswith(beginning)), None)


def task_of(first):
    """Tell what a file holds by how it begins: "speech" for sound, "images" for a picture, None for neither.

    Parameters
    ----------
    first : bytes
        The first `ENOUGH` bytes of the file, or all of it if it has fewer.
    """
    for at, beginning, then_at, then, task in _KINDS:
        if first.startswith(beginning, at) and first.startswith(then, then_at):
            return task
    if _ANYMAP.match(first):
        return _PICTURE
    return _SOUND if _MPEG_FRAME.match(first) else None


def first_bytes(path):
    """Return the first `ENOUGH` bytes of a file (Path). Raises OSError."""
    with path.open("rb") as file:
        return file.read(ENOUGH)


def _text(first):
    """Return the first bytes as plain text: without byte order mark, leading blanks, or the zeros of UTF-16."""
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        first = first[2:].replace(b"\0", b"")
    return first.removeprefix(b"\xef\xbb\xbf").lstrip()
