"""FSDD: the Free Spoken Digit Dataset, six people who say each digit 50 times.

Everything is in the file names, `recordings/{digit}_{speaker}_{take}.wav`. Officially takes 0 to 4 are the test and 5
to 49 are for training. We use every ninth of the training takes for validation, so that choices are never made on the
test takes. The validation takes are spread out, because a speaker's manner changes over the takes. Every speaker is in
every part, so the split says nothing about a new voice. The groups are the speakers, so that one can be left out.
"""

import re

from pipelines.datasets.rows import Row
from pipelines.errors import DataError

DIGITS = tuple("0123456789")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
N_TAKES = 50
N_TEST_TAKES = 5
VALID_EVERY = 9

_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>[a-z]+)_(?P<take>0|[1-9][0-9]*)\.wav")


def read_rows(folder):
    """Read the names below `recordings/`.

    Parameters
    ----------
    folder : Path
        The unpacked archive.

    Returns
    -------
    list of Row
        3,000 rows by digit, speaker and take; groups are speakers.

    Raises
    ------
    DataError
        If a recording is missing, or there is a file that does not belong there.
    """
    recordings = folder / "recordings"
    expected = [f"{digit}_{speaker}_{take}.wav" for digit in DIGITS for speaker in SPEAKERS for take in range(N_TAKES)]
    found = {path.name for path in recordings.iterdir()} if recordings.is_dir() else set()
    advice = f"delete {folder} and fetch the data set again"
    if missing := [name for name in expected if name not in found]:
        raise DataError(
            f"{recordings / missing[0]}: is missing ({len(missing)} of {len(expected)} recordings are); {advice}"
        )
    if strange := sorted(found.difference(expected)):
        raise DataError(f"{recordings / strange[0]}: is not a recording of this data set; {advice}")
    return [_row(recordings, name) for name in expected]


def parse_name(name):
    """Take a file name such as `7_jackson_32.wav` apart: digit (str), speaker (str), take (int).

    Raises
    ------
    DataError
        If the name does not have that form.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise DataError(f"{name}: is not named like a recording of this data set, digit_speaker_take.wav")
    return match["digit"], match["speaker"], int(match["take"])


def role_of_take(take):
    """Return which part of the split a take plays: 0-4 `"test"`, 9, 18, 27, 36, 45 `"valid"`, others `"train"`."""
    if take < N_TEST_TAKES:
        return "test"
    return "valid" if take % VALID_EVERY == 0 else "train"


def _row(recordings, name):
    digit, speaker, take = parse_name(name)
    return Row(f"recordings/{name}", recordings / name, digit, role_of_take(take), speaker)
