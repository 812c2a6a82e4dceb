"""Synthesis: words spoken by a computer, for words without recordings.

espeak-ng speaks more than a hundred languages, each in several accents and in a hundred voices, at any speed and pitch.
It computes the sound from formants, so it sounds like a machine; but its words have the sounds of the word in their
order, and that is what a network has to learn first. It is also told what to say phone by phone, which gives words that
differ from a word in one sound. Any other program can speak instead, where a command is given for it.
"""

import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputFileError, UsageError
from pipelines.features.speech.audio_file import read_waveform

PROGRAM = "espeak-ng"
SECONDS = 60.0  # that a command may take for a word
VOWELS = "aeiouyAEIOUVQ@03"  # the names of vowels begin with these letters


@dataclass(frozen=True)
class Voice:
    """Who speaks, and how: the name of a voice, words a minute, and the pitch from 0 to 99."""

    name: str
    speed: int
    pitch: int


class EspeakNg:
    """espeak-ng in one language.

    Parameters
    ----------
    language : str
        Such as "en" or "es"; `espeak-ng --voices` lists them.

    Attributes
    ----------
    voices : list of str
        The names of all voices: each accent of the language with each voice.

    Raises
    ------
    UsageError
        espeak-ng is not installed, or does not speak the language.
    """

    def __init__(self, language):
        if shutil.which(PROGRAM) is None:
            raise UsageError(
                "voices: the program espeak-ng is missing; install it (Debian, Ubuntu: apt install espeak-ng; macOS: "
                "brew install espeak-ng; Windows: winget install espeak-ng), or give another one with --tts"
            )
        # Voices of the mbrola project need other files, and an entry with "!v/" is a variant of any language.
        own = [cells for cells in _table(f"--voices={language}") if not re.search("mb/|!v/", " ".join(cells))]
        accents = [cells[1] for cells in own]
        if not accents or not re.fullmatch(r"[\w-]+", language):
            known = sorted({cells[1].split("-")[0] for cells in _table("--voices")})
            raise UsageError(f"voices: espeak-ng does not speak {language!r}; --lang may be {', '.join(known)}")
        variants = re.findall(r"!v/(\S+)\s*$", _run([PROGRAM, "--voices=variant"]), re.MULTILINE)
        self.voices = [f"{accent}+{variant}" for accent in dict.fromkeys(accents) for variant in sorted(set(variants))]

    def say(self, text, voice, path):
        """Write a word as a WAV file. A text in [[ ]] is a row of phones, as `phones` names them."""
        options = ["-v", voice.name, "-s", str(voice.speed), "-p", str(voice.pitch), "-w", str(path)]
        _run([PROGRAM, *options, "--", text])

    def phones(self, text, voice_name):
        """Return the names of a text's phones: list of str."""
        spoken = _run([PROGRAM, "-q", "-x", "--sep=|", "-v", voice_name, "--", text])
        return [phone for phone in re.split(r"[|\s]+", spoken) if phone.strip("',_:%=-")]


class Command:
    """Any program that speaks: a command with the places {text} and {wav}, and perhaps {voice}, {speed} and {pitch}.

    Raises UsageError if the command lacks one of the first two or has an open quote, or the program does not exist.
    """

    voices = ("1",)

    def __init__(self, command, voices=()):
        try:
            self._words, self.voices = shlex.split(command), tuple(voices) or self.voices
        except ValueError as error:
            raise UsageError(f"voices: --tts {command}: {str(error).lower()}; write it as a shell takes it") from None
        missing = [place for place in ("{text}", "{wav}") if not any(place in word for word in self._words)]
        if missing:
            raise UsageError(f"voices: the command of --tts has no {missing[0]}; it needs {{text}} and {{wav}}")
        if shutil.which(self._words[0]) is None:
            raise UsageError(f"voices: there is no program {self._words[0]!r}; install it, or give its path in --tts")

    def say(self, text, voice, path):
        """Let the command write a word as a WAV file."""
        filled = {"text": text, "wav": path, "voice": voice.name, "speed": voice.speed, "pitch": voice.pitch}
        words = [re.sub(r"\{(\w+)\}", lambda place: str(filled.get(place[1], place[0])), word) for word in self._words]
        _run(words)


def synthesise(engine, text, voice):
    """Return a word as an engine says it: float32 waveform [shape=(n_samples,)] and its rate in Hz.

    Raises UsageError if nothing comes that can be heard.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        engine.say(text, voice, path)
        try:
            return read_waveform(path)
        except InputFileError as error:
            reason = str(error).partition(": ")[2] or str(error)
            raise UsageError(f"voices: {text!r} cannot be spoken ({reason}); write it as it is pronounced") from None


def near_misses(phones, others, rng, n):
    """Return rows of phones that differ from a word's in one: exchanged for another of its kind, or left out.

    Parameters
    ----------
    phones : list of str, those of the word
    others : list of str, phones to exchange for
    rng : numpy Generator
    n : int > 0, how many are tried; fewer come back where two are the same

    Returns
    -------
    list of list of str
    """
    found = {}
    for _ in range(n):
        place = int(rng.integers(len(phones)))
        alike = [other for other in others if _is_vowel(other) == _is_vowel(phones[place]) and other != phones[place]]
        if alike and (len(phones) < 3 or rng.random() < 0.75):
            changed = [*phones[:place], str(rng.choice(alike)), *phones[place + 1 :]]
        else:
            changed = phones[:place] + phones[place + 1 :]
        if changed and changed != phones:
            found["".join(changed)] = changed
    return list(found.values())


def _is_vowel(phone):
    return phone.lstrip("',%=_-:")[:1] in tuple(VOWELS)


def _table(option):
    """Return the cells of each line that espeak-ng prints, without the heading."""
    return [line.split() for line in _run([PROGRAM, option]).splitlines()[1:] if line.strip()]


def _run(words):
    """Return what a command prints; if it fails, raise UsageError with the end of what it says."""
    try:
        done = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise UsageError(f"voices: {words[0]} took more than {SECONDS:g} s for a word; check the command") from None
    except OSError as error:
        raise UsageError(f"voices: {words[0]} cannot be run ({error.strerror})") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"voices: {words[0]} failed ({said[-1] if said else f'exit code {done.returncode}'})")
    return done.stdout.decode(errors="replace")
