"""Training leaves a model that does what the record says, the same each time."""

import contextlib
import json
import os
import pty
import shlex
import subprocess

import numpy as np
import pytest

from backprop_core.calibration import fit_temperature
from pipelines import datasets
from pipelines.features.images.extractor import ImageExtractor
from pipelines.learning.fitting import trainer_for
from pipelines.learning.preparation import prepare, with_fewer
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.models import bundle

RECORD = {
    "model": str,
    "task": str,
    "dataset": str,
    "bundled_fallback": bool,
    "preset": str,
    "seed": int,
    "epochs": int,
    "best_epoch": int,
    "threshold": float,
    "seconds": float,
    "n_train": int,
    "n_valid": int,
    "train": dict,
    "valid": dict,
    "test": dict,
}


def provenance_of(path):
    return bundle.load(path).provenance


@pytest.mark.parametrize("task", ["images", "speech"])
def test_the_record_of_a_training_has_every_key_of_the_contract(task, request):
    answer = request.getfixturevalue(f"{task}_training")
    record = answer.json
    for key, kind in RECORD.items():
        assert type(record[key]) is kind, key
    for role in ("train", "valid", "test"):
        assert set(record[role]) == {"loss", "accuracy", "balanced_accuracy"}
        assert 0 <= record[role]["accuracy"] <= 1 <= 1 + record[role]["loss"]
    assert record["task"] == task
    assert record["bundled_fallback"] is False
    assert 1 <= record["best_epoch"] <= record["epochs"]


@pytest.mark.parametrize("task", ["images", "speech"])
def test_the_threshold_refuses_one_validation_sample_in_twenty(task, request):
    record = request.getfixturevalue(f"{task}_training").json
    model = bundle.load(record["model"])
    prepared = prepare(datasets.load(record["dataset"], task), model.extractor)
    surest = model.probabilities(prepared.rows("valid")[0]).max(axis=1)
    refused, slack = (surest < record["threshold"]).mean(), 1 / len(surest) + 0.005
    assert refused < 0.05 + slack
    if task == "images":  # words are varied before the threshold is chosen, so that fewer plain ones are refused
        assert refused > 0.05 - slack
    assert provenance_of(record["model"])["threshold"] == record["threshold"]


@pytest.mark.parametrize("task", ["images", "speech"])
def test_even_a_short_training_is_far_better_than_guessing(task, request):
    assert request.getfixturevalue(f"{task}_training").json["test"]["accuracy"] > 0.6


@pytest.mark.parametrize("task", ["images", "speech"])
def test_progress_goes_to_stderr_a_line_an_epoch_and_stdout_holds_the_result_alone(task, request):
    answer = request.getfixturevalue(f"{task}_training")
    epochs = answer.json["epochs"]
    lines = [line for line in answer.stderr.splitlines() if line.startswith("epoch")]
    assert len(lines) == epochs
    assert all("train loss" in line and "valid loss" in line and "s left" in line for line in lines)
    assert len(answer.stdout.splitlines()) == 1


def test_without_json_the_result_is_a_table_the_model_and_a_command_that_works(call, tmp_path, tiny, bars):
    out = tmp_path / "my models" / "it's.safetensors"
    answer = call("train", "images", "--dataset", bars, "--out", out, *tiny)
    assert answer.code == 0
    assert "accuracy" in answer.stdout
    assert "train loss" not in answer.stdout
    command = answer.stdout.splitlines()[-1].split("predict", 1)[1]
    tried = call("predict", *shlex.split(command))
    assert tried.code == 0
    assert tried.stderr == ""


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(call, tmp_path, tiny, bars, weights):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert call("train", "images", "--dataset", bars, "--seed", seed, "--out", tmp_path / name, *tiny).code == 0
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_training_draws_nothing_from_the_global_random_numbers(call, tmp_path, tiny, bars):
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002 - it is what nobody may touch
    call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


def test_the_weights_kept_are_those_of_the_best_epoch(images_model):
    provenance = provenance_of(images_model)
    losses = [entry["valid"]["loss"] for entry in provenance["history"]]
    assert provenance["best_epoch"] == 1 + int(np.argmin(losses))
    # The history's loss is that of the smoothed labels, the record's is the plain one; accuracy is the same in both.
    kept = provenance["history"][provenance["best_epoch"] - 1]
    assert provenance["valid"]["accuracy"] == kept["valid"]["accuracy"]


def test_statistics_come_from_training_rows_alone(images_model):
    model = bundle.load(images_model)
    prepared = prepare(datasets.load("digits", "images"), model.extractor)
    X = model.extractor.to_features(prepared.rows("train")[0]).astype(np.float64)
    np.testing.assert_allclose(model.standardizer.mean, X.mean(), rtol=1e-5)
    np.testing.assert_allclose(model.standardizer.scale, X.std(), rtol=1e-5)


