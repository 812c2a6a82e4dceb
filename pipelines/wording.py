"""Wording: small pieces of text for people, as every room of the applications writes them."""


def shown(text):
    """Return text with its control characters written out, such as "\\n", and bytes that are no text as "\\xff"."""
    plain = text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)


def percent(share):
    """Return a share as text, such as "98.52 %"."""
    return f"{100 * share:.2f} %"


def listed(words, most=3):
    """Return the first few words in one line of text, and how many more there are."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(map(str, words[:most])) + more
