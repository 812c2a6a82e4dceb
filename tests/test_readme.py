"""The README's commands run, in the order a newcomer meets them, on the data that is bundled."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BUNDLED = {"speech": "spoken-digits", "images": "digits"}


def commands():
    """The lines of the README's console blocks that begin with a prompt."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder with what the README talks of: trained models, a recording, pictures, class folders of words."""
    folder = tmp_path_factory.mktemp("newcomer")
    recordings = sorted((ROOT / "data/bundled/spoken-digits").glob("*/*.flac"))
    for label in ("yes", "no"):
        (folder / "words" / label).mkdir(parents=True)
    for number, path in enumerate(recordings[:40]):
        shutil.copy(path, folder / "words" / ("yes" if path.stem.startswith("0") else "no") / f"{number}.flac")
    shutil.copy(recordings[0], folder / "my-word.wav")
    shutil.copy(recordings[1], folder / "another.mp3")
    (folder / "mine.toml").write_text("hidden = [300, 100]\ndropout = 0.2\nepochs = 2\n")
    for task, name in BUNDLED.items():
        run(f".venv/bin/backprop train {task} --dataset {name} --epochs 2", folder)
    (folder / "a-folder-of-pictures").mkdir()
    shutil.copy(folder / "models/images-example.png", folder / "a-folder-of-pictures/one.png")
    return folder


def run(command, folder):
    """Run a command of the README in `folder`, with this Python in place of the environment's command."""
    command = command.replace(".venv/bin/backprop", f"{shlex.quote(sys.executable)} -m pipelines")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BACKPROP_DATA": str(folder / "store")}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done


def test_make_knows_every_target_that_the_readme_names():
    targets = set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", README, re.MULTILINE))
    assert {"train-speech", "train-images", "test"} <= targets
    for target in targets:
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [command for command in commands() if "backprop" in command])
def test_the_readmes_command_runs(command, newcomer):
    assert run(command, newcomer).stdout.strip()


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readmes_program_runs(program):
    rng = np.random.default_rng(0)
    X, y = rng.random((200, 784), np.float32), np.arange(200) % 10
    names = {"X": X, "y": y, "X_valid": X, "y_valid": y, "X_new": X, "batches": [(X, y)] * 3}
    exec(program, names)
    learned = names["network"]
    probabilities = learned.predict_proba(X) if hasattr(learned, "predict_proba") else learned.probabilities(X)
    assert probabilities.shape == (200, 10)


def test_the_files_that_the_readme_links_to_exist():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_results_in_the_readme_are_those_that_the_benchmarks_wrote():
    from benchmarks.readme_results import diagnosis, foreign_sounds, new_voices, noisy_rooms, pictures, speed, table

    assert table() in README
    assert new_voices() in README
    assert noisy_rooms() in README
    assert foreign_sounds() in README
    assert pictures() in README
    assert diagnosis() in README
    assert speed() in README
