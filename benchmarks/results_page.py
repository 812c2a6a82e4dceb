"""The page of results, docs/results.md, made from the files in results/: `python -m benchmarks.results_page` writes it.

The README's tables are a part of it, and are written between the same two lines there.
"""

import json
import re
from pathlib import Path

from backprop_core import __version__
from benchmarks.results_file import FOLDER
from benchmarks.speed_page import speed, speed_rows, who_is_ahead

ROOT = Path(__file__).parents[1]
PAGE, README = ROOT / "docs" / "results.md", ROOT / "README.md"
VERSION_BEGAN = "2026-11-28"  # when the first change of the present version was made
# What was measured when words were still divided into frames by time alone; see `time_normalisation.coverage`.
BY_TIME = ("export_pages", "export_parity")
BEGIN, END = "<!-- results: python -m benchmarks.results_page -->", "<!-- end of results -->"
HEADER = (
    "| data set | preset | test accuracy | test samples | training in all | threads |",
    "|---|---|---|---|---|---|",
)


def page():
    """Return docs/results.md as text."""
    sections = {
        "Accuracy on the official test splits": table,
        "Texts": texts,
        "Pictures": pictures,
        "Pictures as people have them": drawings_and_photographs,
        "Voices it has never heard": new_voices,
        "Voices of strangers": strangers,
        "What helps with voices of strangers": candidates,
        "A word in a noisy room": noisy_rooms,
        "Foreign sounds": foreign_sounds,
        "Diagnoses": diagnosis,
        "Speed": speed,
        "Models elsewhere": exported,
    }
    parts = [f"## {title}\n\n{text}" for title, section in sections.items() if (text := section())]
    return "\n\n".join([INTRODUCTION, ages(), *parts]) + "\n"


INTRODUCTION = """# Results

Every number on this page comes from a file in [benchmarks/results](../benchmarks/results), which the command beside the
number wrote. `python -m benchmarks.results_page` makes the page anew from these files. Choices are made on validation
rows or validation speakers. Test rows are read once for each reported number. A mean over several seeds has the
standard deviation of the seeds, and a single run has Wilson's 95 % interval."""


def ages():
    """Return which numbers are older than the present version, as Markdown."""
    older = [f"`{path.stem}`" for path in sorted(FOLDER.glob("*.json")) if _read(path.stem)["date"] < VERSION_BEGAN]
    told = (
        f"These were measured with the version before, and not again since: {', '.join(older)}. All others were "
        f"measured with version {__version__}."
        if older
        else f"All were measured with version {__version__}."
    )
    by_time = ", ".join(f"`{name}`" for name in BY_TIME)
    return (
        f"{told} Of these, {by_time} had models of speech that divided words into frames by time alone. `train` and "
        "`evaluate` print the numbers of your model."
    )


def in_readme(text):
    """Return the README with its tables as the results have them now."""
    training = _read("training_speed")
    sentence = f"An epoch of 60,000 rows of Fashion-MNIST, {training['threads']} threads each. {who_is_ahead(training)}"
    rows = "\n".join([BEGIN, *HEADER, *accuracy_rows(), "", *speed_rows(training), "", sentence, END])
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda found: rows, text, flags=re.DOTALL)


def accuracy_rows():
    """Return the rows of the table of accuracies, as Markdown: list of str."""
    heard, seen = ("accuracy", "speech_accuracy"), ("image_accuracy_fast", "image_accuracy_best")
    named = [("", _read(name)) for name in heard] + [(", from pixels", _read(name)) for name in seen]
    sets = [(name + kind, record["preset"], of) for kind, record in named for name, of in record["sets"].items()]
    return [
        f"| {name} | {preset} | {_spread(of['test_accuracy'])} | {of['n_test']:,} "
        f"| {_duration(of['seconds']['with_features'])} | {of['threads']} |"
        for name, preset, of in sorted(sets, key=lambda entry: entry[0])
    ]


