"""The features of speech in C: the numbers and tables of the stages, ahead of the source that computes with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.export.c_tables import constants, table
from pipelines.export.subject import Subject

SOURCES = Path(__file__).parent / "c"
FINDER_SECONDS = 4.0  # up to this length the noise floor of a recording is one number
OF_FINDER = ("high", "low", "high_below_peak", "low_below_peak", "bridge", "burst", "burst_bridge", "dip")


def speech_source(subject: Subject, longest: float) -> str:
    """Return the source of the features, for recordings of up to `longest` seconds."""
    if longest > FINDER_SECONDS:
        raise ValueError("the source computes the noise floor of a recording as one number")
    numbers = {**_of_word(subject), **_of_features(subject)}
    sources = [(SOURCES / name).read_text(encoding="utf-8") for name in ("spectrum.c", "word.c", "speech.c")]
    return "\n".join([constants(numbers), *_tables(subject), *sources])


def _of_word(subject: Subject) -> dict[str, Any]:
    """Return the settings that find the ends of the word."""
    settings = subject.stages["ends"].settings
    clicks, noise, finder = (settings[name] for name in ("clicks", "noise", "finder"))
    hop_seconds = finder["hop_seconds"]
    return {
        "PAD": settings["pad"],
        "N_CUTS": len(settings["trims"]),
        **{f"CLICK_{name.upper()}": value for name, value in clicks.items() if name != "faint"},
        "CLICK_FAINT": 10 ** (-clicks["faint"] / 10),
        "NOISE_LEAST": noise["least"],
        "NOISE_CLICK": noise["click"],
        **{f"NOISE_{name.upper()}": 10 ** (-noise[name] / 10) for name in ("soft", "harmless")},
        "NOISE_PART": np.float32(10 ** (-noise["part"] / 10)),
        "NOISE_EVEN": 10 ** (noise["even"] / 10),
        "FINDER_HOP": finder["hop_length"],
        "FINDER_HOP_SECONDS": hop_seconds,
        "FINDER_FRAME": finder["frame_length"],
        "N_BANDS": subject.stages["ends"].constants["finder_bands"].shape[1],
        "FINDER_FLOOR_SHARE": finder["floor_share"],
        "FINDER_RANGE": np.float32(10 ** (-finder["dynamic_range"] / 10)),
        "FINDER_DIGITAL_SILENCE": np.float32(finder["digital_silence_power"]),
        "FINDER_SILENCE": finder["silence_power"],
        "FINDER_LEAST_EVIDENCE": finder["least_evidence"],
        **{f"FINDER_{name.upper()}": finder[name] for name in OF_FINDER},
        "FINDER_SHORTEST": round(finder["shortest"] / hop_seconds),
        "FINDER_LONG": round(finder["long"] / hop_seconds),
        "FINDER_DIP_FRAMES": 2 * round(finder["dip_seconds"] / hop_seconds / 2),
    }


def _of_features(subject: Subject) -> dict[str, Any]:
    """Return the settings that describe the word, and the sizes of arrays."""
    stages, extractor, row = subject.stages, subject.bundle.extractor, subject.stages["row"].settings
    return {
        "HALF": stages["drift"].settings["half"],
        "PREEMPHASIS": float(extractor.preemphasis),
        "FRAME": extractor.n_fft,
        "HOP": extractor.hop_length,
        "N_WARPS": row["n_warps"],
        "N_MELS": extractor.n_mels,
        "N_MFCC": row["n_mfcc"],
        "TOP_DB": np.float32(extractor.top_db),
        "LOWEST_POWER": stages["decibels"].settings["lowest_power"],
        "SEQUENCE": row["frames"],
        "CHANGE_SHARE": float(row["change_share"]),
        "DELTAS": row["deltas"],
        "DELTA_WIDTH": row["delta_width"],
        "ORDERS": len(stages["row"].constants),
        "STATISTICS": int(row["statistics"]),
        "DURATION": int(row["duration"]),
        "NORMALISE": ("level", "mean", "variance").index(row["normalise"]),
        "MAX_FRAMES": "(BACKPROP_LONGEST / HOP + 1)",
        "MAX_FINDER_FRAMES": "(BACKPROP_LONGEST / FINDER_HOP + 1)",
        "LONGEST_FRAME": max(extractor.n_fft, stages["ends"].settings["finder"]["frame_length"]),
        "FFT_REAL": "float",
    }


def _tables(subject: Subject) -> list[str]:
    stages, ends = subject.stages, subject.stages["ends"]
    bands = ends.constants["finder_bands"] > 0
    places, weights = _sparse(stages["decibels"].constants["mel"])
    slopes = list(stages["row"].constants.values()) or [np.zeros(stages["row"].settings["delta_width"])]
    frame, finder_frame = subject.bundle.extractor.n_fft, ends.settings["finder"]["frame_length"]
    return [
        table("cut_ratios", 10 ** (-np.array(ends.settings["trims"]) / 10), "double"),
        table("masking_shares", np.array(stages["power"].settings["masking_shares"]), "double"),
        table("window", stages["power"].constants["window"]),
        *_circle("", frame),
        table("finder_window", ends.constants["finder_window"]),
        *_circle("finder_", finder_frame),
        table("finder_bands", np.array([_ends(band) for band in bands.T]), "short"),
        table("mel_places", places, "short"),
        table("mel_weights", weights),
        table("dct", stages["cepstra"].constants["dct"].reshape(-1)),
        table("slope_weights", np.array(slopes)),
    ]


def _circle(prefix: str, n: int) -> list[str]:
    """Return the cosines and the sines of n angles around the circle."""
    angles = 2 * np.pi * np.arange(n) / n
    return [table(f"{prefix}cosines", np.cos(angles)), table(f"{prefix}sines", np.sin(angles))]


def _ends(band: np.ndarray) -> tuple[int, int]:
    """Return the first bin that counts, and the one behind the last; 0, 0 if no bin counts."""
    used = np.flatnonzero(band)
    return (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)


def _sparse(mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each band of each warp, its first bin, the bin behind its last, and where its weights begin."""
    places, weights, n = [], [], 0
    for band in mel.reshape(-1, mel.shape[-1]):
        first, last = _ends(band)
        places.append([first, last, n])
        weights.append(band[first:last])
        n += last - first
    return np.array(places), np.concatenate(weights)
