"""N-grams: the short pieces that a text is made of, each brought to a number by a hash.

"my card" holds the words *my* and *card*, the pair *my card*, and pieces of letters such as *ca*, *car* and *ard*. A
sentence with other words may share pieces with it, and a word with a typing error keeps most of its pieces. A list of
all pieces that occur would have to travel with a model, and would know nothing of a new word. So a hash makes a number
of each piece, and this number names the piece's column; which pieces share a column is left to chance (Weinberger and
others 2009, https://arxiv.org/abs/0902.2206).

The hash, for programs in another language (all numbers are 32 bits wide, unsigned, and overflow):

    text      NFKC, then case folded, white space made one blank: "My  CARD" is "my card"
    letters   " my card ": every n code points in a row, whose inner ones hold no blank
              h = 2166136261 xor n;  for each code point c:  h = (h xor c) * 16777619
    word      letters, digits, _ and ' in a row; of a long one the first 64 code points
              h = 2166136261;        for each code point c:  h = (h xor c) * 16777619
    pair      of words that follow each other, whose hashes are h1 and h2; before a text's first word, and behind its
              last, stands a word without letters: "my card" has the pairs "(begin) my", "my card", "card (end)"
              h = 2166136260;        h = (h xor h1) * 16777619;  h = (h xor h2) * 16777619
    at last   h ^= h >> 16;  h *= 2246822507;  h ^= h >> 13;  h *= 3266489909;  h ^= h >> 16

The first lines are FNV-1a (Fowler, Noll and Vo, http://www.isthe.com/chongo/tech/comp/fnv), on code points in place of
bytes; the last one is the end of MurmurHash3 (Appleby, https://github.com/aappleby/smhasher). A column is
h mod the number of columns, and the sign of its entry is minus where the highest bit of h is set.
"""

import sys
import unicodedata
from typing import NamedTuple

import numpy as np

BASIS, PRIME = np.uint32(2166136261), np.uint32(16777619)
LONGEST = 64  # only so many code points of a word count
BLANK = 32


class Grams(NamedTuple):
    """The n-grams of some texts: one entry for each place where one occurs.

    Attributes
    ----------
    rows : int64 ndarray [shape=(n,)], which text
    hashes : uint32 ndarray [shape=(n,)]
    of_words : bool ndarray [shape=(n,)], whether it is a word or a pair of words, rather than a piece of letters
    starts, ends : int64 ndarray [shape=(n,)]
        The n-gram is `normalise(text)[start:end]`; a blank that it begins or ends with may lie outside.
    """

    rows: np.ndarray
    hashes: np.ndarray
    of_words: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def normalise(text: str) -> str:
    """Return the form of a text that n-grams are taken from: NFKC, case folded, white space made one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams_of(texts, letters=(2, 3, 4, 5), words=(1, 2)) -> Grams:
    """Return the n-grams of texts that are normalised.

    Parameters
    ----------
    texts : sequence of str
    letters : tuple of int >= 2, how many letters are a piece
    words : tuple of 1 and 2, whether words and pairs of words count
    """
    points, rows, begins = _code_points(texts)
    found = [_letter_grams(points, n) for n in letters]
    n_of_letters = sum(len(hashes) for hashes, _, _ in found)
    found += _word_grams(points, rows, words)
    if not found:
        found = [(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64))]
    hashes, starts, ends = (np.concatenate(column) for column in zip(*found, strict=True))
    of_row = rows[starts]
    of_words = np.arange(len(hashes)) >= n_of_letters
    return Grams(of_row, mix_bits(hashes), of_words, starts - begins[of_row], ends - begins[of_row])


class Counted(NamedTuple):
    """The different n-grams of some texts, by text: how often each is there.

    Attributes
    ----------
    rows, hashes, of_words : ndarray [shape=(n,)], as in `Grams`; rows rise
    counts : int64 ndarray [shape=(n,)]
    """

    rows: np.ndarray
    hashes: np.ndarray
    of_words: np.ndarray
    counts: np.ndarray


def count_grams(grams: Grams) -> Counted:
    """Return the different n-grams of each text."""
    keys = np.sort(_keys(grams))
    first = np.flatnonzero(np.diff(keys, prepend=keys[:1] + np.uint64(1))) if len(keys) else np.zeros(0, np.int64)
    counts, keys = np.diff(first, append=len(keys)), keys[first]
    hashes = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return Counted((keys >> np.uint64(33)).astype(np.int64), hashes, (keys >> np.uint64(32)) % np.uint64(2) > 0, counts)


def places_in(counted: Counted, grams: Grams) -> np.ndarray:
    """Return the index in `counted`, made of these n-grams, of each of them: int64 [shape=(n,)]."""
    return np.searchsorted(_keys(counted), _keys(grams))


def _keys(grams):
    """Return a number for each n-gram of each text, by which they can be sorted: uint64 ndarray."""
    kinds = grams.of_words.astype(np.uint64) << np.uint64(32)
    return (grams.rows.astype(np.uint64) << np.uint64(33)) | kinds | grams.hashes


def mix_bits(hashes: np.ndarray) -> np.ndarray:
    """Mix hashes, so that each bit of the input may change every bit: the end of MurmurHash3; uint32 arrays."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes *= np.uint32(2246822507)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(3266489909)
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _code_points(texts):
    """Return the code points of all texts, a blank around each, the text of each point, and where the texts begin."""
    joined = "".join(f" {text} " for text in texts)
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.array([len(text) + 2 for text in texts], np.int64)
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]]) + 1 if len(texts) else np.zeros(0, np.int64)
    return points, np.repeat(np.arange(len(texts)), lengths), begins


