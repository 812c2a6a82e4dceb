"""Foreign sounds: what a microphone picks up that is none of the ten digits.

A recogniser of ten words hears other words, hums, music and silence too, and must not take them for one of the ten. So
this makes a few hundred such sounds: English words in the synthetic voices of espeak-ng, and everyday noises that are
computed. As recordings do, they differ in level, length, sampling rate, the quiet around them and the faint noise
beneath. None of it comes from anybody's corpus, and nothing is trained on it. Whoever chooses a way to reject foreign
sounds should choose it on a corpus of another seed than the one that is reported.

`near digits` are words that differ from a digit in a sound or two ("tree", "nice"). Whoever says them means no digit,
but people mishear them as well, so they are a kind of their own that is counted apart.

The same seed and the same versions of espeak-ng, soxr and libsndfile give the same bytes.
"""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipelines.machine.cores import cores

WORDS = """
yes no left right stop go up down on off hello goodbye please thanks again cancel open close start help back next play
pause louder softer red green blue yellow black white house water table window garden mother father brother sister dog
cat bird horse happy morning evening monday friday january music telephone computer battery banana apple orange coffee
sugar bread butter street station hospital elephant umbrella photograph university tomorrow yesterday important anna
peter maria london paris michael elizabeth
"""
NEAR_DIGITS = """
hero arrow narrow sun fun run wand do shoe you chew tree free spree frame floor door more fall fire hive dive fine life
sick fix sticks socks heaven eleven several late hate gate ape wine line night nice mine
"""
WORD_TAKES, NEAR_TAKES, COMPUTED_TAKES, SILENCES = 4, 2, 60, 10

ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-us-nyc", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
VARIANTS = """
f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Andrea Andy Annie Denis Diogo Gene Jacky Lee Marco Mario Michael Mike Storm
Zac adam anika belinda benjamin boris caleb david ed edward grandma grandpa gustave iven3 john klatt klatt2 klatt4 linda
marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph travis victor whisper
"""
RATES = (8000, 16000, 22050)
PEAK_DB = (-30.0, -1.0)  # of full scale
PAD_SECONDS = (0.05, 0.5)
FLOOR_DB = (-80.0, -45.0)  # of the faint noise beneath, from the peak
NEAR_SILENCE_DB = -70.0

DTMF = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477, 1633)]  # ITU-T Q.23
MISSING = "espeak-ng is missing: install it (Debian, Ubuntu: apt install espeak-ng) to make the foreign sounds."


@dataclass(frozen=True)
class Foreign:
    """A sound that is none of the digits: its kind, what it is, and its file."""

    kind: str
    name: str
    path: Path


def foreign_corpus(folder, rng):
    """Make the sounds, a 16-bit WAV file each.

    Parameters
    ----------
    folder : Path
        Must exist; the files go there.
    rng : numpy Generator
        Decides voices, levels, lengths and all else.

    Returns
    -------
    list of Foreign

    Raises SystemExit where espeak-ng is missing.
    """
    if shutil.which("espeak-ng") is None:
        sys.exit(MISSING)
    spoken = [("words", word) for word in WORDS.split() for _ in range(WORD_TAKES)]
    spoken += [("near digits", word) for word in NEAR_DIGITS.split() for _ in range(NEAR_TAKES)]
    streams = rng.spawn(len(spoken))  # a stream each, so that the threads may take them in any order
    with ThreadPoolExecutor(cores()) as pool:
        waveforms = pool.map(lambda of, stream: say(of[1], stream), spoken, streams)
        made = [(kind, word, *waveform) for (kind, word), waveform in zip(spoken, waveforms, strict=True)]
    made += [of for stream in rng.spawn(COMPUTED_TAKES) for of in compute(stream)]
    sounds = [(kind, name, record(waveform, sr, rng), sr) for kind, name, waveform, sr in made]
    sounds += [("near silence", "hiss", hiss, sr) for hiss, sr in (near_silence(rng) for _ in range(COMPUTED_TAKES))]
    sounds += [("silence", "zeros", np.zeros(round(rng.uniform(0.3, 2) * 8000)), 8000) for _ in range(SILENCES)]
    corpus = []
    for number, (kind, name, waveform, sr) in enumerate(sounds):
        corpus.append(Foreign(kind, name, folder / f"{number:04d}-{name.replace(' ', '-')}.wav"))
        soundfile.write(corpus[-1].path, waveform, sr, subtype="PCM_16")
    return corpus


