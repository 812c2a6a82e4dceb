"""The engine in JavaScript answers as the model does, as Node runs it; the oracle is Python's own way."""

import json
import re
import shutil
import subprocess
import unicodedata

import numpy as np
import pytest
import soxr
from PIL import Image, ImageDraw, ImageFilter

from backprop_core import Network, multilayer_perceptron
from backprop_core.activations import ACTIVATIONS
from pipelines import load
from pipelines.errors import NothingToSeeError
from pipelines.export.exporter import NotTakenError
from pipelines.export.javascript import modules, node
from pipelines.export.odd_inputs import TEXTS, odd_inputs
from pipelines.export.quantisation import quantise, quantise_subject
from pipelines.export.subject import Subject
from pipelines.features.extractor import Audible
from pipelines.features.images.sheet import drawing_on_a_sheet
from pipelines.features.text.ngrams import normalise
from pipelines.models import bundle

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this computer")

CLOSE = 1e-3


def run(program, *given):
    """Return what a program prints, which may import the engine's modules and finds its input in `given`, as JSON."""
    names = re.findall(r"\bfrom '(\S+)'", program)
    for name in names:
        program = program.replace(f"'{name}'", f"'{(modules.FOLDER / name).as_uri()}'")
    head = "import { readFileSync } from 'node:fs';\nconst given = JSON.parse(readFileSync(0, 'utf8'));\n"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", head + program],
        input=json.dumps(given), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def differences(model, samples, path=None, rate=None):
    """Return by how much each sample's probabilities differ at most, and the samples that both refuse count 0."""
    found = []
    with node.answering(path or model.path, rate) as answer:
        for sample in samples:
            try:
                expected = model.probabilities(model.reader.extract_rows([sample]))[0]
                assert model.task.name != "text" or len(model.reader.extract_rows([sample]).data)
            except (NothingToSeeError, AssertionError):
                with pytest.raises(NotTakenError):
                    answer(sample)
                continue
            found.append(np.abs(answer(sample) - expected).max())
    assert found
    return np.array(found)


def draw(rng, side, ground, ink):
    """Return a picture of a stroke or two: uint8 [shape=(side, side)]."""
    picture = Image.new("L", (4 * side, 4 * side), ground)
    draw = ImageDraw.Draw(picture)
    points = [tuple(point) for point in rng.uniform(side, 3 * side, (4, 2))]
    draw.line(points, ink, width=int(side / 3), joint="curve")
    small = picture.resize((side, side), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(0.6))
    noise = rng.normal(0, 3, (side, side))
    return np.clip(np.asarray(small) + noise, 0, 255).astype(np.uint8)


def test_drawings_are_found_and_answered_as_python_does(drawing_model):
    rng = np.random.default_rng(3)
    pictures = [draw(rng, side, 230, 30) for side in (20, 28, 64, 100, 150)]
    pictures += [255 - draw(rng, 90, 230, 60), np.dstack([draw(rng, 70, 240, 10)] * 3)]
    shaded = draw(rng, 260, 220, 40) * np.linspace(0.4, 1, 260)
    pictures += [shaded.astype(np.uint8), np.full((50, 50), 90, np.uint8)]
    on_a_table = np.pad(draw(rng, 200, 230, 40), 12, constant_values=80)
    squared, corner = (
        np.pad(draw(rng, 110, 225, 40), ((150, 100), (200, 60)), mode="edge").astype(int),
        slice(None, 190),
    )
    squared[::14, corner] -= 30
    squared[corner, ::14] -= 30
    grainy = np.clip(draw(rng, 240, 205, 120) + rng.normal(0, 28, (240, 240)), 0, 255).astype(np.uint8)
    three = np.hstack([draw(rng, 90, 230, 30) for _ in range(3)])
    pictures += [on_a_table, np.clip(squared, 0, 255).astype(np.uint8), three, grainy]
    assert differences(drawing_model, pictures).max() < CLOSE


def test_tight_coarse_enlarged_and_unevenly_lit_drawings_are_answered_as_python_does(drawing_model):
    rng = np.random.default_rng(4)
    whole = draw(rng, 160, 230, 30)
    rows, columns = (np.flatnonzero((whole < 128).any(axis=axis)) for axis in (1, 0))
    tight = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = np.asarray(Image.fromarray(tight).resize((16, 16), Image.Resampling.BOX))
    hard = [np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.NEAREST)) for side in (128, 203)]
    coarse = np.asarray(Image.fromarray(tight).resize((8, 8), Image.Resampling.BOX))
    y, x = np.mgrid[-1:1:160j, -1:1:160j]
    lit = [(whole * light).astype(np.uint8) for light in (0.65 + 0.3 * x, 1 - 0.3 * (x * x + y * y))]
    large = np.asarray(Image.fromarray(lit[0]).resize((700, 700), Image.Resampling.BICUBIC))
    pictures = [tight, 255 - tight, coarse, *hard, np.pad(hard[0], 21, mode="edge"), *lit, large]
    assert differences(drawing_model, pictures).max() < CLOSE


