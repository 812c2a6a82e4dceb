import json
import shlex
import signal

import numpy as np
import pytest

from pipelines.diagnosis.fit import VERDICTS
from pipelines.diagnosis.next_command import write_words
from pipelines.diagnosis.thresholds import THRESHOLDS
from pipelines.models import bundle

SMALL = ["--dataset", "digits", "--hidden", "16", "--epochs", "6", "--set", "batch_size=64"]


@pytest.fixture(scope="module")
def diagnosed(call):
    """The Answer about a small network on the small digits, in this process."""
    return call("diagnose", "images", *SMALL, "--jobs", 1, "--json")


def test_the_record_has_what_the_contract_asks_for(diagnosed):
    assert diagnosed.code == 0, diagnosed
    record = diagnosed.json
    assert record["verdict"] in VERDICTS
    assert record["findings"][0]["name"] == record["verdict"]
    for finding in record["findings"]:
        assert set(finding) == {"name", "verdict", "evidence", "advice"}
        assert finding["verdict"] in ("fine", "problem", "inconclusive")
    assert len(record["findings"]) > 10


def test_training_and_validation_rows_are_measured_and_test_rows_are_not(diagnosed):
    record = diagnosed.json
    assert set(record["scores"]) == {"train", "valid"}
    assert sum(map(sum, record["confusion"])) == record["n_valid"] == record["scores"]["valid"]["n"]
    assert record["confusion_role"] == "valid"


def test_the_record_is_complete_when_the_verb_returns(diagnosed, tmp_path):
    from pipelines.learning import tasks
    from pipelines.verbs.diagnose import diagnose, of_training

    task = tasks.find("images")
    recipe = task.presets["fast"].replace({"hidden": [16], "epochs": 6, "batch_size": 64})
    diagnosis = diagnose(of_training(task, recipe, dataset="digits"), n_jobs=1)
    record = diagnosis.record()
    timed = {"seconds": 0, "history": []}  # whose entries have seconds too
    assert {**record, **timed} == {**diagnosed.json, **timed}
    assert record["summary"] == f"{record['verdict'].capitalize()}. {record['reason']}"
    assert record["next"]["command"] == f"backprop {shlex.join(record['next']['words'])}"
    assert (diagnosis.verdict, diagnosis.summary) == (record["verdict"], record["summary"])
    assert (diagnosis.findings, diagnosis.next) == (record["findings"], record["next"])
    page, data, *_ = diagnosis.write_report(tmp_path)
    assert diagnosis.verdict in page.read_text(encoding="utf-8").lower()
    assert json.loads(data.read_text(encoding="utf-8")) == record


def test_the_answers_are_those_to_the_validation_rows(diagnosed):
    record = diagnosed.json
    right = sum(record["confusion"][k][k] for k in range(len(record["labels"])))
    assert right / record["n_valid"] == pytest.approx(record["scores"]["valid"]["accuracy"])
    assert record["scores"]["valid"]["n"] == sum(entry["n"] for entry in record["calibration"]["bins"])
    assert record["scores"]["train"]["n"] == record["n_train"] != record["n_valid"]
    assert record["per_class"] == {
        label: record["per_class"][label] | {"support": sum(counts)}
        for label, counts in zip(record["labels"], record["confusion"], strict=True)
    }


def test_every_limit_is_quoted(diagnosed):
    assert {entry["name"]: entry["value"] for entry in diagnosed.json["thresholds"]} == {
        name: threshold.value for name, threshold in THRESHOLDS.items()
    }


def test_the_next_command_can_be_pasted(diagnosed, call):
    words = shlex.split(diagnosed.json["next"]["command"])
    start = next(i for i, word in enumerate(words) if word in ("diagnose", "train", "crossval", "evaluate"))
    assert call(words[start], "--help").code == 0
    assert "--dataset digits" in " ".join(words)


