"""Training in the lab: it is train's own, it can be paused and stopped, and whoever looks sees the same."""

import time
from dataclasses import replace

import pytest

from backprop_core.step import Step
from pipelines.diagnosis.demonstrations.underfit import UNDERFIT
from pipelines.models import bundle
from pipelines.verbs.demonstrate import DEMONSTRATIONS
from tests.pipelines.lab.conftest import TOKEN, wait_until

SMALL = {"task": "images", "dataset": "digits", "changes": {"hidden": [16], "epochs": 6}, "rows": 300}


def state(client):
    return client.good(client.get("training"))["training"]


def over(client):
    found = state(client)
    return found if found["state"] not in ("getting ready", "training", "paused", "stopping") else None


def test_a_training_is_that_of_train(client, call, tmp_path, weights):
    client.good(client.post("train", SMALL))
    done = wait_until(lambda: over(client))
    assert done["state"] == "done", done
    out = tmp_path / "same.safetensors"
    words = ("--dataset", "digits", "--hidden", "16", "--epochs", "6", "--rows", 300, "--out", out, "--json")
    told = call("train", "images", *words).json
    left_out = ("model", "seconds")
    assert {k: v for k, v in done["record"].items() if k not in left_out} == {
        k: v for k, v in told.items() if k not in left_out
    }
    assert weights(done["out"]) == weights(out)
    assert [entry["valid"] for entry in done["entries"]] == [e["valid"] for e in bundle.load(out).provenance["history"]]
    assert done["weights"]["shape"] == [8, 8, 1]
    assert done["weights"]["units"] == 16
    assert [finding["name"] for finding in done["findings"]][1:3] == ["vanishing gradients", "exploding gradients"]


def test_it_can_be_paused_resumed_and_stopped_and_keeps_the_best(client):
    client.good(client.post("train", {**SMALL, "changes": {"hidden": [16], "epochs": 5000}}))
    wait_until(lambda: state(client)["entries"])
    client.good(client.post("train/pause"))
    wait_until(lambda: state(client)["state"] == "paused")
    paused = wait_until(lambda: _still(client))
    client.good(client.post("train/resume"))
    wait_until(lambda: len(state(client)["entries"]) > paused)
    assert client.post("train", SMALL)[0] == 409, "one at a time"
    assert client.post("fail", {"name": "overfit"})[0] == 409
    client.good(client.post("train/stop"))
    done = wait_until(lambda: over(client))
    assert (done["state"], done["record"]["stopped"]) == ("done", "interrupted")
    bundle.load(done["out"])


def test_pause_and_stop_do_not_wait_for_the_end_of_an_epoch(client, monkeypatch):
    taken = []
    plain = Step.__call__

    def slow(self, *arguments):
        taken.append(1)
        time.sleep(0.04)  # an epoch has 75 steps or so, and takes longer than what is waited for below
        return plain(self, *arguments)

    monkeypatch.setattr(Step, "__call__", slow)
    client.good(client.post("train", {**SMALL, "changes": {"hidden": [16], "epochs": 5000, "batch_size": 4}}))
    wait_until(lambda: state(client)["entries"])
    client.good(client.post("train/pause"))
    time.sleep(0.5)
    before = len(taken)
    time.sleep(1)
    assert len(taken) == before
    client.good(client.post("train/stop"))
    assert wait_until(lambda: over(client))["record"]["stopped"] == "interrupted"
    assert len(taken) == before


def _still(client):
    """Return how many epochs are over where that did not change for a while; else 0."""
    before = len(state(client)["entries"])
    time.sleep(0.3)
    return before if len(state(client)["entries"]) == before else 0


def test_two_listeners_and_one_who_comes_late_hear_the_same(client):
    client.good(client.post("train", SMALL))
    with _listening(client) as first, _listening(client) as second:
        heard = [_entries(first), _entries(second)]
    with _listening(client) as late:
        heard.append(_entries(late))
    assert heard[0] == heard[1] == heard[2]
    assert [entry["epoch"] for entry in heard[0]] == [1, 2, 3, 4, 5, 6]


