"""The command line: exit codes, streams, help, and one line for every error raised on purpose."""

import json

import click
import pytest

from pipelines import errors
from pipelines.cli import cli
from pipelines.cli.commands import COMMANDS
from pipelines.cli.group import Commands


@pytest.mark.parametrize(
    "command", ["crossval", "explain", "gradcheck", "train", "evaluate", "predict", "record", "info", "datasets"]
)
def test_every_command_has_help_with_an_example(call, command):
    answer = call(command, "--help")
    assert answer.code == 0
    assert answer.stderr == ""
    assert f"Example: backprop {command}" in answer.stdout
    assert command in call("--help").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["trian"],
        ["train"],
        ["train", "smells"],
        ["train", "images", "--preset", "slow"],
        ["train", "images", "--epochs", "0"],
        ["train", "images", "--epochs", "many"],
        ["train", "images", "--seed", "-1"],
        ["train", "images", "--jobs", "0"],
        ["train", "images", "--hidden", "a,b"],
        ["train", "images", "--nonsense"],
        ["evaluate"],
        ["evaluate", "m", "--split", "all"],
        ["predict"],
        ["predict", "m"],
        ["record"],
        ["record", "yes", "--takes", "0"],
        ["record", "yes", "--seconds", "0"],
        ["record", "yes", "--seconds", "nan"],
        ["voices", "yes", "no", "--near", "nan"],
        ["evaluate", "m", "--stream", "--per-hour", "nan"],
        ["evaluate", "m", "--stream", "--per-hour", "inf"],
        ["listen", "m", "a.wav", "--patience", "nan"],
        ["listen", "m", "a.wav", "--refractory", "nan"],
        ["predict", "m", "a.wav", "--threshold", "nan"],
        ["record", "yes", "a/b"],
        ["record", "yes", "Yes"],
        ["record", "yes", "--speaker", ".."],
        ["info"],
        ["datasets", "fetch"],
        ["datasets", "fetch", "mnits"],
    ],
)
def test_words_that_make_no_sense_are_answered_with_2_and_nothing_on_stdout(call, words):
    answer = call(*words)
    assert answer.code == 2
    assert answer.stdout == ""
    assert "rror: " in answer.stderr


def parameters():
    """Yield each parameter that takes a word, with its command and the words that call it."""
    for name in COMMANDS:
        command = Commands().get_command(None, name)
        below = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in below:
            for param in each.params:
                if not getattr(param, "is_flag", False):
                    words = [name] if each is command else [name, each.name]
                    yield pytest.param(each, param, words, id=f"{' '.join(words)} {param.human_readable_name}")


@pytest.mark.parametrize(("command", "param", "words"), [*parameters()])
def test_no_word_may_be_empty(call, command, param, words):
    """A shell leaves an empty word where a variable is not set; it does not count as not given."""
    if param.name in command.may_be_empty:
        return
    required = [each for each in command.params if isinstance(each, click.Argument) and each.required]
    if isinstance(param, click.Option):
        given = [*("x" for _ in required), param.opts[0], ""]
    else:
        given = ["" if each is param else "x" for each in [*required, *([] if param.required else [param])]]
    answer = call(*words, *given)
    assert answer.code == 2
    assert "it is empty; give a value" in answer.stderr


@pytest.mark.parametrize("command", [["evaluate"], ["info"], ["info", "--verify"]])
@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"\xff" * 5000])
def test_a_model_file_that_is_none_is_answered_with_5_in_one_line(call, tmp_path, command, content):
    path = tmp_path / "m"
    if content is not None:
        path.write_bytes(content)
    answer = call(command[0], path, *command[1:])
    assert answer.code == 5
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"error: {path}: ")
    assert len(answer.stderr.splitlines()) == 1


def test_predict_checks_the_model_file_too(call, tmp_path, picture):
    answer = call("predict", tmp_path / "none", picture(tmp_path / "a.png"))
    assert answer.code == 5
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BackpropError("what: why; do this"), 1),
        (errors.UsageError("what: why; do this"), 2),
        (errors.InputFileError("what: why; do this"), 3),
        (errors.DataError("what: why; do this"), 4),
        (errors.ModelFileError("what: why; do this"), 5),
        (errors.QualityError("what: why; do this"), 6),
        (OSError(5, "what: why; do this"), 1),
        (OSError("what: why; do this"), 1),
        (MemoryError(), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_error_raised_on_purpose_is_one_line_and_its_exit_code(call, monkeypatch, error, code):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr("pipelines.verbs.info.info", fail)
    answer = call("info", "m")
    assert answer.code == code
    said = {MemoryError: "not enough memory", KeyboardInterrupt: "interrupted"}
    assert answer.stderr == f"error: {said.get(type(error), 'what: why; do this')}\n"
    assert answer.stdout == ""


def test_the_version_is_told_installed_or_not(call):
    answer = call("--version")
    assert answer.code == 0
    assert answer.stdout.startswith("backprop ")


def test_debug_shows_where_an_error_came_from(monkeypatch):
    def fail(*given, **named):
        raise errors.DataError("gone")

    monkeypatch.setattr("pipelines.verbs.info.info", fail)
    with pytest.raises(errors.DataError, match="gone"):
        cli(["--debug", "info", "m"], standalone_mode=False)


def test_the_data_sets_are_listed_with_task_size_state_and_licence(call, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path))
    answer = call("datasets", "--json")
    assert answer.code == 0
    listed = {entry["name"]: entry for entry in answer.json}
    assert {"mnist", "fashion-mnist", "fsdd", "cifar10", "speech-commands", "digits", "spoken-digits"} <= set(listed)
    assert listed["mnist"]["state"] == "not fetched"
    assert listed["digits"]["state"] == listed["spoken-digits"]["state"] == "bundled"
    assert all(entry["licence"] for entry in listed.values())
    text = call("datasets").stdout
    assert all(name in text for name in listed)


def test_what_is_bundled_needs_no_fetching(call):
    answer = call("datasets", "fetch", "digits", "spoken-digits")
    assert answer.code == 0
    assert "spoken-digits" in answer.stdout


def test_python_m_pipelines_is_the_same_program(start, tmp_path):
    run = start("--help", before="import runpy, sys\nrunpy.run_module('pipelines', run_name='__main__')")
    stdout, stderr = run.communicate(timeout=30)
    assert run.returncode == 0, stderr
    assert stdout.startswith("Usage: backprop ")


def test_an_error_is_one_line_in_a_process_of_its_own_too(call_process, tmp_path):
    answer = call_process("info", tmp_path / "none")
    assert answer.code == 5
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1


def test_a_training_prints_json_on_stdout_and_progress_on_stderr(call_process, tmp_path, bars, tiny):
    answer = call_process("train", "images", "--dataset", bars, "--out", tmp_path / "m", "--json", *tiny)
    assert answer.code == 0
    assert json.loads(answer.stdout)["task"] == "images"
    assert "epoch" in answer.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_of_commands_has_the_first_sentence_of_each(name):
    command = Commands().get_command(None, name)
    assert command.get_short_help_str(1000) == COMMANDS[name]


def test_the_list_of_commands_imports_none_of_them(start):
    seen = "import atexit, sys\natexit.register(lambda: print([m for m in sys.modules if '.commands.' in m]))"
    stdout, _ = start("--help", before=seen).communicate()
    assert all(name in stdout for name in COMMANDS)
    assert stdout.splitlines()[-1] == "[]"