def test_the_temperature_comes_from_validation_rows_alone(images_model):
    model = bundle.load(images_model)
    stored, y = prepare(datasets.load("digits", "images"), model.extractor).rows("valid")
    X = model.standardizer.transform(model.extractor.to_features(stored))
    assert model.temperature == pytest.approx(fit_temperature(model.network.logits(X), y), rel=1e-5)


def test_the_split_is_disjoint_whole_and_the_same_each_time():
    first, second = (prepare(datasets.load("digits", "images"), ImageExtractor(8, 8, "grey")) for _ in range(2))
    rows = [set(first.dataset.rows(role)) for role in ("train", "valid", "test")]
    assert sum(map(len, rows)) == len(set().union(*rows)) == len(first.dataset)
    for role in ("train", "valid", "test"):
        np.testing.assert_array_equal(first.dataset.rows(role), second.dataset.rows(role))
        np.testing.assert_array_equal(first.rows(role)[0], second.rows(role)[0])


def test_the_seed_of_the_training_does_not_move_the_split(call, tmp_path, tiny, bars):
    for seed in (1, 2):
        call("train", "images", "--dataset", bars, "--seed", seed, "--out", tmp_path / f"{seed}", *tiny)
        trained = provenance_of(tmp_path / f"{seed}")
        evaluated = call("evaluate", tmp_path / f"{seed}", "--json").json
        assert evaluated["accuracy"] == pytest.approx(trained["test"]["accuracy"])
        assert evaluated["n"] == trained["n_test"]


def test_on_a_terminal_progress_is_one_line_that_fits_and_the_next_words_begin_a_new_one(start, tmp_path, bars):
    config = tmp_path / "recipe.toml"
    config.write_text("patience = 1\nlearning_rate = 0.3\nschedule = 'constant'\n")
    terminal, end = pty.openpty()
    words = ("train", "images", "--dataset", bars, "--config", config, "--epochs", "500", "--out", tmp_path / "m")
    run = start(*words, stderr=end, env_extra={"COLUMNS": "80"})
    os.close(end)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while block := os.read(terminal, 4096):
            seen += block
    stdout, _ = run.communicate(timeout=30)
    os.close(terminal)
    assert run.returncode == 0
    assert provenance_of(tmp_path / "m")["stopped"] == "patience"
    *_, progress, rest = seen.decode().split("\r\n")
    assert rest == ""
    assert progress.count("epoch ") == progress.count("\r") == provenance_of(tmp_path / "m")["epochs"]
    assert all(len(line) < 80 and line.endswith("s left") for line in progress.split("\r")[1:])
    assert stdout.startswith("split")


def test_a_deterministic_training_takes_one_thread_however_many_are_offered(call, tmp_path, weights):
    out = tmp_path / "model.safetensors"
    answer = call("train", "images", "--dataset", "digits", "--epochs", "1", "--jobs", "2", "--deterministic",
                  "--out", out, "--json")  # fmt: skip
    assert answer.json["threads"] == 1
    plain = call("train", "images", "--dataset", "digits", "--epochs", "1", "--jobs", "1",
                 "--out", tmp_path / "plain.safetensors", "--json")  # fmt: skip
    assert plain.json["threads"] == 1
    assert weights(out) == weights(tmp_path / "plain.safetensors")


# Recipes


def test_options_win_over_the_config_file_and_that_over_the_preset(call, tmp_path, bars):
    config = tmp_path / "recipe.toml"
    config.write_text('hidden = [9]\nepochs = 7\nactivation = "tanh"\n')
    answer = call(
        *("train", "images", "--dataset", bars, "--config", config, "--hidden", "5,4", "--epochs", "2"),
        *("--out", tmp_path / "m", "--json"),
    )
    assert answer.json["epochs"] == 2
    recipe = provenance_of(tmp_path / "m")["recipe"]
    assert (recipe["hidden"], recipe["activation"]) == ([5, 4], "tanh")
    assert recipe["dropout"] == IMAGES.presets["fast"].dropout
    dense = [layer for layer in bundle.load(tmp_path / "m").network.describe() if layer["kind"] == "dense"]
    assert [layer["fan_out"] for layer in dense] == [5, 4, 2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("epoch = 3", ["did you mean epochs?"]),
        ("epochs = 3 4", ["not valid TOML"]),
        ("dropout = 1.5", ["dropout", "1.5"]),
        (None, ["cannot be read"]),
    ],
)
def test_a_wrong_config_is_a_usage_error_that_names_the_file(call, tmp_path, bars, content, words):
    config = tmp_path / "recipe.toml"
    if content:
        config.write_text(content)
    answer = call("train", "images", "--dataset", bars, "--config", config, "--out", tmp_path / "m")
    assert answer.code == 2
    assert answer.stdout == ""
    assert all(word in answer.stderr for word in [str(config), *words])
    assert not (tmp_path / "m").exists()


