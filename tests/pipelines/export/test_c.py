"""The C source compiles without a warning, answers as the model does, and never reads beyond its input."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import UsageError
from pipelines.export import c_exporter, find, integer_layers
from pipelines.export.exporter import NotTakenError, Options
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.speech.extractor import SpeechExtractor

C = find("c")
RNG = np.random.default_rng(0)
ROOT = Path(__file__).parents[3]
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
SANITIZED = [*STRICT, "-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]


def write(subject, folder, int8=False):
    """Return the paths of a subject's files."""
    paths = []
    for suffix, content in C.make(subject, Options(int8=int8)).files.items():
        paths.append(folder / f"model{suffix}")
        paths[-1].write_bytes(content)
    return paths


def compile_program(folder, program, *words, compiler="gcc"):
    """Compile a program beside a model, and return where it is."""
    (folder / "main.c").write_text(program)
    done = subprocess.run([compiler, *words, "main.c", "-lm", "-o", "main"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "main"


def short(words):
    """Return the words that are no longer than the source takes."""
    kept = [word for word in words if len(word) <= c_exporter.longest_of(8000)]
    assert len(kept) > 8
    return kept


def assert_same(subject, folder, samples, tolerance=1e-5):
    with C.running(subject, write(subject, folder)) as answer:
        for sample in samples:
            np.testing.assert_allclose(answer(sample), subject.answer(sample), rtol=0, atol=tolerance)


@needs_compiler
def test_words_get_the_same_answers(speech_subject, words, tmp_path):
    assert_same(speech_subject, tmp_path, short(words))


@needs_compiler
@pytest.mark.parametrize(
    "settings",
    [
        {"preemphasis": 0.97, "normalise": "variance", "deltas": 2},
        {"maskings": (200.0, 25.0, 15.0)},
        {"change_share": 0.5},
        {"change_share": 0.9, "deltas": 0, "frames": 33},
        {"normalise": "mean", "statistics": False, "duration": False, "warps": (1.0,), "cuts": (0.0,)},
        {"sr": 11025, "n_fft": 300, "hop_length": 110, "fmax": 5000.0},
    ],
)
def test_so_do_words_under_other_settings(make_subject, settings, words, tmp_path):
    extractor = SpeechExtractor(**settings)
    subject = make_subject("speech", extractor, extractor.extract_rows(words[:4]))
    assert_same(subject, tmp_path, short(words)[:5], 3e-5)


@needs_compiler
@pytest.mark.parametrize(
    ("activation", "normalization", "residual"),
    [
        *(("gelu", kind, True) for kind in ("batch", "layer")),
        *((name, None, False) for name in ("identity", "leaky_relu", "tanh", "logistic", "softplus", "elu", "silu")),
    ],
)
def test_pictures_do_with_each_activation_and_each_kind_of_layer(
    make_subject, activation, normalization, residual, tmp_path
):
    rows = RNG.integers(0, 256, (20, 30)).astype(np.uint8)
    settings = {"activation": activation, "normalization": normalization, "residual": residual}
    subject = make_subject("images", ImageExtractor(5, 2, "colour"), rows, hidden=(8, 8, 8), **settings)
    assert_same(subject, tmp_path, [row.reshape(2, 5, 3) for row in rows[:5]])


@needs_compiler
def test_a_wrong_input_is_an_error_and_nothing_is_written(speech_subject, picture_subject, words, tmp_path):
    with C.running(speech_subject, write(speech_subject, tmp_path)) as answer:
        for given, error in (
            (words[-1], "BACKPROP_WRONG_LENGTH"),
            (words[0][:0], "BACKPROP_WRONG_LENGTH"),
            (np.zeros(4000, np.float32), "BACKPROP_SILENCE"),
            (np.full(4000, 0.7, np.float32), "BACKPROP_SILENCE"),
            (np.append(words[0], np.float32(np.nan)), "BACKPROP_NOT_A_NUMBER"),
        ):
            with pytest.raises(NotTakenError, match=error):
                answer(given)
    (tmp_path / "pictures").mkdir()
    write(picture_subject, tmp_path / "pictures")
    program = """#include "model.c"
int main(void) {
  float input[BACKPROP_FEATURES] = {0}, found[BACKPROP_CLASSES];
  if (backprop_predict(input, BACKPROP_FEATURES - 1, found) != BACKPROP_WRONG_LENGTH) return 1;
  if (backprop_predict(0, BACKPROP_FEATURES, found) != BACKPROP_NO_INPUT) return 2;
  return backprop_selftest();
}
"""
    assert subprocess.run([compile_program(tmp_path / "pictures", program, *SANITIZED)], check=False).returncode == 0


FUZZ = """#include "model.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
static unsigned long state = 1;
static double chance(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 33) / 2147483648.0;
}
int main(void) {
  float found[BACKPROP_CLASSES];
  int round;
  if (backprop_selftest() != 0) return 99;
  for (round = 0; round < ROUNDS; round++) {
    size_t n = (size_t)(chance() < 0.5 ? chance() * 700 : chance() * (BACKPROP_LONGEST + 2)), i;
    float *input = malloc(n ? n * sizeof(float) : 1);
    double level = pow(10, -6 * chance()), pitch = chance(), from = chance() * (double)n, to = from + chance() * 4000;
    float sum = 0;
    for (i = 0; i < n; i++) {
      input[i] = (float)(0.02 * (chance() - 0.5) * (round % 3 == 1));
      if ((double)i > from && (double)i < to) input[i] += (float)(level * sin(pitch * (double)i));
      if (chance() < 0.001 * (round % 4)) input[i] = (float)(2 * chance() - 1);
    }
    if (n && round % 50 == 49) input[n / 2] = round % 100 == 49 ? NAN : HUGE_VALF;
    if (backprop_predict(input, n, found) == BACKPROP_OK) {
      for (i = 0; i < BACKPROP_CLASSES; i++) sum += found[i];
      if (!(fabsf(sum - 1) < 1e-3f)) return 1;
    }
    free(input);
  }
  return 0;
}
"""


@needs_compiler
def test_no_sound_makes_it_read_beyond_its_end(speech_subject, tmp_path):
    write(speech_subject, tmp_path)
    main = compile_program(tmp_path, FUZZ, *SANITIZED, "-DROUNDS=60", "model.c")
    done = subprocess.run([main], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_compiler
def test_eight_bits_are_the_numpy_twin_bit_by_bit(make_subject, monkeypatch, words, tmp_path):
    extractor = SpeechExtractor()
    stored = extractor.extract_rows(words[:8])
    subject = make_subject("speech", extractor, stored)
    monkeypatch.setattr(integer_layers, "validation_features", lambda subject: extractor.to_features(stored))
    write(subject, tmp_path, int8=True)
    X = extractor.to_features(stored)
    (tmp_path / "rows").write_bytes(np.ascontiguousarray(X, np.float32).tobytes())
    program = """#include "model.c"
#include <stdio.h>
int main(void) {
  float row[BACKPROP_FEATURES], z[BACKPROP_CLASSES];
  int i;
  while (fread(row, sizeof row, 1, stdin) == 1) {
    memset(z, 0, sizeof z);
    add_logits(row, z);
    for (i = 0; i < BACKPROP_CLASSES; i++) printf("%a ", (double)z[i]);
  }
  return backprop_selftest();
}
"""
    main = compile_program(tmp_path, program, *SANITIZED)
    done = subprocess.run([main], stdin=(tmp_path / "rows").open("rb"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = np.array([float.fromhex(text) for text in done.stdout.split()], np.float32).reshape(len(X), -1)
    layers = integer_layers.integer_layers(subject)
    scaled = subject.bundle.standardizer.transform(X)
    assert np.array_equal(found, integer_layers.twin_logits(subject, layers, scaled))
    np.testing.assert_allclose(found, subject.bundle.network.logits(scaled), rtol=0, atol=0.2)


def test_eight_bits_need_the_data_and_say_so(speech_subject, monkeypatch):
    monkeypatch.setitem(speech_subject.bundle.provenance, "dataset", "/nowhere/words")
    with pytest.raises(UsageError, match="without --int8"):
        C.make(speech_subject, Options(int8=True))


def test_texts_are_refused_by_their_stage(text_subject):
    for ask in (C.make, C.flash):  # the second one for a budget
        with pytest.raises(UsageError, match=r"'normalised'.*--to onnx"):
            ask(text_subject, Options())


def test_names_that_c_would_misread_are_quoted(make_subject):
    from pipelines.export.c_tables import comment, strings

    source = strings("labels", ['a"b', "what??/", "ä", "back\\slash"])
    assert '"a\\042b"' in source
    assert "??" not in source + comment(["*/ what??/ */"])
    assert source.isascii()
    assert comment(["*/ x */"]).count("*/") == 1


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="needs gcc-arm-none-eabi")
@pytest.mark.parametrize("name", ["speech_subject", "picture_subject"])
def test_it_compiles_for_a_cortex_m4_and_costs_what_it_says(name, request, tmp_path):
    subject = request.getfixturevalue(name)
    write(subject, tmp_path)
    machine = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
    words = ["arm-none-eabi-gcc", *STRICT, "-Os", *machine, "-c", "model.c", "-o", "model.o"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sizes = subprocess.run(["arm-none-eabi-size", "model.o"], cwd=tmp_path, capture_output=True, text=True, check=True)
    text, data, bss = map(int, sizes.stdout.splitlines()[1].split()[:3])
    cost = C.make(subject, Options()).cost
    assert abs(cost["flash_bytes"] / (text + data) - 1) < 0.05
    assert abs(cost["ram_bytes"] / (data + bss) - 1) < 0.05


@needs_compiler
def test_the_streaming_example_hears_a_word_once(make_subject, words, tmp_path):
    extractor = SpeechExtractor()
    subject = make_subject("speech", extractor, extractor.extract_rows(words[:-1]))
    subject.bundle.provenance["threshold"] = 0.0
    write(subject, tmp_path)
    example = (ROOT / "docs/examples/stream.c").read_text()
    main = compile_program(tmp_path, example, *SANITIZED, '-DMODEL_HEADER="model.h"', "model.c")
    waveform = np.concatenate([np.zeros(8000), words[4], np.zeros(12000), words[4], np.zeros(8000)]).astype(np.float32)
    done = subprocess.run([main], input=waveform.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 1 <= len(done.stdout.splitlines()) <= 4


def test_zero_is_success():
    assert next(iter(c_exporter.ERRORS)) == "BACKPROP_OK"
