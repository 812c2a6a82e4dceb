"""Recording: takes of your own words, from a microphone to a data set.

For each word in turn, the command shows a prompt, listens until the word is finished, and checks the take. A bad take
must be repeated, and the reason is shown. A good take is written to a file and listed in the manifest at once. So if
the session is interrupted, the recordings can be used, and the same command continues where it stopped.

    words/yes/anna-1.wav    words/no/anna-1.wav    words/manifest.csv (path, label, group: who spoke)

The words take turns, so that not only one word is said by a tired voice, and all words have the same number of takes at
any time.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backprop_core.whole_file import whole_file
from pipelines.errors import DataError, MicrophoneError, UsageError
from pipelines.features.speech import microphone
from pipelines.features.speech.audio_file import SILENCE_PEAK
from pipelines.features.speech.word_finder import WordFinder, band_power

SR = 16_000
ATTEMPTS = 5  # at one take; then the user should check the microphone
MANIFEST = "manifest.csv"
COLUMNS = ["path", "label", "group"]

QUIET_SECONDS = 0.6  # of silence that end a word: longer than the pause in "go up", or before the t of "eight"
MARGIN_SECONDS = 0.2  # kept before and after the word
LOOK_SECONDS = 0.1
SHORTEST_SECONDS = 0.1
FAINTEST_PEAK = 0.02  # of full scale, -34 dB
FULL_SCALE, CLIPPED_SAMPLES = 0.999, 3


@dataclass(frozen=True)
class Take:
    """A take to record: the word, its file, and its number of how many."""

    label: str
    path: Path
    number: int
    total: int


def record(
    labels,
    out="words",
    *,
    speaker="me",
    takes=20,
    seconds=5.0,
    device=None,
    source=None,
    on_prompt=None,
    on_problem=None,
):
    """Record the missing takes of each word.

    Parameters
    ----------
    labels : sequence of str
        The words, which are also the names of their folders.
    out : Path
        The folder of the data set, made if there is none. No recording in it is ever replaced; its manifest keeps the
        rows of other speakers and words.
    speaker : str
        The name of the speaker. The files are called SPEAKER-1.wav and so on; existing files count as recorded.
    takes : int > 0, of each word
    seconds : float > 0
        The time to wait for a word.
    device : str or None
        Number or name of the microphone; None is the system's default.
    source : None, or function that returns a context manager, which yields an iterator of float32 [shape=(n,)]
        A source of sound instead of a microphone: `SR` samples a second, full scale [-1, 1]. It is not called if no
        take is missing.
    on_prompt : function of a Take, called when it is time to speak
    on_problem : function of a str, called with the reason why the take must be repeated

    Returns
    -------
    dict of JSON types
        "manifest", "speaker", "recorded" (takes of this session), "takes" (all of this speaker's, by label), "missing"
        (how many) and "interrupted" (whether by Ctrl-C).

    Raises
    ------
    UsageError
        A label or the speaker cannot be a file name, or a label is given twice.
    DataError
        There is a manifest with other columns.
    MicrophoneError
        The source cannot be opened or has come to an end, or `ATTEMPTS` attempts at one take have failed.
    """
    _check_names(labels, speaker)
    wanted = _list_takes(labels, Path(out), speaker, takes)
    manifest = Path(out) / MANIFEST
    _update(manifest, wanted, speaker)
    missing = [take for take in wanted if not take.path.exists()]
    interrupted = False
    try:
        if missing:
            with source() if source else microphone.microphone(SR, device) as blocks:
                for take in missing:
                    _write(take.path, _good_take(take, blocks, seconds, on_prompt, on_problem))
                    _update(manifest, wanted, speaker)
    except KeyboardInterrupt:
        interrupted = True
        _update(manifest, wanted, speaker)
    done = [take for take in wanted if take.path.exists()]
    return {
        "manifest": str(manifest),
        "speaker": speaker,
        "recorded": len(done) - (len(wanted) - len(missing)),
        "takes": {label: sum(take.label == label for take in done) for label in labels},
        "missing": len(wanted) - len(done),
        "interrupted": interrupted,
    }


def _check_names(labels, speaker):
    for name in (*labels, speaker):
        if name != name.strip(" .") or not name or any(c in '/\\:*?"<>|' or c < " " for c in name):
            raise UsageError(f"record: {name!r} cannot be the name of a file; choose letters, digits and hyphens")
    folded = [label.casefold() for label in labels]
    if twice := [label for label in labels if folded.count(label.casefold()) > 1]:
        raise UsageError(f"record: {' and '.join(twice)} are the same word; name each once")


def _list_takes(labels, out, speaker, takes):
    """Return all takes in the order of recording: list of Take."""
    total = takes * len(labels)
    named = [(label, out / label / f"{speaker}-{n}.wav") for n in range(1, takes + 1) for label in labels]
    return [Take(label, path, number, total) for number, (label, path) in enumerate(named, 1)]


def _good_take(take, blocks, seconds, on_prompt, on_problem):
    """Ask for a take until it is good: float32 ndarray [shape=(n_samples,)]."""
    for _ in range(ATTEMPTS):
        if on_prompt:
            on_prompt(take)
        heard = listen(blocks, seconds)
        if heard.problem is None:
            return heard.word
        if on_problem:
            on_problem(heard.problem)
    raise MicrophoneError(
        f"{take.label}: not recorded in {ATTEMPTS} attempts, the last because {heard.problem}; check the microphone, "
        "or choose another with --device (the earlier takes are kept)"
    )


@dataclass(frozen=True)
class Heard:
    """A word, float32 ndarray [shape=(n_samples,)] with some silence around it, or the reason why it cannot be used."""

    word: np.ndarray | None
    problem: str | None


def listen(blocks, seconds):
    """Listen until a word has ended, or the time is over.

    Speech without a pause of `QUIET_SECONDS` is one word. Sounds with a peak below `FAINTEST_PEAK`, such as a breath,
    are ignored.

    Parameters
    ----------
    blocks : iterator of ndarray of float32 [shape=(n_samples,)]
        `SR` samples a second; only the needed ones are taken.
    seconds : float > 0

    Returns
    -------
    Heard

    Raises MicrophoneError if the blocks end.
    """
    heard, n_samples, looked = [], 0, 0
    while n_samples < seconds * SR:
        block = next(blocks, None)
        if block is None:
            raise MicrophoneError("the microphone has stopped sending sound; check it")
        heard.append(block)
        n_samples += len(block)
        if n_samples - looked >= LOOK_SECONDS * SR:
            looked = n_samples
            loud = [word for word in _sounds(np.concatenate(heard)) if word.peak >= FAINTEST_PEAK]
            if loud and n_samples - loud[-1].stop > QUIET_SECONDS * SR:
                break
    return judge(np.concatenate(heard))


def judge(waveform):
    """Cut the word out of a recording, float32 [shape=(n_samples,)], or say why it cannot be used; returns Heard."""
    sounds = _sounds(waveform)
    loud = [sound for sound in sounds if sound.peak >= FAINTEST_PEAK]
    if np.ptp(waveform) < 2 * SILENCE_PEAK:
        problem = "the microphone sends only silence; is it muted, or is this program not allowed to use it?"
    elif not sounds:
        problem = "no word was heard"
    elif not loud:
        problem = "the word was too quiet; speak louder, or nearer to the microphone"
    else:
        start, stop = loud[0].start, loud[-1].stop
        problem = _flaw(waveform, start, stop)
        margin = round(MARGIN_SECONDS * SR)
        word = waveform[max(0, start - margin) : stop + margin]
    return Heard(None, problem) if problem else Heard(word, None)


def _flaw(waveform, start, stop):
    """Say what is wrong with a word between two samples; return None if it is good."""
    edge = LOOK_SECONDS * SR / 2
    if start < edge:
        return "the word began before the prompt; wait for the prompt"
    if len(waveform) - stop < edge:
        return "the word was not finished in time; say only the word, or give more --seconds"
    if stop - start < SHORTEST_SECONDS * SR:
        return "the sound was too short for a word"
    if (np.abs(waveform[start:stop]) >= FULL_SCALE).sum() >= CLIPPED_SAMPLES:
        return "the word was too loud, so its peaks are cut off; speak more softly, or turn the microphone down"
    return None


@dataclass(frozen=True)
class _Sound:
    """A sound above the noise: its first sample, the one after its last, and its peak."""

    start: int
    stop: int
    peak: float


def _sounds(waveform):
    """Return the sounds above the noise, words and others: list of _Sound."""
    waveform = waveform - waveform.mean()  # remove the direct current of a cheap sound card
    bounds = [(round(a * SR), round(b * SR)) for a, b in WordFinder().find(band_power([waveform], SR))]
    return [_Sound(start, stop, float(np.abs(waveform[start:stop]).max())) for start, stop in bounds]


def _write(path, waveform):
    """Write a take as 16-bit WAV."""
    import soundfile

    with whole_file(path) as temporary:
        soundfile.write(temporary, waveform, SR, format="WAV", subtype="PCM_16")


def _update(manifest, wanted, speaker):
    """Add the takes that exist and are not in the manifest, and remove the lines of files that do not exist."""
    before = _read(manifest)
    lines = [line for line in before if (manifest.parent / line[0]).exists()]
    listed = {line[0] for line in lines}
    paths = [(take.path.relative_to(manifest.parent).as_posix(), take) for take in wanted]
    lines += [[name, take.label, speaker] for name, take in paths if take.path.exists() and name not in listed]
    if lines != before:
        with whole_file(manifest) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            # Formulas are not escaped: the file is read again, and an apostrophe would change a path or label.
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *lines])


def _read(manifest):
    """Return the lines of a manifest of this verb: list of [path, label, group]; an empty list without a file."""
    if not manifest.exists():
        return []
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            heading, *lines = [line for line in csv.reader(file, strict=True) if line] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{manifest}: is not a CSV file in UTF-8 ({error}); choose another --out") from error
    if any(len(line) != len(COLUMNS) for line in lines) or heading != COLUMNS:
        raise DataError(f"{manifest}: its columns are not {', '.join(COLUMNS)}; choose another --out")
    return lines
