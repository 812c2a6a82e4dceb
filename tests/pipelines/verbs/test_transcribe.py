"""Transcription finds the words of a recording wherever they are, and hears each as if it were alone."""

import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipelines.features.inputs import Sample
from pipelines.features.speech import transcription
from pipelines.features.speech.audio_file import read_waveform
from pipelines.models import bundle

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"
STEP = 0.01


@pytest.fixture(scope="module")
def model(speech_model):
    return bundle.load(speech_model)


@pytest.fixture(scope="module")
def sr(model):
    return model.extractor.sr


@pytest.fixture(scope="module")
def strung(sr):
    """A function that strings bundled words together with pauses of 0.35 s: waveform, and the middle of each word."""

    def string(digits, voice="f1"):
        parts, middles = [np.zeros(round(0.4 * sr))], []
        for digit in digits:
            waveform, rate = read_waveform(WORDS / voice / f"{digit}-0.flac")
            assert rate == sr
            middles.append((sum(map(len, parts)) + len(waveform) / 2) / sr)
            parts += [0.5 * waveform / np.abs(waveform).max(), np.zeros(round(0.35 * sr))]
        return np.concatenate(parts), middles

    return string


@pytest.fixture(scope="module")
def heard(model, sr):
    """A function that transcribes a waveform: (words, starts, ends)."""

    def hear(waveform, rate=None):
        content = io.BytesIO()
        soundfile.write(content, waveform, rate or sr, format="WAV", subtype="FLOAT")
        words = transcription.transcribe_recording(model, Sample("sound", content.getvalue())).words
        return [word.word for word in words], [word.start for word in words], [word.end for word in words]

    return hear


@pytest.fixture(scope="module")
def number(tmp_path_factory, strung, sr):
    """The path of a recording of a telephone number."""
    path = tmp_path_factory.mktemp("numbers") / "number.wav"
    soundfile.write(path, strung("31452")[0], sr)
    return path


