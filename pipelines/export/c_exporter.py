"""To C: a header and a source that need a C99 compiler and `math.h`, and nothing else.

It is for microcontrollers, and for any program that calls C. There is no malloc: learned numbers are `static const`,
which stay in flash, and working memory is static, so its size is known before the program runs. The longest word is a
constant. The code that computes is written by hand, in the folder `c`; this module adds its numbers.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import UsageError
from pipelines.export.c_cost import cost_of
from pipelines.export.c_network import network_source
from pipelines.export.c_speech import speech_source
from pipelines.export.c_tables import comment, constants, strings, table
from pipelines.export.exporter import Answer, Exporter, Made, NotTakenError, Options
from pipelines.export.integer_layers import integer_layers, twin_probabilities
from pipelines.export.subject import Subject
from pipelines.features.images.extractor import CHANNELS
from pipelines.machine.extras import own_version

SOURCES = Path(__file__).parent / "c"
LONGEST = 2.5  # seconds of a recording; this length decides how much memory is needed
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")

ERRORS = {
    "BACKPROP_OK": "the probabilities are written",
    "BACKPROP_NO_INPUT": "a pointer is null",
    "BACKPROP_WRONG_LENGTH": "more samples than BACKPROP_LONGEST, none, or the wrong number of values for a picture",
    "BACKPROP_NOT_A_NUMBER": "a value is NaN, infinite, or far beyond full scale",
    "BACKPROP_SILENCE": "all samples are the same",
}


def make(subject: Subject, options: Options) -> Made:
    """Return header and source. Raises UsageError for texts."""
    _refuse_texts(subject)
    int8 = integer_layers(subject) if options.int8 else None
    speech = subject.task == "speech"
    outside = ("decoding", "resampling", "refusal of recordings without a word") if speech else _outside(subject)
    source = "\n".join(
        [
            _opening(subject, outside),
            f'#include "{subject.name}.h"\n\n#include <math.h>\n#include <string.h>\n',
            strings("backprop_labels", subject.bundle.labels),
            network_source(subject, int8),
            speech_source(subject, LONGEST) if speech else (SOURCES / "images.c").read_text(encoding="utf-8"),
            _selftest(subject, int8),
        ]
    )
    files = {".c": source.encode(), ".h": _header(subject, outside).encode()}
    return Made(files, outside, cost_of(subject, int8 is not None, LONGEST))


def flash_of(subject: Subject, options: Options) -> int:
    """Return the bytes of flash that a model takes: code and tables. Raises UsageError for texts."""
    _refuse_texts(subject)
    return int(cost_of(subject, options.int8, LONGEST)["flash_bytes"])


def _refuse_texts(subject: Subject) -> None:
    if subject.task == "text":
        raise UsageError(
            "export --to c: its stage 'normalised' needs the tables of Unicode, which C does not have; use --to onnx"
        )


def _outside(subject: Subject) -> tuple[str, ...]:
    return ("decoding", "channels", "strokes" if subject.bundle.extractor.framing == "strokes" else "resizing")


def _opening(subject: Subject, outside: Sequence[str]) -> str:
    data = [f"{of['name']}: {of['licence']}. {of['citation']}" for of in subject.metadata["data"]]
    return comment(
        [
            f"A model of {subject.task} of {len(subject.bundle.labels)} classes, made by backprop {own_version()}.",
            f"It learned from {'; '.join(data)}",
            f"Not exported: {', '.join(outside)}.",
        ]
    )


def _header(subject: Subject, outside: Sequence[str]) -> str:
    bundle, guard = subject.bundle, f"BACKPROP_{subject.identifier.upper()}_H"
    extractor = bundle.extractor
    numbers: dict[str, Any] = {"BACKPROP_CLASSES": len(bundle.labels)}
    if subject.task == "speech":
        what = "n samples at BACKPROP_SR, full scale -1 to 1, at most BACKPROP_LONGEST"
        numbers |= {"BACKPROP_SR": extractor.sr, "BACKPROP_LONGEST": longest_of(extractor.sr)}
    else:
        what = "n = BACKPROP_WIDTH * BACKPROP_HEIGHT * BACKPROP_CHANNELS values from 0 to 1, row by row"
        numbers |= {"BACKPROP_WIDTH": extractor.width, "BACKPROP_HEIGHT": extractor.height}
        numbers["BACKPROP_CHANNELS"] = CHANNELS[extractor.channels]
    numbers["BACKPROP_FEATURES"] = extractor.n_features
    numbers["BACKPROP_THRESHOLD"] = float(subject.metadata["threshold"])
    errors = ", ".join(f"\n  {name} /* {meaning} */" for name, meaning in ERRORS.items())
    errors = errors.replace(" /*", ", /*").replace("*/, ", "*/")
    return f"""{_opening(subject, outside)}