def test_drawings_in_rings_and_on_lines_are_answered_as_python_does(drawing_model):
    rng = np.random.default_rng(5)
    pictures = []
    for outline in ("ellipse", "rectangle", "ellipse"):
        picture = Image.fromarray(np.pad(draw(rng, 100, 230, 30), 50, constant_values=230))
        getattr(ImageDraw.Draw(picture), outline)((36, 30, 164, 170), outline=20, width=5)
        pictures.append(np.asarray(picture))
    pictures.append(np.pad(pictures[0], 300, constant_values=230))
    pictures.append(255 - pictures[1])
    pictures.append(
        (pictures[2] * np.where(np.add.outer(np.arange(200), np.arange(200)) > 150, 0.6, 1)).astype(np.uint8)
    )
    assert all(drawing_model.reader.extract_row(picture)[-1 - 28 * 28 : -1].any() for picture in pictures)
    assert differences(drawing_model, pictures).max() < CLOSE


def scene(rng, size, sheet, at):
    """Return a scene of soft blots with a sheet of paper in it: uint8 [shape=(height, width)]."""
    width, height = size
    blots = Image.fromarray(rng.integers(0, 150, (height // 24, width // 24)).astype(np.uint8))
    around = np.asarray(blots.resize(size, Image.Resampling.BICUBIC)).astype(float) + rng.normal(0, 2, (height, width))
    left, top = at
    around[top : top + sheet.shape[0], left : left + sheet.shape[1]] = sheet
    return np.clip(around, 0, 255).astype(np.uint8)


def test_drawings_on_sheets_in_scenes_are_answered_as_python_does(drawing_model):
    rng = np.random.default_rng(8)
    sheets = [np.pad(draw(rng, 60, 220, 40), 25, mode="edge") * np.linspace(0.8, 1, 110) for _ in range(3)]
    pictures = [scene(rng, (320, 240), sheets[0], (150, 70)), scene(rng, (400, 300), sheets[1], (40, 120))]
    pictures.append(np.asarray(Image.fromarray(pictures[0]).resize((1100, 825), Image.Resampling.BICUBIC)))
    pictures.append(scene(rng, (320, 240), np.full((110, 110), 200), (60, 60)))
    assert all(drawing_on_a_sheet(picture) is not None for picture in pictures[:3])
    assert differences(drawing_model, pictures).max() < CLOSE


def test_drawings_in_colours_of_equal_brightness_are_answered_as_python_does(drawing_model):
    rng = np.random.default_rng(6)
    pictures = []
    for side, paper, ink in ((90, (60, 125, 60), (200, 60, 60)), (600, (255, 255, 255), (255, 255, 120))):
        share = (draw(rng, side, 230, 30)[:, :, None].astype(float) - 30) / 200
        pictures.append(np.clip(np.array(ink) + share * np.subtract(paper, ink), 0, 255).astype(np.uint8))
    assert differences(drawing_model, pictures).max() < CLOSE


def test_drawings_that_fill_their_pictures_are_answered_as_python_does(filled_model):
    rng = np.random.default_rng(3)
    post, aside = np.zeros((2, 8, 8), np.uint8)
    post[:, 3:5] = aside[:, :2] = 220
    pictures = [draw(rng, side, 230, 30) for side in (20, 100)] + [post, aside, np.full((50, 50), 90, np.uint8)]
    pictures += [
        np.full((1, 1), 7, np.uint8),
        np.zeros((8, 8), np.uint8),
        rng.integers(0, 256, (8, 8)).astype(np.uint8),
    ]
    assert filled_model.extractor.fits(np.stack([post, aside])).tolist() == [True, False]
    assert differences(filled_model, pictures).max() < CLOSE


def test_pictures_are_scaled_and_laid_on_a_ground_as_python_does(colour_model):
    rng = np.random.default_rng(4)
    pictures = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((9, 11, 3), (30, 60), (1, 1, 3), (40, 7, 3))]
    assert differences(colour_model, [*pictures, *odd_inputs(Subject(colour_model, "colours"))]).max() < CLOSE


def test_pictures_are_described_by_gradients_as_python_does(gradient_model):
    rng = np.random.default_rng(4)
    pictures = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((26, 31, 3), (80, 60, 3), (20, 20))]
    pictures += [np.full((26, 31, 3), 120, np.uint8)]
    assert differences(gradient_model, pictures).max() < 1e-5


def test_transparent_pixels_lie_on_a_page():
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (8, 12, 4)).astype(np.uint8)
    page = Image.new("RGBA", (12, 8), "white")
    expected = np.asarray(Image.alpha_composite(page, Image.fromarray(pixels)).convert("L")).ravel()
    program = "import { grey, planesOf } from 'images/shades.js';\nconst [data] = given;\n"
    program += "console.log(JSON.stringify([...grey(planesOf({ width: 12, height: 8, data })).data]));"
    assert run(program, pixels.ravel().tolist()) == expected.tolist()


