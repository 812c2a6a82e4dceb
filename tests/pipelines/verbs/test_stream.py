"""A stream is scored by its words: answered rightly they are hits, and all other answers are false alarms."""

import itertools

import numpy as np
import pytest
import soundfile

from pipelines.features.speech.transcript import Word
from pipelines.verbs import stream
from pipelines.verbs.stream import StreamEvaluation, _match, _string_together, evaluate_stream


@pytest.fixture(autouse=True)
def _few_words(monkeypatch):
    monkeypatch.setattr(stream, "MOST_WORDS", 6)


SPANS, LABELS = [(1.0, 1.5), (3.0, 3.4)], ["yes", "no"]


def evaluation(right, false, hours=1.0, per_hour=1.0):
    return StreamEvaluation({}, np.array(right, float), np.array(false, float), hours, per_hour)


@pytest.mark.parametrize(
    ("answers", "right", "false"),
    [
        ([Word(1.0, 1.5, "yes", 0.9), Word(3.0, 3.4, "no", 0.8)], [0.9, 0.8], []),
        ([Word(1.1, 1.4, "no", 0.7)], [-1, -1], [0.7]),
        ([Word(1.0, 1.5, "yes", 0.9), Word(1.2, 1.5, "yes", 0.6)], [0.9, -1], [0.6]),
        ([Word(2.0, 2.4, "yes", 0.5)], [-1, -1], [0.5]),
        ([Word(0.0, 0.2, "yes", 0.5)], [-1, -1], [0.5]),
    ],
)
def test_each_word_is_hit_once_and_all_else_is_a_false_alarm(answers, right, false):
    assert _match(answers, SPANS, LABELS) == (right, false)


def test_the_threshold_is_the_lowest_with_no_more_false_alarms_than_wanted():
    found = evaluation([0.9, 0.6, -1], [0.3, 0.5, 0.8], hours=1.0, per_hour=1.0)
    at = found.at(found.threshold)
    assert at["false_alarms_per_hour"] == 1.0
    assert found.at(found.threshold - 1e-6)["false_alarms_per_hour"] == 2.0
    assert at["misses"] == pytest.approx(1 / 3)
    assert evaluation([0.9], [], per_hour=0).threshold == 0.0
    assert evaluation([0.9], [1.0], per_hour=0).threshold is None


def test_misses_rise_and_false_alarms_fall_with_the_threshold():
    rng = np.random.default_rng(0)
    curve = evaluation(rng.random(50), rng.random(30)).record()["curve"]
    assert all(a["misses"] <= b["misses"] for a, b in itertools.pairwise(curve))
    assert all(a["false_alarms_per_hour"] >= b["false_alarms_per_hour"] for a, b in itertools.pairwise(curve))


def test_words_stand_where_the_spans_say():
    sr = 8000
    sound, spans = _string_together([np.ones(400), np.ones(800)], sr, np.random.default_rng(0))
    for start, stop in spans:
        assert sound[round(start * sr) : round(stop * sr)].min() > 0.2
    assert len(spans) == 2


def test_a_model_is_measured_as_it_listens(call, speech_model):
    answer = call("evaluate", speech_model, "--stream", "--json")
    assert answer.code == 0, answer
    lowest, highest = answer.json["curve"][0], answer.json["curve"][-1]
    assert lowest["misses"] <= 0.6
    assert highest["false_alarms_per_hour"] <= lowest["false_alarms_per_hour"]
    assert answer.json["n_words"] == 6


def test_recordings_without_the_words_may_be_given(speech_model, tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "quiet.wav", rng.normal(0, 1e-3, 8000 * 20), 8000)
    found = evaluate_stream(speech_model, foreign=[tmp_path / "quiet.wav"])
    assert found.about["foreign"] == "recordings"
    made = evaluate_stream(speech_model)
    assert len(found.false) <= len(made.false)


def test_what_does_not_go_together_is_a_usage_error(call, speech_model, images_model):
    assert call("evaluate", speech_model, "--foreign", "a.wav").code == 2
    assert call("evaluate", speech_model, "--stream", "--average").code == 2
    answer = call("evaluate", images_model, "--stream")
    assert answer.code == 2
    assert answer.stderr.startswith("error: evaluate --stream: is for speech, and this model recognises images;")
    assert call("evaluate", speech_model, "--stream", "--foreign", "no-such.wav").code == 3
