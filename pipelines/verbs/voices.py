"""Voices: a data set of words said by a computer.

Each take is another voice at another speed and pitch. All words are said by the same voices, so that a voice does not
reveal its word. The manifest names the voices as groups, so that a training tests on new voices. There are also near
misses, which differ from a word in one sound: they are listed as foreign, and the network learns to refuse them.

    words/lights on/1.wav    words/lights off/1.wav    words/_foreign_/1.wav    words/manifest.csv
"""

import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from backprop_core.whole_file import whole_file
from pipelines.datasets import FOREIGN
from pipelines.errors import DataError, UsageError
from pipelines.features.speech.synthesis import Command, EspeakNg, Voice, near_misses, synthesise
from pipelines.machine.cores import cores
from pipelines.machine.log import piece_of_work

MANIFEST = "manifest.csv"
SPEEDS, PITCHES = (110, 220), (15, 85)  # words a minute; from 0 to 99
NEAR_SHARE = 0.5  # near misses, as a share of the takes of all words
MARKUP = ("<", ">", "[[", "]]", "\\", "|")


def voices(words, out="words", *, language="en", takes=60, near=NEAR_SHARE, tts=None, tts_voices=(), seed=0):
    """Make the data set.

    Parameters
    ----------
    words : sequence of str
        The labels, which are also the spoken words.
    out : Path
        The folder of the data set. It must not contain a manifest yet.
    language : str, of espeak-ng
    takes : int > 0, of each word
    near : float >= 0
        Near misses, as a share of all takes.
    tts : str or None
        A command to speak with instead of espeak-ng, see `synthesis.Command`; it does not say near misses.
    tts_voices : sequence of str, the command's names of its voices
    seed : int >= 0, decides voices, speeds and pitches

    Returns
    -------
    dict of JSON types
        "manifest", "language", "takes" (by label), "near_misses", "voices" (how many).

    Raises
    ------
    UsageError
        There is no word, or a word is given twice, cannot be said, or cannot be a folder name; there is no speech
        program; or voices are named without a command.
    DataError
        There is a data set in the folder.
    """
    _check(words)
    if tts_voices and tts is None:
        raise UsageError("voices: --voice names a voice of a command; give the command with --tts, or leave it out")
    out, rng = Path(out), np.random.default_rng(seed)
    if (out / MANIFEST).exists():
        raise DataError(f"{out / MANIFEST}: this file exists already; choose another --out, or delete that folder")
    engine = EspeakNg(language) if tts is None else Command(tts, tts_voices)
    chosen = [str(engine.voices[i]) for i in _spread(len(engine.voices), takes, rng)]
    said = [
        (f"{word}/{number}.wav", word, word, _voice(name, rng))
        for word in words
        for number, name in enumerate(chosen, 1)
    ]
    if tts is None:
        wanted = round(near * len(said))
        said += [
            (f"{FOREIGN}/{number}.wav", FOREIGN, f"[[{''.join(phones)}]]", _voice(str(rng.choice(chosen)), rng))
            for number, phones in enumerate(_near(engine, words, chosen[0], wanted, rng), 1)
        ]
    _write(engine, out, said)
    return {
        "manifest": str(out / MANIFEST),
        "language": language,
        "takes": dict.fromkeys(words, takes),
        "near_misses": sum(label == FOREIGN for _, label, *_ in said),
        "voices": len(set(chosen)),
    }


def _check(words):
    if not words:
        raise UsageError("voices: there is no word to say; name two words or more")
    for word in words:
        if word == FOREIGN:
            raise UsageError(f"voices: {word} is the name for foreign sounds; choose another word")
        if any(mark in word for mark in MARKUP):
            raise UsageError(f"voices: {word!r} contains markup; write the word as it is spoken, only in letters")
        if word != word.strip(" .") or not any(c.isalnum() for c in word) or any(c in '/:*?"' or c < " " for c in word):
            raise UsageError(f"voices: {word!r} cannot be spoken or cannot be a folder name; choose letters and digits")
    folded = [word.casefold() for word in words]
    if twice := [word for word in words if folded.count(word.casefold()) > 1]:
        raise UsageError(f"voices: {' and '.join(twice)} are the same word; name each once")
    if len(words) < 2:
        raise UsageError(f"voices: {words[0]} is only one word; name two words or more")


def _spread(n_voices, takes, rng):
    """Choose a voice for each take; each voice comes once before any comes again."""
    rounds = [rng.permutation(n_voices) for _ in range(-(-takes // n_voices))]
    return np.concatenate(rounds)[:takes].tolist()


def _voice(name, rng):
    return Voice(name, int(rng.integers(*SPEEDS)), int(rng.integers(*PITCHES)))


def _near(engine, words, voice_name, wanted, rng):
    """Return near misses, at most `wanted`: list of list of phones."""
    phones = {word: engine.phones(word, voice_name) for word in words}
    pool = sorted({phone for row in phones.values() for phone in row})
    pool += engine.phones("bee dog fan gum hut jam key loud man note pie rush sheep thin vase wool yes zoo", voice_name)
    own = {"".join(row) for row in phones.values()}
    tries = 4 * -(-wanted // len(words)) if wanted else 0
    found = [
        miss
        for row in phones.values()
        for miss in near_misses(row, pool, rng, tries)
        if "".join(miss) not in own and any(phone.isalnum() for phone in "".join(miss))
    ]
    return [found[i] for i in rng.permutation(len(found))[:wanted]]


def _write(engine, out, said):
    """Speak each line into its file, several at a time; write the manifest when all files exist."""
    import soundfile

    for folder in {name.partition("/")[0] for name, *_ in said}:
        (out / folder).mkdir(parents=True, exist_ok=True)
    lock = threading.Lock()
    with piece_of_work(f"speaking {len(said)} takes", len(said)) as told:

        def speak(line):
            name, _, text, voice = line
            waveform, sr = synthesise(engine, text, voice)
            with whole_file(out / name) as temporary:
                soundfile.write(temporary, waveform, sr, format="WAV", subtype="PCM_16")
            with lock:
                told(1)

        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(speak, said))
    with whole_file(out / MANIFEST) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        # Formulas are not escaped: the file is read again, and an apostrophe would change a path or label.
        lines = [[name, label, voice.name] for name, label, _, voice in said]
        csv.writer(file, lineterminator="\n").writerows([["path", "label", "group"], *lines])
