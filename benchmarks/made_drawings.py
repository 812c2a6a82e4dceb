"""Made drawings: how well a model of handwritten digits reads clean scans, faint lines, small and full pictures.

The drawings are made here from MNIST's digits, which are enlarged to smooth lines first. Each kind has one thing that
other people's pictures have and MNIST's do not: 16 x 16 or 8 x 8 pixels filled to the frame; 16 x 16 pixels that were
enlarged to blocks; a pencil whose darkness varies 4 to 1 along the line; a picture that is the digit's own box; lines
60 % thinner or thicker; 10 to 40 % contrast; light on dark; a frame that the digit touches; a circle or a box around
the digit, half of the circles open at one side. These last six kinds, and digits as they are, lie on canvases of 16 to
512 pixels (48 to 512 where there is a ring) with noise of 5 %. A webcam's frame has 320 x 240 or 640 x 480 pixels: a
photograph of CIFAR-10, in which a sheet of paper with the digit on it is held up, seen from one side.

`python -m benchmarks.made_drawings --model FILE` measures model files, each by itself, on test digits. To choose
something, measure on `--role valid`, and keep test for the end. `--keep FOLDER` writes some of the pictures, too.
"""

import functools
import io
import itertools
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from benchmarks.real_pictures import thin_strokes, warp
from pipelines import datasets
from pipelines.features.extraction import extract_all
from pipelines.learning.preparation import SPLIT_SEED
from pipelines.models import bundle

EACH = 2000
SEED = 0
CANVAS = (16, 512)
NOISE = 0.05
KINDS = (
    "16 x 16",
    "pencil",
    "thin",
    "thick",
    "faint",
    "light on dark",
    "touching the frame",
    "as it is",
    "8 x 8",
    "hard pixels",
    "cut out tightly",
    "in a ring",
    "webcam",
)
ENLARGED = (72, 512)  # pixels, the side of pictures of hard pixels
LARGE = 224  # pixels, the enlarged digit
KEPT = 40


def run(models, role="test", each=EACH, keep=None, kinds=KINDS):
    """Measure model files; write results/made_drawings.json if the role is test. Return what was found."""
    loaded = [bundle.load(path) for path in models]
    found = {}
    for kind in kinds:
        labels, made = drawings(role, kind, each, np.random.default_rng([SEED, KINDS.index(kind)]))
        if keep is not None:
            _write(made[:KEPT], labels, Path(keep) / kind.replace(" ", "-"))
        shares = [share_right(model, labels, made) for model in loaded]
        found[kind] = {
            "n": len(made),
            "accuracy": round(float(np.mean(shares)), 4),
            "of_each_model": [round(share, 4) for share in shares],
            "ci95": [round(end, 4) for end in wilson_interval(float(np.mean(shares)), len(made))],
        }
        click.echo(f"{kind:20s} {found[kind]['accuracy']:.4f}  {found[kind]['of_each_model']}", err=True)
    if role == "test":
        described = [{name: model.provenance.get(name) for name in ("dataset", "preset", "seed")} for model in loaded]
        results_file.write("made_drawings", {"models": described, "seed": SEED, "by_kind": found})
    return found


def share_right(model, labels, made):
    """Return the share of pictures (list of uint8 arrays) that a model answers rightly; without an answer is wrong."""
    stored, ok, _ = extract_all(getattr(model, "reader", model.extractor), [png(pixels) for pixels in made])
    answers = np.full(len(made), "", dtype=object)
    answers[ok] = np.array(model.labels, dtype=object)[model.probabilities(stored).argmax(axis=1)]
    return float(np.mean(answers == labels))


def png(pixels):
    """Return the contents of a PNG file of a grey picture, uint8 [shape=(height, width)]."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def drawings(role, kind, n, rng):
    """Make n drawings of a kind from MNIST's digits of a role: their labels, and a list of uint8 arrays."""
    mnist = datasets.with_split(datasets.load("mnist", "images"), np.random.default_rng(SPLIT_SEED))
    rows = rng.permutation(mnist.rows(role))
    rows = np.fromiter(itertools.islice(itertools.cycle(rows), n), int)
    labels = np.array([mnist.labels[k] for k in mnist.y[rows]], dtype=object)
    return labels, [drawing(mnist.items[row], kind, rng) for row in rows]