@pytest.mark.parametrize("name", ["box", "bilinear", "bicubic", "lanczos"])
def test_pictures_are_resized_as_pillow_does(name):
    rng = np.random.default_rng(6)
    cases = [rng.integers(1, 60, 4).tolist() for _ in range(30)]
    pictures = [rng.integers(0, 256, (height, width)).astype(np.uint8) for width, height, _, _ in cases]
    program = """import { resize, reduce } from 'images/resizing.js';
    const [cases, pictures, filter] = given;
    console.log(JSON.stringify(cases.map(([width, height, wide, high], i) => {
      const picture = { width, height, data: Uint8Array.from(pictures[i]) };
      return [[...resize(picture, wide, high, filter).data], [...reduce(picture, 3).data]];
    })));"""
    found = run(program, cases, [picture.ravel().tolist() for picture in pictures], name)
    for (_, _, wide, high), pixels, (resized, reduced) in zip(cases, pictures, found, strict=True):
        picture = Image.fromarray(pixels)
        expected = np.asarray(picture.resize((wide, high), Image.Resampling[name.upper()]), int)
        # Versions of Pillow differ in which direction comes first, which shows in the last digit.
        assert np.abs(expected.ravel() - resized).max() <= 1
        assert np.asarray(picture.reduce(3)).ravel().tolist() == reduced


def test_quantiles_are_numpys_without_sorting():
    rng = np.random.default_rng(3)
    rows = [rng.integers(0, high, n).astype(float) for high in (2, 10, 10**6) for n in (1, 2, 3, 50, 501)]
    program = "import { quantile } from 'statistics.js';\nconst [rows, shares] = given;\n"
    program += "console.log(JSON.stringify(rows.map((row) => shares.map((share) => quantile(row, share)))));"
    shares = [0, 0.1, 0.5, 0.77, 1]
    found = run(program, [row.tolist() for row in rows], shares)
    np.testing.assert_allclose(found, [np.quantile(row, shares) for row in rows], rtol=1e-12)


def test_words_are_cut_out_and_answered_as_python_does(word_model, sound):
    rng = np.random.default_rng(7)
    word = sound(0.5, 16000, 130).astype(np.float32)
    noisy = np.pad(word, 8000) + 0.02 * rng.standard_normal(24000)
    two = np.concatenate([word, np.zeros(6000), 0.5 * word])
    clicked = np.pad(0.3 * word, 9000)
    clicked[2000:2020], clicked[-3000:-2970] = 0.9, -0.8
    samples = [word, noisy, two, clicked, word[:1500]]
    samples += [*odd_inputs(Subject(word_model, "words"))]
    samples = [sample.astype(np.float32) for sample in samples]
    assert differences(word_model, samples, rate=16000).max() < CLOSE


def test_recordings_are_resampled_as_soxr_does(sound):
    given = sound(0.3, 48000).astype(np.float32)
    program = "import { resample } from 'speech/resampling.js';\nconst [samples, from, to] = given;\n"
    program += "console.log(JSON.stringify([...resample(Float32Array.from(samples), from, to)]));"
    for rate, wanted in ((48000, 8000), (44100, 8000), (44100, 16000), (8000, 16000)):
        expected, found = soxr.resample(given, rate, wanted), np.array(run(program, given.tolist(), rate, wanted))
        assert abs(len(expected) - len(found)) <= 1
        n = min(len(expected), len(found))
        assert np.abs(expected[:n] - found[:n]).max() < 2e-3 * np.abs(expected).max()


def test_a_recording_of_two_channels_at_another_rate_is_answered_as_a_file_of_it_is(speech_model, sound, tmp_path):
    import soundfile

    model = bundle.load(speech_model)
    word = np.pad(sound(0.5, 44100), 4000)
    soundfile.write(tmp_path / "word.wav", np.stack([word, 0.4 * word], 1), 44100, "FLOAT")
    expected = model.probabilities(model.extractor.extract_row(model.extractor.read(tmp_path / "word.wav"))[np.newaxis])
    with node.answering(speech_model, 44100) as answer:
        found = answer(np.stack([word, 0.4 * word]).astype(np.float32))
    np.testing.assert_allclose(found, expected[0], atol=0.02)


def test_texts_are_hashed_and_answered_as_python_does(text_model):
    texts = [*TEXTS, "", "Where is MY  card?!", "ab\u0301c ΣΑΣ ǅ", "ठीक है", "x" * 80, "a b", "\ufeffno"]
    assert differences(text_model, texts).max() < CLOSE


