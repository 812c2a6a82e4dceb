"""Makes the bundled corpus: the ten digits, spoken by the synthetic voices of espeak-ng.

A machine without a network still needs real-sounding speech to learn from, small enough to travel with the code. Each
voice is one of espeak-ng's variants, that is, one vocal tract; it speaks in several accents, speeds and pitches. The
split goes by voice: whoever is tested was never heard in training.

    python data/make_spoken_digits.py

replaces `data/bundled/spoken-digits/`. Only this script needs espeak-ng (Debian and Ubuntu: `apt install espeak-ng`).
The same versions of espeak-ng, soxr and libsndfile give the same bytes.
"""

import csv
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
import soxr

CORPUS = Path(__file__).resolve().parent / "bundled" / "spoken-digits"
SAMPLE_RATE = 8000
MARGIN = 0.02  # seconds of quiet kept on either side of a word
QUIET = 0.01  # share of the peak below which the edges count as silence
STEP = 16  # samples are multiples of this, as from a 12-bit recorder: smaller files, noise 60 dB below the peak

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en-gb", "en-us", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-us-nyc", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
SPEEDS = (135, 165, 200)  # words a minute
TAKES = 3  # of every word by every voice, each in another accent and at another speed

# Left out: whispers, croaks, robots and demons, variants that are hard to understand, and close copies of those below.
VOICES = {
    "train": "f1 f2 f5 linda anika steph zac m1 m4 m6 m7 m8 Andy Denis Diogo Jacky Marco Michael Storm klatt klatt2 "
    "klatt4 adam benjamin boris ed grandpa gustave iven3 marcelo max pedro quincy robert sandro victor",
    "valid": "f4 Andrea grandma m3 antonio edward paul Gene",
    "test": "f3 Annie shelby m2 m5 Alex david pablo",
}

README = """# Spoken digits

The words "zero" to "nine" in English, {recordings} recordings: {voices} synthetic voices, {takes} takes of each word by
each voice. FLAC, 8 kHz, mono, 16 bit.

- `<voice>/<digit>-<take>.flac` are the recordings. `manifest.csv` lists them: `path`, `label` (the digit), `split`
  ({train} voices train, {valid} are for validation, {test} test; no voice does two of these) and `group` (the voice).
- `data/make_spoken_digits.py` made them with the speech synthesiser espeak-ng 1.51. A voice is one of its variants; the
  takes differ in accent, speed, pitch and loudness. Running the script replaces this folder, this page included.
- Synthetic voices are more alike than people are. A good score here says that the program works, and little about how
  well it would understand a person; train on recordings of people for that (`--dataset fsdd`).

Licence: CC0 1.0. We made these recordings and give them to the public domain; nobody else's recordings are in them.
"""


def recipes(seed=2026):
    """Decide every recording before the first is made: a list of dictionaries, always the same for the same seed."""
    rng = np.random.default_rng(seed)
    decided = []
    voices = [(split, voice) for split, names in VOICES.items() for voice in names.split()]
    for turn, (split, voice) in enumerate(voices):
        for take in range(TAKES):
            accent = ACCENTS[(3 * turn + take) % len(ACCENTS)]
            pitch = rng.integers(30, 71)  # of espeak-ng's 0 to 99; 50 is the voice's own
            for digit, word in enumerate(WORDS):
                decided.append(
                    {
                        "path": f"{voice.lower()}/{digit}-{take}.flac",
                        "label": str(digit),
                        "split": split,
                        "group": voice.lower(),
                        "word": word,
                        "voice": f"{accent}+{voice}",
                        "pitch": int(pitch + rng.integers(-4, 5)),
                        "speed": int(SPEEDS[(take + digit) % len(SPEEDS)] + rng.integers(-8, 9)),
                        "peak": rng.uniform(0.25, 0.8),
                    }
                )
    return decided


def speak(recipe, folder):
    """Synthesise one word, bring it to 8 kHz, trim it, and write it below `folder` as 16-bit FLAC."""
    path = folder / recipe["path"]
    raw = path.with_suffix(".wav")
    options = ["-v", recipe["voice"], "-p", str(recipe["pitch"]), "-s", str(recipe["speed"]), "-a", "60"]
    subprocess.run(["espeak-ng", *options, "-w", raw, recipe["word"]], check=True, capture_output=True)
    waveform, rate = soundfile.read(raw, dtype="float64")
    raw.unlink()
    waveform = trim(soxr.resample(waveform, rate, SAMPLE_RATE, quality="VHQ"))
    scale = recipe["peak"] * 32768 / np.abs(waveform).max()
    samples = np.round(waveform * scale / STEP) * STEP
    soundfile.write(path, samples.astype(np.int16), SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)


def trim(waveform):
    """Cut the silent edges off, keeping `MARGIN` seconds of them."""
    loud = np.flatnonzero(np.abs(waveform) > QUIET * np.abs(waveform).max())
    margin = round(MARGIN * SAMPLE_RATE)
    return waveform[max(loud[0] - margin, 0) : loud[-1] + 1 + margin]


def counts(decided):
    """Return the numbers that the corpus's page states."""
    voices = {split: len(names.split()) for split, names in VOICES.items()}
    return {"recordings": len(decided), "voices": sum(voices.values()), "takes": TAKES, **voices}


def make(corpus):
    """Make the whole corpus under another name beside `corpus`, then let it take that place."""
    decided = recipes()
    corpus.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=corpus.parent, prefix=".spoken-digits-") as scratch:
        new = Path(scratch) / "new"
        for group in {recipe["group"] for recipe in decided}:
            (new / group).mkdir(parents=True)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda recipe: speak(recipe, new), decided))
        with (new / "manifest.csv").open("w", newline="") as file:
            table = csv.DictWriter(
                file, ["path", "label", "split", "group"], extrasaction="ignore", lineterminator="\n"
            )
            table.writeheader()
            table.writerows(decided)
        (new / "README.md").write_text(README.format(**counts(decided)), encoding="utf-8")
        if corpus.exists():
            corpus.rename(Path(scratch) / "previous")
        new.rename(corpus)
    return len(decided)


if __name__ == "__main__":
    if shutil.which("espeak-ng") is None:
        sys.exit(
            "espeak-ng is missing: install it (Debian, Ubuntu: apt install espeak-ng) to remake the spoken digits."
        )
    print(f"{make(CORPUS)} recordings in {CORPUS}")
