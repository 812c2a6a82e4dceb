"""The README's table of results, made from the files in results/; `python -m benchmarks.readme_results` prints it."""

import json

from benchmarks.results_file import FOLDER


def table():
    """Return the results as Markdown."""
    accuracy, startup, features = (_read(name) for name in ("accuracy", "startup", "feature_speed"))
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
            f"{features['largest_difference']:.1g} (`{features['command']}`).",
            "",
            f"Measured on {machine['cores']} cores ({machine['processor']}) with the default threads, which is one for "
            f"networks this small; {versions}.",
        ]
    )


def _read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    print(table())
