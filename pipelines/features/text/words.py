"""Words of a text, as a reader sees them, and what each has of a number that belongs to its n-grams.

The hash that makes a column of an n-gram cannot be undone. But for a text at hand it need not be: its n-grams are few,
each is hashed again, and where it stands is known. So what a column says goes back to the n-grams that are in it, from
each to the places where it stands, and there to the letters that it is made of. Words add up their letters.

Blanks part words, except in scripts that write without them, such as Chinese or Thai: there, each character stands by
itself, with the marks that belong to it.
"""

import itertools
import re
import unicodedata
from collections import Counter
from typing import NamedTuple

import numpy as np

from pipelines.features.text.ngrams import count_grams, grams_of, normalise, places_in

# Thai, Lao, Tibetan, Burmese and Khmer; Japanese and Chinese, with their rare characters.
UNPARTED = ((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
            (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # fmt: skip


_WORD = re.compile(r"[\w']+")


class Words(NamedTuple):
    """The words of a text in order.

    Attributes
    ----------
    texts : list of str, as they are written
    begins : list of bool, whether a blank stands before the word
    ends : int64 ndarray [shape=(n,)]
        Word i is made of `normalise(text)[ends[i - 1]:ends[i]]`, with a blank in front if there is one.
    """

    texts: list[str]
    begins: list[bool]
    ends: np.ndarray


def words_of(text: str) -> Words:
    """Return the words of a text, without words that are empty after normalising."""
    parts = [(part, k == 0) for word in text.split() for k, part in enumerate(_part(word))]
    found = _place(parts)
    whole = normalise(text)
    if _join(found) != whole:  # letters that become other letters together
        found = [(word, word, True) for word in whole.split()]
    lengths = [len(normal) + begins for _, normal, begins in found]
    ends = np.cumsum(np.array(lengths, np.int64)) - 1  # the first word has no blank before it
    return Words([written for written, _, _ in found], [begins for *_, begins in found], ends)


def _place(parts):
    """Return (as written, normalised, begins) of the parts that are not empty after normalising."""
    found, begins = [], False
    for part, is_first in parts:
        begins, normal = begins or is_first, normalise(part)
        if normal:
            found.append((part, normal, begins))
            begins = False
    return found


def _join(found):
    return "".join(f" {normal}" if begins else normal for _, normal, begins in found)[1:]


def _part(word):
    """Return a word's parts: single characters of scripts without blanks, and the letters between them."""
    parts = []
    for letter, before in zip(word, itertools.chain([""], word), strict=False):
        is_mark = unicodedata.category(letter).startswith("M")
        if parts and (is_mark or not (_is_unparted(letter) or _is_unparted(before))):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _is_unparted(letter):
    return bool(letter) and any(low <= ord(letter) <= high for low, high in UNPARTED)


def share_out(extractor, text: str, slopes: np.ndarray) -> tuple[Words, np.ndarray]:
    """Return the words of a text and the share of each in the sum over columns of slope times stored number.

    Parameters
    ----------
    extractor : TextExtractor
    text : str
    slopes : float ndarray [shape=(n_columns,)]

    Returns
    -------
    words : Words
    values : float64 ndarray [shape=(n_words,)], which add up to `extractor.extract_row(text)` times the slopes
    """
    normal = normalise(text)
    grams = grams_of([normal], extractor.letters, extractor.words)
    counted = count_grams(grams)
    each = extractor.values_of(counted) * slopes[counted.hashes % extractor.columns] / counted.counts
    at_place = each[places_in(counted, grams)].astype(np.float64)
    letters = np.array([letter != " " for letter in normal], bool)
    before = np.concatenate([[0], np.cumsum(letters)])
    starts, ends = np.clip(grams.starts, 0, None), np.clip(grams.ends, None, len(normal))
    of_letter = np.zeros(len(normal) + 1)
    density = at_place / (before[ends] - before[starts])
    np.add.at(of_letter, starts, density)
    np.add.at(of_letter, ends, -density)
    gathered = np.concatenate([[0], np.cumsum(np.cumsum(of_letter[:-1]) * letters)])
    words = words_of(text)
    return words, np.diff(gathered[words.ends], prepend=0.0)


class Piece(NamedTuple):
    """An n-gram of a text: as it is written, how often it is there, its column, and what it adds to it."""

    text: str
    count: int
    column: int
    value: float


def pieces_of(extractor, text: str) -> list[Piece]:
    """Return the different n-grams of a text, in no order."""
    normal = normalise(text)
    grams = grams_of([normal], extractor.letters, extractor.words)
    counted = count_grams(grams)
    padded, values = f" {normal} ", extractor.values_of(counted)
    place = np.zeros(len(counted.hashes), np.int64)
    place[places_in(counted, grams)] = np.arange(len(grams.hashes))
    return [
        Piece(padded[grams.starts[k] + 1 : grams.ends[k] + 1], int(n), int(h) % extractor.columns, float(value))
        for k, n, h, value in zip(place, counted.counts, counted.hashes, values, strict=True)
    ]


def telling_words(texts, y, in_class: float, outside: float, few: int) -> list[tuple[int, str, float]]:
    """Return (class, word, share) for each class that one word tells from all others; of several, the one that most of
    its texts hold.

    Parameters
    ----------
    texts : sequence of str
    y : int ndarray [shape=(n,)], their classes
    in_class, outside : float in [0, 1]
        The least share of the class's texts, and the greatest of the others, that hold the word.
    few : int, classes of fewer texts are left out
    """
    n_classes, sizes = int(y.max(initial=-1)) + 1, np.bincount(y)
    words, holders = _holders(texts, y, n_classes)
    inside = np.divide(holders, sizes, out=np.zeros(holders.shape), where=sizes >= few)
    others = np.maximum(1, len(y) - sizes)
    beyond = (holders.sum(axis=1, keepdims=True) - holders) / others
    inside[(inside < in_class) | (beyond > outside)] = 0
    best = inside.argmax(axis=0) if len(words) else np.zeros(0, np.int64)
    return [(k, words[i], float(inside[i, k])) for k, i in enumerate(best) if inside[i, k] > 0]


def _holders(texts, y, n_classes):
    """Return words, and how many texts of each class contain each one: int ndarray [shape=(n_words, n_classes)].

    A word counts only if at least half of the texts of a class contain it.
    """
    counts = [Counter() for _ in range(n_classes)]
    for text, k in zip(texts, y.tolist(), strict=True):
        counts[k].update(set(_WORD.findall(normalise(text))))
    sizes = np.bincount(y, minlength=n_classes)
    frequent = {w for k, held in enumerate(counts) for w, n in held.items() if 2 * n >= sizes[k]}
    words = sorted(frequent)
    table = np.array([[held[word] for held in counts] for word in words], np.int64)
    return words, table.reshape(len(words), n_classes)
