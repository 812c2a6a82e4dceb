"""Training leaves a model that does what the record says, the same each time, whatever interrupts it."""

import contextlib
import json
import os
import pty
import shlex
import shutil
import signal
import subprocess

import numpy as np
import pytest
import soundfile
from safetensors import safe_open

from backprop_core.calibration import fit_temperature
from pipelines import bundle, datasets
from pipelines.features.image import ImageExtractor
from pipelines.preparation import prepare
from pipelines.tasks import IMAGES

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


def weights(path):
    with safe_open(path, "numpy") as file:
        return file.get_tensor("params").tobytes()


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
    assert abs((surest < record["threshold"]).mean() - 0.05) < 1 / len(surest) + 0.005
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


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(call, tmp_path, tiny, bars):
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
    monkeypatch.setattr("pipelines.resume.SECONDS", 0.0)
    (tmp_path / "m.checkpoint").mkdir()
    (tmp_path / "m.checkpoint" / "in the way").write_bytes(b"")
    monkeypatch.setattr("pipelines.resume.Checkpoints.remove", lambda self: None)
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


# Interruptions

LONG = ("--hidden", "16", "--epochs", "100000")
ALL_CHECKPOINTS = "import pipelines.resume\npipelines.resume.SECONDS = 0.0"


def after_epochs(run, n):
    """Read the standard error of a training until epoch `n` is reported."""
    seen = ""
    for line in run.stderr:
        seen += line
        if line.startswith(f"epoch {n:3d}/"):
            return seen
    raise AssertionError(seen)


def test_ctrl_c_keeps_the_best_model_says_so_and_exits_with_130(start, call, tmp_path, bars):
    out = tmp_path / "m"
    run = start("train", "images", "--dataset", bars, "--out", out, "--json", *LONG)
    after_epochs(run, 3)
    run.send_signal(signal.SIGINT)
    stdout, stderr = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "interrupted: the best model so far is kept" in stderr
    assert "Traceback" not in stderr
    record = json.loads(stdout)
    assert record["epochs"] >= 3
    history = provenance_of(out)["history"]
    kept = min(history, key=lambda entry: entry["valid"]["loss"])
    assert record["valid"]["accuracy"] == kept["valid"]["accuracy"]
    assert call("predict", out, bars / "left" / "00.png").code == 0


def test_resuming_is_offered_exactly_when_there_is_a_checkpoint(start, call, tmp_path, bars):
    for before, offered in (("", False), (ALL_CHECKPOINTS, True)):
        out = tmp_path / f"{offered}"
        words = ("train", "images", "--dataset", bars, "--out", out, *LONG)
        run = start(*words, before=before)
        after_epochs(run, 2)
        run.send_signal(signal.SIGINT)
        _, stderr = run.communicate(timeout=30)
        assert ("--resume" in stderr) is offered
        assert (tmp_path / f"{offered}.checkpoint").exists() is offered


def test_ctrl_c_before_the_first_epoch_leaves_an_earlier_model_untouched(start, tmp_path):
    out = tmp_path / "m"
    out.write_bytes(b"the old model")
    before = (
        "import os, signal\nfrom backprop_core.training import Trainer\n"
        "Trainer._epoch = lambda *given: (os.kill(os.getpid(), signal.SIGINT), __import__('time').sleep(30))\n"
    )
    run = start("train", "images", "--dataset", "digits", "--out", out, before=before)
    stdout, stderr = run.communicate(timeout=30)
    assert run.returncode == 130
    assert stdout == ""
    assert stderr.splitlines()[-1] == "error: interrupted"
    assert out.read_bytes() == b"the old model"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_killed_training_resumed_ends_with_the_bytes_of_an_uninterrupted_one(start, call, tmp_path, bars):
    words = ("train", "images", "--dataset", bars, "--hidden", "16", "--epochs", "400", "--out")
    run = start(*words, tmp_path / "killed", before=ALL_CHECKPOINTS)
    after_epochs(run, 20)
    run.kill()
    run.communicate()
    assert not (tmp_path / "killed").exists()
    assert (tmp_path / "killed.checkpoint").exists()
    resumed = call(*words, tmp_path / "killed", "--resume", "--json")
    assert resumed.code == 0, resumed
    first = next(line for line in resumed.stderr.splitlines() if line.startswith("epoch"))
    assert int(first.split()[1].split("/")[0]) > 19
    whole = call(*words, tmp_path / "whole", "--json")
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    assert not (tmp_path / "killed.checkpoint").exists()
    timeless = [
        {key: value for key, value in answer.json.items() if key not in ("seconds", "model")}
        for answer in (resumed, whole)
    ]
    assert timeless[0] == timeless[1]


