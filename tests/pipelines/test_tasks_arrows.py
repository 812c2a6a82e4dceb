"""The arrows of the design: who may import whom, who may know which task is at work, and what may be loaded when."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("librosa", "numba", "sklearn", "matplotlib")


def modules(package):
    """Return the modules below a package: dict of dotted name to (path, syntax tree)."""
    found = {}
    for path in sorted((REPOSITORY / package).rglob("*.py")):
        name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        found[name] = (path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def imported(tree):
    """Return every name that a module imports, wherever in it: `from a import b` gives a and a.b."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


CORE, PIPELINES = modules("backprop_core"), modules("pipelines")


def reachable(start):
    """Return every module of the applications that a module imports, directly or not."""
    found, ahead = set(), [start]
    while ahead:
        name = ahead.pop()
        if name in PIPELINES and name not in found:
            found.add(name)
            ahead += imported(PIPELINES[name][1])
    return found


def test_the_rooms_are_there():
    assert {"backprop_core.network", "backprop_core.training"} <= CORE.keys()
    assert {"pipelines.train", "pipelines.predict", "pipelines.features.image"} <= PIPELINES.keys()


@pytest.mark.parametrize("name", CORE)
def test_the_core_never_imports_the_applications(name):
    assert not {module for module in imported(CORE[name][1]) if module.split(".")[0] == "pipelines"}


SPEECH = ("pipelines.features.speech", "pipelines.features.audio_file", "pipelines.features.mfcc")
IMAGES = tuple(f"pipelines.features.{name}" for name in ("image", "image_file", "strokes", "stroke_framing"))


@pytest.mark.parametrize(("room", "other"), [(SPEECH, IMAGES), (IMAGES, SPEECH)])
def test_speech_and_images_never_import_each_other(room, other):
    for name in room:
        assert name in PIPELINES
        assert not reachable(name) & set(other)


def asks_for_the_task(node):
    """Whether a piece of code behaves differently for one task: compares with its name, or looks at its class."""
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        return any(isinstance(part, ast.Constant) and part.value in ("speech", "images") for part in operands)
    if isinstance(node, ast.MatchValue):
        return isinstance(node.value, ast.Constant) and node.value.value in ("speech", "images")
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name in ("SPEECH", "IMAGES", "SpeechExtractor", "ImageExtractor")
    return False


@pytest.mark.parametrize("name", [name for name in PIPELINES if name.count(".") == 1 and name != "pipelines.tasks"])
def test_no_verb_asks_which_task_it_is_at(name):
    path, tree = PIPELINES[name]
    lines = [node.lineno for node in ast.walk(tree) if asks_for_the_task(node)]
    assert not lines, f"{path} asks for the task in lines {lines}"


def test_the_check_for_tasks_finds_what_it_is_after():
    for code in ('if task == "speech": pass', '"images" != t', "isinstance(e, ImageExtractor)"):
        assert any(asks_for_the_task(node) for node in ast.walk(ast.parse(code)))


PRINTERS = (
    "pipelines.cli",
    "pipelines.printing",
    "pipelines.printing_demonstration",
    "pipelines.printing_diagnosis",
    "pipelines.printing_trace",
    "pipelines.__main__",
)


@pytest.mark.parametrize("name", [name for name in PIPELINES if name not in PRINTERS])
def test_only_the_command_line_imports_what_prints(name):
    assert not imported(PIPELINES[name][1]) & set(PRINTERS)


@pytest.mark.parametrize("room", ["datasets", "features"])
def test_data_sets_and_features_know_nothing_of_models(room):
    above = {"pipelines.bundle", "pipelines.tasks", "pipelines.train", "pipelines.predict", "pipelines.evaluate"}
    for name in PIPELINES:
        if name.startswith(f"pipelines.{room}"):
            assert not reachable(name) & above


@pytest.mark.parametrize("name", [*CORE, *PIPELINES])
def test_only_the_report_imports_matplotlib(name):
    tree = {**CORE, **PIPELINES}[name][1]
    assert name.startswith("pipelines.report") or not any(m.startswith("matplotlib") for m in imported(tree))


def loaded_by(*words, heavy=HEAVY):
    """Run the command line in a process of its own; return its exit code and which heavy packages it loaded."""
    program = (
        "import json, sys\nfrom pipelines.cli import cli\n"
        f"try:\n    cli({[str(word) for word in words]!r}, prog_name='backprop')\n"
        "except SystemExit as end:\n    code = end.code\n"
        f"print(json.dumps([code, sorted(set({list(heavy)!r}) & set(sys.modules))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["predict", "--help"], ["explain", "--help"]])
def test_help_loads_nothing_heavy_nor_any_verb(words):
    others = ("numpy", "scipy", "soundfile", "PIL", "pooch", "safetensors", "pipelines.train", "pipelines.bundle")
    assert loaded_by(*words, heavy=(*HEAVY, *others)) == [0, []]


def test_predicting_a_picture_loads_nothing_heavy(images_model, picture, tmp_path):
    words = ("predict", images_model, picture(tmp_path / "a.png"))
    assert loaded_by(*words, heavy=(*HEAVY, "scipy", "soundfile", "pooch")) == [0, []]


def test_explaining_a_picture_loads_nothing_heavy(images_model, picture, tmp_path):
    words = ("explain", images_model, picture(tmp_path / "a.png"))
    assert loaded_by(*words, heavy=(*HEAVY, "scipy", "soundfile", "pooch")) == [0, []]


def test_predicting_a_word_loads_neither_librosa_nor_numba(speech_model):
    word = REPOSITORY / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"
    assert loaded_by("predict", speech_model, word) == [0, []]


def test_a_cluster_is_loaded_only_where_it_is_asked_for():
    words = ("crossval", "images", "--dataset", "digits", "--folds", "2", "--hidden", "8", "--epochs", "1", "--fresh")
    assert loaded_by(*words, "--jobs", "2", heavy=("distributed", "matplotlib")) == [0, []]
