"""The door: what the command line does, a Python program does in a few lines, quietly and with the same sentences."""

import asyncio
import json
import logging
import pickle
import subprocess
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pipelines
from pipelines import BackpropError, Model, datasets, load, train
from pipelines.door.progress import telling
from pipelines.errors import UsageError

WORD = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"
SMALL = {"hidden": [16], "epochs": 2}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Paths of some of the small digits, as pictures."""
    folder, items = tmp_path_factory.mktemp("pictures"), datasets.load("digits", "images").items[:60]
    for i, pixels in enumerate(items):
        Image.fromarray(pixels).save(folder / f"{i:02d}.png")
    return sorted(folder.iterdir())


def test_five_lines_train_measure_ask_keep_and_explain(tmp_path, pictures, capfd):
    model = train("images", "digits", out=tmp_path / "m.safetensors", **SMALL)
    assert 0 <= model.evaluate().accuracy <= 1
    answers = list(model.predict([*pictures[:2], tmp_path / "none.png"]))
    assert [answer.error is None for answer in answers] == [True, True, False]
    assert answers[0].path == str(pictures[0])
    assert answers[0].label in model.labels
    again = load(tmp_path / "m.safetensors")
    assert list(again.predict(pictures)) == list(model.predict(pictures))
    assert again.explain(pictures[0], label="7")["label"] == "7"
    assert again.history == model.history
    assert again.recipe["hidden"] == [16]
    assert capfd.readouterr() == ("", "")


def as_json(record):
    """Return a record as a program reads it that has its JSON."""
    return json.loads(json.dumps(record, allow_nan=False))


def test_the_command_line_and_the_door_give_the_same_records(call, tmp_path, pictures, images_model):
    model = load(images_model)
    printed = call("predict", images_model, *pictures[:5], tmp_path / "none.png", "--json").json
    assert [answer.record() for answer in model.predict([*pictures[:5], tmp_path / "none.png"])] == printed
    assert as_json(model.evaluate().record()) == call("evaluate", images_model, "--json").json
    assert as_json(model.explain(pictures[0])) == call("explain", images_model, pictures[0], "--json").json
    assert as_json(model.info()) == call("info", images_model, "--json").json
    words = ("--dataset", "digits", "--hidden", "16", "--epochs", 2, "--out", tmp_path / "a", "--json")
    one = call("train", "images", *words).json
    other = as_json(train("images", "digits", out=tmp_path / "b", **SMALL).training.record())
    for record in (one, other):
        del record["model"], record["seconds"]
    assert one == other


def test_a_recording_is_transcribed_alone_or_with_others(speech_model, tmp_path):
    model = load(speech_model)
    (word,) = model.transcribe(WORD).words
    assert word.start < word.end
    good, bad = model.transcribe([WORD, tmp_path / "none.wav"])
    assert good == model.transcribe(WORD)
    assert (bad.words, bad.error.startswith(str(tmp_path))) == ((), True)
    with pytest.raises(BackpropError, match="file does not exist"):
        model.transcribe(tmp_path / "none.wav")
    with pytest.raises(BackpropError, match="is a folder"):
        model.transcribe(tmp_path)


def test_models_that_answer_together_are_a_model(images_model, pictures):
    together = load(images_model, images_model, average=True)
    assert isinstance(together, Model)
    assert together.evaluate().record()["with"] == [str(images_model)]
    assert next(together.predict(pictures)).label in together.labels
    with pytest.raises(BackpropError, match="give one"):
        together.explain(pictures[0])


def test_a_model_needs_its_file_no_more_once_it_is_loaded(tmp_path, pictures):
    train("images", "digits", out=tmp_path / "m", **SMALL)
    model = load(tmp_path / "m")
    before = list(model.predict(pictures))
    (tmp_path / "m").unlink()
    assert list(model.predict(pictures)) == before
    model.save(tmp_path / "n")
    assert model.path == str(tmp_path / "n")
    assert list(load(tmp_path / "n").predict(pictures)) == before


def test_a_model_in_memory_does_all_that_one_in_a_file_does(pictures):
    model = train("images", "digits", **SMALL)
    assert model.path is None
    assert model.training.record()["model"] is None
    assert model.info(verify=True)["golden_error"] < 1e-6
    assert model.evaluate().record()["model"] is None
    assert model.explain(pictures[0])["label"] in model.labels
    assert pickle.loads(pickle.dumps(model.answering)).probabilities(model.answering.golden_row).shape == (1, 10)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda model: train(3), "not an int"),
        (lambda model: train("speach"), "did you mean speech?"),
        (lambda model: train("images", {}), "not a dict"),
        (lambda model: train("images", ["digits", 3]), "not an int"),
        (lambda model: train("images", "digits", droput=0.3), "did you mean dropout?"),
        (lambda model: train("images", "digits", progres=True), "did you mean progress?"),
        (lambda model: train("images", "digits", preset="bset"), "did you mean best?"),
        (lambda model: train("images", "digits", preset=None), "not None"),
        (lambda model: train("images", "digits", hidden=3), "hidden is 3"),
        (lambda model: train("images", "digits", epochs="many"), "epochs is 'many'"),
        (lambda model: train("images", "digits", seed=-1), "seed is -1"),
        (lambda model: train("images", "digits", jobs=0), "jobs is 0"),
        (lambda model: train("images", "digits", out=3), "not an int"),
        (lambda model: train("images", "digits", config=3), "not an int"),
        (lambda model: train("images", "digits", resume=True), "beside the model file"),
        (lambda model: load(None), "not None"),
        (lambda model: load("none.safetensors"), "model file does not exist"),
        (lambda model: model.predict(None), "not None"),
        (lambda model: model.predict({}), "not a dict"),
        (lambda model: model.predict([1]), "not an int"),
        (lambda model: model.predict("a.png", top=0), "top is 0"),
        (lambda model: model.predict("a.png", threshold=float("nan")), "threshold is nan"),
        (lambda model: model.predict("a.png", threshold=10**400), "threshold is 1000"),
        (lambda model: model.predict("a.png", jobs="x"), "jobs is 'x'"),
        (lambda model: model.predict("a.png", jobs=0), "jobs is 0"),
        (lambda model: model.predict("a.png", explain=3), "explain is 3"),
        (lambda model: model.predict("a.png", show_input=3), "show_input is 3"),
        (lambda model: model.predict("a.png", encoding=3), "encoding is 3"),
        (lambda model: model.predict("a.png", column=3), "column is 3"),
        (lambda model: model.predict(texts=[3]), "not an int"),
        (lambda model: model.predict(texts=None), "not None"),
        (lambda model: model.predict(texts=b"x"), "not a bytes"),
        (lambda model: model.evaluate(3), "not an int"),
        (lambda model: model.evaluate(split="tset"), "did you mean test?"),
        (lambda model: model.evaluate(jobs=-1), "jobs is -1"),
        (lambda model: model.evaluate(jobs=1.5), "jobs is 1.5"),
        (lambda model: model.explain(["a.png", "b.png"]), "name one of them"),
        (lambda model: model.explain("a.png", label="x"), "its labels are"),
        (lambda model: model.explain(WORD.with_name("none.png"), layers="0"), "layers is '0'"),
        (lambda model: model.explain(WORD.with_name("none.png"), layers=3), "layers is 3"),
        (lambda model: model.explain(WORD.with_name("none.png"), at=3), "at is 3"),
        (lambda model: model.explain(WORD.with_name("none.png"), at=None), "at is None"),
        (lambda model: model.explain(WORD.with_name("none.png"), at="0:1"), "at is '0:1'"),
        (lambda model: model.explain(WORD.with_name("none.png"), steps=10_001), "from 0 to 10000"),
        (lambda model: model.transcribe("a.wav", words=201), "from 1 to 200"),
        (lambda model: model.transcribe("a.wav", grammar=3), "grammar is 3"),
        (lambda model: model.export("onnx", 3), "out is 3"),
        (lambda model: model.export("c", budget="256kB"), "budget is '256kB'"),
        (lambda model: model.export(["c"]), "this form does not exist"),
        (lambda model: datasets.fetch(["digits"]), "not a list"),
        (lambda model: datasets.load(3, "images"), "not an int"),
        (lambda model: model.transcribe("a.wav"), "give a model of drawings"),
        (lambda model: model.save(None), "not None"),
        (lambda model: pipelines.crossval("images", "digits", group="x"), "group is 'x'"),
        (lambda model: pipelines.crossval("images", "digits", folds=1), "folds is 1"),
        (lambda model: pipelines.diagnose(model, epochs=3), "has its own recipe"),
        (lambda model: pipelines.diagnose(None), "not None"),
    ],
)
def test_what_is_wrong_is_said_at_the_call_in_one_sentence(images_model, wrong, said):
    with pytest.raises(BackpropError, match=said.replace("?", r"\?")) as refusal:
        wrong(load(images_model))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("rate", ["x", 10**400, 0, float("inf"), True])
def test_a_rate_that_is_none_is_said_in_one_sentence(images_model, pictures, rate):
    with pytest.raises(UsageError, match=r"--learning-rate .*: give a finite number above 0"):
        load(images_model).explain(pictures[0], learning_rate=rate)


def test_numbers_of_numpy_are_taken_and_give_the_record_of_plain_numbers(pictures):
    model = train("images", "digits", hidden=np.array([8]), epochs=np.int64(1), seed=np.int64(2), rows=np.int64(100))
    plain = train("images", "digits", hidden=[8], epochs=1, seed=2, rows=100)
    assert as_json(model.training.record())["seed"] == 2
    assert model.scores == plain.scores
    assert as_json(
        model.explain(pictures[0], learning_rate=np.float32(0.25), top=np.int64(2), layers=np.array([0]))
    ) == (as_json(plain.explain(pictures[0], learning_rate=0.25, top=2, layers=[0])))
    (answer,) = model.predict(pictures[0], top=np.int64(1), threshold=np.float32(1), jobs=np.int64(1))
    assert as_json(answer.record())["unknown"]


def test_eight_threads_get_bit_for_bit_what_one_gets(images_model, speech_model, pictures):
    rows = np.random.default_rng(0).integers(0, 256, (700, 64), dtype=np.uint8)
    models = [load(images_model), load(images_model, images_model, average=True)]
    asked = [lambda model=model: list(model.predict(pictures, jobs=1)) for model in models]
    asked += [lambda model=model: model.probabilities(rows).tobytes() for model in models]
    asked += [lambda: list(load(speech_model).transcribe([WORD] * 3))]
    expected, barrier = [ask() for ask in asked], threading.Barrier(8)

    def together(_):
        barrier.wait()
        return [[ask() for ask in asked] for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(together, range(8)):
            assert found == [expected] * 4


def test_a_training_runs_in_a_thread_and_inside_an_event_loop():
    expected = train("images", "digits", **SMALL).scores

    async def program():
        return train("images", "digits", **SMALL).scores, await asyncio.to_thread(
            lambda: train("images", "digits", **SMALL).scores
        )

    assert asyncio.run(program()) == (expected, expected)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_a_training_runs_in_a_worker_of_joblib(backend):
    program = (
        "import joblib, pipelines\n"
        "def work(seed):\n"
        "    return pipelines.train('images', 'digits', hidden=[8], epochs=1, seed=seed).scores['valid']\n"
        "if __name__ == '__main__':\n"
        f"    pool = joblib.Parallel(2, backend={backend!r})\n"
        "    print(*pool(joblib.delayed(work)(seed) for seed in (0, 0)), sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    one, other = done.stdout.splitlines()
    assert one == other


def test_two_processes_that_save_to_one_name_leave_a_whole_model(tmp_path, pictures):
    program = (
        "import pipelines, sys\n"
        "out, seed = sys.argv[1:]\n"
        "pipelines.train('images', 'digits', out=out, hidden=[8], epochs=1, seed=int(seed))\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path / "m", str(seed)], stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    for run in runs:
        _, said = run.communicate(timeout=100)
        assert (run.returncode, said) == (0, b"")
    assert load(tmp_path / "m").info(verify=True)["provenance"]["seed"] in (1, 2)


def test_the_log_is_silent_unless_somebody_listens(caplog, capfd):
    from pipelines.machine.log import log

    log.warning("a warning")
    assert capfd.readouterr() == ("", "")
    assert [(record.name, record.levelno) for record in caplog.records] == [("backprop", logging.WARNING)]


def test_progress_is_told_on_standard_error_if_it_is_asked_for(capsys):
    train("images", "digits", progress=True, **SMALL)
    told = capsys.readouterr()
    assert told.out == ""
    assert [line[:9] for line in told.err.splitlines() if line.startswith("epoch")] == ["epoch   1", "epoch   2"]


def test_the_package_shows_what_it_has():
    assert set(pipelines.__all__) <= set(dir(pipelines))
    assert all(getattr(pipelines, name) is not None for name in pipelines.__all__)
    assert pipelines.__version__[0].isdigit()
    assert "train" in pipelines.__doc__
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = pipelines.trian


def test_importing_the_package_loads_no_room():
    program = "import sys, pipelines; print(sorted(name for name in sys.modules if name.startswith('pipelines.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_in_a_notebook_progress_is_a_bar_and_strangers_text_is_escaped(monkeypatch, capfd):
    """The package IPython need not be there: a stand-in does what a notebook's does."""
    shown = []

    class Handle:
        update = shown.append

    display = types.ModuleType("IPython.display")
    display.HTML, display.display = str, lambda text, display_id: Handle
    shell = types.ModuleType("IPython")
    shell.display, shell.get_ipython = display, lambda: types.SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    train("images", "digits", progress=True, **SMALL)
    assert '<progress value="2" max="2">' in shown[-1]
    with telling(True) as told:
        told.note("<script>")
    assert "&lt;script&gt;" in shown[-1]
    assert capfd.readouterr() == ("", "")