def drawing(digit, kind, rng):
    """Return a drawing of a digit (uint8 [28, 28], bright on dark) as a picture of its kind: uint8 array."""
    if kind in ("16 x 16", "8 x 8"):
        return _small(digit, int(kind.split()[0]), rng)
    if kind == "hard pixels":
        side = round(np.exp(rng.uniform(*np.log(ENLARGED))))
        return np.asarray(Image.fromarray(_small(digit, 16, rng)).resize((side, side), Image.Resampling.NEAREST))
    line = _line(digit, {"thin": -0.6, "thick": 0.6}.get(kind, 0))
    if kind == "pencil":
        return _pencil(line, rng)
    if kind == "cut out tightly":
        return _cut_out(line, rng)
    if kind == "webcam":
        return _webcam(line, rng)
    if kind == "in a ring":
        return _noisy(rng.uniform(0.85, 1) - rng.uniform(0.6, 0.85) * _in_a_ring(line, rng), NOISE, rng)
    side = round(np.exp(rng.uniform(*np.log(CANVAS))))
    share, at = (rng.uniform(0.6, 0.95), rng.integers(0, 2, 2)) if kind == "touching the frame" else (None, None)
    coverage = _place(line, side, share or rng.uniform(0.5, 0.85), rng.uniform(0.2, 0.8, 2) if at is None else at, rng)
    dark = rng.random() < 0.5 if kind in ("as it is", "touching the frame") else kind != "light on dark"
    contrast = rng.uniform(0.1, 0.4) if kind == "faint" else rng.uniform(0.6, 0.95)
    ground = rng.uniform(0.85, 1) if dark else rng.uniform(0, 0.15)
    levels = ground + (-contrast if dark else contrast) * np.minimum(1, coverage / 255) * (ground if dark else 1)
    return _noisy(levels, NOISE, rng)


def _small(digit, side, rng):
    return _place(Image.fromarray(digit), side, 1.0, 0.5, rng).round().astype(np.uint8)


def _cut_out(line, rng):
    """Ink on paper, cut out along the outermost pixels of the line that are darker than half."""
    line = line.crop(line.point(lambda level: 255 * (level > 127)).getbbox())
    scale = np.exp(rng.uniform(*np.log((32, CANVAS[1])))) / max(line.size)
    coverage = np.asarray(_scaled(line, scale, CANVAS[1]), float)
    levels = rng.uniform(0.85, 1) - rng.uniform(0.5, 0.8) * coverage / 255
    return _noisy(levels, 0.01, rng)


def _webcam(line, rng):
    """A scene with a sheet of paper in it, 30 to 70 % as high as the picture: uint8 array."""
    height = int(rng.choice([240, 480]))
    width = height * 4 // 3
    coverage = _place(line, height, rng.uniform(0.4, 0.7), 0.5, rng) / 255
    light = 1 + rng.uniform(-0.1, 0.1) * np.linspace(-1, 1, height)
    paper = 255 * light * (rng.uniform(0.65, 0.9) - rng.uniform(0.45, 0.6) * coverage)
    high = rng.uniform(0.3, 0.7) * height
    half = np.array([high * rng.uniform(0.75, 1.3), high]) / 2
    around = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    sine, cosine = np.sin(angle := rng.uniform(-0.2, 0.2)), np.cos(angle)
    middle = rng.uniform(1.1 * half, [width, height] - 1.1 * half)
    held = middle + around * half @ [[cosine, sine], [-sine, cosine]] + rng.normal(0, 0.03 * high, (4, 2))
    corners, size = (around + 1) / 2 * height, (width, height)
    sheet, there = (warp(level, corners, held, 0, size) for level in (paper, np.full_like(paper, 255)))
    seen = np.where(there > 127, sheet, _scene(width, height, rng)).clip(0, 255).astype(np.uint8)
    soft = np.asarray(Image.fromarray(seen).filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1) * height / 240)), float)
    return _noisy(soft / 255, rng.uniform(0.005, 0.02), rng)


def _scene(width, height, rng):
    """A photograph of CIFAR-10 as the background, and up to two smaller ones: float array [shape=(height, width)]."""
    files = _photographs()

    def photograph(size):
        return Image.open(files[rng.integers(len(files))]).convert("L").resize(size, Image.Resampling.BICUBIC)

    scene = photograph((width, height))
    for _ in range(rng.integers(0, 3)):
        size = tuple(int(side) for side in rng.uniform(0.2, 0.5, 2) * height)
        scene.paste(photograph(size), (int(rng.integers(0, width - size[0])), int(rng.integers(0, height - size[1]))))
    return np.asarray(scene, float)


@functools.cache
def _photographs():
    return datasets.load("cifar10", "images").items


