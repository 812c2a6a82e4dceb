"""Cross-validation tests every sample once, by a network that knows nothing of it, whatever runs at the same time."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from backprop_core.scaling import Standardizer
from pipelines.datasets import Dataset
from pipelines.datasets.folds import folding
from pipelines.errors import DataError, UsageError
from pipelines.features.images.extractor import ImageExtractor
from pipelines.learning import tasks
from pipelines.learning.preparation import extract
from pipelines.learning.recipe import Recipe
from pipelines.verbs.crossval import Work, t_interval

RECIPE = Recipe(hidden=(8,), epochs=3, batch_size=16)


def make(n_groups, n_each=6, n_classes=3, seed=0):
    """A data set of small pictures, some of each class by each group; without groups where `n_groups` is None."""
    rng = np.random.default_rng(seed)
    n = n_each * (n_groups or 6)
    y = np.arange(n) % n_classes
    items = rng.integers(0, 80, (n, 6, 6)).astype(np.uint8)
    items[np.arange(n), y] += 100
    group = None if n_groups is None else np.repeat([f"s{number:02d}" for number in range(n_groups)], n_each)
    labels = tuple("abcdefgh"[:n_classes])
    return Dataset("made", "images", items, y, labels, np.full(n, "train"), group, fingerprint=f"{n_groups}-{n}")


def work_on(dataset, recipe=RECIPE, **chosen):
    prepared = extract(dataset, ImageExtractor.choose_for(dataset.items))
    return Work(prepared, tasks.find("images").scaling(), recipe, folding(dataset, **chosen))


CHOICES = {
    "few speakers": (make(4), {}),
    "many speakers": (make(24), {}),
    "each of many speakers": (make(24), {"by": "speaker"}),
    "folds despite few speakers": (make(4), {"by": "fold", "n_folds": 3}),
    "nobody knows who": (make(None), {}),
}


@pytest.fixture(params=CHOICES)
def shared_out(request):
    dataset, chosen = CHOICES[request.param]
    return dataset, folding(dataset, **chosen)


def test_every_sample_is_tested_exactly_once(shared_out):
    dataset, shared = shared_out
    tested = np.concatenate(list(shared.folds.values()))
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(dataset)))


def test_no_speaker_is_both_learned_from_and_tested_where_that_is_promised(shared_out):
    dataset, shared = shared_out
    apart = dataset.group is not None and all(
        not set(dataset.group[rows]) & set(np.delete(dataset.group, rows)) for rows in shared.folds.values()
    )
    assert apart == shared.grouped


def test_the_samples_are_shared_out_by_speaker_or_in_five_as_the_data_suggests():
    for n_groups, by, n_folds in ((2, "speaker", 2), (19, "speaker", 19), (20, "fold", 5), (1, "fold", 5)):
        shared = folding(make(n_groups, n_each=15))
        assert (shared.by, len(shared.folds)) == (by, n_folds)
    assert list(folding(make(3)).folds) == ["s00", "s01", "s02"]


def test_folds_hold_nearly_the_same_number_of_each_class():
    dataset = make(None, n_each=7)
    for rows in folding(dataset, "fold", 4).folds.values():
        counts = np.bincount(dataset.y[rows])
        assert np.ptp(counts) <= 1
        assert abs(counts.sum() - len(dataset) / 4) <= 3


def test_another_seed_draws_other_folds_and_the_same_one_the_same():
    dataset = make(3, n_each=40)
    first, again, other = (folding(dataset, "fold", 4, seed).folds["1"].tolist() for seed in (0, 0, 1))
    assert first == again == folding(dataset, "fold", 4).folds["1"].tolist() != other


def test_the_split_that_data_comes_with_changes_nothing():
    dataset = make(4)
    split = replace(dataset, role=np.array(["train", "test", "valid"] * 8))
    for ours, theirs in zip(folding(dataset).folds.values(), folding(split).folds.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(work_on(dataset).predict("s01", 0), work_on(split).predict("s01", 0))


def test_a_fold_is_tested_and_the_others_teach_and_guide_every_class():
    for dataset, chosen in CHOICES.values():
        work = work_on(dataset, **chosen)
        for name, rows in work.folding.folds.items():
            split = work.split(name, seed=3).dataset
            np.testing.assert_array_equal(split.rows("test"), rows)
            n_free = len(dataset) - len(rows)
            assert 0 < len(split.rows("valid")) <= n_free / 3
            assert set(dataset.y[split.rows("train")]) == set(dataset.y)
            assert split.group is dataset.group


def test_validation_takes_whole_speakers_only_where_many_remain():
    work = work_on(make(30, n_each=4))
    split = work.split("1", seed=0).dataset
    assert work.folding.validation == "groups"
    assert not set(split.group[split.rows("valid")]) & set(split.group[split.rows("train")])
    assert work_on(make(4)).folding.validation == "rows"


def test_nothing_is_learned_from_the_rows_that_are_tested():
    work = work_on(make(4))
    rows = work.folding.folds["s02"]
    stored = work.prepared.stored.copy()
    stored[rows[::2]] = 255 - stored[rows[::2]]
    altered = replace(work, prepared=replace(work.prepared, stored=stored))
    relabelled = work.prepared.dataset.y.copy()
    relabelled[rows] = 0
    wrong = replace(work.prepared, dataset=replace(work.prepared.dataset, y=relabelled))
    predicted = work.predict("s02", 0)
    np.testing.assert_array_equal(altered.predict("s02", 0)[1::2], predicted[1::2])
    np.testing.assert_array_equal(replace(work, prepared=wrong).predict("s02", 0), predicted)


def test_shuffled_labels_are_guessed_at_chance():
    dataset = make(6, n_each=40, n_classes=2)
    shuffled = np.random.default_rng(1).permutation(dataset.y)
    scores = []
    for y in (dataset.y, shuffled):
        work = work_on(replace(dataset, y=y), replace(RECIPE, epochs=8))
        right = [work.predict(name, 0) == y[rows] for name, rows in work.folding.folds.items()]
        scores.append(np.mean(np.concatenate(right)))
    assert scores[0] > 0.9
    assert abs(scores[1] - 0.5) < 3 * np.sqrt(0.25 / len(dataset)) + 0.02


def test_a_class_that_only_one_fold_has_is_found():
    dataset = make(3)
    y = np.where(dataset.group == "s01", dataset.y, dataset.y % 2)
    lone = replace(dataset, y=y)
    assert folding(lone).find_untaught(lone) == [("s01", "c")]
    assert folding(dataset).find_untaught(dataset) == []


@pytest.mark.parametrize(
    ("dataset", "chosen", "said"),
    [
        (make(None), {"by": "speaker"}, "does not name the speakers"),
        (make(1), {"by": "speaker"}, "has only one speaker"),
        (make(4), {"by": "fold", "n_folds": 9}, "use --folds 8"),
        (make(24, n_each=10), {"by": "fold", "n_folds": 25}, "has 24 speakers"),
        (make(None, n_each=1, n_classes=6), {}, "add some, or remove the class"),
    ],
)
def test_what_cannot_be_shared_out_is_a_usage_error_that_says_what_to_do(dataset, chosen, said):
    with pytest.raises(UsageError, match=said):
        folding(dataset, **chosen)


def test_a_class_without_samples_is_an_error_of_the_data():
    with pytest.raises(DataError, match="class d has no readable sample"):
        folding(replace(make(4), labels=("a", "b", "c", "d")))


def test_the_interval_is_that_of_students_t():
    from scipy.stats import t

    shares = [0.7, 0.8, 0.75, 0.9, 0.85]
    oracle = t.interval(0.95, 4, np.mean(shares), np.std(shares, ddof=1) / np.sqrt(5))
    assert t_interval(shares) == pytest.approx(oracle)
    assert t_interval([0.2, 0.9]) == [0.0, 1.0]
    assert t_interval([0.5]) is None


@pytest.fixture
def spoken_by(tmp_path, bars):
    """A manifest of the bars, each third of them from another source."""
    lines = [f"bars/{label}/{n:02d}.png,{label},{'xyz'[n % 3]}" for label in ("left", "right") for n in range(12)]
    path = tmp_path / "spoken.csv"
    path.write_text("path,label,group\n" + "\n".join(lines) + "\n")
    return path


KEYS = {"dataset", "by", "folds", "mean", "worst"}
FURTHER = {"task", "bundled_fallback", "preset", "grouped", "validation", "interrupted", "seconds", "worst_fold"}
FURTHER |= {"ci95", "pooled", "seeds", "sd", "labels", "confusion"}


def without_time(record):
    return {key: value for key, value in record.items() if key != "seconds"}


def test_the_record_has_the_keys_of_the_contract_and_its_numbers_agree(call, spoken_by, tiny):
    answer = call("crossval", "images", "--dataset", spoken_by, "--seeds", "2", "--jobs", "1", "--json", *tiny)
    assert answer.code == 0, answer
    record = answer.json
    assert set(record) == KEYS | FURTHER
    assert (record["by"], list(record["folds"])) == ("speaker", ["x", "y", "z"])
    assert all(set(fold) == {"n", "accuracy"} for fold in record["folds"].values())
    shares = [fold["accuracy"] for fold in record["folds"].values()]
    assert record["mean"] == pytest.approx(np.mean(shares))
    assert record["worst"] == min(shares) == record["folds"][record["worst_fold"]]["accuracy"]
    assert [entry["seed"] for entry in record["seeds"]] == [0, 1]
    assert record["mean"] == pytest.approx(np.mean([entry["mean"] for entry in record["seeds"]]))
    assert record["sd"] == pytest.approx(np.std([entry["mean"] for entry in record["seeds"]], ddof=1))
    confusion = np.array(record["confusion"])
    assert confusion.sum() == 2 * 24
    assert record["pooled"] == pytest.approx(np.trace(confusion) / confusion.sum())


def test_a_seed_among_several_gives_what_it_gives_alone(call, spoken_by, tiny):
    words = ("crossval", "images", "--dataset", spoken_by, "--jobs", "1", "--json", *tiny)
    both, second = call(*words, "--seeds", "2").json, call(*words, "--seed", "1", "--fresh").json
    assert both["seeds"][1] == second["seeds"][0]
    assert second["sd"] is None


def test_the_result_does_not_depend_on_the_number_of_processes(call, spoken_by, tiny):
    words = ("crossval", "images", "--dataset", spoken_by, "--seeds", "2", "--fresh", "--json", *tiny)
    one, two = (call(*words, "--jobs", jobs) for jobs in (1, 2))
    assert (one.code, two.code) == (0, 0), two
    assert without_time(one.json) == without_time(two.json)


def test_the_table_for_people_and_the_lines_of_progress_name_every_fold(call, spoken_by, tiny):
    answer = call("crossval", "images", "--dataset", spoken_by, "--jobs", "1", *tiny)
    assert answer.code == 0
    for word in ("speaker", "x  ", "y  ", "z  ", "mean", "worst", "95 % interval over 3 speakers", "pooled"):
        assert word in answer.stdout
    assert [line.split()[:2] for line in answer.stderr.splitlines()[-3:]] == [
        ["1/3", "x"],
        ["2/3", "y"],
        ["3/3", "z"],
    ]
    assert "3 speakers" in answer.stderr


def test_a_word_that_only_one_speaker_has_is_warned_of(call, spoken_by, tiny):
    text = spoken_by.read_text()
    for number in ("00", "03"):
        text = text.replace(f"{number}.png,left", f"{number}.png,odd")
    spoken_by.write_text(text)
    answer = call("crossval", "images", "--dataset", spoken_by, "--jobs", "1", "--json", *tiny)
    assert answer.code == 0, answer
    assert "warning: class odd has samples only in speaker x" in answer.stderr


def test_a_network_that_diverges_is_named_by_its_fold(call, spoken_by, tmp_path, tiny):
    wild = tmp_path / "wild.toml"
    wild.write_text('learning_rate = 1e30\noptimizer = "sgd"\nclip_norm = 0\n')
    for jobs in (1, 2):
        answer = call("crossval", "images", "--dataset", spoken_by, "--config", wild, "--jobs", jobs, *tiny)
        assert (answer.code, answer.stdout) == (6, "")
        assert answer.stderr.splitlines()[-1].startswith("error: speaker ")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("smells",),
        ("images", "--folds", "1"),
        ("images", "--folds", "3", "--group", "speaker"),
        ("images", "--group", "class"),
        ("images", "--seeds", "0"),
        ("images", "--jobs", "0"),
        ("images", "--dataset", "digits", "--group", "speaker"),
        ("images", "--dataset", "digits", "--folds", "1000"),
    ],
)
def test_words_that_make_no_sense_are_answered_with_2_and_nothing_on_stdout(call, words):
    answer = call("crossval", *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert "rror: " in answer.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_prints_the_folds_that_are_done(start, spoken_by, jobs):
    words = ("--dataset", spoken_by, "--hidden", "8", "--epochs", "200", "--seeds", "500", "--json", "--jobs", jobs)
    process = start("crossval", "images", *words, start_new_session=True)
    said = ""
    # Two processes may end a second seed of one fold before the first of another.
    while not all(f"/1500  {name}  seed" in said for name in "xyz"):
        line = process.stderr.readline()
        assert line, said
        said += line
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "these are the finished folds" in stderr
    record = json.loads(stdout)
    assert record["interrupted"]
    assert set(record["folds"]) == {"x", "y", "z"}
    assert 1 <= len(record["seeds"]) < 500


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_before_the_first_fold_is_done_is_answered_in_one_line(start, spoken_by, jobs):
    words = ("--dataset", spoken_by, "--hidden", "8", "--epochs", "100000", "--jobs", jobs)
    process = start("crossval", "images", *words, start_new_session=True)
    while "each tested once" not in (line := process.stderr.readline()):
        assert line
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (130, "", "error: interrupted\n")


def test_a_rerun_repeats_nothing_unless_it_is_told_to(call, spoken_by, tiny, monkeypatch):
    words = ("crossval", "images", "--dataset", spoken_by, "--seed", "7", "--jobs", "1", "--json", *tiny)
    first = call(*words)
    trained, predict = [], Work.predict
    monkeypatch.setattr(Work, "predict", lambda *key: trained.append(key[1:]) or predict(*key))
    again, more = call(*words), call(*words, "--seeds", "2")
    assert trained == [("x", 8), ("y", 8), ("z", 8)]
    assert "3 of 3 trainings were finished before" in again.stderr
    assert "3 of 6 trainings were finished before" in more.stderr
    assert without_time(again.json) == without_time(first.json)
    fresh = call(*words, "--fresh")
    assert len(trained) == 6
    assert "finished before" not in first.stderr + fresh.stderr
    assert without_time(fresh.json) == without_time(first.json)


def test_whatever_decides_a_result_is_part_of_the_identity_of_its_work():
    dataset = make(4)
    work = work_on(dataset)
    others = [
        work_on(replace(dataset, fingerprint="other")),
        work_on(replace(dataset, y=dataset.y[::-1].copy())),
        work_on(replace(dataset, group=np.roll(dataset.group, 1))),
        work_on(dataset, replace(RECIPE, epochs=4)),
        work_on(dataset, by="fold", n_folds=3),
        work_on(dataset, by="fold", n_folds=3, seed=1),
        replace(work, scaling=Standardizer(not work.scaling.per_feature)),
    ]
    known = [json.dumps(each.identity(), sort_keys=True) for each in (work, *others)]
    assert len(set(known)) == len(known)
    assert known[0] == json.dumps(work_on(make(4)).identity(), sort_keys=True)


def test_variations_are_decided_on_by_the_rows_that_teach_a_fold():
    class Deciding:
        """An augmentation that remembers which rows it was fitted to."""

        def refit(self, prepared):
            self.seen = prepared.dataset.rows("train")
            return self

    work = work_on(make(4))
    work = replace(work, prepared=replace(work.prepared, augmentation=Deciding()))
    split = work.split("s02", 0)
    assert not set(split.augmentation.seen) & set(work.folding.folds["s02"])
    assert split.augmentation.seen.tolist() == split.dataset.rows("train").tolist()
