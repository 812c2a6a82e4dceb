"""The README's results, made from the files in results/; `python -m benchmarks.readme_results` prints them."""

import json

from benchmarks.results_file import FOLDER


def table():
    """Return the results as Markdown."""
    accuracy, startup, features, decoding = (
        _read(name) for name in ("accuracy", "startup", "feature_speed", "decoding_speed")
    )
    rows = [
        f"| {name} | {100 * of['test_accuracy']['mean']:.2f} ± {100 * of['test_accuracy']['sd']:.2f} % "
        f"| {100 * of['test_accuracy']['lowest']:.2f} % | {of['n_test']:,} | {of['seconds']['with_features']:.0f} s |"
        for name, of in accuracy["sets"].items()
    ]
    seconds = startup["median_seconds"]
    one_picture, one_word = seconds["backprop predict: one picture"], seconds["backprop predict: one recording"]
    machine = accuracy["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in accuracy["versions"].items())
    return "\n".join(
        [
            "| data set | test accuracy, mean ± sd of 5 seeds | worst seed | test samples | training, with features |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Preset `fast`, single model, official test splits (`{accuracy['command']}`). Recognising one file takes "
            f"{one_picture:.2f} s for a picture and {one_word:.2f} s for a recording, start-up included "
            f"(`{startup['command']}`). The features of FSDD's {features['files']:,} recordings are ready "
            f"{features['ratio']:.1f} times as fast as in a loop over librosa; the two differ by at most "
            f"{features['largest_difference']:.1g} (`{features['command']}`). CIFAR-10's {decoding['files']:,} JPEG "
            f"files are a cached matrix in {decoding['share_of_pillow_loop']['backprop']:.2f} of the time of a loop "
            f"over Pillow, and {decoding['share_of_pillow_loop']['backprop_own_folder']:.2f} as a folder of your own, "
            f"whose files are listed and checksummed first (`{decoding['command']}`).",
            "",
            f"Measured on {machine['cores']} cores ({machine['processor']}) with the default threads, which is one for "
            f"networks this small; {versions}.",
        ]
    )


def speed():
    """Return the core's speed beside its peers' as Markdown."""
    training, prediction, memory, goal = (
        _read(name) for name in ("training_speed", "prediction_speed", "memory", "time_to_accuracy")
    )
    rows = [
        f"| {name} | {of['contestants']['backprop']['median']:.2f} s "
        f"| {of['ratios']['torch']['over_backprop']:.2f} × | {of['ratios']['sklearn']['over_backprop']:.2f} × "
        f"| {of['ratios']['roofline']['over_backprop']:.2f} |"
        for name, of in training["networks"].items()
    ]
    networks = prediction["networks"]
    one = [of["one_row"]["ratios"]["sklearn"]["over_backprop"] for of in networks.values()]
    many = [of["all_rows"]["ratios"]["roofline"]["over_backprop"] for of in networks.values()]
    seconds = {name: of["median_seconds"] for name, of in goal["contestants"].items()}
    versions = training["versions"] | training["peers"]
    return "\n".join(
        [
            "| network | an epoch | PyTorch takes | scikit-learn takes | share of the bare matrix products |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "An epoch of 60,000 Fashion-MNIST rows in float32 with Adam, PyTorch in the better of its eager and fused "
            f"modes, {training['threads']} threads for everybody, medians of {training['rounds']} alternating rounds "
            f"(`{training['command']}`). {100 * goal['goal']:g} % on MNIST's test set, with {goal['network']} and each "
            f"at settings chosen for it, takes {seconds['backprop']:.1f} s here, {seconds['torch']:.1f} s in PyTorch "
            f"and {seconds['sklearn']:.1f} s in scikit-learn (`{goal['command']}`). Predicting one row is "
            f"{min(one):.1f} to {max(one):.1f} times as fast as scikit-learn's, and 10,000 rows run at {min(many):.2f} "
            f"to {max(many):.2f} of the bare products' speed (`{prediction['command']}`). Fitting 60,000 rows of 784 "
            f"adds {memory['in_memory']['backprop']['added_mb']:.0f} MB to the data; "
            f"{memory['memory_mapped']['data_mb'] / 1000:.0f} GB of rows in a mapped file train in "
            f"{memory['memory_mapped']['backprop']['peak_mb']:.0f} MB (`{memory['command']}`).",
            "",
            f"numpy {versions['numpy']}, scikit-learn {versions['scikit-learn']}, PyTorch {versions['torch']}, numba "
            f"{versions['numba']}; {training['machine']['cores']} cores ({training['machine']['processor']}).",
        ]
    )


def new_voices():
    """Return how speech does with voices that it has never heard, as Markdown."""
    speakers, strings = _read("new_voices"), _read("word_error_rate")
    folds, worst, (low, high) = speakers["folds"], speakers["worst_fold"], speakers["ci95"]
    rates = [f"{100 * of['word_error_rate']['mean']:.0f} %" for of in strings["conditions"].values()]
    return "\n".join(
        [
            f"A network that has heard five of FSDD's six speakers recognises {100 * speakers['mean']:.1f} % of the "
            f"sixth's words, mean over the speakers (95 % interval {100 * low:.0f} to {100 * high:.0f} %); the worst "
            f"is {worst} with {100 * folds[worst]['accuracy']:.1f} % (`{speakers['command']}`). In strings of digits "
            f"by unheard speakers, this share of the words is wrong, missing or too many (`{strings['command']}`):",
            "",
            f"| {' | '.join(strings['conditions'])} |",
            "|---" * len(rates) + "|",
            f"| {' | '.join(rates)} |",
        ]
    )


def foreign_sounds():
    """Return how often a sound that is no digit is taken for one, as Markdown."""
    foreign = _read("foreign_sounds")
    mean, counts = foreign["mean"], foreign["sounds"]
    kinds = sorted(mean["by_kind"], key=mean["by_kind"].get, reverse=True)
    rates = ", ".join(f"{100 * mean['by_kind'][kind]:.0f} % of {kind}" for kind in kinds)
    return (
        f"With the threshold at which {100 * foreign['false_rejects_allowed']:g} % of the digits held out for "
        f"validation are refused, {100 * mean['false_reject_rate']:.1f} % of the test digits are refused and "
        f"{100 * mean['false_accept_rate']:.0f} % of {sum(counts.values()) - counts['near digits']} foreign sounds "
        f'accepted as digits: {rates} (near digits, such as "tree", not counted). The expected calibration error on '
        f"the test digits is {100 * mean['calibration_error']:.1f} % (`{foreign['command']}`; preset "
        f"`{foreign['preset']}`, mean of {len(foreign['seeds'])} seeds)."
    )


def _read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    print(table(), new_voices(), foreign_sounds(), speed(), sep="\n\n")
