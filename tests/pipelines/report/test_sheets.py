"""A contact sheet has a place for every sample, and nothing that a name holds breaks it."""

import csv
import json

import numpy as np
import pytest

from pipelines.features.display import Display
from pipelines.report.sheets import contact_sheet, write_review


def entry(index=0, true="1", predicted="7", path=None):
    chances = {"probability": 0.6, "probability_of_true": 0.25}
    return {"index": index, "path": path, "true": true, "predicted": predicted, **chances}


def shade(level):
    """A display of a colour that no text has."""
    return Display(np.full((28, 28, 3), (level, 7, 250), np.uint8))


def of_shade(sheet, level):
    return (sheet == (level, 7, 250)).all(axis=-1)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 48])
def test_every_sample_has_its_place(n):
    sheet = np.asarray(contact_sheet([(entry(i), shade(100)) for i in range(n)], "title", "said"))
    assert of_shade(sheet, 100).sum() == n * 112 * 112


def test_samples_stand_in_their_order_from_left_to_right():
    sheet = np.asarray(contact_sheet([(entry(i), shade(60 + i)) for i in range(10)], "title", "said"))
    centres = [np.mean(np.nonzero(of_shade(sheet, 60 + i)), axis=1) for i in range(10)]
    assert sorted(range(10), key=lambda i: (round(centres[i][0]), round(centres[i][1]))) == list(range(10))


@pytest.mark.parametrize(
    "word", ["x" * 10_000, "a\nb\x00\x1b[2J", "\udcff", "\u202egnp", "o" + "\u0489" * 999, "", "/"]
)
def test_odd_names_and_labels_change_nothing_outside_their_lines(word):
    def sheet(word):
        samples = [(entry(0, word, word, word), shade(100)), (entry(1), shade(101)), (entry(2), None)]
        return np.asarray(contact_sheet(samples, "title", "said"))

    odd, plain = sheet(word).copy(), sheet("plain").copy()
    changed = np.nonzero((odd != plain).any(axis=-1))
    assert odd.shape == plain.shape
    assert all(axis.max() < limit for axis, limit in zip(changed, (82 + 128 + 60, 20 + 148), strict=True) if len(axis))


def test_half_of_a_character_is_written_as_a_sign_for_it(tmp_path):
    review = {"n": 1, "n_errors": 1, "confident_errors": [entry(true="\ud800")], "least_certain": []}
    write_review(review, lambda entry: None, tmp_path)
    assert "\ufffd" in (tmp_path / "confident-errors.csv").read_text(encoding="utf-8")


def test_the_records_are_written_beside_the_sheets(tmp_path):
    odd = [entry(3, 'a, "b"', "c\nd", "x/\udcff.png"), entry(4)]
    review = {"model": "m", "n": 9, "n_errors": 2, "confident_errors": odd, "least_certain": odd[:1]}
    paths = write_review(review, lambda entry: shade(9) if entry["path"] else None, tmp_path / "new")
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())
    assert json.loads((tmp_path / "new" / "review.json").read_text()) == review
    with (tmp_path / "new" / "confident-errors.csv").open(newline="", errors="surrogateescape") as file:
        rows = list(csv.DictReader(file))
    assert [(row["true"], row["predicted"], row["path"]) for row in rows] == [
        ('a, "b"', "c\nd", "x/\udcff.png"), ("1", "7", "")
    ]  # fmt: skip


def test_a_review_that_is_written_again_takes_the_place_of_the_first(tmp_path):
    review = {"n": 9, "n_errors": 0, "confident_errors": [], "least_certain": [entry()]}
    for _ in range(2):
        paths = write_review(review, lambda entry: shade(9), tmp_path)
    assert sorted(paths) == sorted(tmp_path.iterdir())