def test_the_same_command_repeats_no_training_and_finds_the_same(diagnosed, call):
    again = call("diagnose", "images", *SMALL, "--jobs", 2, "--json")
    assert len(again.stderr.splitlines()) < 5, again.stderr
    assert "of them before" in again.stderr
    for record in (first := diagnosed.json), (second := again.json):
        del record["seconds"]
    assert first == second


def test_as_text_the_verdict_comes_first_and_the_command_last(diagnosed, call):
    told = call("diagnose", "images", *SMALL)
    assert told.stdout.startswith(diagnosed.json["verdict"].upper())
    assert max(len(line) for line in told.stdout.splitlines() if " --" not in line) <= 100
    for name in ("leakage", "learning curve", "vanishing gradients", "mislabelled"):
        assert name in told.stdout
    assert shlex.join(diagnosed.json["next"]["words"]) in told.stdout
    assert diagnosed.json["reason"][:40] in told.stdout.replace("\n", " ")


def test_a_model_is_diagnosed_with_the_recipe_and_on_the_data_that_made_it(call, images_model):
    told = call("diagnose", images_model, "--json")
    assert told.code == 0, told
    record = told.json
    provenance = bundle.load(images_model).provenance
    assert record["model"] == str(images_model)
    assert record["dataset"] == "digits"
    assert "--epochs" in record["next"]["command"]
    assert "--hidden" in record["next"]["command"]
    assert record["scores"]["valid"]["accuracy"] == pytest.approx(provenance["valid"]["accuracy"])
    assert record["scores"]["train"]["accuracy"] == pytest.approx(provenance["train"]["accuracy"])
    assert record["history"] == provenance["history"]


def test_speech_is_diagnosed_alike_and_by_speaker(call):
    plain = ["--hidden", "16", "--epochs", "3", "--set", "augmentation=0", "--set", "foreign=0"]
    told = call("diagnose", "speech", "--dataset", "spoken-digits", *plain, "--json")
    assert told.code == 0, told
    assert "spread by speaker or source" in [finding["name"] for finding in told.json["findings"]]
    assert sum(row["n"] for row in told.json["per_group"].values()) == told.json["n_valid"]


def test_a_training_that_diverges_is_diagnosed(call):
    wild = [
        "--set",
        "optimizer=sgd",
        "--set",
        "learning_rate=1000",
        "--set",
        "clip_norm=0",
        "--set",
        "schedule=constant",
    ]
    told = call("diagnose", "images", *SMALL, *wild, "--set", "activation=leaky_relu", "--json")
    assert told.code == 0, told
    assert told.json["verdict"] == "diverged"
    assert told.json["scores"] == {}
    assert "--set learning_rate=100 " in told.json["next"]["command"]


def test_labels_in_random_order_are_no_good_fit(call, tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(150):
            Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(tmp_path / label / f"{i}.png")
    told = call("diagnose", "images", "--dataset", tmp_path, "--hidden", "16", "--epochs", "3", "--json")
    assert told.code == 0, told
    assert told.json["verdict"] != "good fit"
    assert "samples" in [finding["name"] for finding in told.json["findings"]]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["no-such.safetensors"], 5, "model file does not exist"),
        (["images", "--set", "dropuot=0.1"], 2, "did you mean dropout?"),
        (["images", "--set", "dropout"], 2, "is not NAME=VALUE"),
        (["images", "--set", "dropout=2"], 2, "dropout is 2"),
        (["images", "--set", "activation=swosh"], 2, "activation is 'swosh'"),
        (["images", "--dataset", "nowhere"], 2, "no such data set"),
        (["images", "--dask", "nonsense"], 4, "no Dask scheduler answers"),
    ],
)
def test_bad_input_gets_a_sentence(call, words, code, told):
    answer = call("diagnose", *words)
    assert answer.code == code, answer
    assert told in answer.stderr


def test_a_model_file_has_its_own_recipe(call, images_model):
    answer = call("diagnose", images_model, "--epochs", 3, "--set", "dropout=0.1")
    assert answer.code == 2
    assert "--epochs" in answer.stderr
    assert "--set" in answer.stderr


