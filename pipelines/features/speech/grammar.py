"""Grammar: which words may follow each other in a recording.

A telephone number has ten digits, and a list of commands is known. This knowledge is written as states: the first state
is the beginning, each other one is reached from the state before it by one word, and some of them are ends. The words
of a recording are then the best way from the beginning to an end, which dynamic programming finds: the best sum of
scores in a state at a place follows from those of the state before it at earlier places.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.errors import UsageError
from pipelines.wording import list_some

ANY = -1  # instead of a word: the word that scores highest
NOWHERE = -1  # instead of a state: there is no state before the beginning
MOST_STATES = 5000


@dataclass(frozen=True)
class Grammar:
    """States and the words that lead to them.

    Attributes
    ----------
    before : int ndarray [shape=(n_states,)]
        The state that each one is reached from; a state may be reached from itself.
    words : int ndarray [shape=(n_states,)]
        By which word: the index of a label, or `ANY`.
    depths : int ndarray [shape=(n_states,)], the number of words up to each state
    ends : bool ndarray [shape=(n_states,)]
    """

    before: np.ndarray
    words: np.ndarray
    depths: np.ndarray
    ends: np.ndarray

    @property
    def lengths(self):
        """The numbers of words that its sequences have, ascending: list of int."""
        return np.unique(self.depths[self.ends]).tolist()

    @classmethod
    def free(cls):
        """Return the grammar of any number of any words."""
        return cls(np.array([0]), np.array([ANY]), np.array([0]), np.array([True]))

    @classmethod
    def of_count(cls, n):
        """Return the grammar of n words, whichever they are."""
        states = np.arange(n + 1)
        return cls(states - 1, np.full(n + 1, ANY), states, states == n)

    @classmethod
    def of_sequences(cls, sequences):
        """Return the grammar of some sequences, each a sequence of indices of labels, not empty."""
        found, ends = {(): 0}, set()
        for sequence in sequences:
            for n in range(1, len(sequence) + 1):
                found.setdefault(tuple(sequence[:n]), len(found))
            ends.add(found[tuple(sequence)])
        before = [NOWHERE if not words else found[words[:-1]] for words in found]
        last = [ANY if not words else words[-1] for words in found]
        is_end = np.isin(np.arange(len(found)), list(ends))
        return cls(np.array(before), np.array(last), np.array([len(words) for words in found]), is_end)

    @classmethod
    def read(cls, path, labels):
        """Read a file that has a sequence of labels in each line; what is behind a # is a remark.

        Raises UsageError if the file cannot be read, has no sequence or too many, or a word that is no label.
        """
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
            raise UsageError(f"{path}: cannot be read ({reason}); give a text file of word sequences") from None
        sequences = []
        for number, line in enumerate(lines, 1):
            cells = line.partition("#")[0].split()
            if cells:
                sequences.append(_parse(cells, labels, f"{path}: line {number}"))
        if not sequences:
            raise UsageError(f"{path}: contains no sequence of words; write one in each line")
        grammar = cls.of_sequences(sequences)
        if len(grammar.before) > MOST_STATES:
            raise UsageError(f"{path}: has sequences of {len(grammar.before)} states, more than {MOST_STATES}")
        return grammar

    def best_path(self, places, starts, stops, scores, gap_costs):
        """Return the best of `best_paths` where no stretch costs anything."""
        _, [path] = self.best_paths(places, starts, stops, scores, gap_costs, np.zeros((1, len(starts))))
        return path

    def best_paths(self, places, starts, stops, scores, gap_costs, costs):
        """Return the stretches, side by side, with the highest sum of scores, less what they cost and what is left out.

        Parameters
        ----------
        places : int ndarray, ascending: where words may begin or end; the first is the beginning, the last the end
        starts, stops : int ndarray [shape=(n,)], places
        scores : float ndarray [shape=(n, n_labels + 1)], of each word in each stretch, and behind them of the best one
        gap_costs : float ndarray, for each place what it costs to leave out all before it
        costs : float ndarray [shape=(n_costs, n)], what each stretch costs; a path is found for each row of costs

        Returns
        -------
        sums : float ndarray [shape=(n_costs,)]
        paths : list of list of (start, stop, word)
            `word` is the index of a label, or `ANY`. Where there is no room for any sequence, the longest part of one.
        """
        index = {int(place): j for j, place in enumerate(places)}
        by_stop = [[] for _ in places]
        for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            by_stop[index[stop]].append((index[start], row))
        best = np.full((len(places), len(costs), len(self.before)), -np.inf)
        came = np.full(best.shape, NOWHERE)
        best[0, :, 0] = 0
        led, gains = self.before != NOWHERE, scores[:, np.newaxis, :] - costs.T[:, :, np.newaxis]
        for j in range(1, len(places)):
            best[j] = best[j - 1] - (gap_costs[places[j]] - gap_costs[places[j - 1]])
            for i, row in by_stop[j]:
                sums = np.where(led, best[i][:, self.before] + gains[row][:, self.words], -np.inf)
                better = sums > best[j]
                best[j][better] = sums[better]
                came[j][better] = i
        traced = [self._trace(places, best[-1, k], came[:, k]) for k in range(len(costs))]
        return np.array([total for total, _ in traced]), [path for _, path in traced]

    def _trace(self, places, sums, came):
        """Return the sum and the path of the best end, or of the deepest state where no end is reached."""
        reached = np.isfinite(sums)
        wanted = reached & self.ends
        if not wanted.any():
            wanted = reached & (self.depths == self.depths[reached].max())
        end = state = int(np.flatnonzero(wanted)[sums[wanted].argmax()])
        path, j = [], len(places) - 1
        while j > 0:
            i = int(came[j, state])
            if i == NOWHERE:
                j -= 1
                continue
            path.append((int(places[i]), int(places[j]), int(self.words[state])))
            j, state = i, int(self.before[state])
        return sums[end], path[::-1]


def _parse(cells, labels, where):
    """Return the indices of the labels in a line's cells; a label with blanks takes several cells."""
    by_words = {tuple(label.split()): index for index, label in enumerate(labels)}
    longest = max(map(len, by_words))
    found, at = [], 0
    while at < len(cells):
        for n in range(longest, 0, -1):
            if (index := by_words.get(tuple(cells[at : at + n]))) is not None:
                found.append(index)
                at += n
                break
        else:
            raise UsageError(
                f"{where}: {cells[at]!r} is not a word of the model; its words are {list_some(labels, 12)}"
            )
    return found