def _listening(client):
    return client.http.websocket_connect(f"/{TOKEN}/live", headers={"host": "127.0.0.1"})


def _entries(socket):
    entries = []
    while True:
        training = socket.receive_json()["training"]
        entries[training["since"] :] = training["entries"]
        if training["state"] == "done":
            return entries


def test_models_never_take_each_others_place(client):
    outs = []
    for _ in range(2):
        client.good(client.post("train", {**SMALL, "name": "../my model", "changes": {"hidden": [4], "epochs": 1}}))
        outs.append(wait_until(lambda: over(client))["out"])
    assert [out.rpartition("/")[2] for out in outs] == ["my-model.safetensors", "my-model-2.safetensors"]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"task": "smells"}, "smells"),
        ({"preset": "slow"}, "slow"),
        ({"rows": 0}, "rows"),
        ({"rows": "many"}, "rows"),
        ({"seed": -1}, "seed"),
        ({"dataset": 3}, "dataset"),
        ({"changes": {"depth": 3}}, "depth"),
        ({"changes": {"learning_rate": -1}}, "learning_rate"),
        ({"lesson": "../../etc"}, "lesson"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_begins(client, asked, word):
    status, error = client.post("train", {**SMALL, **asked})
    assert status in (400, 404)
    assert word in error["error"]
    assert client.lab.workshop.course is None


def test_a_data_set_that_is_not_there_and_one_that_diverges_are_told(client):
    client.good(client.post("train", {**SMALL, "dataset": "none-such"}))
    failed = wait_until(lambda: over(client))
    assert failed["state"] == "failed"
    assert "none-such" in failed["error"]
    wild = {"hidden": [64, 64], "epochs": 20, "learning_rate": 100.0, "optimizer": "sgd", "clip_norm": 0.0}
    wild |= {"normalization": "none", "activation": "relu", "average": 0.0, "schedule": "constant"}
    client.good(client.post("train", {**SMALL, "changes": wild}))
    diverged = wait_until(lambda: over(client))
    assert diverged["state"] == "diverged"
    assert diverged["findings"][0]["name"] == "diverged"


@pytest.mark.parametrize("body", [b"[]", b"{", b"nul", b"[" * 100_000, b'{"dataset": "\\ud83d"}'])
def test_what_is_no_object_is_refused(client, body):
    assert client.post("train", body)[0] == 400


def test_a_failure_on_purpose_is_that_of_demonstrate(client, monkeypatch):
    short = replace(UNDERFIT, recipe=UNDERFIT.recipe.replace({"epochs": 2}), trials=UNDERFIT.trials[:2])
    monkeypatch.setitem(DEMONSTRATIONS, "underfit", short)
    started = client.good(client.post("fail", {"name": "underfit", "dataset": "digits"}))
    assert started["total"] == 2
    done = wait_until(lambda: _fail(client))
    assert done["state"] == "done"
    assert done["trials"] == done["record"]["trials"]
    assert [len(trial["history"]) for trial in done["trials"]] == [trial["epochs"] for trial in done["trials"]]
    assert client.post("fail", {"name": "sabotage"})[0] == 404


def test_a_failure_on_purpose_stops_in_the_middle_of_a_trial(client, monkeypatch):
    endless = replace(UNDERFIT, recipe=UNDERFIT.recipe.replace({"epochs": 10**6}), trials=UNDERFIT.trials[:1])
    monkeypatch.setitem(DEMONSTRATIONS, "underfit", endless)
    client.good(client.post("fail", {"name": "underfit", "dataset": "digits"}))
    client.good(client.post("fail", {"stop": True}))
    stopped = wait_until(lambda: _fail(client))
    assert (stopped["state"], stopped["trials"]) == ("stopped", [])


def _fail(client):
    found = client.good(client.get("failure"))["failure"]
    return found if found["state"] not in ("training", "stopping") else None
