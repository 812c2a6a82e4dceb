"""The stages of speech: from a waveform to the row that is stored of it, view after view.

Each runs the function that `SpeechExtractor` itself calls. The numbers are those that another language needs: durations
in samples or frames of the extractor's rate, levels in decibels.
"""

from dataclasses import asdict
from functools import partial

import numpy as np

from pipelines.features.speech import clicks, room_noise, word_finder
from pipelines.features.speech.drift import half_window, without_drift
from pipelines.features.speech.mfcc import masking_shares, mel_decibels, slope_weights
from pipelines.features.stages import Stage


def stages_of(extractor) -> tuple[Stage, ...]:
    """Return the stages of a SpeechExtractor.

    The first takes a waveform, float32 [shape=(n_samples,)] at the extractor's rate, and the last gives its stored row,
    float32 [shape=(n_stored,)]. The `what` of each stage says what it gives. The words of all cuts stand one after the
    other; word i has the rows bounds[i] to bounds[i + 1].
    """
    return (*_stages_to_words(extractor), *_stages_to_row(extractor))


def _stages_to_words(extractor):
    """Return the stages that find where the word is and cut it out, once for each cut."""
    sr, hop = extractor.sr, extractor.hop_length
    return (
        Stage(
            "drift",
            partial(without_drift, sr=sr),
            "waveform without what changes more slowly than a voice, float64 [n_samples]",
            {"half": half_window(sr), "times": 2},
        ),
        Stage(
            "preemphasis",
            extractor.emphasise,
            "waveform with its high frequencies raised, float64 [n_samples]",
            {"preemphasis": extractor.preemphasis},
        ),
        Stage(
            "ends",
            lambda waveform: (waveform, extractor.ends(waveform, extractor.trims)),
            "the waveform, and for each cut the first sample of the word and the one behind its last",
            {
                "trims": list(extractor.trims),
                "pad": round(extractor.trim_pad * sr),
                "frame_length": extractor.n_fft,
                "hop_length": hop,
                "clicks": clicks.in_frames(sr / hop),
                "noise": room_noise.settings(sr),
                "finder": asdict(word_finder.WordFinder()) | word_finder.settings(sr),
            },
            {
                "finder_window": word_finder.window_of(sr),
                "finder_bands": word_finder.bands_of(word_finder.length_of(sr), sr),
            },
        ),
        Stage(
            "words",
            lambda found: [extractor.normalise_level(found[0][start:stop]) for start, stop in found[1]],
            "the word as each cut has it, at full level: list of float64 [n_samples]",
        ),
    )


def _stages_to_row(extractor):
    """Return the stages that describe the words, once for each warp."""
    matrices, hop = extractor.matrices(), extractor.hop_length
    return (
        Stage(
            "power",
            lambda words: extractor.power(words, maskings=extractor.masked),
            "power at each frequency of each frame, masked, float64 [n_frames, 1 + n_fft / 2], and bounds",
            {
                "n_fft": extractor.n_fft,
                "hop_length": hop,
                "masking_shares": masking_shares(matrices["window"], extractor.masked).tolist(),
            },
            {"window": matrices["window"]},
        ),
        Stage(
            "decibels",
            lambda of: ([mel_decibels(*of, mel, extractor.top_db) for mel in matrices["mel"]], of[1]),
            "for each warp the power in each mel band in decibels, float64 [n_frames, n_mels], and bounds",
            {"top_db": extractor.top_db, "lowest_power": 1e-10},
            {"mel": matrices["mel"]},
        ),
        Stage(
            "cepstra",
            lambda of: ([extractor.cepstra(decibels, of[1]) for decibels in of[0]], of[1]),
            "for each warp the cepstral coefficients, float64 [n_frames, n_mfcc], and bounds",
            {"n_mfcc": extractor.n_mfcc},
            {"dct": matrices["dct"]},
        ),
        Stage(
            "row",
            lambda of: np.hstack([extractor.row_of_cepstra(cepstra, of[1]) for cepstra in of[0]]).reshape(-1),
            "for each cut and each warp the sequence, its mean and spread, and the duration, float32 [n_stored]",
            {
                "n_warps": len(extractor.warps),
                "n_mfcc": extractor.n_mfcc,
                "frames": extractor.frames,
                "change_share": extractor.change_share,
                "deltas": extractor.deltas,
                "delta_width": extractor.delta_width,
                "statistics": extractor.statistics,
                "duration": extractor.duration,
                "normalise": extractor.normalise,
            },
            {f"slope_{order}": slope_weights(extractor.delta_width, order) for order in extractor.delta_orders},
        ),
    )
