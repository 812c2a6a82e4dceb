"""New voices: digits of speakers that the model has never heard, one by one and in strings.

For each FSDD speaker a model learns from the other five. First it is asked for each of the speaker's 500 words, of
which those of takes 0 to 4 are counted apart: no choice about features or variations was made on them, but that of how
clicks and noise beside a word are cut away.

Then recordings from the speaker's test takes (0 to 4) are strung together, as a telephone number is said: 3 to 10
digits, pauses of 0.1 to 0.6 s, each digit up to 6 dB louder or softer. The sequences are transcribed as they are, and
with white and pink noise. SNR is the power of the speech, pauses left out, to that of the noise. Others have no pause
at all: the silence at the ends of each take is cut off, and a word begins 30 ms before the end of the word before it.
The word error rate is the least number of substitutions, deletions and insertions that turn what was recognised into
what was said, for each word said (Levenshtein 1966).

Beside it stands how well the words were found, whatever they were taken for: a word is missed if its middle is in no
word found, or if another word's middle is in the same one; a word found is extra if no word's middle is in it. Starts
and ends are right if a word found starts, or ends, within 60 ms of the word that was said.

Every seed trains anew; the sequences and the noise are the same for all seeds. The word finder was tuned on takes 5 to
49.
"""

import io
import statistics
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import results_file
from pipelines import datasets
from pipelines.datasets.fsdd import SPEAKERS, parse_name, role_of_take
from pipelines.features.inputs import Sample
from pipelines.features.speech.audio_file import read_waveform
from pipelines.features.speech.endpoints import word_endpoints
from pipelines.features.speech.transcription import transcribe_recording
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import augment_all, extract
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.models.bundle import Bundle
from pipelines.verbs.crossval import t_interval

PRESET = "best"
SEEDS = (0, 1)
SEQUENCES = 20  # of each speaker
SR = 8000
PEAK = 0.2
OVERLAP = 0.03  # seconds that words without pauses share with their neighbours
NEAR = 0.06  # seconds by which a start or an end may be off
NO_PAUSES = "no pauses"
NOISES = {
    "clean": None,
    **{f"{color} noise, {snr} dB": (color, snr) for color in ("white", "pink") for snr in (20, 10, 5)},
}
CONDITIONS = (*NOISES, NO_PAUSES)


@dataclass(frozen=True)
class Strung:
    """Digits in a row: float64 waveform, the labels said, start and end of each in seconds, and the power of speech."""

    waveform: np.ndarray
    said: list
    bounds: list
    power: float


def run():
    """Measure, and write results/word_error_rate.json."""
    dataset = datasets.load("fsdd", "speech")
    prepared = extract(dataset, SPEECH.extractor_for(dataset))
    prepared = augment_all(prepared, SPEECH, SPEECH.presets[PRESET])
    counts = {name: {speaker: [] for speaker in SPEAKERS} for name in CONDITIONS}
    singles = {kind: {speaker: [] for speaker in SPEAKERS} for kind in ("all takes", "takes 0 to 4")}
    for number, speaker in enumerate(SPEAKERS):
        rng = np.random.default_rng(number)
        takes = _test_takes(dataset, speaker)
        strung = [_string_together(takes, rng) for _ in range(SEQUENCES)]
        files = {name: (strung, [_wav(_noisy(s, noise, rng)) for s in strung]) for name, noise in NOISES.items()}
        fluent = [_string_together(takes, rng, fluent=True) for _ in range(SEQUENCES)]
        files[NO_PAUSES] = fluent, [_wav(s.waveform) for s in fluent]
        for seed in SEEDS:
            model = _train_without(prepared, speaker, seed)
            own, early = dataset.group == speaker, dataset.role == "test"
            right = model.probabilities(prepared.stored).argmax(axis=1) == dataset.y
            singles["all takes"][speaker].append(float(right[own].mean()))
            singles["takes 0 to 4"][speaker].append(float(right[own & early].mean()))
            for name in CONDITIONS:
                counts[name][speaker].append(_count(model, *files[name]))
            print(
                speaker,
                seed,
                singles["all takes"][speaker][-1],
                {name: _rate(counts[name][speaker][-1]) for name in CONDITIONS},
                flush=True,
            )
    results_file.write(
        "word_error_rate",
        {
            "preset": PRESET,
            "seeds": SEEDS,
            "single_words": {kind: _single_words(by_speaker) for kind, by_speaker in singles.items()},
            "sequences": SEQUENCES * len(SPEAKERS),
            "words": sum(counts["clean"][speaker][0]["said"] for speaker in SPEAKERS),
            "conditions": {name: _summary(by_speaker) for name, by_speaker in counts.items()},
        },
    )


def _single_words(by_speaker):
    """Return the figures of single words; the interval is over speakers."""
    means = {speaker: statistics.mean(shares) for speaker, shares in by_speaker.items()}
    by_seed = [statistics.mean(shares) for shares in zip(*by_speaker.values(), strict=True)]
    return {
        "mean": statistics.mean(means.values()),
        "worst": min(means.values()),
        "ci95": t_interval(list(means.values())),
        "sd": _spread(by_seed),
        "seeds": by_seed,
        "by_speaker": means,
    }


def _test_takes(dataset, speaker):
    """Return the digit and the waveform of each test take of a speaker."""
    takes = [(parse_name(path.name), path) for path in dataset.items]
    return [
        (digit, read_waveform(path)[0].astype(np.float64))
        for (digit, who, take), path in takes
        if who == speaker and role_of_take(take) == "test"
    ]


