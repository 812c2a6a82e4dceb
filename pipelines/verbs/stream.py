"""Stream: the errors of a model in live sound, as misses and as false alarms an hour.

Accuracy does not describe a recogniser that listens all day, because most sounds that it hears are not words. So the
words of a data set are put one after the other with pauses between them. Then come other sounds: recordings of the
user, or sounds made from the words. The latter are an easier test, because a model has learned to refuse such sounds.
All of it is treated as live sound. A word without a right answer is a miss; each other answer is a false alarm. A
higher threshold gives fewer false alarms and more misses.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines import datasets
from pipelines.errors import DataError, InputFileError, UsageError
from pipelines.features.inputs import samples
from pipelines.features.speech.foreign import foreign_sound
from pipelines.features.speech.listening import Listener
from pipelines.features.speech.long_recording import LongRecording
from pipelines.learning.preparation import name_dataset, prepare
from pipelines.models.opening import check_audible, open_bundle

PAUSES = (0.4, 1.5)  # seconds between two words
HISS_DB = -60.0  # of full scale; a hiss under all sounds
PEAK = 0.3
MOST_WORDS = 500
MADE = 2  # foreign sounds that are made from each word, if no recordings are given
SLACK = 0.1  # seconds by which the middle of an answer may lie outside its word
PER_HOUR = 1.0
SEED = 0


@dataclass(frozen=True)
class StreamEvaluation:
    """The result of the measurement.

    Attributes
    ----------
    about : dict of JSON types, a description of the sounds
    right : float ndarray [shape=(n_words,)]
        Probability of the right answer to each word; -1 if there was none.
    false : float ndarray [shape=(n_false,)], probabilities of all other answers
    hours : float > 0, of everything
    per_hour : float >= 0, the largest accepted number of false alarms an hour
    """

    about: dict
    right: np.ndarray
    false: np.ndarray
    hours: float
    per_hour: float

    def at(self, threshold):
        """Return {"threshold", "misses", "false_alarms_per_hour"} at a threshold."""
        return {
            "threshold": round(float(threshold), 4),
            "misses": float((self.right < threshold).mean()),
            "false_alarms_per_hour": float((self.false >= threshold).sum() / self.hours),
        }

    @property
    def threshold(self):
        """The lowest threshold with at most the accepted false alarms an hour; None if there is none below 1."""
        allowed = int(self.per_hour * self.hours)
        rest = np.sort(self.false)[::-1][allowed:]
        if not len(rest):
            return 0.0
        lowest = float(np.nextafter(rest[0], 2))
        return lowest if lowest <= 1 else None

    def record(self):
        """Return the record as JSON types."""
        steps = [self.at(threshold) for threshold in np.linspace(0, 1, 51)]
        chosen = None if self.threshold is None else self.at(self.threshold)
        return {**self.about, "hours": self.hours, "wanted_per_hour": self.per_hour, "chosen": chosen, "curve": steps}


def evaluate_stream(model, dataset=None, *, split="test", foreign=(), per_hour=PER_HOUR, n_jobs=None):
    """Listen to the words of a data set, and to other sounds.

    Parameters
    ----------
    model : Model, or the path of a model file
    dataset : str, Path or None
        None means the data set that the model was trained on.
    split : str, "train", "valid" or "test"
    foreign : sequence of paths
        Recordings, or folders of them, without the words. If there are none, sounds are made from the words.
    per_hour : float >= 0
        The largest accepted number of false alarms an hour.
    n_jobs : int > 0 or None

    Returns
    -------
    StreamEvaluation

    Raises
    ------
    ModelFileError, DataError, UsageError, InputFileError
    """
    opened = open_bundle(model, "evaluate")
    check_audible(opened, "evaluate --stream")
    words, name = _words(opened, dataset, split, n_jobs)
    rng = np.random.default_rng(SEED)
    n_said = len(words)
    sound, spans = _string_together([waveform for waveform, _ in words], opened.extractor.sr, rng)
    answers, seconds = _hear(opened, [sound])
    right, false = _match(answers, spans, [label for _, label in words])
    about = {"model": opened.path, "dataset": name, "split": split, "n_words": n_said}
    parts = _recordings(foreign, opened) if foreign else [_make_foreign(words, opened.extractor.sr, rng)]
    for blocks in parts:
        answers, more = _hear(opened, blocks)
        false += [answer.probability for answer in answers]
        seconds += more
    about["foreign"] = "recordings" if foreign else "made of the words"
    return StreamEvaluation(about, np.array(right), np.array(false), seconds / 3600, per_hour)


def _words(model, dataset, split, n_jobs):
    """Return some (waveform, label) of a role, in random order, and the data set's name."""
    name = name_dataset(dataset) or model.provenance["dataset"]
    own = name == model.provenance["dataset"]
    found = datasets.load(name, model.task.name, to_train=own)
    if unknown := sorted(set(found.labels) - set(model.labels)):
        raise UsageError(f"{name}: some of its classes are unknown to the model: {', '.join(unknown[:5])}")
    if own:
        found = prepare(found, model.extractor, n_jobs).dataset
    elif (found.role == "train").all():
        found = found.all_tests()
    rows = np.random.default_rng(SEED).permutation(found.rows(split))[:MOST_WORDS]
    words = []
    for row in rows:
        try:
            words.append((model.extractor.read(found.items[row]), found.labels[found.y[row]]))
        except InputFileError:
            continue
    if not words:
        raise DataError(f"{name}: has no {split} samples that can be read; choose another --split")
    return words, name


