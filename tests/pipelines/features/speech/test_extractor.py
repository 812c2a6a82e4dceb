"""The features of a word: as librosa gives them, blind to level, silence and rate, and free of librosa once stored."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from pipelines.errors import InputFileError, UsageError
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.librosa_reference import reference_row
from pipelines.features.speech.mfcc import NO_MASKING
from pipelines.learning.tasks.speech import NARROW, WIDE
from pipelines.machine.locations import data_folder

DEFAULT = SpeechExtractor()
VARIANTS = {
    "default": DEFAULT,
    "all in the sequence": replace(DEFAULT, deltas=2, normalise="variance", preemphasis=0.97, top_db=50.0),
    "sequence alone": replace(DEFAULT, statistics=False, duration=False, normalise="mean", n_mfcc=13, n_mels=20),
    "other framing": replace(DEFAULT, n_fft=512, win_length=400, hop_length=128, delta_width=5, frames=33),
    "in equal changes": replace(DEFAULT, change_share=0.5),
    "mostly in equal changes": replace(DEFAULT, change_share=0.9, normalise="variance", deltas=0, frames=33),
    "masked": replace(DEFAULT, maskings=(200.0, 25.0, 15.0)),
    "other rate": replace(DEFAULT, sr=16000, n_fft=512, win_length=400, hop_length=160, fmax=7600.0),
}


def word(seconds=0.6, sr=8000, pitch=120.0):
    """Return a buzz that glides and fades: float64 [shape=(n_samples,)]."""
    t = np.arange(round(seconds * sr)) / sr
    phase = 2 * np.pi * (pitch * t + 40 * t**2)
    return 0.2 * sum(np.sin(k * phase) / k for k in range(1, 20)) * np.hanning(len(t))


def save(path, samples, sr=8000, **options):
    soundfile.write(path, samples, sr, **options)
    return path


def extract(extractor, path):
    return extractor.extract_row(extractor.read(path))


@pytest.fixture(scope="module")
def recordings():
    """Real files: 16 kHz FLAC of several voices."""
    paths = sorted((data_folder() / "bundled" / "spoken-digits").rglob("*.flac"))[::130]
    assert len(paths) > 5
    return paths


@pytest.mark.parametrize("variant", VARIANTS)
def test_features_equal_a_plain_computation_with_librosa(recordings, variant):
    extractor = VARIANTS[variant]
    for path in recordings:
        assert np.abs(extract(extractor, path) - reference_row(path, extractor)).max() < 1e-4


def test_features_of_the_shortest_clips_equal_librosas_too(tmp_path):
    for number, seconds in enumerate((0.05, 0.06, 0.1)):
        path = save(tmp_path / f"{number}.wav", word(seconds))
        assert np.abs(extract(DEFAULT, path) - reference_row(path, DEFAULT)).max() < 1e-4


@pytest.mark.parametrize("variant", VARIANTS)
def test_stored_matrices_give_the_same_bytes_and_librosa_is_not_imported(tmp_path, variant):
    extractor = VARIANTS[variant]
    path = save(tmp_path / "word.wav", word())
    expected = extractor.extract(path)
    np.savez(tmp_path / "matrices.npz", **extractor.matrices())
    program = f"""
