"""Transcripts: the words of a recording with their times, in formats for other programs.

SRT, the subtitles of video players; and the TextGrid of Praat (https://www.praat.org), with which phoneticians look at
sound and annotation together. Both take times in seconds from the beginning of the recording.
"""


def as_srt(transcript):
    """Return a transcript as SubRip subtitles, one word each; without words, an empty text."""
    entries = [
        f"{number}\n{_clock(word.start)} --> {_clock(word.end)}\n{word.text}\n"
        for number, word in enumerate(transcript.words, 1)
    ]
    return "\n".join(entries)


def _clock(seconds):
    """Return a time in the format of SubRip: hours:minutes:seconds,milliseconds."""
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"


def as_textgrid(transcript):
    """Return a transcript as a TextGrid (the long text format) with one tier of intervals, `words`.

    The intervals cover the recording from 0 to its end without a gap; pauses have no text.
    """
    end = f"{transcript.seconds:.6f}"
    intervals = intervals_of(transcript)
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        '        name = "words"',
        "        xmin = 0",
        f"        xmax = {end}",
        f"        intervals: size = {len(intervals)}",
    ]
    for number, (start, stop, text) in enumerate(intervals, 1):
        quoted = text.replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {start}",
            f"            xmax = {stop}",
            f'            text = "{quoted}"',
        ]
    return "\n".join(lines) + "\n"


def intervals_of(transcript):
    """Return words and the pauses between them: list of (start, end, text), times as text to the microsecond."""
    found, last = [], f"{0:.6f}"
    for word in transcript.words:
        start, stop = f"{word.start:.6f}", f"{word.end:.6f}"
        if start != last:
            found.append((last, start, ""))
        found.append((start, stop, word.text))
        last = stop
    end = f"{transcript.seconds:.6f}"
    return found if last == end else [*found, (last, end, "")]
