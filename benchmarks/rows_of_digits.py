"""Rows of digits: how well `transcribe` cuts a number into its digits and reads them.

Rows of five are made here from MNIST's digits, of 28 pixels each, with gaps of -2 to 10 pixels between them and a
baseline that moves by up to 4; half of the pages are ruled. Counted are digits that are wrong, missing or too many: the
edit distance, divided by the number of digits.

`python -m benchmarks.rows_of_digits --model FILE` measures a model file; choose with `--role valid`.
"""

import io
from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks import results_file
from pipelines import datasets
from pipelines.features.images.transcription import transcribe_picture
from pipelines.features.inputs import Sample
from pipelines.learning.preparation import SPLIT_SEED
from pipelines.models import bundle

SEED, ROWS, DIGITS = 0, 500, 5
GAP, BASELINE = (-2, 10), 4
LINE = 36  # pixels between printed lines


def run(model, role="test", rows=ROWS, keep=None):
    """Measure a model file; write results/rows_of_digits.json if the role is test. Return the measured."""
    loaded = bundle.load(model)
    errors, n = {"ruled": 0, "plain": 0}, {"ruled": 0, "plain": 0}
    for number, (truth, ruled, pixels) in enumerate(pages(role, rows, np.random.default_rng(SEED))):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        page = transcribe_picture(loaded, Sample(str(number), file.getvalue()))
        kind, answer = "ruled" if ruled else "plain", [word.word for word in page.words]
        wrong = edit_distance(answer, truth)
        errors[kind] += wrong
        n[kind] += len(truth)
        if keep is not None and wrong:
            Path(keep).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(Path(keep) / f"{number:03d}-{''.join(truth)}-{''.join(answer)}.png")
    measured = {
        "model": {name: loaded.provenance.get(name) for name in ("dataset", "preset", "seed")},
        "rows": rows,
        "digits": sum(n.values()),
        "error": round(sum(errors.values()) / sum(n.values()), 4),
        "by_kind": {kind: round(errors[kind] / max(1, n[kind]), 4) for kind in n},
    }
    if role == "test":
        results_file.write("rows_of_digits", measured)
    return measured


def pages(role, rows, rng):
    """Yield the digits, whether the page is ruled, and the picture (uint8, dark on bright) of each row."""
    mnist = datasets.with_split(datasets.load("mnist", "images"), np.random.default_rng(SPLIT_SEED))
    chosen = rng.choice(mnist.rows(role), (rows, DIGITS))
    for number, row in enumerate(chosen):
        yield [mnist.labels[k] for k in mnist.y[row]], number % 2 == 1, page(mnist.items[row], number % 2 == 1, rng)


def page(digits, ruled, rng):
    """Write digits (uint8 [n, 28, 28]) in a row: each by its box, with gaps and a moving baseline."""
    boxes = [digit[:, digit.any(axis=0)] for digit in digits]
    gaps = rng.integers(GAP[0], GAP[1] + 1, len(boxes) - 1)
    width = sum(box.shape[1] for box in boxes) + int(gaps.sum()) + 40
    coverage = np.zeros((60, width))
    at = 20
    for box, gap in zip(boxes, [*gaps, 0], strict=True):
        top = 16 + rng.integers(-BASELINE, BASELINE + 1)
        place = coverage[top : top + 28, at : at + box.shape[1]]
        np.maximum(place, box / 255, out=place)
        at += box.shape[1] + gap
    paper = np.full(coverage.shape, rng.uniform(225, 250))
    if ruled:
        for line in range(int(rng.integers(4, LINE)), 60, LINE):
            paper[line : line + int(rng.integers(1, 3))] *= rng.uniform(0.6, 0.85)
    levels = paper + coverage * (rng.uniform(20, 70) - paper)
    return np.clip(levels + rng.normal(0, 4, levels.shape), 0, 255).round().astype(np.uint8)


def edit_distance(answer, truth):
    """Return how many symbols are to be put in, taken out or changed (Levenshtein 1966)."""
    before = list(range(len(truth) + 1))
    for i, symbol in enumerate(answer, 1):
        row = [i]
        for j, true in enumerate(truth, 1):
            row.append(min(row[-1] + 1, before[j] + 1, before[j - 1] + (symbol != true)))
        before = row
    return before[-1]


@click.command()
@click.option("--model", required=True, type=click.Path(), help="A model file.")
@click.option("--role", type=click.Choice(["train", "valid", "test"]), default="test")
@click.option("--rows", type=int, default=ROWS)
@click.option("--keep", type=click.Path(), help="A folder for the rows that are read wrongly.")
def _command(model, role, rows, keep):
    """Measure how well a model transcribes rows of digits."""
    click.echo(run(model, role, rows, keep))


if __name__ == "__main__":
    _command()
