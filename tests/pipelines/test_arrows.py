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


def is_module(name):
    """Whether a dotted name is a module of this repository, not something in one."""
    path = REPOSITORY.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def find_imports(tree, typing=True):
    """Return every module that a module imports, wherever in it; `from a import b` names a.b where that is one.

    `typing` tells whether imports count that only a type checker sees.
    """
    names, unseen = set(), set()
    for node in ast.walk(tree):
        if not typing and isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            unseen |= {id(inner) for inner in ast.walk(node)}
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if is_module(name) else node.module for name in inner}
    return names


CORE, PIPELINES = modules("backprop_core"), modules("pipelines")
HALL = {"pipelines", "pipelines.__main__", "pipelines.errors", "pipelines.records", "pipelines.wording"}

# From above to below: a room may know the rooms named here, and what its modules have in common with the hall.
UNDER_MODELS = {"learning", "datasets", "features", "machine"}
UNDER_VERBS = {"diagnosis", "report", "export", "models", "runs", *UNDER_MODELS}
ARROWS = {
    "cli": {"door", "lab", "verbs", *UNDER_VERBS},
    "lab": {"door", "verbs", *UNDER_VERBS},
    "door": {"verbs", *UNDER_VERBS},
    "verbs": UNDER_VERBS,
    "diagnosis": {"models", *UNDER_MODELS},
    "report": {"models", *UNDER_MODELS},
    "export": {"models", *UNDER_MODELS},
    "models": UNDER_MODELS,
    "learning": {"datasets", "features", "machine"},
    "features": {"machine"},
    "datasets": {"machine"},
    "runs": {"machine"},
    "machine": set(),
}


