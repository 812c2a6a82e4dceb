"""An evaluation counts right, on the split that training left out, whatever order the labels come in."""

import shutil

import numpy as np
import pytest

from pipelines.learning.scoring import scores
from pipelines.machine.locations import data_folder

KEYS = {"model", "dataset", "split", "n", "accuracy", "ci95", "loss", "ece", "labels", "per_class", "confusion"}
KEYS |= {"balanced_accuracy"}


@pytest.fixture(scope="module", params=["images", "speech"])
def both(request, call):
    """The record of a training and that of the evaluation of its model."""
    trained = request.getfixturevalue(f"{request.param}_training").json
    answer = call("evaluate", trained["model"], "--json")
    assert answer.code == 0
    return trained, answer.json


@pytest.fixture
def bars_model(call, tmp_path, bars):
    words = ("--hidden", "16", "--epochs", "100", "--out", tmp_path / "m")
    assert call("train", "images", "--dataset", bars, *words).code == 0
    return tmp_path / "m"


def test_the_record_has_the_keys_of_the_contract_and_no_others(both):
    _, record = both
    assert set(record) - {"by_group"} == KEYS  # which is there where speakers are known
    for table in record["per_class"].values():
        assert set(table) == {"precision", "recall", "f1", "support"}


def test_speakers_that_were_learned_from_and_new_ones_are_scored_apart(both):
    trained, record = both
    assert ("by_group" in record) == (trained["task"] == "speech")
    if found := record.get("by_group"):
        assert found == trained["by_group"]
        assert sum(of["n"] for of in found.values() if of) == record["n"]


def test_the_accuracy_is_that_which_training_measured_on_the_same_rows(both):
    trained, record = both
    assert record["n"] == trained["n_test"]
    assert record["accuracy"] == pytest.approx(trained["test"]["accuracy"])


def test_the_other_splits_are_those_of_the_training_too(both, call):
    trained, _ = both
    for split in ("train", "valid"):
        answer = call("evaluate", trained["model"], "--split", split, "--json")
        assert answer.json["n"] == trained[f"n_{split}"]
        assert answer.json["accuracy"] == pytest.approx(trained[split]["accuracy"])
        assert "has used these" in answer.stderr


def test_calibration_lowers_the_loss_of_the_rows_that_it_was_fitted_to(both, call):
    trained, _ = both
    calibrated = call("evaluate", trained["model"], "--split", "valid", "--json").json
    assert calibrated["loss"] <= trained["valid"]["loss"] + 1e-3


def test_the_numbers_of_a_record_agree_with_each_other(both):
    _, record = both
    confusion = np.array(record["confusion"])
    assert confusion.sum() == record["n"]
    assert record["accuracy"] == pytest.approx(np.trace(confusion) / record["n"])
    low, high = record["ci95"]
    assert 0 <= low < record["accuracy"] < high <= 1
    assert 0 <= record["ece"] <= 1
    assert list(record["per_class"]) == record["labels"]
    for k, table in enumerate(record["per_class"].values()):
        assert table["support"] == confusion[k].sum()
        assert table["recall"] == pytest.approx(confusion[k, k] / confusion[k].sum())


def test_precision_recall_and_f1_agree_with_scikit_learn():
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(0)
    y, probabilities = rng.integers(0, 4, 200), rng.dirichlet(np.ones(5), 200).astype(np.float32)
    record = scores(probabilities, y, tuple("abcde"))
    oracle = precision_recall_fscore_support(y, probabilities.argmax(axis=1), labels=range(5), zero_division=0)
    for name, column in zip(("precision", "recall", "f1", "support"), oracle, strict=True):
        np.testing.assert_allclose([table[name] for table in record["per_class"].values()], column)


def test_a_sure_and_wrong_answer_still_has_a_finite_loss():
    record = scores(np.array([[1, 0], [0, 1]], np.float32), np.array([1, 1]), ("a", "b"))
    assert np.isfinite(record["loss"])
    assert record["accuracy"] == 0.5


def test_the_summary_for_people_says_accuracy_interval_classes_and_confusions(call, images_model):
    answer = call("evaluate", images_model)
    assert answer.code == 0
    assert "95 % interval" in answer.stdout
    assert "most confused" in answer.stdout
    assert " taken for " in answer.stdout
    assert answer.stderr == ""