def _string_together(waveforms, sr, rng):
    """Join sounds with pauses between them, float32; return also where each is: list of (start, stop) in seconds."""
    parts, spans, at = [], [], 0
    for waveform in waveforms:
        pause = np.zeros(round(rng.uniform(*PAUSES) * sr))
        parts += [pause, waveform * (PEAK / max(np.abs(waveform).max(), 1e-9))]
        at += len(pause)
        spans.append((at / sr, (at + len(waveform)) / sr))
        at += len(waveform)
    sound = np.concatenate([*parts, np.zeros(sr)])
    return (sound + 10 ** (HISS_DB / 20) * rng.standard_normal(len(sound))).astype(np.float32), spans


def _make_foreign(words, sr, rng):
    """Make foreign sounds of words, and join them: list of one block."""
    sounds = [foreign_sound(waveform.astype(np.float64), sr, rng) for waveform, _ in words for _ in range(MADE)]
    return [_string_together(sounds, sr, rng)[0]]


def _recordings(foreign, model):
    """Yield the blocks of each recording in which no word is said."""
    for sample in samples([Path(path) for path in foreign], None, model.task.name):
        if sample.problem is not None:
            raise InputFileError(sample.problem)
        yield LongRecording(sample.source, model.extractor.sr).blocks()


def _hear(model, blocks):
    """Return all answers to a sound, list of Word, and its length in seconds."""
    n_samples = 0

    def count():
        nonlocal n_samples
        for block in blocks:
            n_samples += len(block)
            yield block

    answers = [word for heard in Listener(model).hear(count()) for word in heard.words]
    return answers, n_samples / model.extractor.sr


def _match(answers, spans, labels):
    """Return each word's probability of its right answer, -1 without one, and the probabilities of other answers."""
    right, false = [-1.0] * len(spans), []
    starts = np.array([start for start, _ in spans])
    for answer in answers:
        middle = (answer.start + answer.end) / 2
        place = int(np.searchsorted(starts, middle + SLACK, side="right")) - 1
        inside = place >= 0 and middle <= spans[place][1] + SLACK
        if inside and right[place] < 0 and answer.word == labels[place]:
            right[place] = answer.probability
        else:
            false.append(answer.probability)
    return right, false
