"""Columns: which heading of a table means the file, which the class, which the split and which the group.

Ours are `path`, `label`, `split` and `group`. Other programs say `file_name`, `class`, `set`, `speaker`. If only one
heading fits, it is used. If two fit, the user must rename one.
"""

from dataclasses import dataclass

from pipelines.datasets.roles import role_of
from pipelines.datasets.tables import heading
from pipelines.errors import DataError
from pipelines.wording import list_some

# The headings of each meaning, the surest first: an earlier line takes precedence over a later one.
MEANINGS = {
    "path": (
        ("path",),
        ("file_path", "filepath", "file", "filename", "file_name", "fname", "relative_path", "rel_path"),
        ("audio_filepath", "audio_file", "audio_path", "audio_filename", "wav", "wav_filename", "wav_path", "wav_file",
         "image_path", "image_file", "image_name", "image_filename", "img_path", "img_name", "img_file"),
        ("image", "img", "audio", "recording", "clip", "picture", "photo", "sound", "slice_file_name", "images",
         "filenames", "files", "paths"),
        ("image_id", "img_id", "audio_id", "file_id", "clip_id", "recording_id", "id", "name"),
    ),
    "label": (
        ("label",),
        ("class", "class_name", "classname", "label_name", "labels", "category", "target", "classes"),
        ("word", "command", "keyword", "digit", "species", "breed", "tag", "emotion", "intent", "y",
         "sentiment", "topic", "language", "lang"),
        ("text", "sentence", "transcript", "transcription", "caption"),
        ("class_id", "label_id", "classid", "category_id"),
    ),
    "text": (
        ("text",),
        ("sentence", "utterance", "query", "question", "message", "review", "comment", "tweet", "sms", "document"),
        ("content", "body", "description", "title", "headline", "input", "review_text", "message_text", "v2"),
    ),
    "split": (("split",), ("subset", "set", "partition", "data_set", "dataset", "usage", "role", "category")),
    "group": (
        ("group",),
        ("speaker", "speaker_id", "client_id", "spk", "spk_id", "subject", "subject_id", "person", "person_id",
         "patient", "patient_id", "writer", "writer_id", "user", "user_id", "participant", "participant_id"),
        ("session", "session_id", "source", "source_id", "film", "video", "video_id", "object_id"),
    ),
}  # fmt: skip
_INDEX = ("", "index", "idx", "unnamed: 0", "unnamed:_0", "#", "no", "nr", "row", "level_0")


@dataclass(frozen=True)
class Columns:
    """The places of the cells in a line: indices, or None for a missing column; and unused headings."""

    path: int
    label: int
    split: int | None
    group: int | None
    unused: tuple


def find_columns(table, place, is_file):
    """Return the Columns of a table.

    Parameters
    ----------
    table : Table
    place : Path, that errors name
    is_file : function of a cell, whether it leads to a file

    Raises
    ------
    DataError
        A column is missing, or two fit.
    """
    headings = [heading(column) for column in table.columns]
    free = {i for i, name in enumerate(headings) if not is_index(name, i, table)}
    found = {}
    for meaning in ("path", "label", "group", "split"):
        found[meaning] = column_of(meaning, headings, free, table, place, is_file)
        free.discard(found[meaning])
    if found["path"] is None:
        found["path"] = only([i for i in free if _leads(table, i, is_file)])
        free.discard(found["path"])
    if found["label"] is None and found["path"] is not None:
        found["label"] = only(sorted(free))
        free.discard(found["label"])
    if missing := [name for name in ("path", "label") if found[name] is None]:
        raise DataError(f"{place}: lacks the column {' and '.join(missing)}; {_advice(table)}")
    unused = tuple(table.columns[i] for i in sorted(free))
    return Columns(found["path"], found["label"], found["split"], found["group"], unused)


def _advice(table):
    has = f"it has {list_some([repr(column) for column in table.columns], 8)}" if table.columns else "it is empty"
    kind = f"as {table.kind}" if "JSON" in table.kind else f"separated by {table.kind}"
    return f"{has}, {kind}; the first line must name the columns path and label, and may name split and group"


def is_index(name, column, table):
    """Tell whether a column only counts the lines, as pandas writes it: without a heading, or called so."""
    if name in ("", "unnamed:_0", "unnamed: 0"):
        return True
    return name in _INDEX and all(cells[column].isdigit() for _, cells in table.lines[:50])


def column_of(meaning, headings, free, table, place, is_file):
    """Return the column among `free` that has a meaning; None if there is none. Raises DataError if several."""
    for names in MEANINGS[meaning]:
        candidates = [i for i in sorted(free) if headings[i] in names]
        if meaning == "split":  # `set` and `category` have other meanings, too
            candidates = [i for i in candidates if headings[i] == "split" or _are_roles(table, i)]
        if meaning == "path" and candidates and "path" not in (headings[i] for i in candidates):
            candidates = [i for i in candidates if _leads(table, i, is_file)] or candidates[: len(candidates) == 1]
        if meaning == "label" and len(candidates) > 1:
            candidates = [i for i in candidates if not _are_roles(table, i)]
        if len(candidates) > 1:
            columns = [repr(table.columns[i]) for i in candidates]
            twice = len({headings[i] for i in candidates}) == 1
            told = (
                f"has a column twice, {columns[0]}"
                if twice
                else f"has {len(columns)} columns that can be the {meaning}"
            )
            raise DataError(
                f"{place}: {told}: {list_some(columns)}; rename the right one to {meaning}, and rename the others"
            )
        if candidates:
            return candidates[0]
    return None


def _are_roles(table, column):
    cells = {cells[column] for _, cells in table.lines}
    return bool(cells) and all(role_of(cell) for cell in cells)


def _leads(table, column, is_file):
    """Tell whether most of the first cells of a column are names of files."""
    cells = [cells[column] for _, cells in table.lines[:20]]
    return bool(cells) and sum(bool(cell) and is_file(cell) for cell in cells) > len(cells) / 2


def only(columns):
    """Return the column if there is exactly one, else None."""
    return columns[0] if len(columns) == 1 else None