def _string_together(takes, rng, fluent=False):
    """Return 3 to 10 takes in a row as a Strung: with pauses, or, if `fluent`, cut at their ends and overlapping."""
    whole, said, bounds, words = _pause(rng), [], [], []
    for i in rng.integers(len(takes), size=rng.integers(3, 11)):
        digit, waveform = takes[i]
        word = waveform * (PEAK * 10 ** (rng.uniform(-6, 6) / 20) / np.abs(waveform).max())
        start, stop = word_endpoints(word, SR, frame_length=256, hop_length=80, trim_db=25.0, pad=0)
        if fluent:
            word, start, stop = word[start:stop], 0, stop - start
        at = len(whole) - (round(OVERLAP * SR) if fluent and said else 0)
        whole = np.pad(whole, (0, at + len(word) - len(whole)))
        whole[at:] += word
        said.append(digit)
        bounds.append(((at + start) / SR, (at + stop) / SR))
        words.append(word)
        if not fluent:
            whole = np.concatenate([whole, _pause(rng)])
    whole = np.concatenate([whole, _pause(rng)]) if fluent else whole
    return Strung(whole, said, bounds, float(np.square(np.concatenate(words)).mean()))


def _pause(rng):
    return np.zeros(round(rng.uniform(0.1, 0.6) * SR))


def _noisy(strung, noise, rng):
    """Return the waveform with noise added: `noise` is None, or a color and the SNR in decibels."""
    if noise is None:
        return strung.waveform
    color, snr = noise
    n = len(strung.waveform)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    if color == "pink":
        spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    hiss = np.fft.irfft(spectrum, n)
    return strung.waveform + hiss * np.sqrt(strung.power / 10 ** (snr / 10) / np.square(hiss).mean())


def _wav(waveform):
    import soundfile

    content = io.BytesIO()
    soundfile.write(content, waveform, SR, format="WAV", subtype="FLOAT")
    return content.getvalue()


def _train_without(prepared, speaker, seed):
    """Return a model that learned from the other speakers; their validation takes choose its best epoch."""
    task, dataset = SPEECH, prepared.dataset
    role = np.where(dataset.role == "valid", "valid", "train")
    role = np.where(dataset.group == speaker, "test", role)
    others = replace(prepared, dataset=replace(dataset, role=role))
    fitted = fit(others, task.scaling(), task.presets[PRESET], seed, n_threads=1)
    return Bundle(
        task=task,
        labels=dataset.labels,
        extractor=prepared.extractor,
        standardizer=fitted.standardizer,
        network=fitted.network,
        provenance={},
        golden_row=prepared.stored[:1],
        temperature=fitted.temperature,
    )


def _count(model, strung, files):
    """Transcribe sequences; return the Counter of words: said, substituted, deleted, inserted, missed, extra, and those
    whose start or end is right."""
    total = Counter()
    for sequence, content in zip(strung, files, strict=True):
        words = transcribe_recording(model, Sample("sequence", content)).words
        total.update(errors(sequence.said, [word.word for word in words]))
        middles = [(start + end) / 2 for start, end in sequence.bounds]
        inside = [sum(word.start <= middle < word.end for middle in middles) for word in words]
        total["missed"] += len(sequence.said) - sum(n > 0 for n in inside)
        total["extra"] += inside.count(0)
        for start, end in sequence.bounds:
            total["start right"] += any(abs(word.start - start) <= NEAR for word in words)
            total["end right"] += any(abs(word.end - end) <= NEAR for word in words)
    return total


def errors(said, recognised):
    """Return the fewest errors that turn what was said into what was recognised.

    Parameters
    ----------
    said, recognised : sequence of str

    Returns
    -------
    dict of int
        "said" (the number of words), "substituted", "deleted" and "inserted".
    """
    row = [(n, 0, 0, n) for n in range(len(recognised) + 1)]  # errors, substituted, deleted, inserted
    for i, true in enumerate(said, 1):
        above, row = row, [(i, 0, i, 0)]
        for j, heard in enumerate(recognised, 1):
            wrong = int(true != heard)
            changes = ((above[j - 1], (wrong, wrong, 0, 0)), (above[j], (1, 0, 1, 0)), (row[-1], (1, 0, 0, 1)))
            row.append(min(tuple(map(sum, zip(before, change, strict=True))) for before, change in changes))
    _, substituted, deleted, inserted = row[-1]
    return {"said": len(said), "substituted": substituted, "deleted": deleted, "inserted": inserted}


def _rate(count, kinds=("substituted", "deleted", "inserted")):
    return round(sum(count[kind] for kind in kinds) / count["said"], 4)


def _summary(by_speaker):
    """Return the figures of one condition: all as shares of the words said."""
    seeds = [sum(counts, Counter()) for counts in zip(*by_speaker.values(), strict=True)]
    rates = [_rate(count) for count in seeds]
    kinds = ("substituted", "deleted", "inserted", "missed", "extra", "start right", "end right")
    return {
        "word_error_rate": {"mean": _mean(rates), "sd": _spread(rates), "seeds": rates},
        **{kind: _mean(_rate(count, (kind,)) for count in seeds) for kind in kinds},
        "by_speaker": {speaker: _mean(map(_rate, counts)) for speaker, counts in by_speaker.items()},
    }


def _mean(rates):
    return round(statistics.mean(rates), 4)


def _spread(rates):
    return round(statistics.stdev(rates), 4) if len(rates) > 1 else None
