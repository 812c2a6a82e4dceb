"""Settings: what each setting of the speech features may be.

Settings come from a user's recipe or from a model file, and either may be wrong. A wrong one is named in one sentence,
before anything is computed with it.
"""

from dataclasses import fields

from pipelines.errors import UsageError
from pipelines.features.speech.mfcc import NO_MASKING

NORMALISATIONS = ("level", "mean", "variance")
HIGHEST_DELTA_ORDER = 2

_KINDS = {int: (int,), float: (float, int), bool: (bool,), str: (str,), tuple: (tuple,)}

# The check of each setting whose type is right, and the range as an error names it.
_RANGES = {
    "sr": (lambda s: 1000 <= s.sr <= 192_000, "from 1000 to 192000 Hz"),
    "preemphasis": (lambda s: 0 <= s.preemphasis < 1, "at least 0 and below 1"),
    "trim_db": (lambda s: 0 < s.trim_db <= 200, "above 0 and at most 200 dB"),
    "trim_pad": (lambda s: 0 <= s.trim_pad <= 1, "from 0 to 1 s"),
    "n_fft": (lambda s: 16 <= s.n_fft <= 1 << 15 and s.n_fft % 2 == 0, "even, from 16 to 32768 samples"),
    "win_length": (lambda s: 1 <= s.win_length <= s.n_fft, "from 1 to n_fft samples"),
    "hop_length": (lambda s: 1 <= s.hop_length <= s.n_fft, "from 1 to n_fft samples"),
    "n_mels": (lambda s: 1 <= s.n_mels <= s.n_fft // 2, "from 1 to n_fft // 2"),
    "fmax": (lambda s: s.fmax <= s.sr / 2, "at most sr / 2"),
    "fmin": (lambda s: 0 <= s.fmin < s.fmax, "at least 0 Hz and below fmax"),
    "top_db": (lambda s: 0 < s.top_db <= 200, "above 0 and at most 200 dB"),
    "n_mfcc": (lambda s: 1 <= s.n_mfcc <= s.n_mels, "from 1 to n_mels"),
    "delta_width": (lambda s: 3 <= s.delta_width <= 99 and s.delta_width % 2 == 1, "odd, from 3 to 99 frames"),
    "normalise": (lambda s: s.normalise in NORMALISATIONS, "one of " + ", ".join(NORMALISATIONS)),
    "frames": (lambda s: 1 <= s.frames <= 1000, "from 1 to 1000"),
    "change_share": (
        lambda s: s.change_share == 0 or (0 < s.change_share < 1 and (s.deltas > 0 or s.statistics)),
        "at least 0 and below 1, and 0 where neither the sequence nor statistics have slopes",
    ),
    "warps": (
        lambda s: s.warps[:1] == (1,) and all(type(w) in (int, float) and 0.5 < w < 2 for w in s.warps),
        "a list that begins with 1, of numbers above 0.5 and below 2",
    ),
    "cuts": (
        lambda s: s.cuts[:1] == (0,) and all(type(c) in (int, float) and -s.trim_db < c <= 100 for c in s.cuts),
        "a list that begins with 0, of numbers above -trim_db and at most 100",
    ),
    "maskings": (
        lambda s: (
            len(s.maskings) in (0, len(s.cuts))
            and all(type(m) in (int, float) and 0 < m <= NO_MASKING for m in s.maskings)
        ),
        "a list with one number for each of the cuts, above 0 and at most 200, or empty",
    ),
    "deltas": (lambda s: 0 <= s.deltas <= HIGHEST_DELTA_ORDER, "0, 1 or 2"),
}


def check_settings(extractor):
    """Raise UsageError if a setting of a SpeechExtractor is of a wrong type or out of range."""
    for setting in fields(extractor):
        value = getattr(extractor, setting.name)
        if setting.type in _KINDS and type(value) not in _KINDS[setting.type]:
            raise UsageError(f"speech {setting.name}: must be of type {setting.type.__name__}, not {value!r}")
    for name, (holds, range_) in _RANGES.items():
        if not holds(extractor):
            raise UsageError(f"speech {name}: must be {range_}, not {getattr(extractor, name)!r}")