def room_of(name):
    """Return the folder of `pipelines` that a module is in: "verbs"; None for a module in the hall."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ARROWS else None


def arrows_of(name):
    """Return the modules of the applications that a module imports itself."""
    return {module for module in find_imports(PIPELINES[name][1]) if module in PIPELINES}


def reachable(start):
    """Return every module of the applications that a module imports, directly or not."""
    found, ahead = set(), [start]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += arrows_of(name)
    return found


def test_every_module_is_in_a_room_or_one_of_the_few_in_the_hall():
    assert {name for name in PIPELINES if room_of(name) is None} <= HALL
    assert {"pipelines.verbs.train", "pipelines.features.images.extractor"} <= PIPELINES.keys()


@pytest.mark.parametrize("name", [name for name in PIPELINES if room_of(name)])
def test_an_arrow_goes_down_only(name):
    room = room_of(name)
    rooms = {room_of(module) for module in arrows_of(name)} - {None, room}
    assert rooms <= ARROWS[room], f"{name} must not know {rooms - ARROWS[room]}"


def test_the_door_is_known_to_those_alone_who_call_it():
    assert {room for room, known in ARROWS.items() if "door" in known} == {"cli", "lab"}


@pytest.mark.parametrize("name", [name for name in PIPELINES if room_of(name)])
def test_only_the_command_line_imports_what_prints(name):
    printing = {module for module in find_imports(PIPELINES[name][1]) if module.split(".")[0] == "click"}
    allowed = room_of(name) == "cli" or name == "pipelines.door.progress"
    assert allowed or not printing, f"{name} prints; let it write to pipelines.machine.log"


@pytest.mark.parametrize("name", [name for name in PIPELINES if room_of(name) == "verbs"])
def test_no_verb_imports_a_verb(name):
    assert not {module for module in arrows_of(name) if room_of(module) == "verbs"} - {"pipelines.verbs"}


@pytest.mark.parametrize("package", [CORE, PIPELINES], ids=["core", "pipelines"])
def test_no_two_modules_import_each_other(package):
    arrows = {name: find_imports(tree, typing=False) & package.keys() - {name} for name, (_, tree) in package.items()}
    while free := [name for name, below in arrows.items() if not below & arrows.keys()]:
        for name in free:
            del arrows[name]
    assert not arrows, f"these import each other in a circle: {sorted(arrows)}"


@pytest.mark.parametrize("name", CORE)
def test_the_core_never_imports_the_applications(name):
    assert not {module for module in find_imports(CORE[name][1]) if module.split(".")[0] == "pipelines"}


def kind_of(name):
    """Return the folder of `pipelines.features` that a module is in: "speech"; None for what all kinds share."""
    parts = name.split(".")
    below = len(parts) > 2 and parts[1] == "features" and (REPOSITORY / "pipelines" / "features" / parts[2]).is_dir()
    return parts[2] if below else None


@pytest.mark.parametrize("name", [name for name in PIPELINES if room_of(name) == "features"])
def test_features_of_two_kinds_never_meet(name):
    kinds = {kind_of(module) for module in reachable(name)} - {None}
    assert kinds <= {kind_of(name)}, f"{name} knows of {kinds}"


def asks_for_the_task(node):
    """Whether a piece of code behaves differently for one task: compares with its name, or looks at its class."""
    names = ("speech", "images", "text")
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        return any(isinstance(part, ast.Constant) and part.value in names for part in operands)
    if isinstance(node, ast.MatchValue):
        return isinstance(node.value, ast.Constant) and node.value.value in names
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name in ("SPEECH", "IMAGES", "TEXT", "SpeechExtractor", "ImageExtractor", "TextExtractor")
    return False


ANY_TASK = ("verbs", "diagnosis", "report", "models", "learning", "runs", "machine")


@pytest.mark.parametrize(
    "name",
    [name for name in PIPELINES if room_of(name) in ANY_TASK and not name.startswith("pipelines.learning.tasks")],
)
def test_no_verb_asks_which_task_it_is_at(name):
    path, tree = PIPELINES[name]
    lines = [node.lineno for node in ast.walk(tree) if asks_for_the_task(node)]
    assert not lines, f"{path} asks for the task in lines {lines}"


def test_the_check_for_tasks_finds_what_it_is_after():
    for code in ('if task == "speech": pass', '"images" != t', "isinstance(e, ImageExtractor)"):
        assert any(asks_for_the_task(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("name", [*CORE, *PIPELINES])
def test_only_the_report_imports_matplotlib(name):
    tree = {**CORE, **PIPELINES}[name][1]
    assert name.startswith("pipelines.report") or not any(m.startswith("matplotlib") for m in find_imports(tree))


def find_loaded(*words, heavy=HEAVY):
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
    others = (
        "numpy",
        "scipy",
        "soundfile",
        "PIL",
        "pooch",
        "safetensors",
        "pipelines.verbs.train",
        "pipelines.models.bundle",
    )
    assert find_loaded(*words, heavy=(*HEAVY, *others)) == [0, []]


def test_predicting_a_picture_loads_nothing_heavy(images_model, picture, tmp_path):
    words = ("predict", images_model, picture(tmp_path / "a.png"))
    assert find_loaded(*words, heavy=(*HEAVY, "scipy", "soundfile", "pooch", "numpy.random", "PIL.ImageDraw")) == [
        0,
        [],
    ]


def test_explaining_a_picture_loads_nothing_heavy(images_model, picture, tmp_path):
    words = ("explain", images_model, picture(tmp_path / "a.png"))
    assert find_loaded(*words, heavy=(*HEAVY, "scipy", "soundfile", "pooch")) == [0, []]


def test_predicting_a_word_loads_neither_librosa_nor_numba(speech_model):
    word = REPOSITORY / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"
    # The latter three come by accident: a median loads masked arrays, a pool that is not needed loads its library, and
    # the name of a random generator in an annotation loads all of them.
    accidents = ("numpy.ma", "multiprocessing", "numpy.random")
    assert find_loaded("predict", speech_model, word, heavy=(*HEAVY, *accidents)) == [0, []]


@pytest.mark.parametrize("task", ["speech", "images", "text"])
def test_restoring_a_model_loads_nothing_that_training_alone_needs(task):
    program = (
        "import sys\nfrom pipelines.learning import tasks\n"
        f"tasks.find({task!r})\nprint([name for name in sys.modules if name.startswith('pipelines.features.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    training = ("augmentation", "variation", "conditions", "picture_character", "variants", "cache")
    loaded = ast.literal_eval(done.stdout)
    assert f"pipelines.features.{task}.extractor" in loaded
    assert [name for name in loaded if name.rsplit(".", 1)[1] in training] == []


def test_a_cluster_is_loaded_only_where_it_is_asked_for():
    words = ("crossval", "images", "--dataset", "digits", "--folds", "2", "--hidden", "8", "--epochs", "1", "--fresh")
    assert find_loaded(*words, "--jobs", "2", heavy=("distributed", "matplotlib")) == [0, []]
