"""The pages that strangers read: their commands and programs run on the bundled data, their links lead somewhere, and
what is made from code or results is as it would be made now.
"""

import importlib.util
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
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md"))
    if ".venv" not in path.parts
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
MENU = ("%d", "number %d", "press %d", "%d please", "number %d please", "press %d please", "i say %d", "my %d")
BUNDLED = {"speech": "spoken-digits", "images": "digits", "text": "clinc150-part"}


def blocks(language):
    """Return the blocks of a language in all pages: list of pytest parameters (text of the block)."""
    found = []
    for page in PAGES:
        texts = re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if page.parent.name != "backprop_core":  # whose page has a test of its own
            found += [pytest.param(text, id=f"{page.relative_to(ROOT)} {k}") for k, text in enumerate(texts)]
    return found


def commands():
    """Return the lines of the console blocks that begin with a prompt, each once, in the order of the pages."""
    lines = [line for block in blocks("console") for line in block.values[0].splitlines() if line.startswith("$ ")]
    return list(dict.fromkeys(line[2:] for line in lines))


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
    menu = [f"{way % digit},{what}" for digit, what in enumerate(("agent", "balance", "payments")) for way in MENU]
    (folder / "menu.csv").write_text("\n".join(["text,label", *menu]))
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


def test_make_knows_every_target_that_the_pages_name():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"train-speech", "train-images", "test"} <= targets
    for target in targets:
        done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [command for command in commands() if "backprop" in command])
def test_a_pages_command_runs(command, newcomer):
    serves = "backprop lab" in command  # until Ctrl-C
    assert run(f"{command} --help" if serves else command, newcomer).stdout.strip()


@pytest.mark.parametrize("program", blocks("python"))
def test_a_pages_program_runs(program, newcomer, monkeypatch):
    monkeypatch.chdir(newcomer)
    rng = np.random.default_rng(0)
    X, y = rng.random((200, 784), np.float32), np.arange(200) % 10
    names = {"X": X, "y": y, "X_valid": X, "y_valid": y, "X_new": X, "batches": [(X, y)] * 3}
    exec(program.replace("epochs=60", "epochs=2"), names)
    learned = names.get("network") or names["model"]
    if hasattr(learned, "predict_proba"):
        assert learned.predict_proba(X).shape == (200, 10)
    elif "network" in names:
        assert learned.probabilities(X).shape == (200, 10)
    else:
        assert set(learned.labels) == {"yes", "no"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_that_a_page_links_to_exist(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_is_short_and_links_to_every_page():
    assert len(README.splitlines()) <= 200
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in README


def test_results_in_the_pages_are_those_that_the_benchmarks_wrote():
    from benchmarks import results_page

    assert results_page.PAGE.read_text(encoding="utf-8") == results_page.page()
    assert results_page.in_readme(README) == README
    assert results_page.accuracy_rows()[0] in README


def find_pages():
    """Return the functions that make pages, by the name of the page."""
    spec = importlib.util.spec_from_file_location("make_pages", ROOT / "docs" / "make_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAGES


@pytest.mark.parametrize(("name", "make"), find_pages().items(), ids=list(find_pages()))
def test_a_page_about_the_program_says_what_the_program_says(name, make):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == make()