def test_set_changes_every_entry_that_is_in_the_recipe(call, tmp_path, bars):
    """Entries with an option of their own, epochs and hidden, are no exception."""
    before = IMAGES.presets["fast"].settings()
    entries = {**before, "hidden": [5, 4], "epochs": 2, "least_steps": 0}
    words = [f"--set={name}={json.dumps(value)}" for name, value in entries.items()]
    answer = call("train", "images", "--dataset", bars, *words, "--epochs", "2", "--out", tmp_path / "m")
    assert answer.code == 0, answer
    assert provenance_of(tmp_path / "m")["recipe"] == entries


@pytest.mark.parametrize("command", ["train", "crossval", "diagnose"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        # The function that trains has arguments of these names.
        (["--set", "seed=3"], "a recipe has no entry seed"),
        (["--set", "jobs=3"], "a recipe has no entry jobs"),
        (["--set", "progress=false"], "a recipe has no entry progress"),
        (["--set", "task=speech"], "a recipe has no entry task"),
        (["--set", "epoch=3"], "did you mean epochs?"),
        (["--set", "epochs=3", "--epochs", "4"], "--epochs and --set epochs name different values"),
        (["--set", "hidden=[3]", "--hidden", "4"], "--hidden and --set hidden name different values"),
        (["--set", "epochs=three"], "epochs is 'three'"),
        (["--set", f"dropout={'9' * 5000}"], "dropout: the number is too long"),
        (["--set", "augmentation=1000"], "augmentation is 1000: give a number from 0 to 10"),
    ],
)
def test_set_refuses_what_is_no_entry_and_two_values_for_one(call, bars, command, words, told):
    answer = call(command, "images", "--dataset", bars, *words)
    assert answer.code == 2, answer
    assert told in answer.stderr


@pytest.mark.parametrize("hidden", ["0", "-3", "12,abc", "1e9"])
def test_widths_that_are_none_are_a_usage_error(call, tmp_path, bars, hidden):
    answer = call("train", "images", "--dataset", bars, "--hidden", hidden, "--out", tmp_path / "m")
    assert answer.code == 2
    assert "hidden" in answer.stderr


def test_a_training_that_diverges_says_so_exits_with_6_and_leaves_the_old_model(call, tmp_path, bars):
    config = tmp_path / "recipe.toml"
    config.write_text("learning_rate = 1e30\nclip_norm = 0\n")
    (tmp_path / "m").write_bytes(b"the old model")
    answer = call("train", "images", "--dataset", bars, "--config", config, "--epochs", "5", "--out", tmp_path / "m")
    assert answer.code == 6
    assert "diverged" in answer.stderr
    assert "learning rate" in answer.stderr
    assert (tmp_path / "m").read_bytes() == b"the old model"


# Places to write to


def test_a_place_that_cannot_be_written_is_found_out_before_the_work(call, tmp_path, bars):
    (tmp_path / "file").write_bytes(b"")
    for out in (tmp_path / "file" / "m", tmp_path, tmp_path / ("x" * 300)):
        answer = call("train", "images", "--dataset", bars, "--out", out)
        assert answer.code == 5
        assert answer.stderr.startswith(f"error: {out}: ")
        assert len(answer.stderr.splitlines()) == 1


def test_a_device_is_never_replaced_by_a_model(call, tmp_path, bars):
    os.mkfifo(tmp_path / "pipe")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "pipe")
    assert answer.code == 5
    assert (tmp_path / "pipe").is_fifo()


