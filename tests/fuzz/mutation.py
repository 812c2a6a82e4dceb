"""Mutation: small damages, as bad copies, bad programs and bad intentions do them."""

import re

ODD_BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
ODD_NUMBERS = (0, 1, 2, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
ODD_TEXTS = (
    *(
        b"nan",
        b"-1",
        b"0",
        b"1e999",
        b"99999999999999999999",
        b"true",
        b"null",
        b'""',
        b"[]",
        b"{}",
        b"\0",
        b"\xff\xfe",
    ),
    *(
        b"../../etc/passwd",
        b"\xef\xbb\xbf",
        b'"',
        b"'",
        b"\n",
        b"\r",
        b",",
        b";",
        b"[" * 2000,
        b"x" * 5000,
        b"\xc3\xa9",
    ),
    *(b"[[", b"inf", b"-0.0", b"\x1b[31m", b"=1+1", b"CON", b".", b"\\"),
)


def mutate(content, rng, others=(), text=False):
    """Return contents with one to four damages; `others` are contents to splice in."""
    content = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        _damage(content, rng, others, text)
    return bytes(content)


def _damage(content, rng, others, text):
    size = max(1, len(content))
    # Headers decide the most, and most headers come first.
    at = int(rng.integers(0, min(size, 200)) if rng.random() < 0.6 else rng.integers(0, size))
    ways = ["bit", "byte", "number", "cut out", "repeat", "insert", "cut off", "append", "splice"]
    way = rng.choice(ways + ["word"] * 6 if text else ways)
    length = int(rng.integers(1, max(2, min(size, 300))))
    if way == "bit" and content:
        content[at % len(content)] ^= 1 << int(rng.integers(8))
    elif way == "byte" and content:
        content[at % len(content)] = int(rng.choice(ODD_BYTES))
    elif way == "number":
        width = int(rng.choice([2, 4, 8]))
        number = int(rng.choice(ODD_NUMBERS)) % (1 << 8 * width)
        content[at : at + width] = number.to_bytes(width, "little" if rng.random() < 0.5 else "big")
    elif way == "cut out":
        del content[at : at + length]
    elif way == "repeat":
        content[at:at] = content[at : at + length] * int(rng.integers(1, 4))
    elif way == "insert":
        content[at:at] = rng.bytes(length)
    elif way == "cut off":
        del content[at:]
    elif way == "append":
        content += rng.bytes(length) if rng.random() < 0.5 else bytes(length)
    elif way == "splice" and others:
        other = others[int(rng.integers(len(others)))]
        content[at:] = other[min(at, len(other)) if rng.random() < 0.5 else 0 :]
    elif way == "word":
        words = list(re.finditer(rb"[^\s,;=:\"\[\]{}]+", bytes(content)))
        if words:
            chosen = words[int(rng.integers(len(words)))]
            content[chosen.start() : chosen.end()] = ODD_TEXTS[int(rng.integers(len(ODD_TEXTS)))]
