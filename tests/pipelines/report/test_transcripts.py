"""Transcripts keep every time and word in each form, and a TextGrid covers the recording from its beginning to its
end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.features.speech.transcript import Transcript, Word
from pipelines.report.transcripts import as_srt, as_textgrid, intervals_of

CALL = Transcript(
    "call.wav", 3725.5, (Word(0.18, 0.74, "one", 0.998), Word(0.74, 1.2, None, 0.3), Word(3724.9, 3725.25, "two", 0.9))
)


def parse(textgrid):
    """Read a TextGrid of one tier back: (xmin, xmax) of the tier, and its intervals as (xmin, xmax, text)."""
    head, *intervals = re.split(r"intervals \[\d+\]:", textgrid)
    bounds = [float(number) for number in re.findall(r"xm(?:in|ax) = (\S+)", head)]
    assert bounds[:2] == bounds[2:]
    assert int(re.search(r"intervals: size = (\d+)", head)[1]) == len(intervals)
    fields = re.compile(r'\s*xmin = (\S+)\s*xmax = (\S+)\s*text = "((?:[^"]|"")*)"\s*')
    rows = [fields.fullmatch(interval).groups() for interval in intervals]
    return tuple(bounds[:2]), [(float(a), float(b), text.replace('""', '"')) for a, b, text in rows]


@st.composite
def transcripts(draw):
    """Words in order, some of them without a pause between, within a recording."""
    edges = sorted(draw(st.sets(st.integers(0, 10_000), min_size=1, max_size=20)))
    starts = draw(st.lists(st.integers(0, max(0, len(edges) - 2)), unique=True)) if len(edges) > 1 else []
    texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
    words = [Word(edges[i] / 1000, edges[i + 1] / 1000, draw(texts), draw(st.floats(0, 1))) for i in sorted(starts)]
    return Transcript("a.wav", edges[-1] / 1000 + draw(st.sampled_from([0, 0.0001, 1.5])) + 0.01, tuple(words))


@given(transcripts())
def test_the_tier_covers_the_recording_without_a_gap(transcript):
    (first, last), intervals = parse(as_textgrid(transcript))
    assert first == 0
    assert last == pytest.approx(transcript.seconds, abs=1e-6)
    edges = [0.0, *(end for _, end, _ in intervals)]
    assert edges == [*(start for start, _, _ in intervals), last]
    assert all(start < end for start, end, _ in intervals)


@given(transcripts())
def test_the_tier_holds_every_word_and_else_pauses(transcript):
    _, intervals = parse(as_textgrid(transcript))
    said = [(start, end, text) for start, end, text in intervals if text]
    assert [text for _, _, text in said] == [word.text for word in transcript.words]
    assert [time for interval in said for time in interval[:2]] == pytest.approx(
        [time for word in transcript.words for time in (word.start, word.end)], abs=1e-6
    )


def test_silence_is_one_empty_interval():
    silence = Transcript("silence.wav", 2.0, ())
    assert intervals_of(silence) == [("0.000000", "2.000000", "")]
    assert as_srt(silence) == ""
    assert silence.record() == {"path": "silence.wav", "words": []}


def test_subtitles_are_numbered_and_have_hours_minutes_seconds_and_milliseconds():
    assert as_srt(CALL) == (
        "1\n00:00:00,180 --> 00:00:00,740\none\n\n"
        "2\n00:00:00,740 --> 00:00:01,200\n[unknown]\n\n"
        "3\n01:02:04,900 --> 01:02:05,250\ntwo\n"
    )


def test_the_record_says_null_for_an_unknown_word_and_how_sure_it_was():
    record = CALL.record()
    assert record["words"][1] == {"start": 0.74, "end": 1.2, "word": None, "probability": 0.3, "unknown": True}
    assert record["words"][0] == {"start": 0.18, "end": 0.74, "word": "one", "probability": 0.998, "unknown": False}