import sys
import numpy as np
from pathlib import Path
from pipelines.features.speech.extractor import SpeechExtractor
extractor = SpeechExtractor.from_settings({extractor.settings()!r}, dict(np.load({str(tmp_path / "matrices.npz")!r})))
sys.stdout.buffer.write(extractor.extract(Path({str(path)!r})).tobytes())
assert not {{"librosa", "numba", "scipy", "sklearn", "matplotlib"}} & set(sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout == expected.tobytes()


def test_level_and_direct_current_do_not_matter(tmp_path):
    expected = DEFAULT.extract(save(tmp_path / "word.wav", word(), subtype="DOUBLE"))
    quiet = DEFAULT.extract(save(tmp_path / "quiet.wav", 0.01 * word() + 0.3, subtype="DOUBLE"))
    assert np.abs(quiet - expected).max() < 0.05


def test_silence_around_the_word_does_not_matter(tmp_path):
    expected = DEFAULT.extract(save(tmp_path / "word.wav", word()))
    # Whole hops of silence, so that the frames fall on the same samples.
    silence = np.zeros(80 * 50)
    padded = DEFAULT.extract(save(tmp_path / "padded.wav", np.concatenate([silence, word(), silence])))
    assert np.abs(padded - expected).max() < 2  # of hundreds; drift is followed less closely where a recording ends
    assert np.corrcoef(padded, expected)[0, 1] > 0.9999


def test_a_recording_at_another_rate_has_nearly_the_same_features(tmp_path):
    expected = DEFAULT.extract(save(tmp_path / "word.wav", word()))
    resampled = soxr.resample(word(), 8000, 96000)
    assert np.corrcoef(DEFAULT.extract(save(tmp_path / "96k.wav", resampled, 96000)), expected)[0, 1] > 0.999


def test_duration_is_told_by_the_last_feature_alone():
    unpadded = replace(DEFAULT, trim_pad=0.0)
    slow, fast = (unpadded.extract_row(word(seconds).astype(np.float32)) for seconds in (1.0, 0.5))
    assert slow[-1] - fast[-1] == pytest.approx(np.log(2), abs=0.05)
    assert replace(DEFAULT, duration=False).n_features == DEFAULT.n_features - 1


def test_sound_above_what_is_kept_counts_as_silence(tmp_path):
    whistle = 0.5 * np.sin(2 * np.pi * 15000 * np.arange(24000) / 48000) * np.hanning(24000)
    path = save(tmp_path / "whistle.wav", whistle, 48000)
    with pytest.raises(InputFileError, match="only silence below 4000 Hz") as caught:
        DEFAULT.extract(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_no_words_are_no_rows():
    rows = DEFAULT.extract_rows([])
    assert rows.shape == (0, DEFAULT.n_stored)
    assert rows.dtype == np.float32


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sr", 0),
        ("sr", 8000.0),
        ("sr", "8000"),
        ("n_fft", True),
        ("n_fft", 255),
        ("win_length", 257),
        ("hop_length", 0),
        ("n_mels", 0),
        ("n_mfcc", 33),
        ("fmin", -1.0),
        ("fmin", 3800.0),
        ("fmax", 4001.0),
        ("fmax", float("nan")),
        ("trim_db", float("inf")),
        ("delta_width", 8),
        ("deltas", 3),
        ("normalise", "loudness"),
        ("statistics", 1),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(setting, value):
    with pytest.raises(UsageError, match=f"speech {setting}: must be"):
        SpeechExtractor.from_settings({**DEFAULT.settings(), setting: value})


def test_settings_that_are_missing_or_unknown_are_refused_by_name():
    settings = DEFAULT.settings()
    with pytest.raises(UsageError, match="loudness"):
        SpeechExtractor.from_settings({**settings, "loudness": 1})
    del settings["frames"]
    with pytest.raises(UsageError, match="frames"):
        SpeechExtractor.from_settings(settings)


def test_matrices_of_another_shape_are_refused_by_name():
    matrices = DEFAULT.matrices()
    with pytest.raises(UsageError, match="speech matrix mel"):
        SpeechExtractor.from_settings(DEFAULT.settings(), {**matrices, "mel": matrices["mel"][:-1]})
    with pytest.raises(UsageError, match="speech matrix dct"):
        SpeechExtractor.from_settings(DEFAULT.settings(), {"window": matrices["window"], "mel": matrices["mel"]})


def test_names_follow_the_order_of_the_features():
    # 3 frames of 2 coefficients and their slopes; means and spreads of 2 coefficients in 3 orders; the duration
    extractor = SpeechExtractor(frames=3, n_mfcc=2, deltas=1)
    names = [extractor.feature_name(index) for index in range(extractor.n_features)]
    assert names[:5] == [
        "coefficient 0 in frame 0",
        "coefficient 1 in frame 0",
        "slope of coefficient 0 in frame 0",
        "slope of coefficient 1 in frame 0",
        "coefficient 0 in frame 1",
    ]
    assert names[11:15] == [
        "slope of coefficient 1 in frame 2", "mean of coefficient 0", "mean of coefficient 1",
        "mean of slope of coefficient 0",
    ]  # fmt: skip
    assert names[17:19] == ["mean of second slope of coefficient 1", "spread of coefficient 0"]
    assert names[-1] == "logarithm of the duration"
    assert len(names) == 12 + 6 + 6 + 1


def test_settings_of_a_model_from_before_masking_have_none():
    settings = SpeechExtractor().settings()
    assert settings.pop("maskings") == ()
    assert SpeechExtractor.from_settings(settings) == SpeechExtractor()


def test_a_model_of_before_went_by_time_alone():
    settings = SpeechExtractor().settings()
    assert settings.pop("change_share") == 0
    assert SpeechExtractor.from_settings(settings) == SpeechExtractor()


@pytest.mark.parametrize("settings", [{"change_share": 1.0}, {"change_share": 0.5, "deltas": 0, "statistics": False}])
def test_frames_of_equal_change_need_slopes_and_some_time(settings):
    with pytest.raises(UsageError, match="change_share"):
        SpeechExtractor(**settings)


@pytest.mark.parametrize("extractor", [NARROW, WIDE], ids=["narrow", "wide"])
def test_behind_noise_a_hissing_room_is_like_a_still_one(extractor):
    """One view at prediction is masked, and not the first one, from which the network learns."""
    clean, rng = word(sr=extractor.sr), np.random.default_rng(0)
    hissing = clean + np.sqrt(np.square(clean).mean() * 1e-4) * rng.standard_normal(len(clean))
    still, hiss = (
        extractor.extract_rows([waveform.astype(np.float32)]).reshape(len(extractor.cuts), -1)
        for waveform in (clean, hissing)
    )
    apart = np.square(still - hiss).mean(axis=1)
    [masked] = np.flatnonzero(np.array(extractor.masked) < NO_MASKING)
    assert masked > 0
    assert apart[masked] < 0.5 * apart[0]