def test_resuming_without_a_checkpoint_is_one_clear_sentence(call, tmp_path, tiny, bars):
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--resume", *tiny)
    assert answer.code == 1
    last = answer.stderr.splitlines()[-1]
    assert last.startswith(f"error: {tmp_path / 'm'}.checkpoint: there is no such checkpoint")
    assert not (tmp_path / "m").exists()


def test_a_checkpoint_of_another_recipe_seed_thread_count_or_data_is_not_continued(start, call, tmp_path, bars):
    words = ["train", "images", "--dataset", bars, "--hidden", "16", "--epochs", "100000", "--out", tmp_path / "m"]
    run = start(*words, before=ALL_CHECKPOINTS)
    after_epochs(run, 2)
    run.kill()
    run.communicate()
    changes = ((["--seed", "9"], "seed"), (["--hidden", "15"], "recipe"), (["--jobs", "2"], "threads"))
    for others, what in changes:
        answer = call(*words, *others, "--resume")
        assert answer.code == 1
        assert f"differs in {what}" in answer.stderr
    (bars / "left" / "00.png").unlink()
    answer = call(*words, "--resume")
    assert answer.code == 1
    assert "differs in fingerprint" in answer.stderr


# The user's own data


def manifest(folder, lines):
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_manifest_trains_with_its_own_split(call, tmp_path, tiny, bars):
    lines = ["path,label,split"]
    for label in ("left", "right"):
        for number in range(12):
            role = "test" if number < 3 else "valid" if number < 5 else "train"
            lines.append(f"bars/{label}/{number:02d}.png,{label},{role}")
    answer = call("train", "images", "--dataset", manifest(tmp_path, lines), "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    assert (answer.json["n_train"], answer.json["n_valid"], answer.json["n_test"]) == (14, 4, 6)


def test_a_broken_file_is_left_out_and_listed_and_the_others_are_learned_from(call, tmp_path, tiny, bars):
    (bars / "left" / "broken.png").write_bytes((bars / "left" / "00.png").read_bytes()[:60])
    (bars / "right" / "empty.png").write_bytes(b"")
    (bars / "right" / "notes.txt").write_text("no picture")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    skipped = [line for line in answer.stderr.splitlines() if line.startswith("skipped: ")]
    assert [line.split(": ")[1] for line in sorted(skipped)] == [
        str(bars / "left" / "broken.png"),
        str(bars / "right" / "empty.png"),
        str(bars / "right" / "notes.txt"),
    ]
    assert answer.json["n_train"] + answer.json["n_valid"] + answer.json["n_test"] == 24


def test_of_many_broken_files_a_few_are_listed_and_the_rest_counted(call, tmp_path, tiny, bars):
    for number in range(30):
        (bars / "left" / f"broken{number}.png").write_bytes(b"")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    assert answer.stderr.count("skipped: ") == 11
    assert "20 more files" in answer.stderr


def test_all_that_was_skipped_and_found_is_in_the_json(call, tmp_path, tiny, bars):
    for number in range(15):
        (bars / "left" / f"broken{number}.png").write_bytes(b"")
    shutil.copy(bars / "right" / "03.png", bars / "left" / "copy.png")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    record = answer.json
    assert len(record["skipped"]) == 15
    assert record["extractor"]["channels"] == "grey"
    assert "12 x 12 pixels, grey" in record["notes"][0]
    found = {warning["name"]: warning for warning in record["warnings"]}
    (pair,) = found["contradicting duplicates"]["evidence"]["pairs"]
    assert set(pair["paths"]) == {str(bars / "left" / "copy.png"), str(bars / "right" / "03.png")}
    for text in (*(warning["text"] for warning in record["warnings"]), *record["notes"]):
        assert text in answer.stderr
    assert provenance_of(tmp_path / "m")["warnings"] == [warning["text"] for warning in record["warnings"]]


def test_unequal_classes_are_balanced_unless_the_recipe_says_no(call, tmp_path, bars, picture):
    for number in range(60):
        picture(bars / "left" / f"more{number}.png", column=2, noise=100 + number)
    (tmp_path / "plain.toml").write_text("balance = 0\nhidden = [8]\nepochs = 30\n")
    (tmp_path / "balanced.toml").write_text("hidden = [8]\nepochs = 30\n")
    words = ("train", "images", "--dataset", bars)
    plain = call(*words, "--config", tmp_path / "plain.toml", "--out", tmp_path / "plain", "--json")
    balanced = call(*words, "--config", tmp_path / "balanced.toml", "--out", tmp_path / "balanced", "--json")
    assert (plain.json["balance"], balanced.json["balance"]) == (None, 0.5)
    assert "very unequal size; of what this adds to the answers, 50 % is taken back" in balanced.stderr
    assert "taken back" not in plain.stderr
    networks = [bundle.load(tmp_path / name).network for name in ("plain", "balanced")]
    X = np.zeros((1, networks[0].n_features), np.float32)
    before, after = (network.logits(X)[0] for network in networks)
    assert before[0] - before[1] > after[0] - after[1]
    table = call(*words, "--config", tmp_path / "balanced.toml", "--out", tmp_path / "m").stdout
    assert "balanced accuracy" in table.splitlines()[0]


def test_whatever_a_file_or_class_is_called_is_printed_in_one_line_and_as_no_command(call, tmp_path, tiny, bars):
    (bars / "left").rename(bars / "--help")
    (bars / "right").rename(bars / os.fsdecode(b"\x1b[31m\xff"))
    for name in (b"new\nline.png", b"\x1b[2J.png", b"\xfe.png"):
        (bars / "--help" / os.fsdecode(name)).write_bytes(b"")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    skipped = [line for line in answer.stderr.splitlines() if line.startswith("skipped: ")]
    assert len(skipped) == 3
    for shown in ("new\\nline.png", "\\x1b[2J.png", "\\xfe.png"):
        assert sum(shown in line for line in skipped) == 1
    assert "\x1b" not in answer.stderr
    assert call("predict", tmp_path / "m", bars / "--help" / "00.png", "--json").code == 0


def test_speech_is_warned_of_where_rates_or_one_speaker_give_a_word_away(call, tmp_path, tiny, sound):
    lines = ["path,label,group"]
    for label, sr, speakers in (("yes", 8000, "abcd"), ("no", 16000, "abcd"), ("maybe", 16000, "a")):
        for speaker in speakers:
            for number in range(12 // len(speakers)):
                name = f"{label}-{speaker}-{number}.wav"
                pitch = 100 + 10 * ord(speaker) % 70 + number + 50 * (label == "no")
                soundfile.write(tmp_path / name, sound(sr=sr, pitch=pitch, seconds=0.4 + 0.02 * number), sr)
                lines.append(f"{name},{label},{speaker}")
    answer = call("train", "speech", "--dataset", manifest(tmp_path, lines), "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0, answer
    found = {warning["name"]: warning["evidence"] for warning in answer.json["warnings"]}
    assert found["one group alone"]["groups"] == {"maybe": "a"}
    assert found["mixed conditions"]["counts"] == {"16 kHz": 24, "8 kHz": 12}
    assert found["mixed conditions"]["told_apart"]["yes"] == "8 kHz"
    assert set(found["few samples"]["n_train"]) == {"yes", "no"}
    assert "12 at 8 kHz" in answer.stderr


def empty_class(bars):
    (bars / "middle").mkdir()


def class_of_one(bars):
    (bars / "middle").mkdir()
    shutil.copy(bars / "left" / "00.png", bars / "middle" / "00.png")


def class_of_broken_files(bars):
    (bars / "middle").mkdir()
    for number in range(4):
        (bars / "middle" / f"{number}.png").write_bytes(b"no picture")


@pytest.mark.parametrize("spoil", [empty_class, class_of_one, class_of_broken_files])
def test_a_class_without_enough_files_is_refused_by_name(call, tmp_path, tiny, bars, spoil):
    spoil(bars)
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert "middle" in answer.stderr
    assert not (tmp_path / "m").exists()


def test_data_of_which_nothing_can_be_read_is_refused(call, tmp_path, tiny, bars):
    for path in bars.rglob("*.png"):
        path.write_bytes(b"no picture")
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert answer.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["path,label", "a.png,left", "none.png,right"], ["none.png"]),
        (["path,label,colour", "a.png,left,red"], ["colour"]),
        (["path", "a.png"], ["label"]),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_by_name(call, tmp_path, tiny, picture, lines, words):
    picture(tmp_path / "a.png")
    path = manifest(tmp_path, lines)
    answer = call("train", "images", "--dataset", path, "--out", tmp_path / "m", *tiny)
    assert answer.code == 4
    assert all(word in answer.stderr for word in [str(path), *words])


# Data that cannot be had


@pytest.fixture
def unreachable(tmp_path, monkeypatch):
    """No data is here, no mirror is set, and every address is one where nobody answers."""
    from dataclasses import replace

    from pipelines.datasets import registry

    def nowhere(source):
        files = tuple(replace(file, addresses=("http://127.0.0.1:9/file",)) for file in source.files)
        return replace(source, files=files)

    everywhere = {name: nowhere(source) for name, source in registry.sources().items()}
    monkeypatch.setattr(registry, "sources", lambda: everywhere)
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "empty"))
    monkeypatch.delenv("BACKPROP_MIRROR", raising=False)


