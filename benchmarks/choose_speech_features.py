"""Speech features: the measurement behind SpeechExtractor's defaults.

One setting at a time is changed, and the same network (scikit-learn's MLPClassifier, as it comes, on standardised
features) learns from the features. Four questions are asked of each variant, none of them of test recordings:

- `first_takes`: FSDD's takes 5 to 9 after learning from 10 to 49. A speaker's manner drifts over the takes, so this is
  as the official test is, whose takes are the first five.
- `spread_takes`: FSDD's validation takes, spread over the session.
- `new_voices`: two FSDD speakers after learning from the other four (takes 10 to 49), for three pairs.
- `made_voices`: the bundled corpus's validation voices, after learning from its training voices.

Every figure is the mean over three seeds, in percent.
"""

from dataclasses import replace

import numpy as np

from benchmarks import results_file
from pipelines import datasets
from pipelines.datasets.fsdd import SPEAKERS, parse_name
from pipelines.features.speech import SpeechExtractor

SEEDS = (0, 1, 2)
NETWORK = {"hidden_layer_sizes": (256, 128), "max_iter": 40}
NEW_VOICES = (("george", "nicolas"), ("jackson", "theo"), ("lucas", "yweweler"))

VARIANTS = {
    "default": {},
    "10 coefficients": {"n_mfcc": 10},
    "13 coefficients": {"n_mfcc": 13},
    "20 coefficients": {"n_mfcc": 20},
    "26 mel bands": {"n_mels": 26},
    "40 mel bands": {"n_mels": 40},
    "12 frames": {"frames": 12},
    "16 frames": {"frames": 16},
    "24 frames": {"frames": 24},
    "32 frames": {"frames": 32},
    "sequence with deltas": {"deltas": 1},
    "sequence with deltas and delta-deltas": {"deltas": 2},
    "sequence without statistics": {"statistics": False},
    "sequence with deltas, without statistics": {"deltas": 1, "statistics": False},
    "without duration": {"duration": False},
    "mean removed per utterance": {"normalise": "mean"},
    "mean and variance normalised per utterance": {"normalise": "variance"},
    "pre-emphasis 0.97": {"preemphasis": 0.97},
    "trimmed at 20 dB": {"trim_db": 20.0},
    "trimmed at 35 dB": {"trim_db": 35.0},
    "hardly trimmed (60 dB)": {"trim_db": 60.0},
    "hop 5 ms": {"hop_length": 40},
    "window 20 ms": {"win_length": 160},
    "window 50 ms": {"n_fft": 512, "win_length": 400},
    "bands from 0 to 4000 Hz": {"fmin": 0.0, "fmax": 4000.0},
    "dynamic range 50 dB": {"top_db": 50.0},
}


def run():
    """Measure, and write results/choose_speech_features.json."""
    recordings = {name: _Recordings(name) for name in ("fsdd", "spoken-digits")}
    rows = []
    for name, changes in VARIANTS.items():
        rows.append(_measure(name, replace(SpeechExtractor(), **changes), recordings))
        print(rows[-1], flush=True)
    results_file.write(
        "choose_speech_features",
        {
            "network": f"MLPClassifier{NETWORK}",
            "seeds": SEEDS,
            "new_voices": NEW_VOICES,
            "default_settings": SpeechExtractor().settings(),
            "changes": VARIANTS,
            "variants": rows,
        },
    )


class _Recordings:
    """A data set's waveforms, decoded once, without its test rows."""

    def __init__(self, name):
        dataset = datasets.load(name, "speech")
        kept = np.flatnonzero(dataset.role != "test")
        read = SpeechExtractor().read
        self.paths = [dataset.items[i] for i in kept]
        self.waveforms = [read(path) for path in self.paths]
        self.y, self.role, self.group = dataset.y[kept], dataset.role[kept], dataset.group[kept]


def _measure(name, extractor, recordings):
    fsdd, made = recordings["fsdd"], recordings["spoken-digits"]
    X = extractor.stored_rows(fsdd.waveforms)
    take = np.array([parse_name(path.name)[2] for path in fsdd.paths])
    later = take >= 10
    pairs = [np.isin(fsdd.group, pair) for pair in NEW_VOICES]
    assert set(np.concatenate(NEW_VOICES)) == set(SPEAKERS)
    return {
        "variant": name,
        "n_features": extractor.n_features,
        "first_takes": _accuracy(X, fsdd.y, later, ~later),
        "spread_takes": _accuracy(X, fsdd.y, fsdd.role == "train", fsdd.role == "valid"),
        "new_voices": round(np.mean([_accuracy(X, fsdd.y, later & ~pair, later & pair) for pair in pairs]).item(), 2),
        "made_voices": _accuracy(
            extractor.stored_rows(made.waveforms), made.y, made.role == "train", made.role == "valid"
        ),
    }


def _accuracy(X, y, train, valid):
    """Return the accuracy on the rows `valid` after learning from the rows `train`, in percent: mean over SEEDS."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(X[train])
    learn, ask = scaler.transform(X[train]), scaler.transform(X[valid])
    scores = [MLPClassifier(**NETWORK, random_state=seed).fit(learn, y[train]).score(ask, y[valid]) for seed in SEEDS]
    return round(100 * np.mean(scores).item(), 2)


if __name__ == "__main__":
    run()
