"""Recording from an injected source: good takes become files and a manifest, bad ones are asked for again."""

import contextlib
import csv
import itertools
import sys

import numpy as np
import pytest
import soundfile

from pipelines.errors import DataError, MicrophoneError, UsageError
from pipelines.verbs import record as room
from pipelines.verbs.record import ATTEMPTS, SR, listen, record

BLOCK = 700


def pause(seconds, level=1e-4, seed=0):
    return level * np.random.default_rng(seed).standard_normal(round(seconds * SR))


@pytest.fixture
def said(sound):
    """A function that returns a word, at some level and of some length, with pauses around it."""

    def say(level=0.3, seconds=0.5, before=0.4, after=1.2, pitch=140.0):
        word = sound(seconds, SR, pitch)
        noisy = np.concatenate([np.zeros(round(before * SR)), word * level / np.abs(word).max()])
        return np.pad(noisy, (0, round(after * SR))) + pause(before + seconds + after)[: len(noisy) + round(after * SR)]

    return say


class Source:
    """What was said, one piece for each prompt, in blocks; silence for ever after. A KeyboardInterrupt is raised."""

    def __init__(self, *pieces, endless=True):
        self.pieces, self.endless, self.opened, self.taken = pieces, endless, 0, 0

    @contextlib.contextmanager
    def __call__(self):
        self.opened += 1
        yield self._blocks()

    def _blocks(self):
        for piece in itertools.chain(self.pieces, itertools.repeat(pause(5)) if self.endless else ()):
            if piece is KeyboardInterrupt:
                raise KeyboardInterrupt
            for start in range(0, len(piece), BLOCK):
                self.taken += len(piece[start : start + BLOCK])
                yield piece[start : start + BLOCK].astype(np.float32)


@pytest.fixture
def session(tmp_path):
    """A function that records from pieces; returns its record, and what was prompted and complained of."""

    def run(source, labels=("yes", "no"), out=tmp_path / "words", takes=2, **options):
        events = []
        options = {"speaker": "anna", "seconds": 3.0, **options}
        told = record(
            labels,
            out,
            source=source,
            takes=takes,
            on_prompt=lambda take: events.append(f"{take.number}/{take.total} {take.label}"),
            on_problem=events.append,
            **options,
        )
        return told, events

    return run


def manifest(folder):
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_session_leaves_files_and_a_manifest_that_lists_them(session, said, tmp_path):
    told, events = session(Source(*[said()] * 4))
    assert events == ["1/4 yes", "2/4 no", "3/4 yes", "4/4 no"]
    assert told == {
        "manifest": str(tmp_path / "words" / "manifest.csv"),
        "speaker": "anna",
        "recorded": 4,
        "takes": {"yes": 2, "no": 2},
        "missing": 0,
        "interrupted": False,
    }
    files = sorted(path.relative_to(tmp_path / "words").as_posix() for path in tmp_path.rglob("*.wav"))
    assert files == ["no/anna-1.wav", "no/anna-2.wav", "yes/anna-1.wav", "yes/anna-2.wav"]
    rows = manifest(tmp_path / "words")
    assert sorted(row["path"] for row in rows) == files
    assert all(row["group"] == "anna" and row["label"] == row["path"].split("/")[0] for row in rows)
    assert not list(tmp_path.rglob("*.partial"))


