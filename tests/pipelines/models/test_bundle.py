"""A model file gives back what was put in, and one that is not whole is refused in one line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from pipelines.errors import ModelFileError
from pipelines.models import bundle


def rows_for(model, n=5):
    """Return rows as the extractor stores them, uint8 or float32."""
    rows = np.random.default_rng(0).integers(0, 255, (n, model.extractor.n_stored))
    return rows.astype(model.extractor.stored_dtype)


def open_parts(path):
    """Return header and tensors of a model file."""
    with safe_open(path, "numpy") as file:
        return json.loads(file.metadata()["backprop"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict


def write(path, header, tensors, sealed=False):
    """Write a model file from parts; `sealed` computes its digest anew."""
    if sealed:
        header = {key: value for key, value in header.items() if key != "digest"}
        header["digest"] = bundle._digest(tensors, header)
    save_file(tensors, path, metadata={"backprop": json.dumps(header)})
    return path


def refusal(path):
    """Return the one line with which a file is refused."""
    with pytest.raises(ModelFileError) as error:
        bundle.load(path)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert ";" in message, "it says what to do"
    return message


@pytest.mark.parametrize("task", ["images", "speech"])
def test_a_model_that_was_saved_and_loaded_is_the_same_to_the_last_bit(task, request, tmp_path):
    model = bundle.load(request.getfixturevalue(f"{task}_model"))
    model.save(tmp_path / "again")
    again = bundle.load(tmp_path / "again")
    rows = rows_for(model)
    np.testing.assert_array_equal(again.probabilities(rows), model.probabilities(rows))
    assert again.temperature == model.temperature
    assert again.labels == model.labels
    assert again.provenance == model.provenance
    assert again.extractor.settings() == model.extractor.settings()
    for name, matrix in model.extractor.matrices().items():
        np.testing.assert_array_equal(again.extractor.matrices()[name], matrix)


def test_saving_twice_gives_the_same_bytes(images_model, tmp_path):
    model = bundle.load(images_model)
    model.save(tmp_path / "a")
    model.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == images_model.read_bytes()


@pytest.mark.parametrize("task", ["images", "speech"])
def test_the_golden_sample_is_reproduced(task, request):
    assert bundle.load(request.getfixturevalue(f"{task}_model")).golden_error() <= 1e-6


def test_rows_are_classified_alike_alone_and_in_any_chunk(images_model):
    model = bundle.load(images_model)
    rows = rows_for(model, 40)
    together = model.probabilities(rows)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(model.probabilities(rows, chunk=7), together, atol=1e-6)
    np.testing.assert_allclose(
        np.concatenate([model.probabilities(row[np.newaxis]) for row in rows]), together, atol=1e-6
    )
    assert model.probabilities(rows[:0]).shape == (0, len(model.labels))


def test_a_file_from_before_there_was_a_temperature_has_temperature_one(images_model, tmp_path):
    header, tensors = open_parts(images_model)
    assert header.pop("temperature") != 1
    model = bundle.load(write(tmp_path / "older", header, tensors, sealed=True))
    assert model.temperature == 1
    X = model.standardizer.transform(model.extractor.to_features(rows_for(model)))
    np.testing.assert_array_equal(model.probabilities(rows_for(model)), model.network.probabilities(X))


def test_a_file_from_before_there_was_an_average_sample_takes_what_is_subtracted_for_it(images_model, tmp_path):
    header, tensors = open_parts(images_model)
    means = tensors.pop("scaling.feature_means")
    assert np.ptp(means) > 0
    model = bundle.load(write(tmp_path / "older", header, tensors, sealed=True))
    np.testing.assert_array_equal(model.standardizer.feature_means, model.standardizer.mean)


@pytest.mark.parametrize("part", [0, 1, 7, 8, 9, 100, 0.25, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(images_model, tmp_path, part):
    content = images_model.read_bytes()
    (tmp_path / "cut").write_bytes(content[: part if isinstance(part, int) else int(part * len(content))])
    assert "truncated" in refusal(tmp_path / "cut")


def test_a_file_with_something_behind_it_is_refused(images_model, tmp_path):
    (tmp_path / "long").write_bytes(images_model.read_bytes() + b"\0")
    refusal(tmp_path / "long")


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=400))
def test_random_bytes_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "random"
    path.write_bytes(content)
    refusal(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_file_with_one_byte_edited_is_refused_or_means_the_same(images_model, tmp_path_factory, data):
    content = bytearray(images_model.read_bytes())
    header_length = int.from_bytes(content[:8], "little")
    position = data.draw(st.integers(0, 8 + header_length) | st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "edited"
    path.write_bytes(content)
    try:
        model = bundle.load(path)
    except ModelFileError:
        return
    whole = bundle.load(images_model)
    assert (model.labels, model.provenance) == (whole.labels, whole.provenance)
    np.testing.assert_array_equal(model.network.params.flat, whole.network.params.flat)


TENSORS = ["params", "scaling.mean", "scaling.scale", "scaling.feature_means", "golden.row", "golden.probabilities"]


@pytest.mark.parametrize("name", TENSORS)
def test_one_number_changed_in_any_tensor_is_noticed(images_model, tmp_path, name):
    header, tensors = open_parts(images_model)
    changed = tensors[name].copy()
    changed.flat[0] += 1
    assert "was changed or damaged" in refusal(write(tmp_path / "edited", header, {**tensors, name: changed}))


@pytest.mark.parametrize("key", ["task", "labels", "extractor", "network", "provenance", "digest"])
def test_a_header_that_was_edited_is_noticed(images_model, tmp_path, key):
    header, tensors = open_parts(images_model)
    without = {name: value for name, value in header.items() if name != key}
    assert "was changed or damaged" in refusal(write(tmp_path / "without", without, tensors))
    assert "was changed or damaged" in refusal(write(tmp_path / "other", {**header, key: "other"}, tensors))


def test_labels_that_changed_places_are_noticed(images_model, tmp_path):
    header, tensors = open_parts(images_model)
    swapped = {**header, "labels": header["labels"][::-1]}
    assert "was changed or damaged" in refusal(write(tmp_path / "swapped", swapped, tensors))


@pytest.mark.parametrize("number", [2, 99, "1.5", None])
def test_another_format_is_refused_with_both_numbers(images_model, tmp_path, number):
    header, tensors = open_parts(images_model)
    message = refusal(write(tmp_path / "newer", {**header, "format": number}, tensors, sealed=True))
    assert f"format {number}" in message
    assert "reads 1" in message
    assert "upgrade" in message


@pytest.mark.parametrize(
    "change",
    [
        {"task": "smells"},
        {"task": ["images"]},
        {"task": "speech"},
        {"labels": ["0", "1"]},
        {"labels": 10},
        {"extractor": {}},
        {"extractor": {"version": 999, "width": 8, "height": 8, "channels": "grey"}},
        {"extractor": {"version": 1, "width": -8, "height": 8, "channels": "grey"}},
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": 1e999},
        {"temperature": "warm"},
        {"network": []},
        {"network": "dense"},
        {"network": [{"kind": "dance"}]},
        {"network": [{"kind": "dense", "fan_in": 3, "fan_out": 10}]},
        {"network": [{"kind": "dense", "fan_in": 64, "fan_out": 2**36}]},
    ],
)
def test_a_sealed_header_that_makes_no_sense_is_refused(images_model, tmp_path, change):
    header, tensors = open_parts(images_model)
    refusal(write(tmp_path / "odd", {**header, **change}, tensors, sealed=True))


@pytest.mark.parametrize("name", ["params", "scaling.mean", "golden.row"])
def test_a_sealed_file_without_a_tensor_is_refused(images_model, tmp_path, name):
    header, tensors = open_parts(images_model)
    refusal(write(tmp_path / "less", header, {k: v for k, v in tensors.items() if k != name}, sealed=True))


def test_a_sealed_file_with_a_tensor_of_another_shape_is_refused(images_model, tmp_path):
    header, tensors = open_parts(images_model)
    for name in ("params", "scaling.mean", "scaling.scale", "scaling.feature_means", "golden.row"):
        shorter = np.ascontiguousarray(tensors[name][..., :-1])
        refusal(write(tmp_path / name, header, {**tensors, name: shorter}, sealed=True))


@pytest.mark.parametrize("text", ["[1]", "1", "null", '"text"', "{", "[" * 100_000])
def test_a_header_that_is_no_table_is_refused(images_model, tmp_path, text):
    _, tensors = open_parts(images_model)
    save_file(tensors, tmp_path / "odd", metadata={"backprop": text})
    refusal(tmp_path / "odd")


def test_another_programs_tensors_are_refused(tmp_path):
    for number, metadata in enumerate((None, {"format": "pt"})):
        save_file({"weight": np.zeros(3, np.float32)}, tmp_path / str(number), metadata=metadata)
        assert "not a backprop model file" in refusal(tmp_path / str(number))


def test_what_is_no_file_is_refused(tmp_path):
    assert "model file does not exist" in refusal(tmp_path / "none")
    assert "model file does not exist" in refusal(tmp_path / ("x" * 300))
    assert "folder" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 1319288\n", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n", "web page"),
        (b"", "empty"),
        (bytes(5000), "zeros"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "name the model first"),
    ],
)
def test_what_lies_in_the_place_of_a_model_is_named_and_training_is_not_advised(tmp_path, content, words):
    (tmp_path / "model").write_bytes(content)
    assert words in refusal(tmp_path / "model")
    assert "train" not in refusal(tmp_path / "model")


def test_a_model_that_cannot_be_written_is_a_clear_error(images_model, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelFileError, match="cannot be written") as error:
        bundle.load(images_model).save(tmp_path / "file" / "model")
    assert str(tmp_path / "file" / "model") in str(error.value)
    assert "--out" in str(error.value)


def test_a_full_disk_leaves_the_old_model_and_no_rest(images_model, tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(b"the old model")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backprop_core.whole_file.os.fsync", full)
    with pytest.raises(ModelFileError, match="No space left on device"):
        bundle.load(images_model).save(path)
    assert path.read_bytes() == b"the old model"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


def test_a_file_that_does_not_read_back_never_gets_its_name(images_model, tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(b"the old model")
    model = bundle.load(images_model)
    monkeypatch.setattr("pathlib.Path.write_bytes", lambda self, content: self.open("wb").write(content[:-4]))
    with pytest.raises(ModelFileError):
        model.save(path)
    assert path.read_bytes() == b"the old model"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("usual", 0.5), ("usual", {"noise": True}), ("usual", {"noise": [1]}), ("threshold", "high"), ("recipe", [])],
)
def test_an_origin_of_another_kind_is_refused_when_it_is_read(images_model, tmp_path, name, value):
    header, tensors = open_parts(images_model)
    edited = {**header, "provenance": {**header["provenance"], name: value}}
    assert f"its provenance has {name}" in refusal(write(tmp_path / "edited", edited, tensors, sealed=True))
