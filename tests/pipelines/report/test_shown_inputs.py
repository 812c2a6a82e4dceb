"""What the network saw is shown pixel by pixel, and the answers stay as they were."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.machine.locations import data_folder
from pipelines.models import bundle
from pipelines.report.framing_sheet import SIDE
from pipelines.report.shown_inputs import ShownInputs


@pytest.fixture
def files(tmp_path, picture):
    return [picture(tmp_path / f"{name}.png", (30, 40), column) for name, column in (("a", 1), ("b", 15), ("c", 29))]


def test_every_pixel_of_the_row_is_one_even_square(call, bars, tiny, files, tmp_path):
    model = tmp_path / "bars.safetensors"  # of pictures that are scaled as wholes
    assert call("train", "images", "--dataset", bars, *tiny, "--out", model).code == 0
    extractor = bundle.load(model).extractor
    records = call("predict", model, *files, "--json", "--show-input", tmp_path / "deep" / "seen").json
    for record, path in zip(records, files, strict=True):
        assert record["input"] == str(tmp_path / "deep" / "seen" / f"{path.stem}.seen.png")
        shown = np.asarray(Image.open(record["input"]))
        times = SIDE // 12
        assert shown.shape == (12 * times, 12 * times)
        small = extractor.extract_row(extractor.read(path)).reshape(12, 12)
        np.testing.assert_array_equal(shown, np.kron(small, np.ones((times, times), np.uint8)))


@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_text_and_table_are_what_they_were(call, images_model, files, tmp_path, form):
    plain = call("predict", images_model, *files, *form)
    shown = call("predict", images_model, *files, *form, "--show-input", tmp_path / "seen")
    assert (shown.code, shown.stdout, shown.stderr) == (0, plain.stdout, plain.stderr)
    assert len(list((tmp_path / "seen").iterdir())) == 3


def test_words_are_shown_as_their_spectrogram(call, speech_model, tmp_path):
    words = sorted((data_folder() / "bundled" / "spoken-digits" / "f1").glob("*.flac"))[:2]
    records = call("predict", speech_model, *words, "--json", "--show-input", tmp_path / "seen").json
    assert len({Path(record["input"]).read_bytes() for record in records}) == 2


def test_files_of_one_name_do_not_take_each_others_place_nor_that_of_a_sample(call, images_model, tmp_path, picture):
    same = [picture(tmp_path / folder / "a.png", column=n) for n, folder in enumerate("xyz")]
    same.append(picture(tmp_path / "a.seen.png"))
    before = same[-1].read_bytes()
    records = call("predict", images_model, *same, "--json", "--show-input", tmp_path).json
    assert len({record["input"] for record in records}) == 4
    assert same[-1].read_bytes() == before


def test_shown_and_explained_at_a_time_and_past_a_bad_file(call, images_model, files, tmp_path):
    words = (files[0], tmp_path / "none.png", "--explain", tmp_path / "both", "--show-input", tmp_path / "both")
    answer = call("predict", images_model, *words, "--json")
    assert answer.code == 3
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["a.seen.png", "a.why.png"]
    assert answer.json[1].keys() == {"path", "error"}


def test_a_file_that_is_gone_meanwhile_is_answered_and_said_not_to_be_shown(
    call, images_model, files, tmp_path, monkeypatch
):
    write = ShownInputs.write
    monkeypatch.setattr(ShownInputs, "write", lambda *words: words[1].source.unlink() or write(*words))
    answer = call("predict", images_model, files[0], "--json", "--show-input", tmp_path / "seen")
    assert answer.code == 0
    assert answer.json[0]["input"] is None
    assert "cannot be shown" in answer.stderr


def test_a_folder_that_cannot_be_had_is_one_line(call, images_model, files, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("predict", images_model, files[0], "--show-input", tmp_path / "file").code == 2
    answer = call("predict", images_model, files[0], "--show-input", tmp_path / "file" / "seen")
    assert (answer.code, answer.stdout, len(answer.stderr.splitlines())) == (1, "", 1)


def test_where_a_drawing_had_to_be_found_the_steps_are_shown_and_evidence_lies_on_the_picture(tmp_path):
    from PIL import ImageDraw

    from backprop_core.architecture import multilayer_perceptron
    from backprop_core.network import Network
    from backprop_core.scaling import Standardizer
    from pipelines.features.images.extractor import ImageExtractor
    from pipelines.features.inputs import Sample
    from pipelines.learning.tasks.images import TASK
    from pipelines.models.bundle import Bundle
    from pipelines.models.evidence import evidence_for
    from pipelines.report.evidence_sheet import evidence_sheet

    extractor, rng = ImageExtractor(28, 28, "grey", "strokes", 20, 2.4), np.random.default_rng(0)
    network = Network(multilayer_perceptron(784, [8], 3), rng)
    scaling = Standardizer(False).fit(rng.random((20, 784), np.float32))
    model = Bundle(TASK, ("a", "b", "c"), extractor, scaling, network, {}, np.zeros((1, 784), np.uint8))
    sheet = Image.new("L", (300, 200), 240)
    ImageDraw.Draw(sheet).line([(100, 40), (160, 40), (120, 150)], 30, 12, joint="curve")
    sheet.save(tmp_path / "seven.png")
    sample = Sample("seven.png", tmp_path / "seven.png")
    shown = Image.open(ShownInputs(model, tmp_path / "seen", [sample]).write(sample, None))
    assert shown.width > 3 * 200
    blue = (np.asarray(shown.convert("RGB")) == (0, 90, 181)).all(axis=2)
    assert blue.any()
    evidence = evidence_for(model, extractor.read(sample.source))
    assert evidence.original[0].pixels.shape == evidence.original[1].shape == (200, 300)
    record = {"path": "seven.png", "label": "a", "probability": 0.5, "top": [{"label": "a", "probability": 0.5}]}
    plain = evidence_for(model, evidence.display.pixels)
    assert plain.original is None
    assert evidence_sheet(evidence, record).width > evidence_sheet(plain, record).width
