"""Listening hears recordings as if they were live, and refuses a model or an option that it has no use for."""

from pathlib import Path

import pytest

WORD = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits" / "f1" / "0-0.flac"


def test_a_recording_is_heard_as_if_it_were_live(call, speech_model):
    answer = call("listen", speech_model, WORD, "--jsonl")
    assert answer.code == 0, answer
    assert answer.json["end"] > answer.json["start"]


def test_a_model_of_pictures_hears_nothing(call, images_model):
    answer = call("listen", images_model, WORD)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr == "error: listen: is for speech, and this model recognises images; give a model of speech\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((WORD, "--rate", 8000), "--rate is for raw samples"),
        (("--rate", 8000), "--rate is for raw samples"),
        ((WORD, "--device", 4), "--device is a microphone"),
        (("-", "--rate", 8000, "--device", 4), "--device is a microphone"),
        ((WORD, "--host", "127.0.0.1"), "--host is the address of --wyoming"),
        (("--wyoming", 0, "--device", "foo"), "with --wyoming"),
        (("-",), "the rate of raw samples"),
    ],
)
def test_an_option_without_an_effect_is_refused(call, speech_model, words, said):
    answer = call("listen", speech_model, *words)
    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
