"""Real pictures: how well a model of handwritten digits reads photographs of them.

The photographs are made here from MNIST's own test digits, so that any number of them can be had, each with its right
answer, and nobody can pick the easy ones. A digit is enlarged smoothly and given the sharp edges of a pen's line; then
it is what a photograph makes of it: ink of some colour on paper of some tint, somewhere in the picture, small or large,
not quite straight, in uneven light, with grain, and squeezed into a JPEG file. Each picture has one disturbance more,
its kind, and pictures of the last kind have three of them at once. Kinds and digits are all equally frequent.

`python -m benchmarks.real_pictures --model FILE` measures a model file; without one, MNIST's preset `best` is trained.
`--keep FOLDER` writes the pictures, too.
"""

import io
import tempfile
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageFilter

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from pipelines import datasets
from pipelines.features.extraction import extract_all
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.models import bundle
from pipelines.verbs.train import train

SEED = 0
EACH = 8  # pictures of each digit and kind
PRESET = "best"
COMMAND = "python -m benchmarks.real_pictures"
SIZES = (300, 2000)  # longer side, in pixels
INKS = {
    "black": (28, 28, 32),
    "blue": (35, 55, 145),
    "navy": (25, 30, 75),
    "red": (165, 35, 40),
    "green": (25, 95, 60),
    "pencil": (95, 95, 98),
}
ORIENTATIONS = {  # EXIF's number, and how pixels must lie so that a viewer who obeys it turns them upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
KINDS = (
    "plain paper",
    "ruled paper",
    "squared paper",
    "creased paper",
    "paper's edge",
    "uneven light",
    "shadow",
    "perspective",
    "small and off-centre",
    "thin pen",
    "blurred",
    "noisy",
    "poor JPEG",
    "turned by EXIF",
    "chalk on a board",
    "three at once",
)
COMBINED = tuple(kind for kind in KINDS if kind not in ("plain paper", "chalk on a board", "three at once"))


def run(model=None, keep=None):
    """Measure, and write results/real_pictures.json."""
    if model is None:
        with tempfile.TemporaryDirectory() as folder:
            loaded = _train(Path(folder) / "mnist.safetensors")
    else:
        loaded = bundle.load(model)
    made = list(pictures("test", SEED, EACH))
    if keep is not None:
        _write(made, Path(keep))
    stored, ok, failures = extract_all(loaded.reader, [contents for _, _, contents in made])
    labels = np.array([label for label, _, _ in made])
    answers = np.full(len(made), "", dtype=object)
    answers[ok] = np.array(loaded.labels, dtype=object)[loaded.probabilities(stored).argmax(axis=1)]
    right = answers == labels
    kinds = np.array([kind for _, kind, _ in made])
    low, high = wilson_interval(float(right.mean()), len(right))
    provenance = loaded.provenance
    results_file.write(
        "real_pictures",
        {
            "command": "python -m benchmarks real_pictures"
            if model is None
            else f"{COMMAND} --model {Path(model).name}",
            "model": {name: provenance.get(name) for name in ("dataset", "preset", "seed", "epochs", "test")},
            "seed": SEED,
            "n": len(made),
            "accuracy": round(float(right.mean()), 4),
            "ci95": [round(low, 4), round(high, 4)],
            "without_an_answer": len(failures),
            "by_kind": {
                kind: {"n": int((kinds == kind).sum()), "accuracy": round(float(right[kinds == kind].mean()), 4)}
                for kind in KINDS
            },
            "by_digit": {label: round(float(right[labels == label].mean()), 4) for label in loaded.labels},
        },
    )


def _train(path):
    task = IMAGES
    train(task, task.presets[PRESET], path, dataset="mnist", seed=SEED)
    return bundle.load(path)


def _write(made, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (label, kind, contents) in enumerate(made):
        name = f"{number:04d}-{kind.replace(' ', '-').replace(chr(39), '')}-{label}.jpg"
        (folder / name).write_bytes(contents)


def pictures(role, seed, each):
    """Make photographs of MNIST's digits.

    Parameters
    ----------
    role : {"train", "test"}
        Which of MNIST's digits; those of the test role are for the reported number alone.
    seed : int
    each : int > 0
        How many of each digit and kind.

    Yields
    ------
    label : str
    kind : str, one of `KINDS`
    contents : bytes, a JPEG file
    """
    mnist = datasets.load("mnist", "images")
    rng = np.random.default_rng(seed)
    rows = mnist.rows(role)
    for k, label in enumerate(mnist.labels):
        of_class = rng.choice(rows[mnist.y[rows] == k], each * len(KINDS), replace=False)
        for number, row in enumerate(of_class):
            kind = KINDS[number % len(KINDS)]
            yield label, kind, photograph(mnist.items[row], kind, rng)


def photograph(digit, kind, rng):
    """Return a JPEG file's contents: a photograph of a digit, with the disturbance of its kind.

    Parameters
    ----------
    digit : ndarray of uint8 [shape=(28, 28)], bright on dark
    kind : str, one of `KINDS`
    rng : numpy Generator
    """
    has = {kind} if kind != "three at once" else set(rng.choice(COMBINED, 3, replace=False))
    width, height = _size(rng)
    page = _page(width, height, has, rng)
    coverage = _place(_line(digit, "thin pen" in has, rng), width, height, "small and off-centre" in has, rng)
    page = _ink(page, coverage, "chalk on a board" in has, rng)
    if "perspective" in has:
        page = _in_perspective(page, rng)
    if "paper's edge" in has:
        page = _on_a_table(page, rng)
    page = page * _light(width, height, "uneven light" in has, rng)[..., None]
    if "shadow" in has:
        page = page * _shadow(width, height, rng)[..., None]
    picture = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    side = min(width, height)
    picture = picture.filter(
        ImageFilter.GaussianBlur(side * (rng.uniform(0.006, 0.014) if "blurred" in has else 0.001))
    )
    return _file(_with_noise(picture, rng.uniform(12, 28) if "noisy" in has else rng.uniform(1, 5), rng), has, rng)


def _size(rng):
    longer = round(np.exp(rng.uniform(*np.log(SIZES))))
    shorter = round(longer * rng.choice([1, 3 / 4, 9 / 16]))
    return (longer, shorter) if rng.random() < 0.5 else (shorter, longer)


def _smooth(height, width, roughness, rng):
    """A field that varies by about 1 between `roughness` hills across: float32 [shape=(height, width)]."""
    coarse = Image.fromarray(rng.normal(size=(roughness + 1, roughness + 1)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _page(width, height, has, rng):
    """The sheet, with what is printed on it and how it was folded: float32 RGB [shape=(height, width, 3)]."""
    if "chalk on a board" in has:
        tint = np.array([[35, 60, 48], [40, 42, 46], [30, 36, 60]][rng.integers(3)])
    else:
        tint = rng.uniform(205, 245) - np.array([0, rng.uniform(0, 8), rng.uniform(0, 25)])
    page = np.empty((height, width, 3), np.float32)
    page[:] = tint
    page *= 1 + 0.012 * _smooth(height, width, 40, rng)[..., None]
    gap = min(width, height) * rng.uniform(0.05, 0.16)
    if has & {"ruled paper", "squared paper"}:
        lines = _lines(np.arange(height), gap, rng)[:, None]
        if "squared paper" in has:
            lines = np.maximum(lines, _lines(np.arange(width), gap, rng)[None])
        colour = np.array([[120, 150, 205], [150, 150, 155], [190, 140, 150]][rng.integers(3)])
        page += lines[..., None] * rng.uniform(0.5, 1) * (colour - tint)
    if "creased paper" in has:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        for _ in range(rng.integers(2, 6)):
            along = _across(x, y, width, height, rng) / min(width, height)
            page *= (1 + rng.uniform(0.03, 0.1) * np.sign(along) * np.exp(-np.abs(along) / 0.15))[..., None]
            page *= (1 - rng.uniform(-0.12, 0.3) * np.exp(-((along / 0.006) ** 2)))[..., None]
    return page


def _lines(at, gap, rng):
    """Coverage of parallel lines along one axis: [shape=(len(at),)], from 0 to 1."""
    half = max(0.6, gap * rng.uniform(0.015, 0.03))
    distance = np.abs((at + rng.uniform(0, gap)) % gap - gap / 2)
    return np.clip(half + 0.5 - distance, 0, 1).astype(np.float32)


def _across(x, y, width, height, rng):
    """Distance in pixels from a straight line through the middle parts of the picture, with its sign."""
    angle = rng.uniform(0, np.pi)
    cx, cy = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8)
    return (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)


def _line(digit, thin, rng):
    """The digit as the line of a pen, 400 pixels high: a Pillow picture of how much is covered, 0 to 255."""
    large = Image.fromarray(np.pad(digit, 2)).resize((400, 400), Image.Resampling.BICUBIC)
    large = large.filter(ImageFilter.GaussianBlur(5))
    if not thin:
        return _steep(large, 255 * rng.uniform(0.35, 0.55), 25)
    middle = thin_strokes(np.asarray(large.resize((160, 160), Image.Resampling.BOX)) > 110)
    spread = Image.fromarray(middle.astype(np.uint8) * 255).resize((400, 400), Image.Resampling.BICUBIC)
    half = 400 * rng.uniform(0.012, 0.02)
    spread = np.asarray(spread.filter(ImageFilter.GaussianBlur(half)), np.float32)
    # A line one pixel (2.5 pixels here) wide, blurred by sigma, is 2.5 / (sigma sqrt(2 pi)) high in its middle.
    return _steep(Image.fromarray(spread), 255 * 2.5 / (half * np.sqrt(2 * np.pi)) * np.exp(-0.5), 8)


def _steep(image, level, slope):
    """Turn a smooth picture into one with narrow grey edges around `level`."""
    return Image.fromarray(
        np.clip(127 + 255 / slope * (np.asarray(image, np.float32) - level), 0, 255).astype(np.uint8)
    )


def thin_strokes(strokes):
    """Thin strokes to lines one pixel wide. Zhang and Suen 1984, https://doi.org/10.1145/357994.358023"""
    strokes = np.pad(strokes, 1).astype(np.uint8)
    while True:
        before = strokes.sum()
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            around = [
                np.roll(strokes, shift, (0, 1))
                for shift in ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
            ]
            n = sum(around)
            steps = sum((a == 0) & (b == 1) for a, b in zip(around, around[1:] + around[:1], strict=True))
            free = [np.minimum.reduce([around[i] for i in places]) == 0 for places in (first, second)]
            strokes[(strokes == 1) & (n >= 2) & (n <= 6) & (steps == 1) & free[0] & free[1]] = 0
        if strokes.sum() == before:
            return strokes[1:-1, 1:-1] == 1


def _place(line, width, height, small, rng):
    """Put the line somewhere on a sheet: float32 coverage [shape=(height, width)], 0 to 1."""
    line = line.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC)
    line = line.crop(line.getbbox())
    share = rng.uniform(0.12, 0.25) if small else rng.uniform(0.3, 0.7)
    scale = min(width, height) * share / max(line.size)
    line = line.resize(
        (max(1, round(line.width * scale)), max(1, round(line.height * scale))), Image.Resampling.LANCZOS
    )
    free = np.array([width, height]) - line.size
    at = free * (rng.uniform(0.06, 0.94, 2) if small else rng.uniform(0.25, 0.75, 2))
    sheet = Image.new("L", (width, height))
    sheet.paste(line, tuple(np.maximum(at, 0).astype(int)))
    return np.asarray(sheet, np.float32) / 255


def _ink(page, coverage, chalk, rng):
    height, width = coverage.shape
    colour = (225, 225, 215) if chalk else INKS[rng.choice(list(INKS))]
    strength = np.clip(rng.uniform(0.8, 1) + 0.06 * _smooth(height, width, 25, rng), 0, 1) * coverage
    return page + strength[..., None] * (np.array(colour, np.float32) - page)


def _in_perspective(page, rng):
    """The sheet seen from the side: its corners move inward by up to a seventh, and what was cut off is not seen."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    moved = corners + rng.uniform(-0.14, 0.14, (4, 2)) * (width, height)
    return warp(page, moved, corners, tuple(int(c) for c in np.median(page.reshape(-1, 3), axis=0)))


def warp(page, source, target, fill, size=None):
    """Map four points of a page to four others by a projective map; what lies outside of the page is `fill`.

    `size` is the width and height of what is returned, those of the page if it is None.
    """
    rows = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    coefficients = np.linalg.solve(np.array(rows), np.ravel(source))
    image = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    size, way = size or image.size, Image.Transform.PERSPECTIVE
    return np.asarray(image.transform(size, way, coefficients, Image.Resampling.BICUBIC, fillcolor=fill), np.float32)


def _on_a_table(page, rng):
    """The sheet lying on a dark table that shows on one or two sides."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    inset = rng.uniform(0.03, 0.1, (4, 2)) * (width, height) * [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    inset[:, rng.integers(2)] *= rng.choice([0, 1])
    wood = [(92, 62, 40), (60, 60, 64), (130, 98, 66)][rng.integers(3)]
    return warp(page, corners, corners + inset, wood)


def _light(width, height, uneven, rng):
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = _across(x, y, width, height, rng) / max(width, height)
    slope = rng.uniform(0.5, 0.9) if uneven else rng.uniform(0, 0.25)
    edge = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * (rng.uniform(0.2, 0.7) if uneven else 0.1)
    return np.clip(rng.uniform(0.75, 1) + slope * along - edge, 0.18, 1.1)


def _shadow(width, height, rng):
    """What a hand or a phone takes from the light: a band or a half-plane with an edge that is sharp or soft."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    softness = min(width, height) * np.exp(rng.uniform(*np.log([0.005, 0.1])))
    inside = 1 / (1 + np.exp(-np.clip(_across(x, y, width, height, rng) / softness, -30, 30)))
    if rng.random() < 0.5:
        inside *= 1 / (1 + np.exp(-np.clip(_across(x, y, width, height, rng) / softness, -30, 30)))
    return 1 - rng.uniform(0.25, 0.6) * inside


def _with_noise(picture, sigma, rng):
    pixels = np.asarray(picture, np.float32)
    luma = rng.normal(0, sigma, pixels.shape[:2])[..., None]
    chroma = rng.normal(0, sigma / 2, pixels.shape)
    return Image.fromarray(np.clip(pixels + luma + chroma, 0, 255).astype(np.uint8))


def _file(picture, has, rng):
    exif = Image.Exif()
    if "turned by EXIF" in has:
        orientation = int(rng.choice(list(ORIENTATIONS)))
        picture = picture.transpose(ORIENTATIONS[orientation])
        exif[0x0112] = orientation
    quality = int(rng.integers(8, 25)) if "poor JPEG" in has else int(rng.integers(60, 96))
    contents = io.BytesIO()
    picture.save(contents, "JPEG", quality=quality, exif=exif)
    return contents.getvalue()


@click.command()
@click.option("--model", type=click.Path(), help="A model file; without it, MNIST's preset `best` is trained.")
@click.option("--keep", type=click.Path(), help="A folder to write the pictures to.")
def _command(model, keep):
    """Measure how well a model reads photographs of handwritten digits."""
    run(model, keep)


if __name__ == "__main__":
    _command()