def say(word, rng):
    """Return (waveform, sr): a word in one of the voices, in some accent, at some speed and pitch."""
    voice = f"{rng.choice(ACCENTS)}+{rng.choice(VARIANTS.split())}"
    options = ["-v", voice, "-p", str(rng.integers(20, 81)), "-s", str(rng.integers(120, 221)), "--stdout"]
    content = subprocess.run(["espeak-ng", *options, word], check=True, capture_output=True).stdout
    # The WAV that comes through a pipe does not know its length; its header takes 44 bytes.
    sr, samples = int.from_bytes(content[24:28], "little"), np.frombuffer(content[44:], "<i2")
    wanted = int(rng.choice(RATES))
    return soxr.resample(samples / 32768, sr, wanted), wanted


def record(waveform, sr, rng):
    """Return a sound as a recording would have it: quiet before and after, a faint noise beneath, at some level."""
    before, after = (round(seconds * sr) for seconds in rng.uniform(*PAD_SECONDS, 2))
    waveform = np.pad(waveform / np.abs(waveform).max(), (before, after))
    waveform += 10 ** (rng.uniform(*FLOOR_DB) / 20) * rng.standard_normal(len(waveform))
    return waveform * (10 ** (rng.uniform(*PEAK_DB) / 20) / np.abs(waveform).max())


def compute(rng):
    """Return one sound of each computed kind: list of (kind, name, waveform, sr)."""
    sr = int(rng.choice(RATES))
    color = rng.choice(list(COLORS))
    beeping = rng.choice([tone, chirp, dtmf])
    playing = rng.choice([melody, chord])
    return [
        ("noise", f"{color} noise", noise(color, rng, sr), sr),
        ("hum", "hum", hum(rng, sr), sr),
        ("tones", beeping.__name__, beeping(rng, sr), sr),
        ("clicks", "clicks", clicks(rng, sr), sr),
        ("music", playing.__name__, playing(rng, sr), sr),
        ("breath", "breath", breath(rng, sr), sr),
    ]


COLORS = {"white": 0, "pink": 1, "brown": 2}  # power falls with this power of the frequency


def noise(color, rng, sr):
    """A burst of noise."""
    t = _times(rng, sr, 0.2, 1.2)
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    spectrum /= np.maximum(1, np.arange(len(spectrum))) ** (COLORS[color] / 2)
    spectrum[0] = 0
    return np.fft.irfft(spectrum, len(t)) * _swell(t, rng)


def hum(rng, sr):
    """The mains' 50 or 60 Hz and their overtones, odd ones louder, as from a transformer or a bad cable."""
    t, mains = _times(rng, sr, 0.3, 1.5), rng.choice([50, 60])
    parts = [rng.uniform(0.2, 1) / k * (1 if k % 2 else 0.3) * _sine(k * mains, t, rng) for k in range(1, 25)]
    return sum(parts) * _swell(t, rng)


def tone(rng, sr):
    """A beep."""
    t = _times(rng, sr, 0.15, 1.0)
    return _sine(_pitch(rng, 150, 3500), t, rng) * _swell(t, rng)


def chirp(rng, sr):
    """A tone that glides, up or down, at a constant rate of octaves."""
    t = _times(rng, sr, 0.2, 1.0)
    first, last = _pitch(rng, 150, 3500, 2)
    frequency = first * (last / first) ** (t / t[-1])
    return np.sin(2 * np.pi * np.cumsum(frequency) / sr) * _swell(t, rng)