def test_letters_are_folded_as_python_folds_them():
    assigned = [
        chr(point) for point in range(0x20, 0x2FFFF) if unicodedata.category(chr(point)) not in ("Cn", "Cs", "Co")
    ]
    letters = [letter for letter in assigned if normalise(letter) not in (letter, "")]
    program = "import { normalise } from 'text/ngrams.js';\nconsole.log(JSON.stringify(given[0].map(normalise)));"
    wrong = [one for one, found in zip(letters, run(program, letters), strict=True) if found != normalise(one)]
    assert len(letters) > 5000
    assert len(wrong) <= 0.01 * len(letters)  # Python and Node may know different versions of Unicode


def test_every_activation_and_every_layer_is_known(colour_model, tmp_path):
    pictures = [np.random.default_rng(8).integers(0, 256, (9, 11, 3)).astype(np.uint8)]
    for number, name in enumerate(ACTIVATIONS):
        kinds = {"normalization": (None, "batch", "layer")[number % 3], "residual": number % 2 == 0, "dropout": 0.1}
        layers = multilayer_perceptron(297, [6, 6, 6], 4, name, input_noise=0.1, **kinds)
        colour_model.network, kept = Network(layers, np.random.default_rng(number)), colour_model.network
        colour_model.save(tmp_path / "m.safetensors")
        worst = differences(colour_model, pictures, tmp_path / "m.safetensors").max()
        colour_model.network = kept
        assert worst < CLOSE, name


MODELS = ("drawing_model", "colour_model", "gradient_model", "word_model", "text_model")


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_a_module_answers_and_reproduces_its_golden_samples(request, name, int8, tmp_path):
    model = request.getfixturevalue(name)
    exported = load(model.path).export("js", tmp_path / "it is.js", int8=int8)
    subject = quantise_subject(exported.subject) if int8 else exported.subject
    rate = model.extractor.sr if isinstance(model.extractor, Audible) else None
    with node.answering(exported.path, rate) as answer:
        np.testing.assert_allclose(answer(subject.golden), subject.golden_probabilities, atol=CLOSE)
    program = "const m = await import(given[0]); const model = await m.load();\n"
    program += "console.log(JSON.stringify([model.selfTest(), m.metadata, model.threshold]));"
    test, metadata, threshold = run(program, exported.path.as_uri())
    assert test["passed"]
    assert test["error"] < 1e-5
    assert (metadata, threshold) == (exported.subject.metadata, 0.5)


def test_weights_of_8_bits_are_within_half_a_step():
    W = np.random.default_rng(9).standard_normal((30, 5)).astype(np.float32) * [1, 0.1, 10, 0, 1]
    q, scale = quantise(W)
    assert (q.dtype, scale.dtype) == (np.int8, np.float32)
    assert np.abs(q * scale - W).max(axis=0) == pytest.approx(scale / 2, rel=0.2) or not W[:, 3].any()
    assert (np.abs(q * scale - W) <= scale / 2 * 1.001).all()
    assert (q[:, 3] == 0).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("words.predict(new Float32Array(8000))", "give the rate"),
        ("words.predict(new Float32Array(8000), 0)", "the rate is 0"),
        ("words.predict(new Float32Array(0), 16000)", "no samples"),
        ("words.predict(new Float32Array(50), 16000)", "no word is shorter"),
        ("words.predict(new Float32Array(16000 * 31), 16000)", "lasts 31 s"),
        ("words.predict(new Float32Array(16000), 16000)", "only silence"),
        ("words.predict(new Float32Array(16000).fill(NaN), 16000)", "not finite numbers"),
        ("words.predict([1, 2, 3], 16000)", "Float32Array"),
        ("words.predict([new Float32Array(9000), new Float32Array(9)], 16000)", "one length"),
        ("drawings.predict({ width: 3, height: 3, data: new Uint8Array(10) })", "1, 3 or 4 bytes"),
        ("drawings.predict(null)", "give a picture"),
        ("drawings.predict({ width: 40, height: 40, data: new Uint8Array(1600) })", "no strokes"),
        ("texts.predict('  ')", "holds no text"),
        ("texts.predict(7)", "as a string"),
        ("new Model(new ArrayBuffer(3))", "not a model file"),
        ("new Model(content.slice(0, content.byteLength - 9))", "truncated"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(word_model, drawing_model, text_model, call, sentence):
    program = """import { load, Model } from 'engine.js';
    const [words, drawings, texts] = await Promise.all(given[0].map(load));
    const bytes = readFileSync(given[0][0]);
    const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    let said = null;
    try { CALL } catch (error) { said = error.message }
    console.log(JSON.stringify(said));""".replace("CALL", call)
    assert sentence in run(program, [str(model.path) for model in (word_model, drawing_model, text_model)])
