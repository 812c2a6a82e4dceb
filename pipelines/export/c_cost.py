"""The cost of the C source where it runs: flash, memory, multiplications, time.

Flash and memory are counted from the tables and the static arrays, plus the size of the code on a Cortex-M4. Time is an
estimate from the number of multiply-adds and the cycles of each; it is not a measurement.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.export.layers import every_step
from pipelines.export.subject import Subject

CODE = {"speech": 9000, "images": 1500}  # bytes of machine code, -Os, Cortex-M4
CYCLES = 6  # a multiply-add in float on a Cortex-M4 with its loads; 3 in eight bits
MEGAHERTZ = 64
TYPICAL = 0.5  # seconds of a word


def cost_of(subject: Subject, int8: bool, longest: float) -> dict[str, Any]:
    """Return the cost: dict of JSON types."""
    sizes = [step.arrays["W"].shape for step in every_step(subject.layers) if step.kind == "dense"]
    weights = sum(rows * columns for rows, columns in sizes)
    others = sum(
        array.size for step in every_step(subject.layers) for name, array in step.arrays.items() if name != "W"
    )
    n_features = subject.bundle.extractor.n_features
    outputs = sum(columns for _, columns in sizes)
    flash = weights * (1 if int8 else 4) + 4 * (others + (outputs if int8 else 0)) + 8 * n_features
    widest = max(max(shape) for shape in sizes)
    residuals = max(_depth(subject.layers), 0)
    ram = 4 * widest * (2 + residuals) + (widest if int8 else 0) + 4 * (n_features + len(subject.bundle.labels))
    macs = weights
    if subject.task == "speech":
        more = _speech(subject, longest)
        flash, ram = flash + more["flash"], ram + more["ram"]
        macs = weights * more["views"] + more["macs"]
    golden = np.asarray(subject.golden).size
    flash += golden * (2 if subject.task == "speech" else 1) + CODE[subject.task]
    ram += 4 * golden
    cycles = CYCLES / 2 if int8 else CYCLES
    return {
        "flash_bytes": int(flash),
        "ram_bytes": int(ram),
        "multiply_adds": int(macs),
        "milliseconds_estimated": round(float(macs * cycles / MEGAHERTZ / 1000), 1),
        "cycles_assumed": f"{cycles:g} a multiply-add at {MEGAHERTZ} MHz",
    }


def _depth(steps) -> int:
    return max((1 + _depth(step.inner) for step in steps if step.kind == "residual"), default=0)


def _speech(subject: Subject, longest: float) -> dict[str, int]:
    extractor, stages = subject.bundle.extractor, subject.stages
    finder = stages["ends"].settings["finder"]
    samples, length = round(longest * extractor.sr), finder["frame_length"]
    frames, finder_frames = samples // extractor.hop_length + 1, samples // finder["hop_length"] + 1
    n_bands, frame = stages["ends"].constants["finder_bands"].shape[1], max(extractor.n_fft, length)
    mel = stages["decibels"].constants["mel"]
    views = len(extractor.warps) * len(extractor.cuts)
    typical = round(TYPICAL * extractor.sr) // extractor.hop_length
    transform = extractor.n_fft * int(np.log2(extractor.n_fft)) * 2
    per_frame = transform + np.count_nonzero(mel[0]) + extractor.n_mels * extractor.n_mfcc
    per_frame += (3 * 3 + 2 * (extractor.change_share > 0)) * extractor.n_mfcc * extractor.delta_width
    work = max(4 * frames * extractor.n_mels, finder_frames * (4 * n_bands + 8 + 4 + 4))
    return {
        "flash": 4 * (3 * extractor.n_fft + 3 * length + np.count_nonzero(mel) + extractor.n_mfcc * extractor.n_mels),
        "ram": 4 * samples + 9 * frames + work + 8 * frame + 2 * 4 * (frame // 2 + 1),
        "views": views,
        "macs": views * typical * per_frame,
    }