def _letter_grams(points, n):
    """Return hashes, starts and ends of the pieces of n letters within words, including the blanks beside a word."""
    n_places = max(len(points) - n + 1, 0)
    blank = points == BLANK
    inside = np.ones(n_places, bool)
    for k in range(1, n - 1):
        inside &= ~blank[k : k + n_places]
    if n == 2:  # two blanks: the end of one text and the beginning of the next
        inside &= ~(blank[:n_places] & blank[1 : n_places + 1])
    starts = np.flatnonzero(inside)
    hashes = np.full(len(starts), BASIS ^ np.uint32(n))
    for k in range(n):
        hashes = (hashes ^ points[starts + k]) * PRIME
    return hashes, starts, starts + n


def _word_grams(points, rows, kinds):
    """Return hashes, starts and ends of words, of pairs of words or of both, as `kinds` says: list."""
    letter = is_letter(points)
    edges = np.diff(letter.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    lengths = np.minimum(ends - starts, LONGEST)
    hashes = np.full(len(starts), BASIS)
    for k in range(lengths.max(initial=0)):
        longer = lengths > k
        hashes[longer] = (hashes[longer] ^ points[starts[longer] + k]) * PRIME
    found = [(hashes, starts, ends)] if 1 in kinds else []
    if 2 in kinds:
        new = np.diff(rows[starts], prepend=-1, append=-1) != 0  # whether word i begins a text; the last is not a word
        begins, ends_text, inner = np.flatnonzero(new[:-1]), np.flatnonzero(new[1:]), np.flatnonzero(~new[1:])
        found += [
            (_pair(BASIS, hashes[begins]), starts[begins], ends[begins]),
            (_pair(hashes[inner], hashes[inner + 1]), starts[inner], ends[inner + 1]),
            (_pair(hashes[ends_text], BASIS), starts[ends_text], ends[ends_text]),
        ]
    return found


def _pair(first, second):
    """Return the hashes of pairs of words."""
    return ((((BASIS ^ np.uint32(1)) ^ first) * PRIME) ^ second) * PRIME


def is_letter(points):
    """Return which code points belong to words: bool ndarray. Each different one is looked up once."""
    occurs = np.zeros(sys.maxunicode + 1, bool)
    occurs[points] = True
    for point in np.flatnonzero(occurs).tolist():
        letter = chr(point)
        occurs[point] = letter.isalnum() or letter in "_'" or unicodedata.combining(letter) > 0
    return occurs[points]