def test_a_take_is_the_word_with_a_little_quiet_around_it(session, said, tmp_path):
    session(Source(said(seconds=0.6)), labels=["yes"], takes=1)
    path = tmp_path / "words" / "yes" / "anna-1.wav"
    assert soundfile.info(path).subtype == "PCM_16"
    waveform, sr = soundfile.read(path)
    assert sr == SR
    assert 0.6 < len(waveform) / sr < 0.6 + 2 * room.MARGIN_SECONDS + 0.1
    assert np.abs(waveform).max() == pytest.approx(0.3, abs=0.01)
    assert np.abs(waveform[: SR // 10]).max() < 0.01
    assert np.abs(waveform[-SR // 10 :]).max() < 0.01


def test_it_listens_no_longer_than_it_has_to(said):
    source = Source(said(after=5))
    with source() as blocks:
        assert listen(blocks, 10).problem is None
    assert source.taken < (0.4 + 0.5 + room.QUIET_SECONDS + room.LOOK_SECONDS + 0.2) * SR


def test_a_short_pause_is_inside_a_word_and_a_breath_is_none(said):
    two = np.concatenate([pause(0.5), said(0.012, 0.3, 0, 0.3), said(before=0, after=0.35), said(before=0)])
    with Source(two)() as blocks:
        word = listen(blocks, 5).word
    assert 1.35 < len(word) / SR < 1.35 + 2 * room.MARGIN_SECONDS + 0.15


def test_the_verdict_is_the_same_with_a_direct_current(said):
    for piece in (said(), said(level=0.012), pause(3)):
        plain, shifted = ([*Source(piece + offset, endless=False)._blocks()] for offset in (0, 0.3))
        plain, shifted = (room.judge(np.concatenate(blocks)) for blocks in (plain, shifted))
        assert plain.problem == shifted.problem


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda said: np.zeros(3 * SR), "only silence"),
        (lambda said: np.full(3 * SR, 0.2), "only silence"),
        (lambda said: pause(3), "no word was heard"),
        (lambda said: said(level=0.012, after=2.5), "too quiet"),
        (lambda said: np.clip(said() * 5, -1, 1), "too loud"),
        (lambda said: said(seconds=0.09, before=1), "too short"),
        (lambda said: said(before=0), "began before the prompt"),
        (lambda said: np.concatenate([pause(2.5), said(before=0, seconds=1, after=0)]), "not finished in time"),
    ],
    ids=["zeros", "constant", "noise", "quiet", "clipped", "short", "early", "late"],
)
def test_a_bad_take_is_asked_for_again_with_the_reason(session, said, tmp_path, make, reason):
    told, events = session(Source(make(said), pause(0.7), said()), labels=["yes"], takes=1)
    assert events[0] == events[2] == "1/1 yes"
    assert reason in events[1]
    assert told["missing"] == 0
    assert len(list(tmp_path.rglob("*.wav"))) == 1


def test_after_some_attempts_it_gives_up_and_keeps_what_is_done(session, said, tmp_path):
    with pytest.raises(MicrophoneError, match=f"no: not recorded in {ATTEMPTS} attempts.*no word was heard"):
        session(Source(said()))
    assert [row["path"] for row in manifest(tmp_path / "words")] == ["yes/anna-1.wav"]


def test_a_source_that_ends_is_an_error_that_keeps_what_is_done(session, said, tmp_path):
    with pytest.raises(MicrophoneError, match="has stopped sending sound"):
        session(Source(said(), endless=False))
    assert [row["path"] for row in manifest(tmp_path / "words")] == ["yes/anna-1.wav"]


def test_what_was_interrupted_goes_on_where_it_stopped_and_replaces_nothing(session, said, tmp_path):
    told, _ = session(Source(said(), said(), said(), said()[: SR // 2], KeyboardInterrupt))
    assert told["interrupted"]
    assert (told["recorded"], told["missing"]) == (3, 1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.wav")}
    assert len(before) == len(manifest(tmp_path / "words")) == 3
    told, events = session(Source(said(0.5)))
    assert events == ["4/4 no"]
    assert (told["recorded"], told["missing"], told["takes"]) == (1, 0, {"yes": 2, "no": 2})
    assert all(path.read_bytes() == content for path, content in before.items())
    assert len(manifest(tmp_path / "words")) == 4


def test_where_nothing_is_missing_no_microphone_is_opened(session, said):
    session(Source(*[said()] * 4))
    source = Source()
    told, events = session(source)
    assert (told["recorded"], events, source.opened) == (0, [], 0)


def test_a_take_that_was_thrown_away_is_recorded_anew(session, said, tmp_path):
    session(Source(*[said()] * 4))
    (tmp_path / "words" / "no" / "anna-1.wav").unlink()
    _, events = session(Source(said()))
    assert events == ["2/4 no"]
    assert len({row["path"] for row in manifest(tmp_path / "words")}) == 4


def test_speakers_and_words_add_up_in_one_manifest(session, said, tmp_path):
    session(Source(*[said()] * 4))
    session(Source(*[said()] * 2), speaker="ben", labels=["yes"])
    session(Source(*[said()] * 2), labels=["left, right"])
    counted = {}
    for row in manifest(tmp_path / "words"):
        counted[row["label"], row["group"]] = counted.get((row["label"], row["group"]), 0) + 1
    assert counted == dict.fromkeys([("yes", "anna"), ("no", "anna"), ("yes", "ben"), ("left, right", "anna")], 2)


def test_a_manifest_that_was_lost_is_made_anew(session, said, tmp_path):
    session(Source(*[said()] * 4))
    (tmp_path / "words" / "manifest.csv").unlink()
    session(Source())
    assert len(manifest(tmp_path / "words")) == 4


@pytest.mark.parametrize(
    "content", [b"path,label,split\na.wav,yes,train\n", b"\xff\xfe\x00", b"", b"path,label,group\na,b\n"]
)
def test_a_manifest_of_another_kind_is_left_alone(session, said, tmp_path, content):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "manifest.csv").write_bytes(content)
    source = Source(said())
    with pytest.raises(DataError, match="choose another --out"):
        session(source)
    assert source.opened == 0
    assert (tmp_path / "words" / "manifest.csv").read_bytes() == content


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", ".hidden", "a\\b", "what?", "new\nline", "end. "])
def test_names_that_no_file_can_have_are_refused(session, tmp_path, name):
    for options in ({"labels": ["yes", name]}, {"speaker": name}):
        with pytest.raises(UsageError, match="cannot be the name of a file"):
            session(Source(), **options)
    assert not list(tmp_path.iterdir())


def test_what_was_recorded_can_be_trained_on_directly(call, said, tmp_path, monkeypatch, tiny):
    pitches = {"low": 110.0, "high": 330.0}
    pieces = [said(pitch=pitches[label], seconds=0.4 + 0.02 * n) for n in range(8) for label in pitches]
    monkeypatch.setattr("pipelines.features.speech.microphone.microphone", lambda sr, device: Source(*pieces)())
    out = tmp_path / "tones"
    answer = call("record", *pitches, "--out", out, "--takes", "8", "--json")
    assert answer.code == 0, answer
    assert answer.json["takes"] == {"low": 8, "high": 8}
    assert "16/16  say: high" in answer.stderr
    trained = call("train", "speech", "--dataset", out / "manifest.csv", "--out", tmp_path / "m", "--json", *tiny)
    assert trained.code == 0, trained
    assert trained.json["n_train"] + trained.json["n_valid"] + trained.json["n_test"] == 16


def test_ctrl_c_is_answered_with_130_and_what_is_kept(call, said, tmp_path, monkeypatch):
    pieces = (said(), pause(3), KeyboardInterrupt)
    monkeypatch.setattr("pipelines.features.speech.microphone.microphone", lambda sr, device: Source(*pieces)())
    answer = call("record", "yes", "no", "--out", tmp_path / "words", "--takes", "1", "--seconds", "3")
    assert answer.code == 130
    assert "again, please: no word was heard" in answer.stderr
    assert "the takes so far are kept" in answer.stderr
    assert "yes 1, no 0 by me; 1 of them now, 1 still missing" in answer.stdout


def test_without_a_microphone_the_answer_is_1_and_one_line(call, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    answer = call("record", "yes", "--out", tmp_path / "words")
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr == "error: recording needs the package sounddevice: pip install 'visible-backprop[mic]'\n"
    assert not (tmp_path / "words").exists()
