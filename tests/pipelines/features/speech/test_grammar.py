"""The best path of a grammar is the best of all ways to lay its words along a phrase."""

import itertools

import numpy as np
import pytest

from pipelines.errors import UsageError
from pipelines.features.speech.grammar import ANY, Grammar

LABELS = ("on", "off", "lights on")


def all_ways(n, lengths):
    """Every way to lay so many stretches side by side along n places: list of tuples of (start, stop)."""
    spans = list(itertools.combinations(range(n + 1), 2))
    return [
        way
        for k in lengths
        for way in itertools.combinations(spans, k)
        if all(a[1] <= b[0] for a, b in itertools.pairwise(way))
    ]


def value(path, scores, gap_costs, n):
    """The sum of scores of a path of (start, stop, word), less what it leaves out."""
    edges = [0, *(edge for start, stop, _ in path for edge in (start, stop)), n]
    gaps = sum(gap_costs[b] - gap_costs[a] for a, b in zip(edges[::2], edges[1::2], strict=True))
    return sum(scores[start, stop][word] for start, stop, word in path) - gaps


SEQUENCES = [(0,), (0, 1), (1, 1, 0)]
GRAMMARS = {
    "free": (Grammar.free(), [(ANY,) * n for n in range(6)]),
    "two words": (Grammar.of_count(2), [(ANY, ANY)]),
    "sequences": (Grammar.of_sequences(SEQUENCES), SEQUENCES),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", GRAMMARS)
def test_no_other_way_to_lay_words_along_a_phrase_scores_higher(seed, name):
    (grammar, sequences), n, rng = GRAMMARS[name], 5, np.random.default_rng(seed)
    starts, stops = map(np.array, zip(*itertools.combinations(range(n + 1), 2), strict=True))
    scores = rng.normal(0, 1, (len(starts), 2))
    scores = np.hstack([scores, scores.max(axis=1, keepdims=True)])
    gap_costs = np.concatenate([[0], np.cumsum(rng.uniform(0, 1, n))])
    found = grammar.best_path(np.arange(n + 1), starts, stops, scores, gap_costs)
    by_ends = dict(zip(zip(starts.tolist(), stops.tolist(), strict=True), scores, strict=True))
    best = max(
        value([(*span, word) for span, word in zip(way, words, strict=True)], by_ends, gap_costs, n)
        for words in sequences
        for way in all_ways(n, [len(words)])
    )
    assert tuple(word for *_, word in found) in sequences
    assert value(found, by_ends, gap_costs, n) == pytest.approx(best)


@pytest.mark.parametrize("name", GRAMMARS)
def test_the_paths_of_several_costs_are_those_that_each_gives_alone(name):
    (grammar, _), n, rng = GRAMMARS[name], 6, np.random.default_rng(0)
    starts, stops = map(np.array, zip(*itertools.combinations(range(n + 1), 2), strict=True))
    scores, costs = rng.normal(0, 1, (len(starts), 3)), rng.uniform(0, 2, (4, len(starts)))
    gap_costs = np.concatenate([[0], np.cumsum(rng.uniform(0, 1, n))])
    sums, paths = grammar.best_paths(np.arange(n + 1), starts, stops, scores, gap_costs, costs)
    for total, path, cost in zip(sums, paths, costs, strict=True):
        cheaper = scores - cost[:, np.newaxis]
        assert path == grammar.best_path(np.arange(n + 1), starts, stops, cheaper, gap_costs)
        by_ends = dict(zip(zip(starts.tolist(), stops.tolist(), strict=True), cheaper, strict=True))
        assert total == pytest.approx(value(path, by_ends, gap_costs, n))


def test_where_there_is_no_room_as_many_words_are_found_as_fit():
    places, scores = np.arange(3), np.zeros((2, 2))
    found = Grammar.of_count(5).best_path(places, np.array([0, 1]), np.array([1, 2]), scores, np.zeros(3))
    assert found == [(0, 1, ANY), (1, 2, ANY)]


def test_a_file_may_have_labels_with_blanks_and_remarks(tmp_path):
    path = tmp_path / "grammar.txt"
    path.write_text("lights on off  # the lamp\n\non\n", encoding="utf-8")
    grammar = Grammar.read(path, LABELS)
    ways = {}
    for state in range(1, len(grammar.before)):
        ways[state] = (*ways.get(int(grammar.before[state]), ()), LABELS[grammar.words[state]])
    assert {ways[state] for state in np.flatnonzero(grammar.ends)} == {("lights on", "off"), ("on",)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"on\noff up\n", "line 2: 'up' is not a word of the model"),
        (b"# nothing\n", "contains no sequence"),
        (b"\xff\xfe", "not a text in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_grammar_is_refused(tmp_path, content, said):
    path = tmp_path / "grammar.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        Grammar.read(path, LABELS)