def test_data_with_other_classes_is_not_what_a_model_was_trained_on(call, images_model, tmp_path):
    from PIL import Image

    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(20):
            Image.new("L", (8, 8), i).save(tmp_path / label / f"{i}.png")
    answer = call("diagnose", images_model, "--dataset", tmp_path)
    assert answer.code == 2
    assert "its classes differ" in answer.stderr


def test_interrupted_it_tells_what_it_knows_and_goes_on_later(start, tmp_path):
    words = ["diagnose", "images", *SMALL, "--seed", "5", "--jobs", "1", "--json"]
    slow = "from pipelines.diagnosis.probes import Probes\nimport time\nfast = Probes.result\n"
    slow += "def result(self, key):\n    time.sleep(0.2)\n    return fast(self, key)\nProbes.result = result"
    process = start(*words, before=slow, env_extra={"BACKPROP_DATA": str(tmp_path)})
    while not (line := process.stderr.readline()).startswith("trainings  4/"):
        assert line
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    record = json.loads(stdout)
    assert record["interrupted"]
    assert record["verdict"] in VERDICTS
    again = start(*words, env_extra={"BACKPROP_DATA": str(tmp_path)})
    stdout, stderr = again.communicate(timeout=60)
    assert "of them before" in stderr
    assert not json.loads(stdout)["interrupted"]


def words_of(step, recipe=None, preset="fast", asked=None, **record):
    from pipelines.learning import tasks

    usual = tasks.find("images").presets[preset].settings()
    record = {
        "task": "images",
        "dataset": "my data",
        "bundled_fallback": False,
        "preset": preset,
        "model": "m.safetensors",
        "seed": 0,
        "recipe": {**usual, **(recipe or {})},
        "next": {"verb": "diagnose", "changes": {}, "preset": None, **step},
        **record,
    }
    return write_words(record, asked or {})


def test_the_next_command_repeats_what_was_asked_for_and_changes_what_is_to_change():
    assert words_of({}) == ["diagnose", "images", "--dataset", "my data"]
    assert words_of({}, {"hidden": [32]}, seed=3)[4:] == ["--hidden", "32", "--seed", "3"]
    assert words_of({"changes": {"dropout": 0.3}})[4:] == ["--set", "dropout=0.3"]
    assert words_of({"changes": {"epochs": 48}}, {"epochs": 16})[4:] == ["--epochs", "48"]
    assert words_of({"changes": {"residual": True}}, {"residual": False})[4:] == ["--set", "residual=true"]
    assert words_of({"preset": "best", "verb": "train"}, {"hidden": [5]})[4:] == ["--preset", "best"]
    assert words_of({"verb": "evaluate"}) == ["evaluate", "m.safetensors"]
    assert words_of({}, bundled_fallback=True) == ["diagnose", "images"]


def test_epochs_that_were_not_asked_for_are_not_repeated():
    assert words_of({}, {"epochs": 250, "least_steps": 0}) == ["diagnose", "images", "--dataset", "my data"]
    asked = {"epochs": 6, "least_steps": 0}
    assert words_of({}, {"epochs": 6, "least_steps": 0}, asked=asked)[4:] == ["--epochs", "6"]


@pytest.mark.parametrize(("word", "meant"), [("image", "images"), ("Speach", "speech"), ("texts", "text")])
def test_a_mistyped_task_is_not_taken_for_a_model_file(call, tmp_path, monkeypatch, word, meant):
    monkeypatch.chdir(tmp_path)
    answer = call("diagnose", word)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr == f"error: {word}: this task does not exist; did you mean {meant}?\n"
    (tmp_path / word).write_bytes(b"rubbish")
    assert call("diagnose", word).code == 5, "a file is meant if it exists"
    assert call("diagnose", f"{meant}.safetensors").code == 5