def test_the_quality_gate_answers_with_6_after_the_result(call, images_model):
    passed = call("evaluate", images_model, "--json", "--min-accuracy", "0.1")
    missed = call("evaluate", images_model, "--json", "--min-accuracy", "1.0")
    assert (passed.code, missed.code) == (0, 6)
    assert passed.json == missed.json
    assert missed.stderr.startswith(f"error: {images_model}: accuracy ")


def test_an_accuracy_just_reached_passes_the_gate(call, images_model):
    accuracy = call("evaluate", images_model, "--json").json["accuracy"]
    assert call("evaluate", images_model, "--min-accuracy", repr(accuracy)).code == 0


@pytest.mark.parametrize("accuracy", ["1.5", "-1", "97%", "nan"])
def test_a_gate_that_is_no_share_is_a_usage_error(call, images_model, accuracy):
    assert call("evaluate", images_model, "--min-accuracy", accuracy).code == 2


def test_the_order_in_which_data_names_its_classes_does_not_matter(call, tmp_path, bars, bars_model):
    lines = {
        order: ["path,label,split"]
        + [f"bars/{label}/{n:02d}.png,{label},{'test' if n % 2 else 'train'}" for label in order for n in range(12)]
        for order in (("left", "right"), ("right", "left"))
    }
    accuracies = []
    for number, content in enumerate(lines.values()):
        table = tmp_path / f"table{number}.csv"
        table.write_text("\n".join(content) + "\n")
        record = call("evaluate", bars_model, "--dataset", table, "--json").json
        assert record["labels"] == ["left", "right"]
        accuracies.append(record["accuracy"])
    assert accuracies == [1.0, 1.0]


def test_data_whose_classes_are_some_of_the_models_are_counted_under_the_right_ones(call, tmp_path, picture):
    for label, column in (("a", 1), ("b", 5), ("c", 9)):
        for n in range(12):
            picture(tmp_path / "three" / label / f"{n}.png", column=column, noise=n)
    words = ("--hidden", "16", "--epochs", "60", "--out", tmp_path / "m")
    assert call("train", "images", "--dataset", tmp_path / "three", *words).code == 0
    shutil.rmtree(tmp_path / "three" / "a")
    record = call("evaluate", tmp_path / "m", "--dataset", tmp_path / "three", "--json").json
    assert record["labels"] == ["a", "b", "c"]
    assert record["per_class"]["a"]["support"] == 0
    assert record["accuracy"] == 1.0


def test_classes_that_the_model_does_not_know_are_a_usage_error_that_names_them(call, bars, images_model):
    answer = call("evaluate", images_model, "--dataset", bars)
    assert answer.code == 2
    assert "left, right" in answer.stderr
    assert answer.stdout == ""


def test_data_of_the_other_task_is_a_usage_error(call, images_model, speech_model):
    for model, name in ((images_model, "spoken-digits"), (speech_model, "digits")):
        answer = call("evaluate", model, "--dataset", name)
        assert answer.code == 2
        assert name in answer.stderr


def test_data_that_changed_since_the_training_is_evaluated_with_a_warning(call, bars, bars_model):
    (bars / "left" / "00.png").unlink()
    answer = call("evaluate", bars_model)
    assert answer.code == 0
    assert "has changed" in answer.stderr


def test_data_that_is_gone_is_missing_data(call, bars, bars_model):
    shutil.rmtree(bars)
    answer = call("evaluate", bars_model)
    assert answer.code == 4
    assert str(bars) in answer.stderr


def test_files_that_cannot_be_read_are_left_out_and_mentioned(call, bars, bars_model):
    (bars / "left" / "99.png").write_bytes(b"no picture")
    answer = call("evaluate", bars_model, "--json")
    assert answer.code == 0
    assert "1 of its files are skipped" in answer.stderr
    assert str(bars / "left" / "99.png") in answer.stderr


def test_recordings_of_ones_own_without_a_split_are_all_tested_on(call, speech_model, tmp_path):
    folder = tmp_path / "mine" / "0"
    folder.mkdir(parents=True)
    for path in sorted((data_folder() / "bundled/spoken-digits/f3").glob("0-*.flac")):
        shutil.copy(path, folder)
    record = call("evaluate", speech_model, "--dataset", folder.parent, "--json").json
    assert (record["n"], record["split"]) == (3, "test")
    assert record["per_class"]["0"]["support"] == 3