def _in_a_ring(line, rng):
    """Put a line on a canvas with a ring around it: float array [shape=(side, side)], 0 to 1."""
    side = round(np.exp(rng.uniform(*np.log((48, CANVAS[1])))))
    share = rng.uniform(0.3, 0.5)
    coverage = _place(line, side, share, 0.5, rng) / 255
    ring = Image.new("L", (4 * side, 4 * side))
    kind = rng.choice(["circle", "open circle", "box"])
    pen = {"fill": 255, "width": max(4, round(side * rng.uniform(0.06, 0.16)))}
    wider = rng.uniform(1.25, 1.5) * (1 if kind == "box" else 1.2)
    half = 2 * side * np.minimum(share * wider * rng.uniform(0.95, 1.05, 2), 0.97)
    box = [*(2 * side - half), *(2 * side + half)]
    if kind == "box":
        left, top, right, bottom = box
        ImageDraw.Draw(ring).line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], **pen)
    else:
        first = rng.uniform(0, 360)
        ImageDraw.Draw(ring).arc(box, first, first + (330 if kind == "open circle" else 360), **pen)
    return np.maximum(coverage, np.asarray(ring.reduce(4), float) / 255)


def _line(digit, wider):
    """Enlarge a digit to a line with soft edges, by a share wider or narrower: Pillow image of mode "L"."""
    from scipy.ndimage import distance_transform_edt

    large = Image.fromarray(np.pad(digit, 6)).resize((LARGE, LARGE), Image.Resampling.BICUBIC)
    inside = np.asarray(large.filter(ImageFilter.GaussianBlur(2.5))) > 110
    if not wider:
        distance = distance_transform_edt(inside) - distance_transform_edt(~inside)
        return Image.fromarray(np.clip(127 + 40 * distance, 0, 255).astype(np.uint8))
    middle = thin_strokes(inside)
    half = float(distance_transform_edt(inside)[middle].mean()) * (1 + wider)
    distance = half - distance_transform_edt(~middle)
    if wider > 0:  # what is thick already stays as thick
        distance = np.maximum(distance, distance_transform_edt(inside) - distance_transform_edt(~inside))
    return Image.fromarray(np.clip(127 + 40 * distance, 0, 255).astype(np.uint8))


def _place(line, side, share, at, rng):
    """Put a line's box on a square canvas, at a share of its size: float array [shape=(side, side)], 0 to 255."""
    line = line.crop(line.getbbox())
    line = _scaled(line, share * side / max(line.size), side)
    sheet = Image.new("L", (side, side))
    place = (np.array([side, side]) - line.size) * at
    sheet.paste(line, tuple(place.round().astype(int)))
    return np.asarray(sheet, float)


def _scaled(line, scale, longest):
    """Return a line so many times as large, with sides of 1 to `longest` pixels."""
    size = tuple(min(longest, max(1, round(length * scale))) for length in line.size)
    return line.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)


def _pencil(line, rng):
    """A pencil's line, whose darkness varies 4 to 1 along it, on a clean scan."""
    side = round(np.exp(rng.uniform(*np.log((48, 320)))))
    coverage = _place(line, side, rng.uniform(0.5, 0.95), rng.uniform(0.1, 0.9, 2), rng) / 255
    coarse = rng.uniform(0, 1, (5, 5)).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))
    where = coverage > 0.5
    low, high = (field[where].min(), field[where].max()) if where.any() else (0, 1)
    field = np.clip((field - low) / max(high - low, 1e-6), 0, 1)
    darkness = rng.uniform(0.6, 0.9) * 4.0 ** (field - 1)
    return _noisy(rng.uniform(0.92, 1) - darkness * coverage, rng.uniform(0.005, 0.03), rng)


def _noisy(levels, sigma, rng):
    return np.clip(255 * (levels + rng.normal(0, sigma, levels.shape)), 0, 255).round().astype(np.uint8)


def _write(made, labels, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (pixels, label) in enumerate(zip(made, labels, strict=False)):
        Image.fromarray(pixels).save(folder / f"{number:03d}-{label}.png")


@click.command()
@click.option(
    "--model", "models", multiple=True, required=True, type=click.Path(), help="A model file; may be repeated."
)
@click.option("--role", type=click.Choice(["train", "valid", "test"]), default="test")
@click.option("--each", type=int, default=EACH)
@click.option("--keep", type=click.Path(), help="A folder to write some of the pictures to.")
def _command(models, role, each, keep):
    """Measure how well models read made drawings."""
    run(models, role, each, keep)


if __name__ == "__main__":
    _command()