def dtmf(rng, sr):
    """One to three keys of a telephone."""
    keys = [_times(rng, sr, 0.08, 0.25) for _ in range(rng.integers(1, 4))]
    pause = np.zeros(round(rng.uniform(0.04, 0.12) * sr))
    presses = [(sum(_sine(f, t, rng) for f in DTMF[rng.integers(len(DTMF))]), pause) for t in keys]
    return np.concatenate([part for press in presses for part in press])


def clicks(rng, sr):
    """Clicks and knocks: resonances that die away within milliseconds."""
    t = _times(rng, sr, 0.2, 1.0)
    waveform = np.zeros(len(t))
    for _ in range(rng.integers(1, 9)):
        start = rng.uniform(0, 0.9) * t[-1]
        since = np.maximum(0, t - start)
        decay = rng.uniform(0.001, 0.015)
        waveform += rng.uniform(0.3, 1) * (t >= start) * np.exp(-since / decay) * _sine(_pitch(rng, 150, 3500), t, rng)
    return waveform


def melody(rng, sr):
    """A few plucked notes of a major scale."""
    tonic, scale = _pitch(rng, 130, 520), [0, 2, 4, 5, 7, 9, 11, 12]
    each, n_notes = rng.uniform(0.1, 0.35), rng.integers(2, 7)
    pitches = [tonic * 2 ** (rng.choice(scale) / 12) for _ in range(n_notes)]
    return np.concatenate([_note(pitch, each, rng, sr) for pitch in pitches])


def chord(rng, sr):
    """A triad, major or minor, once or twice."""
    root, third, each = _pitch(rng, 110, 440), rng.choice([3, 4]), rng.uniform(0.3, 0.8)
    once = sum(_note(root * 2 ** (step / 12), each, rng, sr) for step in (0, third, 7))
    return np.tile(once, rng.integers(1, 3))


def breath(rng, sr):
    """Breath on the microphone: noise through two broad resonances, which swells and fades."""
    t = _times(rng, sr, 0.3, 1.2)
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    frequency = np.fft.rfftfreq(len(t), 1 / sr)
    centres, widths = _pitch(rng, 300, 3000, 2), rng.uniform(200, 900, 2)
    gain = sum(np.exp(-(((frequency - c) / w) ** 2)) for c, w in zip(centres, widths, strict=True))
    return np.fft.irfft(spectrum * gain, len(t)) * np.sin(np.pi * t / t[-1]) ** 2


def near_silence(rng):
    """Return (waveform, sr): nothing but the hiss of a quiet room, at `NEAR_SILENCE_DB` of full scale."""
    sr = int(rng.choice(RATES))
    return 10 ** (NEAR_SILENCE_DB / 20) * rng.standard_normal(round(rng.uniform(0.3, 2) * sr)), sr


def _times(rng, sr, shortest, longest):
    return np.arange(round(rng.uniform(shortest, longest) * sr)) / sr


def _pitch(rng, low, high, n=None):
    """Return frequencies in Hz, every octave alike."""
    return low * (high / low) ** rng.uniform(size=n)


def _sine(frequency, t, rng):
    return np.sin(2 * np.pi * (frequency * t + rng.uniform()))


def _swell(t, rng):
    """Return an envelope that rises and falls within at most a third of the sound each."""
    rise, fall = rng.uniform(0.005, t[-1] / 3, 2)
    return np.minimum(1, np.minimum(t / rise, (t[-1] - t) / fall))


def _note(pitch, seconds, rng, sr):
    t = np.arange(round(seconds * sr)) / sr
    overtones = [_sine(k * pitch, t, rng) / k**1.5 for k in range(1, 9) if k * pitch < sr / 2]
    return sum(overtones) * np.minimum(1, t / 0.01) * np.exp(-t / rng.uniform(0.1, 0.5))