@pytest.mark.parametrize(("task", "bundled"), [("images", "digits"), ("speech", "spoken-digits")])
def test_where_the_default_cannot_be_had_the_bundled_data_stands_in_and_all_say_so(
    call, tmp_path, tiny, unreachable, task, bundled
):
    answer = call("train", task, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    assert answer.json["dataset"] == bundled
    assert answer.json["bundled_fallback"] is True
    warning = next(line for line in answer.stderr.splitlines() if line.startswith("warning"))
    assert bundled in warning
    assert "BACKPROP_MIRROR" in warning
    provenance = call("info", tmp_path / "m", "--json").json["provenance"]
    assert (provenance["dataset"], provenance["bundled_fallback"]) == (bundled, True)
    assert "bundled_fallback" in call("info", tmp_path / "m").stdout
    assert call("evaluate", tmp_path / "m", "--json").json["dataset"] == bundled


def test_the_table_for_people_says_that_the_bundled_data_stood_in(call, tmp_path, tiny, unreachable):
    answer = call("train", "images", "--out", tmp_path / "m", *tiny)
    assert "digits (bundled, because the default could not be had)" in answer.stdout


@pytest.mark.parametrize(("task", "name"), [("images", "mnist"), ("images", "cifar10"), ("speech", "fsdd")])
def test_data_asked_for_by_name_that_cannot_be_had_is_an_error(call, tmp_path, unreachable, task, name):
    answer = call("train", task, "--dataset", name, "--out", tmp_path / "m")
    assert answer.code == 4
    assert answer.stdout == ""
    assert name in answer.stderr
    assert "BACKPROP_MIRROR" in answer.stderr
    assert not (tmp_path / "m").exists()


def test_an_unknown_data_set_and_one_of_the_other_task_are_usage_errors(call, tmp_path):
    answer = call("train", "images", "--dataset", "mnits", "--out", tmp_path / "m")
    assert answer.code == 2
    assert "did you mean mnist?" in answer.stderr
    answer = call("train", "images", "--dataset", "fsdd", "--out", tmp_path / "m")
    assert answer.code == 2
    assert "holds speech, not images" in answer.stderr


def test_a_folder_that_does_not_exist_is_missing_data(call, tmp_path):
    answer = call("train", "images", "--dataset", tmp_path / "none", "--out", tmp_path / "m")
    assert answer.code == 4
    assert str(tmp_path / "none") in answer.stderr


def test_features_that_cannot_be_cached_cost_a_warning_and_not_the_training(call, tmp_path, tiny, bars, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "file"))
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", *tiny)
    assert answer.code == 0
    assert "warning" in answer.stderr


def test_cached_features_that_are_damaged_are_noticed_and_made_again(call, tmp_path, tiny, bars, monkeypatch):
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


def test_a_deterministic_training_takes_one_thread_however_many_are_offered(call, tmp_path):
    out = tmp_path / "model.safetensors"
    answer = call("train", "images", "--dataset", "digits", "--epochs", "1", "--jobs", "2", "--deterministic",
                  "--out", out, "--json")  # fmt: skip
    assert answer.json["threads"] == 1
    plain = call("train", "images", "--dataset", "digits", "--epochs", "1", "--jobs", "1",
                 "--out", tmp_path / "plain.safetensors", "--json")  # fmt: skip
    assert plain.json["threads"] == 1
    assert weights(out) == weights(tmp_path / "plain.safetensors")
