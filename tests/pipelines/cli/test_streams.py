"""Whatever standard output is, results come out of it, and JSON is valid."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def cyrillic(tmp_path_factory, call):
    """A model of two words in Cyrillic, one with a smiling face, and a picture called so: (model, picture)."""
    folder = tmp_path_factory.mktemp("words")
    for k, name in enumerate(("да", "нет 😀")):
        (folder / "set" / name).mkdir(parents=True)
        for i in range(8):
            pixels = np.random.default_rng(i).integers(0, 60, (28, 28), dtype=np.uint8)
            pixels[3 + 11 * k : 14 + 11 * k, 4:24] += 180
            Image.fromarray(pixels).save(folder / "set" / name / f"{i}.png")
    model = folder / "m.safetensors"
    assert call("train", "images", "--dataset", folder / "set", "--epochs", "1", "--out", model).code == 0
    return model, folder / "set" / "нет 😀" / "1.png"


ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "utf-8", "utf-16", "koi8-r"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", [(), ("--csv",), ("--json",)])
def test_any_encoding_takes_any_result(start, cyrillic, encoding, form):
    model, picture = cyrillic
    process = start("predict", model, picture, *form, env_extra={"PYTHONIOENCODING": encoding}, text=False)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    if form == ("--json",):
        text = output.decode("utf-16" if encoding == "utf-16" else "utf-8")
        assert json.loads(text)[0]["path"] == str(picture)
    else:
        assert b"1.png" in output.replace(b"\0", b"")
        output.decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_help_and_errors_come_out_in_any_encoding(start, cyrillic, encoding):
    for words, code in ((("predict", "--help"), 0), (("predict", cyrillic[0], "где.png"), 3)):
        process = start(*words, env_extra={"PYTHONIOENCODING": encoding}, text=False)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == code
        (output + errors).decode(encoding)


def test_the_bytes_of_a_name_that_is_no_text_come_out_as_they_were(start, cyrillic, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    os.link(cyrillic[1], name)
    process = start("predict", cyrillic[0], name, "--csv", text=False)
    assert b"/caf\xe9.png" in process.communicate(timeout=60)[0]


@pytest.mark.parametrize(
    "replaced",
    ["sys.stdout = io.StringIO()", "sys.stdin = None", "sys.stdout = sys.stderr = io.StringIO()", "sys.stderr = None"],
)
def test_main_runs_where_streams_are_no_files(start, replaced):
    after = "import atexit; print"
    process = start("datasets", before=f"import io, sys\n{replaced}\n{after}")
    process.communicate(timeout=60)
    assert process.returncode == 0


CLOSED = "import os, sys\nos.close({number})\nsys.{name} = sys.__{name}__ = None"


def test_json_is_valid_where_standard_error_is_closed(start, bars, tmp_path, tiny):
    """What a closed stream was to get goes nowhere: neither to the results nor into the model's file."""
    out = tmp_path / "m.safetensors"
    words = ("--dataset", bars, "--json", "--out", out, *tiny)
    process = start("train", "images", *words, before=CLOSED.format(number=2, name="stderr"), stderr=None)
    assert json.loads(process.communicate(timeout=60)[0])["model"] == str(out)
    assert process.returncode == 0
    assert start("info", out, "--verify").wait(60) == 0


def test_a_recording_is_heard_where_standard_error_is_closed(start, speech_model, sound, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.tile(sound(), 3), 8000)
    before = CLOSED.format(number=2, name="stderr")
    process = start("listen", speech_model, tmp_path / "a.wav", "--jsonl", before=before, stderr=None)
    assert all(json.loads(line) for line in process.communicate(timeout=60)[0].splitlines())
    assert process.returncode == 0


def test_a_command_ends_well_where_standard_output_is_closed(start, cyrillic):
    process = start("predict", *cyrillic, before=CLOSED.format(number=1, name="stdout"), stdout=None)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


@pytest.mark.parametrize("words", [["-"], ["--files-from", "-"]])
def test_predict_says_that_standard_input_is_closed(start, cyrillic, words):
    before = CLOSED.format(number=0, name="stdin")
    process = start("predict", cyrillic[0], *words, before=before)
    assert "-: there is no standard input here; name a file" in process.communicate(timeout=60)[1]
    assert process.returncode == 2


def test_listen_says_that_standard_input_is_closed(start, speech_model):
    before = CLOSED.format(number=0, name="stdin")
    process = start("listen", speech_model, "-", "--rate", "16000", before=before)
    assert process.communicate(timeout=60)[1] == "error: -: there is no standard input here; name a recording\n"
    assert process.returncode == 2


def test_a_training_goes_on_when_its_progress_is_not_read_any_more(start, bars, tmp_path, tiny):
    out = tmp_path / "m.safetensors"
    process = start("train", "images", "--dataset", bars, *tiny, "--out", out)
    process.stderr.close()
    process.stdout.read()
    assert process.wait(60) == 0
    assert out.exists()


def test_main_runs_in_a_thread():
    program = (
        "import io, sys, threading\nsys.argv = ['backprop', 'datasets']\nsys.stdout = io.StringIO()\n"
        "from pipelines.cli import main\nended = []\n"
        "def run():\n    try:\n        main()\n    except SystemExit as end:\n        ended.append(end.code)\n"
        "thread = threading.Thread(target=run)\nthread.start()\nthread.join()\n"
        "assert ended == [0] and len(sys.stdout.getvalue()) > 100"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_what_a_c_library_prints_does_not_reach_the_user(start):
    before = "import click\nfrom pipelines.cli import group\n@group.cli.command()\ndef noise():\n"
    before += "    import os, sys\n    os.write(2, b'[libmpg123] oh')\n    os.write(1, b'Error A : 40')\n"
    before += "    click.echo('mine', err=True)\n    click.echo('result')\n"
    assert start("noise", before=before).communicate(timeout=60) == ("result\n", "mine\n")


def test_a_damaged_sample_dump_leaves_the_json_as_it_is(start, speech_model, tmp_path):
    import soundfile  # whose library prints what it finds odd in such a file

    path = tmp_path / "dump.sds"
    soundfile.write(path, np.sin(np.arange(4000) / 9), 8000, format="SDS", subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[21 + 127 * 5] ^= 0x3F
    path.write_bytes(content)
    output, _ = start("predict", speech_model, path, "--json").communicate(timeout=60)
    assert [record["path"] for record in json.loads(output)] == [str(path)]


def test_a_full_disk_is_told_with_a_way_out(start):
    before = "import errno, os\nfrom pipelines.cli import group\n@group.cli.command()\ndef write():\n"
    before += "    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))\n"
    process = start("write", before=before)
    assert "No space left on device; make room" in process.communicate(timeout=60)[1]
    assert process.returncode == 1


@pytest.mark.parametrize("word", ["datasets", "--help", "--version"])
def test_output_that_cannot_be_written_is_an_error_of_one_line(start, word):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        process = start(word, stdout=full)
        [line] = process.communicate(timeout=60)[1].splitlines()
    assert "No space left on device" in line
    assert process.returncode == 1


def test_a_backend_that_is_not_installed_does_no_harm():
    program = "from pipelines.report import chart; assert chart.settings()['backend'] == 'svg'"
    for backend in ("module://no.such.backend", "nonsense", "", "TkAgg"):
        subprocess.run(
            [sys.executable, "-c", program], check=True, timeout=60, env={**os.environ, "MPLBACKEND": backend}
        )
