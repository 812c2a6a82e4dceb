"""Marked words: a text whose words are blue where they speak for an answer, and red where they speak against it.

The deeper the colour, the more a word says, measured by the word of this text that says most. A word against is also
underlined, for those who print in grey. The records are those of `models.evidence.WordEvidence`.
"""

from typing import NamedTuple

SHADES = 4
MOST = 400  # words that are shown


class MarkedWord(NamedTuple):
    """A word for a page: its text, whether a blank stands before it, its class in the style sheet, and its number."""

    text: str
    begins: bool
    shade: str
    said: str


def mark_words(words, most=MOST):
    """Return MarkedWords of the "words" of a record: list; of a long text, those of its beginning."""
    limit = max((abs(word["evidence"]) for word in words), default=0.0)
    return [
        MarkedWord(word["word"], word["begins"], _shade(word["evidence"], limit), f"{word['evidence']:+.2f}")
        for word in words[:most]
    ]


def _shade(value, limit):
    level = round(SHADES * abs(value) / limit) if limit else 0
    return f"{'for' if value > 0 else 'against'}-{level}" if level else ""


def heaviest(words, most=12):
    """Return the words of a record that say most, each once, their evidence added up: list of (word, evidence)."""
    sums = {}
    for word in words:
        sums[word["word"]] = sums.get(word["word"], 0.0) + word["evidence"]
    return sorted(sums.items(), key=lambda entry: -abs(entry[1]))[:most]
