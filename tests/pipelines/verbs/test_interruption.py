"""Whatever interrupts a training, the best model so far stays, and --resume leads where it would have led."""

import json
import signal

from pipelines.models import bundle

LONG = ("--hidden", "16", "--epochs", "100000")
ALL_CHECKPOINTS = "import pipelines.learning.checkpoints\npipelines.learning.checkpoints.SECONDS = 0.0"


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
    history = bundle.load(out).provenance["history"]
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


def test_a_killed_training_resumed_ends_with_the_bytes_of_an_uninterrupted_one(start, call, tmp_path, bars, weights):
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


def test_a_committee_that_was_killed_goes_on_with_the_member_at_hand(start, call, tmp_path, bars, weights):
    settings = ("--set", "members=3", "--set", "normalization=none", "--hidden", "16", "--epochs", "40", "--out")
    words = ("train", "images", "--dataset", bars, *settings)
    run = start(*words, tmp_path / "killed", before=ALL_CHECKPOINTS)
    after_epochs(run, 50)
    run.kill()
    run.communicate()
    assert (tmp_path / "killed.checkpoint-2").exists()
    resumed = call(*words, tmp_path / "killed", "--resume", "--json")
    assert resumed.code == 0, resumed
    epochs = [line.split()[1] for line in resumed.stderr.splitlines() if line.startswith("epoch")]
    assert int(epochs[0].split("/")[0]) > 49
    assert epochs[-1] == "120/120"
    assert call(*words, tmp_path / "whole", "--json").json["epochs"] == resumed.json["epochs"] == 120
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    assert not list(tmp_path.glob("*checkpoint*"))


def test_resuming_without_a_checkpoint_is_one_clear_sentence(call, tmp_path, tiny, bars):
    answer = call("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--resume", *tiny)
    assert answer.code == 1
    last = answer.stderr.splitlines()[-1]
    assert last.startswith(f"error: {tmp_path / 'm'}.checkpoint: this checkpoint file does not exist")
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