def muffle(waveform, n):
    """Return a waveform without its high frequencies: each sample is an average of n around it."""
    return np.convolve(waveform, np.hanning(n) / (n // 2), "same")


def test_each_word_is_found_where_it_was_said(heard, strung):
    waveform, middles = strung("0123456789")
    words, starts, ends = heard(waveform)
    assert len(words) == 10
    assert all(start < middle < end for start, middle, end in zip(starts, middles, ends, strict=True))
    assert sum(word == said for word, said in zip(words, "0123456789", strict=True)) >= 7


def test_words_in_doubt_tell_how_the_recording_is_unlike_those_learned_from(call, speech_model, tmp_path, strung, sr):
    provenance = bundle.load(speech_model).provenance
    path = tmp_path / "muffled.wav"
    soundfile.write(path, muffle(strung("3145")[0], 65), sr)
    answer = call("transcribe", speech_model, path, "--json")
    [record] = answer.json
    doubtful = sum(word["probability"] < provenance["threshold"] for word in record["words"])
    assert doubtful
    assert any(f"{doubtful} of {len(record['words'])} words" in each for each in record["warnings"])
    assert any("hardly any sound above" in each for each in record["warnings"])
    assert not any("lasts" in each for each in record["warnings"])
    assert f"warning: {path}: {doubtful} of" in answer.stderr


def test_a_word_is_classified_as_a_recording_of_it_would_be(model, strung, sr):
    content = io.BytesIO()
    waveform = strung("38")[0].astype(np.float32)
    soundfile.write(content, waveform, sr, format="WAV", subtype="FLOAT")
    for word in transcription.transcribe_recording(model, Sample("two words", content.getvalue())).words:
        alone = waveform[round(word.start * sr) : round(word.end * sr)]
        probabilities = model.probabilities(model.extractor.extract_rows([alone]))[0]
        assert word.probability == pytest.approx(probabilities.max(), abs=1e-6)
        assert word.word == model.labels[probabilities.argmax()]


def test_a_pause_in_front_shifts_the_times_and_nothing_else(heard, strung, sr):
    waveform, _ = strung("4071")
    words, starts, ends = heard(waveform)
    late_words, late_starts, late_ends = heard(np.concatenate([np.zeros(sr // 2), waveform]))
    assert late_words == words
    assert late_starts + late_ends == pytest.approx([time + 0.5 for time in starts + ends], abs=1.5 * STEP)


def test_two_recordings_one_after_the_other_hold_the_words_of_both(heard, strung):
    first, second = strung("407")[0], strung("9153", voice="m1")[0]
    assert heard(np.concatenate([first, second]))[0] == heard(first)[0] + heard(second)[0]


@pytest.mark.parametrize("gain", [0.02, 0.3, 1.9])
def test_volume_changes_nothing(heard, strung, gain):
    waveform, _ = strung("2468")
    assert heard(gain * waveform) == heard(waveform)


def test_a_stereo_copy_is_the_same(heard, strung):
    waveform, _ = strung("2468")
    assert heard(np.stack([waveform, waveform], axis=1)) == heard(waveform)


def test_another_sampling_rate_is_nearly_the_same(heard, strung, sr):
    import soxr

    waveform, _ = strung("2468")
    words, starts, _ = heard(waveform)
    other_words, other_starts, _ = heard(soxr.resample(waveform, sr, 44100), 44100)
    assert other_words == words
    assert other_starts == pytest.approx(starts, abs=2 * STEP)


def test_many_words_are_all_classified_in_order(model, strung, sr, monkeypatch):
    content = io.BytesIO()
    soundfile.write(content, strung("31452")[0], sr, format="WAV", subtype="FLOAT")
    sample = Sample("sound", content.getvalue())
    at_once = transcription.transcribe_recording(model, sample)
    monkeypatch.setattr(transcription, "WORDS_AT_ONCE", 2)
    assert transcription.transcribe_recording(model, sample) == at_once


def test_a_recording_of_one_word_holds_that_word(call, speech_model):
    path = WORDS / "f1" / "3-0.flac"
    [answer] = call("transcribe", speech_model, path, "--json").json
    assert len(answer["words"]) == 1


@pytest.mark.parametrize(
    "waveform", [np.zeros(40_000), np.zeros(1), np.ones(3), np.random.default_rng(0).normal(0, 0.01, 40_000)]
)
def test_silence_and_steady_noise_hold_no_words(heard, waveform):
    assert heard(waveform) == ([], [], [])


def test_json_is_a_list_with_one_record_a_file(call, speech_model, number, tmp_path):
    (tmp_path / "notes.txt").write_text("one two three")
    (tmp_path / "empty.wav").touch()
    names = [tmp_path / "notes.txt", number, tmp_path / "none.wav", tmp_path / "empty.wav"]
    answer = call("transcribe", speech_model, *names, "--json")
    assert answer.code == 3
    assert [record["path"] for record in answer.json] == list(map(str, names))
    assert [sorted(record) for record in answer.json] == [
        ["error", "path"],
        ["path", "words"],
        ["error", "path"],
        ["error", "path"],
    ]
    assert all(set(word) == {"start", "end", "word", "probability", "unknown"} for word in answer.json[1]["words"])
    assert len(answer.json[1]["words"]) == 5
    assert answer.stderr.count("error: ") == 3


def test_text_is_a_line_a_word_and_the_words_in_a_row(call, speech_model, number):
    lines = call("transcribe", speech_model, number).stdout.splitlines()
    [record] = call("transcribe", speech_model, number, "--json").json
    assert lines[-1] == f"{number}: {' '.join(word['word'] for word in record['words'])}"
    for line, word in zip(lines[:-1], record["words"], strict=True):
        start, end, text, probability, sign = line.split()
        assert (float(start), float(end), text, sign) == (word["start"], word["end"], word["word"], "%")
        assert float(probability) == pytest.approx(100 * word["probability"], abs=0.006)


def test_text_says_so_where_there_are_no_words(call, speech_model, tmp_path, sr):
    soundfile.write(tmp_path / "a.wav", np.zeros(sr), sr)
    answer = call("transcribe", speech_model, tmp_path / "a.wav")
    assert (answer.code, answer.stdout) == (0, f"{tmp_path / 'a.wav'}: (no words)\n")


def test_words_below_the_threshold_are_unknown_and_keep_their_place(call, speech_model, strung, sr, tmp_path):
    number = tmp_path / "muffled.wav"
    soundfile.write(number, muffle(strung("31452")[0], 33), sr)
    [plain] = call("transcribe", speech_model, number, "--json").json
    lowest, *others = sorted({word["probability"] for word in plain["words"]})
    threshold = (lowest + others[0]) / 2
    [strict] = call("transcribe", speech_model, number, "--json", "--threshold", threshold).json
    for word, judged in zip(plain["words"], strict["words"], strict=True):
        unknown = word["probability"] < threshold
        assert judged == (word | {"word": None, "unknown": True} if unknown else word)
    unsure = sum(word["probability"] == lowest for word in plain["words"])
    assert sum(word["unknown"] for word in strict["words"]) == unsure > 0
    text = call("transcribe", speech_model, number, "--threshold", threshold).stdout
    assert text.splitlines()[-1].count("[unknown]") == unsure


def test_subtitles_and_textgrid_hold_the_same_words(call, speech_model, number):
    [record] = call("transcribe", speech_model, number, "--json").json
    words = [word["word"] for word in record["words"]]
    assert call("transcribe", speech_model, number, "--srt").stdout.splitlines()[2::4] == words
    grid = call("transcribe", speech_model, number, "--textgrid").stdout
    texts = [line.split("=")[1].strip().strip('"') for line in grid.splitlines() if "text =" in line]
    assert [text for text in texts if text] == words


@pytest.mark.parametrize("form", ["--srt", "--textgrid"])
def test_files_for_one_recording_are_not_made_of_two(call, speech_model, number, form):
    answer = call("transcribe", speech_model, number, number, form)
    assert (answer.code, answer.stdout) == (2, "")
    assert "one at a time" in answer.stderr


def test_standard_input_is_a_recording_and_a_folder_holds_some(call, speech_model, number):
    [record] = call("transcribe", speech_model, "-", "--json", stdin=number.read_bytes()).json
    [named] = call("transcribe", speech_model, number.parent, "--json").json
    assert record == named | {"path": "-"}
    assert named["path"] == str(number)


def test_a_model_of_pictures_is_a_usage_error(call, images_model, number):
    answer = call("transcribe", images_model, number)
    assert (answer.code, answer.stdout) == (2, "")
    assert "reads a picture as a whole" in answer.stderr


@pytest.mark.parametrize("words", [[], ["a.wav", "--threshold", "nan"], ["a.wav", "--threshold", "1.1"]])
def test_wrong_words_are_usage_errors(call, speech_model, words):
    assert call("transcribe", speech_model, *words).code == 2


def test_transcribing_loads_neither_librosa_nor_numba(call_process, speech_model, number):
    at_exit = "atexit.register(lambda: print(json.dumps(sorted({'librosa', 'numba'} & set(sys.modules)))))"
    answer = call_process("transcribe", speech_model, number, before=f"import atexit, json, sys\n{at_exit}")
    assert json.loads(answer.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("n", [1, 4, 6])
def test_so_many_words_are_found_as_there_must_be(call, speech_model, number, n):
    answer = call("transcribe", speech_model, number, "--words", n, "--json")
    assert answer.code == 0, answer
    words = answer.json[0]["words"]
    assert len(words) == n
    assert "were found" not in answer.stderr
    assert all(a["end"] <= b["start"] + 1e-6 for a, b in itertools.pairwise(words))


def test_words_for_which_there_is_no_sound_are_remarked_on(call, speech_model, number, tmp_path):
    answer = call("transcribe", speech_model, number, "--words", 200, "--json")
    assert answer.code == 0, answer
    found = len(answer.json[0]["words"])
    assert f"{found} of 200 words were found; there is no sound for more" in answer.json[0]["warnings"]
    assert f"warning: {number}: {found} of 200 words" in answer.stderr
    (tmp_path / "grammar.txt").write_text("3 1\n" + 150 * "9 ")
    asked = call("transcribe", speech_model, number, "--grammar", tmp_path / "grammar.txt", "--json").json[0]
    assert len(asked["words"]) == 2, "what fits is found without a remark"
    assert not any("were found" in warning for warning in asked.get("warnings", ()))


def test_a_recording_is_one_of_the_sequences_of_a_grammar(call, speech_model, number, tmp_path):
    sequences = ["3 1 4 5 2", "9 9 9 9 9", "0 0"]
    (tmp_path / "numbers.txt").write_text("\n".join(sequences))
    answer = call("transcribe", speech_model, number, "--grammar", tmp_path / "numbers.txt", "--json")
    assert answer.code == 0, answer
    assert " ".join(word["word"] for word in answer.json[0]["words"]) == sequences[0]


def test_a_grammar_that_does_not_suit_is_refused(call, speech_model, images_model, number, tmp_path):
    (tmp_path / "commands.txt").write_text("lights on\n")
    answer = call("transcribe", speech_model, number, "--grammar", tmp_path / "commands.txt")
    assert answer.code == 2
    assert "'lights' is not a word of the model" in answer.stderr
    assert call("transcribe", speech_model, number, "--words", 2, "--grammar", tmp_path / "commands.txt").code == 2
    assert call("transcribe", speech_model, number, "--words", 0).code == 2
    assert call("transcribe", speech_model, number, "--words", 201).code == 2