#ifndef {guard}
#define {guard}

#include <stddef.h>

{constants(numbers)}
#ifdef __cplusplus
extern "C" {{
#endif

enum {{{errors}
  BACKPROP_ERRORS
}};

/* The names of the classes, in the order of the probabilities. */
extern const char *const backprop_labels[BACKPROP_CLASSES];

/* Write the BACKPROP_CLASSES probabilities of `input`: {what}.
 * Return 0, or an error, and then nothing is written. It is better to treat an answer below BACKPROP_THRESHOLD as
 * unknown. It works in static memory: one call at a time. */
int backprop_predict(const float *input, size_t n, float *probabilities);

/* Answer the golden sample; return 0 if the answer is that of the exported model. */
int backprop_selftest(void);

#ifdef __cplusplus
}}
#endif
#endif
"""


def longest_of(sr: int) -> int:
    """Return the largest number of samples of a recording."""
    return round(LONGEST * sr)


def _selftest(subject: Subject, int8: Any) -> str:
    golden = np.asarray(subject.golden)
    unit, kind = (32768, "short") if subject.task == "speech" else (255, "unsigned char")
    whole = np.round(golden * 32768).astype(np.int64) if subject.task == "speech" else golden
    expected = subject.golden_probabilities
    if int8 is not None:
        expected = twin_probabilities(subject, int8, subject.bundle.extractor.extract_row(golden)[np.newaxis])[0]
    # In eight bits, a number halfway between two steps may become either, because compilers order sums differently.
    tolerance = np.float32(1e-3 if int8 is None else 0.02)
    return "\n".join(
        [
            "/* ---- The golden sample. ---- */\n",
            table("golden", whole.reshape(-1), kind),
            table("golden_probabilities", expected),
            constants({"GOLDEN_UNIT": np.float32(unit), "GOLDEN_LENGTH": golden.size, "GOLDEN_TOLERANCE": tolerance}),
            (SOURCES / "selftest.c").read_text(encoding="utf-8"),
        ]
    )


@contextmanager
def running(subject: Subject, paths: Sequence[Path]) -> Iterator[Answer]:
    """Compile the source here and give a function that calls it. Raises UsageError if there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise UsageError("export --to c --check: needs a C compiler; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "model.so"
        words = [compiler, *FLAGS, "-shared", "-fPIC", str(paths[0]), "-o", str(library), "-lm"]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            raise UsageError(f"export --to c --check: {compiler} refuses the source: {done.stderr.strip()[:300]}")
        called = ctypes.CDLL(str(library))
        called.backprop_predict.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        n_classes = len(subject.bundle.labels)

        def answer(decoded: Any) -> np.ndarray:
            given, probabilities = input_of(subject, decoded), np.zeros(n_classes, np.float32)
            code = called.backprop_predict(given.ctypes.data, given.size, probabilities.ctypes.data)
            if code:
                raise NotTakenError(list(ERRORS)[code])
            return probabilities

        yield answer


def input_of(subject: Subject, decoded: Any) -> np.ndarray:
    """Return the input of the source for a decoded sample: float32, in one row."""
    if subject.task == "speech":
        return np.ascontiguousarray(decoded, np.float32)
    row = subject.bundle.extractor.extract_row(decoded)
    return np.ascontiguousarray(row, np.float32) / np.float32(255)


EXPORTER = Exporter(
    "c",
    "C99 without malloc, for microcontrollers",
    make,
    (".c", ".h"),
    running,
    int8=True,
    lacking=("gradients",),
    flash=flash_of,
)