def table():
    """Return the accuracies, and how long recognising and extracting takes, as Markdown."""
    accuracy, startup, features, decoding = (
        _read(name) for name in ("accuracy", "startup", "feature_speed", "decoding_speed")
    )
    seconds = startup["median_seconds"]
    one_picture, one_word = seconds["backprop predict: one picture"], seconds["backprop predict: one recording"]
    machine = accuracy["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in accuracy["versions"].items())
    return "\n".join(
        [
            *HEADER,
            *accuracy_rows(),
            "",
            f"Single models, official test splits (`{accuracy['command']} speech_accuracy image_accuracy_fast "
            "image_accuracy_best`). "
            f"Recognising one file takes {one_picture:.2f} s for a picture and {one_word:.2f} s for a recording, "
            f"start-up included (`{startup['command']}`). CIFAR-10's {decoding['files']:,} JPEG files become a cached "
            f"matrix in {decoding['share_of_pillow_loop']['backprop']:.2f} of the time of a loop over Pillow, and in "
            f"{decoding['share_of_pillow_loop']['backprop_own_folder']:.2f} of it as a folder of your own, "
            f"whose files are listed and checksummed first (`{decoding['command']}`).",
            "",
            _feature_speed(features),
            *_many_words(),
            "",
            f"Measured on {machine['cores']} cores ({machine['processor']}); {versions}.",
        ]
    )


def _feature_speed(measured):
    plain, varied = measured["plain"], measured["varied"]
    loops = varied["loop_over_ours"]

    def ratios(of):
        return f"{of['one core']:.1f} times as fast on one core and {of['all cores']:.1f} times on two"

    return (
        f"The features of FSDD's {measured['files']:,} recordings are ready {ratios(plain['librosa_over_ours'])} as in "
        f"a loop over librosa in one process; the two differ by {plain['largest_difference']:.1g} at most, except for "
        f"{plain['cut_otherwise']} recordings with clicks or noise beside the word, which librosa does not remove. "
        f"Varied words for training are made {ratios(loops['librosa'])} as in such a loop that changes the tempo with "
        f"librosa's `time_stretch`; {ratios(loops['same numbers'])} as in one that changes it in the quick way used "
        f"here, to the same numbers; and {ratios(loops['plain views'])} as the loop makes plain ones "
        f"(`{measured['command']}`)."
    )


def _many_words():
    """Return the lines on a training with many recordings, as far as they were measured: list of str."""
    measured = _read_if_there("many_words")
    if measured is None:
        return []
    took = " and ".join(f"{of['seconds']:.0f} s with preset `{preset}`" for preset, of in measured["presets"].items())
    return [
        "",
        f"A training on {measured['recordings']:,} recordings of {measured['words']} words, said by espeak-ng, takes "
        f"{took}, from a fresh process, features and variation included (`{measured['command']}`).",
    ]


def _spread(scores):
    """Return the mean of several seeds with its spread, or one seed's score with the interval of its test, as text."""
    if scores["sd"] is None:
        low, high = scores["ci95"]
        return f"{100 * scores['mean']:.2f} % (one seed; 95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
    n = len(scores["seeds"])
    return f"{100 * scores['mean']:.2f} ± {100 * scores['sd']:.2f} % ({n} seeds; worst {100 * scores['lowest']:.2f} %)"


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def texts():
    """Return how texts are told apart, beside scikit-learn's linear SVM and MLPClassifier, as Markdown."""
    records = [record for name in ("text_accuracy_fast", "text_accuracy_best") if (record := _read_if_there(name))]
    if not records:
        return ""
    rows, refused = [], []
    for record in records:
        for name, of in record["sets"].items():
            seconds = f"{of['cpu_seconds']:.0f} s" if "cpu_seconds" in of else ""
            peers = [_beside(of["peers"].get(peer)) for peer in ("linear_svm", "mlp_classifier")]
            low, high = (100 * end for end in of["test_accuracy"]["ci95"])
            rows.append(
                f"| {name} | {record['preset']} | {_spread(of['test_accuracy'])} | {low:.1f} to {high:.1f} % "
                f"| {of['n_test']:,} | {seconds} | {' | '.join(peers)} |"
            )
            if found := [run["foreign"] for run in of["runs"] if "foreign" in run]:
                recall, accuracy = (
                    100 * sum(each[key] for each in found) / len(found) for key in ("recall", "accuracy")
                )
                refused.append(
                    f"Preset `{record['preset']}`: of {name}'s {found[0]['n']:,} test sentences out of scope, "
                    f"{recall:.1f} % are refused. The threshold was chosen on validation sentences of both kinds. "
                    f"{accuracy:.1f} % of the sentences in scope are right; a refused one counts as wrong. The network "
                    "has learned from the training sentences out of scope."
                )
    return "\n".join(
        [
            "| set | preset | test accuracy | interval of the test | test texts | fit | linear SVM | MLPClassifier |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            *refused,
            "",
            "These numbers are of version 0.2.0. The SVM and the MLPClassifier are scikit-learn's, on the same "
            "features, in the same run, with its defaults; the MLPClassifier is as wide as the network. Seconds are "
            "processor time, summed over all threads of the fit. The interval is Wilson's 95 % interval of one test "
            "with the mean accuracy (`python -m benchmarks text_accuracy text_accuracy_best`; "
            f"{records[0]['machine']['processor']}).",
        ]
    )


def _beside(peer):
    return "" if peer is None else f"{_percent(peer['accuracy'])}, {peer['cpu_seconds']:.0f} s"


def pictures():
    """Return what else is known about pictures as Markdown: answers together, folds, photographs, augmentation."""
    together, folds, photographs, augmentation = (
        _read(name) for name in ("images_together", "digits_crossval", "real_pictures", "augmentation_speed")
    )
    ways = dict.fromkeys(way for of in together["measured"] for way in of["ways"])
    rows = [
        f"| {of['dataset']} | {of['preset']} | {of['models']} | "
        f"{' | '.join(_percent(of['ways'][way]['accuracy']) if way in of['ways'] else '' for way in ways)} |"
        for of in together["measured"]
    ]
    accuracy, (low, high) = folds["accuracy"], photographs["ci95"]
    delivered = augmentation["delivered_over_consumed"]
    return "\n".join(
        [
            "Test accuracy if several views of each picture are averaged (`evaluate --average`), or if models with "
            "other seeds answer together (`--with`). This is no longer the accuracy of a single model "
            f"(`{together['command']}`):",
            "",
            f"| data set | preset | models | {' | '.join(ways)} |",
            "|---" * (len(ways) + 3) + "|",
            *rows,
            "",
            f"On the small digits, ten times in five folds, preset `{folds['preset']}` has "
            f"{100 * accuracy['mean']:.2f} ± {100 * accuracy['sd']:.2f} % (`{folds['command']}`). Of "
            f"{photographs['n']:,} photographs of digits, made from MNIST's test digits, MNIST's model "
            f"`{photographs['model']['preset']}` reads {_percent(photographs['accuracy'])} (95 % interval "
            f"{100 * low:.1f} to {100 * high:.1f} %; `{photographs['command']}`). Varied pictures of MNIST are "
            f"made {delivered:.1f} times as fast as the network of preset `best` learns from plain ones, "
            f"{augmentation['threads']} thread{'s' * (augmentation['threads'] > 1)} (`{augmentation['command']}`).",
        ]
    )


def _own_drawings():
    """Return what sets of one's own drawings teach, as lines of Markdown."""
    own = _read("own_drawings")
    yield from (
        "",
        f"Data sets of one's own drawings, made from MNIST, with preset `{own['preset']}`, as `train` chooses and from "
        f"the pixels of whole pictures (`{own['command']}`):",
        "",
        "| learned | training pictures | tested | as `train` chooses | whole pictures |",
        "|---|---|---|---|---|",
    )
    for name, found in own["sets"].items():
        chosen, whole = (found["ways"].get(way) for way in ("auto", "pixels"))
        cells = [name, f"{found['n_train']:,}", f"{found['n_test']:,}", _percent(chosen["accuracy"], 1)]
        yield f"| {' | '.join(cells)} | {_percent(whole['accuracy'], 1) if whole else '-'} |"


def drawings_and_photographs():
    """Return how drawings of other kinds, rows of digits and photographs are read, as Markdown."""
    drawings, rows = _read("made_drawings"), _read("rows_of_digits")
    kinds, of = drawings["by_kind"], drawings["models"]
    n, seeds = next(iter(kinds.values()))["n"], ", ".join(str(model["seed"]) for model in of)
    lines = [
        f"Drawings of each kind, made from MNIST's test digits, {n:,} of each, read by models of preset "
        f"`{of[0]['preset']}`, mean of seeds {seeds} (`python -m benchmarks.made_drawings --model FILE --each {n}`):",
        "",
        f"| {' | '.join(kinds)} |",
        "|---" * len(kinds) + "|",
        f"| {' | '.join(_percent(found['accuracy'], 1) for found in kinds.values())} |",
        "",
        f"Rows of five digits, half of them ruled: {_percent(rows['error'], 1)} of {rows['digits']:,} digits are "
        "wrong, missing or too many (`python -m benchmarks.rows_of_digits --model FILE`).",
        *_own_drawings(),
    ]
    if (FOLDER / "gradient_features.json").exists():
        gradients = _read("gradient_features")
        lines += [
            "",
            f"Described by gradients instead of pixels (`{gradients['command']}`):",
            "",
            "| data | features | accuracy | time, one thread |",
            "|---|---|---|---|",
            *(_gradient_row(name, part) for name, part in gradients["parts"].items()),
        ]
    return "\n".join(lines)


def _gradient_row(name, part):
    if "folds" in part:
        data, features = f"{part['n']:,} photographs of hands, five folds", name.removeprefix("signs-")
        found = f"{_percent(part['mean'], 1)}, worst fold {_percent(part['worst'], 1)}"
    else:
        trained = f"preset `{part['preset']}`, {part['epochs']} epochs"
        data, features = f"{part['dataset']}, test split, {trained}", "gradients"
        low, high = part["ci95"]
        found = f"{_percent(part['test_accuracy'])} (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    return f"| {data} | {features} | {found} | {_duration(part['seconds'])} |"


def _percent(share, digits=2):
    return f"{100 * share:.{digits}f} %"


def diagnosis():
    """Return how far a diagnosis can be trusted, and what it costs, as Markdown."""
    verdicts, jobs, health, times = (_read(name) for name in ("verdicts", "two_jobs", "health_cost", "diagnosis_time"))
    labels, tasks = verdicts["wrong_labels"], times["tasks"]
    words, curve = (of["two_jobs_speedup"] for of in jobs["lists"].values())
    added = [100 * of["added"] for of in health["trainings"].values()]
    durations = " and ".join(
        f"{of['seconds']:.0f} s of {of['dataset']} (a page of {of['page_mb']:.1f} MB)" for of in tasks.values()
    )
    return (
        f"Of {verdicts['n']} trainings on six data sets that were made to fail in a known way, or to succeed, the "
        f"verdict is right in {verdicts['right']} ({100 * verdicts['share']:.0f} %). In "
        f"{verdicts['confidently_wrong']} it reports leakage or divergence that is not there, or misses what is there. "
        f"With {100 * labels['wrong'] / labels['n']:.0f} % of MNIST's training labels made wrong, "
        f"{100 * labels['precision']['top 1 %']:.1f} % of the most suspect 1 % really are wrong "
        f"(`{verdicts['command']}`). A diagnosis with preset `fast` takes {durations}, on {times['machine']['cores']} "
        f"cores, nothing cached (`{times['command']}`). Two jobs train on words {words:.2f} times as fast as one, and "
        f"on pictures {curve:.2f} times as fast (`{jobs['command']}`). Watching the layers adds {min(added):.0f} to "
        f"{max(added):.0f} % to the time of training (`{health['command']}`)."
    )


def exported():
    """Return how exported models compare with the models themselves, as Markdown."""
    record = _read_if_there("export_parity")
    if record is None:
        return None
    rows = [
        f"| {name} | {form} | {of['n']:,} and {of['n_odd']} | {of['same_label_decided']:,} of {of['decided']:,} "
        f"| {of['largest_difference']:.1g} | {of['cpu_seconds']['model'] / of['cpu_seconds'][form]:.1f} × "
        f"| {sum(of['bytes'].values()) / 1e6:.1f} MB |"
        for name, measured in record["sets"].items()
        for form, of in measured["forms"].items()
    ]
    eight = [
        f"{of['other_labels']} of {of['n']:,} labels of {name} ({_percent(of['accuracy'], 2)} become "
        f"{_percent(of['accuracy_int8'], 2)})"
        for name, measured in record["sets"].items()
        if (of := measured.get("eight_bits"))
    ]
    rotated = ""
    if (all_takes := _read_if_there("eight_bits")) is not None:
        rotated = (
            f" Over all takes of FSDD, each tested once by one of {all_takes['models']} models, they change "
            f"{all_takes['other_labels']} of {all_takes['n']:,} labels ({_percent(all_takes['accuracy'], 2)} become "
            f"{_percent(all_takes['accuracy_int8'], 2)}; `{all_takes['command']}`)."
        )
    return "\n".join(
        [
            "| data set | form | test and odd samples | same label | probabilities differ by | speed | files |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            "Measured with version 0.2.0. Samples whose best two probabilities differ by less than 0.001 may get "
            "either label. Speed is the processor time of an answer in Python divided by that of the exported model, "
            f"one thread. Weights of eight bits in C change {' and '.join(eight)} (`{record['command']}`).{rotated}",
        ]
    )


def new_voices():
    """Return how speech does with voices that it has never heard, as Markdown."""
    strings, rotated = _read("word_error_rate"), _read_if_there("rotated_takes")
    known = rotated and (
        " If each speaker is known and all takes are tested in turn, five of the fifty at a time, as in the official "
        f"split, the accuracy is {_percent(rotated['accuracy'])} (`{rotated['command']}`)."
    )
    words, early = (strings["single_words"][kind] for kind in ("all takes", "takes 0 to 4"))
    worst, (low, high) = min(words["by_speaker"], key=words["by_speaker"].get), words["ci95"]
    rates = [f"{100 * of['word_error_rate']['mean']:.0f} %" for of in strings["conditions"].values()]
    right = {kind: f"{100 * strings['conditions']['clean'][kind]:.0f} %" for kind in ("start right", "end right")}
    return "\n".join(
        [
            f"With preset `{strings['preset']}`, a network that has heard five of FSDD's six speakers recognises "
            f"{100 * words['mean']:.1f} % of the sixth's words, mean over the speakers, {_seeds(strings)} "
            f"(95 % interval over speakers {100 * low:.0f} to {100 * high:.0f} %); the worst is {worst} with "
            f"{100 * words['worst']:.1f} %. Takes 0 to 4 were used for one choice only: how clicks and noise are "
            f"removed. On them, the mean is {100 * early['mean']:.1f} % and the worst {100 * early['worst']:.1f} "
            f"%.{known or ''} In strings of digits by unheard speakers, this share of the words is wrong, missing or "
            f"too many (`{strings['command']}`):",
            "",
            f"| {' | '.join(strings['conditions'])} |",
            "|---" * len(rates) + "|",
            f"| {' | '.join(rates)} |",
            "",
            f"Words without pauses overlap by 30 ms. Of the clean words with pauses, {right['start right']} start and "
            f"{right['end right']} end within 60 ms of where they were said.",
        ]
    )


def strangers():
    """Return how recordings by people who never heard of this project are answered, as Markdown."""
    record = _read_if_there("unheard_voices")
    if record is None:
        return None
    names = ("english", "english, both learned", "strings", "spanish")
    english, both, strings, spanish = (record["mean"][name] for name in names)
    return (
        "These recordings were made elsewhere and are no part of this project. Features and variations were chosen on "
        f"them, so the figures are too good (version 0.2.0; `{record['command']}`; preset `{record['preset']}`, "
        f"{_seeds(record)}). A network of FSDD's six voices recognises {_percent(english['accuracy'], 1)} of "
        f"{english['n']:,.0f} single English digits by 22 voices. A network that has also learned the bundled voices "
        f"recognises {_percent(both['accuracy'], 1)}. Of {strings['said']:,.0f} digits in fluent strings, "
        f"{_percent(strings['word_error_rate'], 1)} are wrong, missing or too many. Of Spanish digits by four voices, "
        f"three of which were learned, {_percent(spanish['mean'], 1)} of the fourth's are right on average, and "
        f"{_percent(spanish['worst'], 1)} at worst. The threshold that `train` suggests refuses "
        f"{_percent(english['refused'], 1)} of the English digits. It accepts "
        f"{_percent(english['foreign_accepted'], 1)} of other sounds and {_percent(english['near_accepted'], 1)} of "
        f"words that sound like digits. The expected calibration error is {_percent(english['calibration_error'], 1)}."
    )


def candidates():
    """Return what each candidate for unheard voices brings, as Markdown."""
    record = _read_if_there("choose_for_voices")
    if record is None:
        return None
    names = {
        "english": "English digits right",
        "strings_word_error_rate": "words of strings wrong",
        "spanish": "Spanish right",
    }
    rows = [
        f"| {candidate} | {' | '.join(_percent(of[name], 1) if name in of else '' for name in names)} |"
        for candidate, of in record["candidates"].items()
    ]
    return "\n".join(
        [
            f"One thing at a time is changed in preset `{record['preset']}` (mean of {len(record['seeds'])} seeds; "
            f"`{record['command']}`): networks that learned FSDD's digits are asked for digits of strangers, alone and "
            "in strings; networks that learned three Spanish voices are asked for the fourth, each in turn. A point is "
            "within chance in each column alone.",
            "",
            f"| candidate | {' | '.join(names.values())} |",
            "|---" * (1 + len(names)) + "|",
            *rows,
        ]
    )


def noisy_rooms():
    """Return how single words are recognised in noise, as Markdown."""
    record = _read("words_in_noise")
    silence, untouched = (_percent(record[name]["mean"], 1) for name in ("pauses", "as they are"))
    rows = {
        colour: {snr: _percent(of["mean"], 1) for snr, of in by_snr.items()}
        for colour, by_snr in record["noise"].items()
    }
    snrs = next(iter(rows.values()))
    clicks = ", ".join(f"{_percent(of['mean'], 1)} ({level})" for level, of in record["clicks"].items())
    return "\n".join(
        [
            f"FSDD's test takes with {record['pause_seconds']:g} s of room before and after each: {silence} are "
            f"recognised in silence ({untouched} without the room). The table shows the share recognised in noise, by "
            f"how far the noise is below the word (`{record['command']}`; preset `{record['preset']}`, "
            f"{_seeds(record)}):",
            "",
            f"| noise | {' | '.join(snrs)} |",
            "|---" * (1 + len(snrs)) + "|",
            *(f"| {colour} | {' | '.join(row.values())} |" for colour, row in rows.items()),
            "",
            f"With a click {record['click_to_word_seconds']:g} s before and after the word, by how far it is above the "
            f"word's peak: {clicks}.",
        ]
    )


def foreign_sounds():
    """Return how often a sound that is no digit is taken for one, as Markdown."""
    foreign = _read("foreign_sounds")
    mean, counts = foreign["mean"], foreign["sounds"]
    kinds = sorted(mean["by_kind"], key=mean["by_kind"].get, reverse=True)
    rates = ", ".join(f"{_percent(mean['by_kind'][kind], 1)} of {kind}" for kind in kinds if mean["by_kind"][kind])
    none = ", ".join(kind for kind in kinds if not mean["by_kind"][kind])
    error = _percent(mean["calibration_error"], 1) if mean["calibration_error"] >= 0.0005 else "below 0.1 %"
    return (
        f"With the threshold at which {100 * foreign['false_rejects_allowed']:g} % of the digits held out for "
        f"validation are refused, {_percent(mean['false_reject_rate'], 1)} of the test digits are refused and "
        f"{_percent(mean['false_accept_rate'], 1)} of {sum(counts.values()) - counts['near digits']} foreign sounds "
        f'are accepted as digits: {rates}; none of {none} (near digits, such as "tree", not counted). The expected '
        f"calibration error on the test digits is {error} (`{foreign['command']}`; preset `{foreign['preset']}`, "
        f"{_seeds(foreign)})."
    )


def _seeds(record):
    n = len(record["seeds"])
    return f"mean of {n} seeds" if n > 1 else "one seed"


def _read_if_there(name):
    return _read(name) if (FOLDER / f"{name}.json").exists() else None


def _read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(in_readme(README.read_text(encoding="utf-8")), encoding="utf-8")
