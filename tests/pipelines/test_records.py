"""What the commands print with --json is what `pipelines.records` promises."""

import math
import types
import typing
from pathlib import Path

import pytest

from pipelines import records

WORD = Path(__file__).resolve().parents[2] / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"


def complaints(value, promised, where="record"):
    """Return what is wrong with a value of JSON, where its type is promised: list of str."""
    if promised is typing.Any:
        return _no_json(value, where)
    if typing.is_typeddict(promised):
        return _of_dict(value, promised, where)
    origin, inner = typing.get_origin(promised), typing.get_args(promised)
    if origin in (typing.Union, types.UnionType):
        return [] if any(not complaints(value, each, where) for each in inner) else [f"{where}: {value!r}"]
    if origin is typing.Literal:
        return [] if value in inner else [f"{where}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [wrong for i, each in enumerate(value) for wrong in complaints(each, inner[0], f"{where}[{i}]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        return [wrong for name, each in value.items() for wrong in complaints(each, inner[1], f"{where}.{name}")]
    if promised is float:
        right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    else:
        right = value is None if promised in (None, type(None)) else type(value) is promised
    return [] if right else [f"{where}: {value!r} is no {promised}"]


def _of_dict(value, promised, where):
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is no object"]
    hints = typing.get_type_hints(promised)
    wrong = [f"{where}: {name} is missing" for name in promised.__required_keys__ - value.keys()]
    for name in value.keys() & hints.keys():
        wrong += complaints(value[name], hints[name], f"{where}.{name}")
    return wrong + [found for name in value.keys() - hints.keys() for found in _no_json(value[name], f"{where}.{name}")]


def _no_json(value, where):
    if isinstance(value, dict):
        return [wrong for name, each in value.items() for wrong in _no_json(each, f"{where}.{name}")]
    if isinstance(value, list):
        return [wrong for i, each in enumerate(value) for wrong in _no_json(each, f"{where}[{i}]")]
    right = value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return [] if right else [f"{where}: {value!r} is no JSON"]


def find_unpromised(value, promised):
    """Return the keys that a record has and the contract does not name."""
    return sorted(value.keys() - typing.get_type_hints(promised).keys())


def test_the_check_finds_what_it_is_after():
    good = {"label": "a", "probability": 1}
    assert complaints(good, records.GuessRecord) == []
    for bad in ({"label": "a"}, *({**good, "probability": odd} for odd in (math.nan, True, None, "1"))):
        assert complaints(bad, records.GuessRecord), bad
    assert complaints({"path": "a", "top": [{}]}, records.PredictionRecord)
    assert complaints([1, "a"], list[int])
    assert complaints({"verdict": "so so"}, records.DiagnoseRecord)


@pytest.mark.parametrize("task", ["images", "speech"])
def test_train_prints_its_record_and_no_more(request, task):
    record = request.getfixturevalue(f"{task}_training").json
    assert complaints(record, records.TrainRecord) == []
    assert find_unpromised(record, records.TrainRecord) == []


def test_evaluate_prints_its_record_and_no_more(call, images_model):
    for options in ((), ("--with", images_model, "--average"), ("--split", "valid")):
        record = call("evaluate", images_model, "--json", *options).json
        assert complaints(record, records.EvaluateRecord) == []
        assert find_unpromised(record, records.EvaluateRecord) == []


def test_predict_prints_a_record_of_each_file_and_no_more(call, images_model, picture, tmp_path):
    files = [picture(tmp_path / "a.png"), tmp_path / "none.png"]
    options = ("--threshold", "1", "--show-input", tmp_path / "seen", "--json")
    for record in call("predict", images_model, *files, *options).json:
        assert complaints(record, records.PredictionRecord) == []
        assert find_unpromised(record, records.PredictionRecord) == []
    good, bad = call("predict", images_model, *files, "--json").json
    assert set(good) == {"path", "label", "probability", "top"}
    assert set(bad) == {"path", "error"}


def test_transcribe_prints_a_record_of_each_file_and_no_more(call, speech_model, tmp_path):
    good, bad = call("transcribe", speech_model, WORD, tmp_path / "none.wav", "--json").json
    assert complaints([good, bad], list[records.TranscriptRecord]) == []
    assert (set(good), set(bad)) == ({"path", "words"}, {"path", "error"})


def test_explain_info_gradcheck_and_datasets_print_their_records(call, images_model, picture, tmp_path):
    file = picture(tmp_path / "a.png")
    assert complaints(call("explain", images_model, file, "--json").json, records.ExplainRecord) == []
    described = call("info", images_model, "--verify", "--json").json
    assert complaints(described, records.InfoRecord) == []
    assert find_unpromised(described, records.InfoRecord) == []
    checked = call("gradcheck", images_model, "--json").json
    assert complaints(checked, records.GradcheckRecord) == []
    assert find_unpromised(checked, records.GradcheckRecord) == []
    assert complaints(call("datasets", "--json").json, list[records.ListingRecord]) == []


def test_crossval_prints_its_record_and_no_more(call):
    words = ("--dataset", "digits", "--folds", "2", "--hidden", "8", "--epochs", "1", "--fresh", "--jobs", "1")
    record = call("crossval", "images", *words, "--json").json
    assert complaints(record, records.CrossvalRecord) == []
    assert find_unpromised(record, records.CrossvalRecord) == []


def test_diagnose_prints_its_record(call):
    words = ("--dataset", "digits", "--hidden", "8", "--epochs", "1", "--jobs", "1")
    assert complaints(call("diagnose", "images", *words, "--json").json, records.DiagnoseRecord) == []
