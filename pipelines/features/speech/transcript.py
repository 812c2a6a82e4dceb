"""A transcript: the words of a recording and their times."""

from dataclasses import dataclass

from pipelines.records import TranscriptRecord, WordRecord

UNKNOWN = "[unknown]"


@dataclass(frozen=True)
class Word:
    """One word: from when to when, which one, and how sure that is; `word` is None for a sound that is no known word.

    Times are in seconds, 0 <= start < end; `probability` is that of the likeliest word, known or not.
    """

    start: float
    end: float
    word: str | None
    probability: float

    @property
    def text(self) -> str:
        """The word, or what stands for one that is unknown."""
        return UNKNOWN if self.word is None else self.word

    @property
    def place(self) -> tuple[str, ...]:
        """Start and end in seconds, as text."""
        return f"{self.start:.3f}", f"{self.end:.3f}"

    def record(self) -> WordRecord:
        """Return the word as the contract defines it, a dict of JSON types; times to the millisecond."""
        return {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "word": self.word,
            "probability": round(self.probability, 6),
            "unknown": self.word is None,
        }


@dataclass(frozen=True)
class Transcript:
    """The words of one recording.

    Attributes
    ----------
    path : str
        The recording, as the user named it.
    seconds : float >= 0
        How long it lasts.
    words : tuple of Word
        In order, without overlap, within the recording.
    error : str or None
        Why the recording cannot be read, in a sentence that names it; then it lasts 0 seconds and has no words.
    warnings : tuple of str
        What a user should know besides, in sentences without a full stop; mostly empty.
    """

    path: str
    seconds: float
    words: tuple[Word, ...]
    error: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(word.text for word in self.words)

    def record(self) -> TranscriptRecord:
        """Return the transcript as the contract defines it, a dict of JSON types."""
        if self.error is not None:
            return {"path": self.path, "error": self.error}
        record: TranscriptRecord = {"path": self.path, "words": [word.record() for word in self.words]}
        return {**record, "warnings": list(self.warnings)} if self.warnings else record
