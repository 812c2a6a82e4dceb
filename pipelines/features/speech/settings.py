"""Settings: what decides the row of a recorded word, and what each of these settings may be.

The defaults suit words recorded at 8 kHz or more; benchmarks/choose_speech_features.py is the measurement behind them.
Settings are chosen once, from training data, and travel in the model file. They come from a user's recipe or from such
a file, and either may be wrong. A wrong one is named in one sentence, before anything is computed with it.
"""

from dataclasses import dataclass, field, fields

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


@dataclass(frozen=True)
class SpeechSettings:
    """What decides the row of a recording.

    Attributes
    ----------
    sr : int > 0, in Hz
        Sampling rate that every recording is brought to.
    preemphasis : float in [0, 1)
        x[t] - preemphasis * x[t - 1] raises the high frequencies; 0 leaves them.
    trim_db : float > 0, in decibels
        A frame this far below the loudest one is not part of the word, unless there is a louder one on either side.
    trim_pad : float >= 0, in seconds
        Kept before and after the word.
    n_fft, win_length, hop_length : int > 0, in samples
        Length of the Fourier transform (even), of the Hann window inside it, and of the step between frames;
        the last two are at most n_fft.
    n_mels : int > 0
        Number of mel bands.
    fmin, fmax : float, in Hz
        Lower edge of the lowest and upper edge of the highest band, 0 <= fmin < fmax <= sr / 2.
    top_db : float > 0, in decibels
        Dynamic range kept below the loudest band of the word.
    n_mfcc : int > 0
        Number of cepstral coefficients, from 0 on; at most n_mels.
    delta_width : int, odd, >= 3, in frames
        Stretch of time over which slopes are taken.
    normalise : str
        What is taken out of each utterance besides its level: `"level"` (nothing else), `"mean"` (the mean of each
        coefficient in the sequence) or `"variance"` (the mean, and the spread scaled to 1).
    frames : int > 0
        Number of frames that the sequence of every word is brought to.
    change_share : float in [0, 1)
        How far these frames are equal in change rather than in time, see `time_normalisation.coverage`. More
        than 0 needs slopes in the sequence, or statistics.
    deltas : int, 0, 1 or 2
        Orders of slopes in the sequence, beside the coefficients themselves.
    statistics : bool
        Whether mean and standard deviation over time of coefficients, deltas and delta-deltas are added.
    duration : bool
        Whether the logarithm of the number of frames is added.
    warps : tuple of float in (0.5, 2), the first of them 1
        Lengths of the vocal tract that are tried, see `vocal_tract`: each gives a view of the word. The network learns
        from the first; the answers to all of them are averaged.
    cuts : tuple of float in (-trim_db, 100], in decibels, the first of them 0
        How far `trim_db` is moved: each gives a further view of the word, at each warp. Echo and noise want the word to
        be cut sooner, the soft sounds at its ends later, and this is not known beforehand.
    maskings : tuple of float in (0, 200], in decibels, one for each of the cuts, or none at all
        In the views of each cut, white noise that is so much softer than the word hides what is softer still, see
        `mfcc.mask`; 200 adds none. Without any, no view is masked.
    given_matrices : dict or None
        What `matrices()` returned when the settings were stored; None lets librosa make them, at their first use.
    """

    sr: int = 8000
    preemphasis: float = 0.0
    trim_db: float = 25.0
    trim_pad: float = 0.04
    n_fft: int = 256
    win_length: int = 200
    hop_length: int = 80
    n_mels: int = 32
    fmin: float = 60.0
    fmax: float = 3800.0
    top_db: float = 80.0
    n_mfcc: int = 13
    delta_width: int = 9
    normalise: str = "level"
    frames: int = 20
    change_share: float = 0.0
    deltas: int = 1
    statistics: bool = True
    duration: bool = True
    warps: tuple = (1.0, 0.92, 1.08)
    cuts: tuple = (0.0, -9.0, 12.0)
    maskings: tuple = ()
    given_matrices: dict | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        for name in ("warps", "cuts", "maskings"):
            if isinstance(getattr(self, name), list):  # JSON has no tuples
                object.__setattr__(self, name, tuple(getattr(self, name)))
        check_settings(self)

    def settings(self):
        """Return the settings as a dictionary of JSON types."""
        return {
            setting.name: getattr(self, setting.name) for setting in fields(self) if setting.name != "given_matrices"
        }

    @property
    def delta_orders(self):
        """The orders of slopes that are taken, whether for the sequence or for the statistics."""
        return range(1, (HIGHEST_DELTA_ORDER if self.statistics else self.deltas) + 1)

    @property
    def trims(self):
        """What `trim_db` is for each cut, in decibels: tuple of float."""
        return tuple(self.trim_db + moved for moved in self.cuts)

    @property
    def masked(self):
        """How much softer than the word the noise is that masks the views of each cut, in decibels: tuple of float."""
        return self.maskings or (NO_MASKING,) * len(self.cuts)


def check_settings(settings):
    """Raise UsageError if a setting is of a wrong type or out of range."""
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if setting.type in _KINDS and type(value) not in _KINDS[setting.type]:
            raise UsageError(f"speech {setting.name}: must be of type {setting.type.__name__}, not {value!r}")
    for name, (holds, range_) in _RANGES.items():
        if not holds(settings):
            raise UsageError(f"speech {name}: must be {range_}, not {getattr(settings, name)!r}")