def test_standard_output_is_no_place_for_a_model(call, tmp_path, bars, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = call("train", "images", "--dataset", bars, "--out", "-")
    assert answer.code == 2
    assert answer.stderr == "error: -: a model is not written to standard output; give --out the name of a file\n"
    assert not (tmp_path / "-").exists()


def test_an_example_that_cannot_be_written_costs_a_warning_and_not_the_scores(call, tmp_path, tiny):
    (tmp_path / "m-example.png").mkdir()
    answer = call("train", "images", "--dataset", "digits", "--rows", 60, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    [warning] = answer.json["warnings"]
    assert warning["text"].startswith(
        f"{tmp_path / 'm-example.png'}: the picture to try the model on cannot be written"
    )
    assert f"warning: {warning['text']}" in answer.stderr


def test_nothing_but_the_model_is_left_beside_it(call, tmp_path, tiny, bars):
    out = tmp_path / "models" / "m.safetensors"
    assert call("train", "images", "--dataset", bars, "--out", out, *tiny).code == 0
    assert [path.name for path in out.parent.iterdir()] == ["m.safetensors"]


def test_a_full_disk_is_one_line_and_the_old_model_survives(call, tmp_path, tiny, bars):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        (disk / "m").write_bytes(b"the old model")
        answer = call("train", "images", "--dataset", bars, "--out", disk / "m", *tiny)
        assert answer.code == 5
        assert f"error: {disk / 'm'}: cannot be written (No space left on device)" in answer.stderr
        assert [path.name for path in disk.iterdir()] == ["m"]
        assert (disk / "m").read_bytes() == b"the old model"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_no_room_for_a_checkpoint_costs_a_warning_and_not_the_training(call, tmp_path, tiny, bars, monkeypatch):
    monkeypatch.setattr("pipelines.learning.checkpoints.SECONDS", 0.0)
    (tmp_path / "m.checkpoint").mkdir()
    (tmp_path / "m.checkpoint" / "in the way").write_bytes(b"")
    monkeypatch.setattr("pipelines.learning.checkpoints.Checkpoints.remove", lambda self: None)
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    assert "warning" in answer.stderr
    assert "checkpoint cannot be written" in answer.stderr
    bundle.load(tmp_path / "m")


def test_two_trainings_at_once_to_the_same_place_both_succeed(start, tmp_path, tiny, bars):
    out = tmp_path / "models" / "m"
    runs = [start("train", "images", "--dataset", bars, "--seed", n, "--out", out, *tiny) for n in range(3)]
    for run in runs:
        _, stderr = run.communicate(timeout=60)
        assert run.returncode == 0, stderr
    assert bundle.load(out).golden_error() < 1e-6
    assert [path.name for path in out.parent.iterdir()] == ["m"]


# Cached features


def test_features_that_cannot_be_cached_cost_a_warning_and_not_the_training(call, tmp_path, tiny, bars, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "file"))
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    assert "warning" in answer.stderr


def test_cached_features_that_are_damaged_are_noticed_and_made_again(call, tmp_path, tiny, bars, monkeypatch, weights):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "data"))
    words = ("train", "images", "--dataset", bars, *tiny, "--out")
    call(*words, tmp_path / "first")
    [cached] = (tmp_path / "data" / "cache").iterdir()
    good = cached.read_bytes()
    for damaged in (good[:-9], good[:40], b"", good[:100] + b"\xff" + good[101:]):
        cached.write_bytes(damaged)
        answer = call(*words, tmp_path / "again")
        assert answer.code == 0
        assert "damaged" in answer.stderr
        assert weights(tmp_path / "again") == weights(tmp_path / "first")
        assert cached.read_bytes() == good
    assert "damaged" not in call(*words, tmp_path / "again").stderr


def test_with_fewer_rows_each_class_keeps_its_share_and_the_other_splits_stay(call, tmp_path, tiny, weights):
    words = ("train", "images", "--dataset", "digits", *tiny, "--json")
    record, few = call(*words, "--out", tmp_path / "a").json, call(*words, "--rows", 100, "--out", tmp_path / "b").json
    assert (few["n_train"], few["n_valid"], few["n_test"]) == (100, record["n_valid"], record["n_test"])
    assert any("100 of" in note for note in few["notes"])
    again = call(*words, "--rows", 100, "--out", tmp_path / "c").json
    assert weights(again["model"]) == weights(few["model"])
    prepared = prepare(datasets.load("digits", "images"), ImageExtractor(8, 8, "grey"))
    part = with_fewer(prepared, 100, 0).dataset
    counts = np.bincount(part.y[part.rows("train")], minlength=10)
    assert counts.max() - counts.min() <= 2
    assert set(part.rows("train")) < set(prepared.dataset.rows("train"))


def test_rows_that_are_fewer_than_the_classes_are_refused(call, tmp_path, tiny):
    answer = call("train", "images", "--dataset", "digits", *tiny, "--rows", 5, "--out", tmp_path / "a")
    assert answer.code == 4
    assert "would get none" in answer.stderr


def test_the_first_weights_are_drawn_as_the_recipe_says():
    recipes = [
        IMAGES.recipe(changes={"initialization": name, "hidden": [400]}) for name in ("he_normal", "glorot_normal")
    ]
    first = [trainer_for(recipe, 100, 10, 0)[0].network.params.views[0]["W"].std() for recipe in recipes]
    assert first == pytest.approx([np.sqrt(2 / 100), np.sqrt(2 / 500)], rel=0.05)
