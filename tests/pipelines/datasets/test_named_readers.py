"""The readers of FSDD, Speech Commands, CIFAR-10 and scikit-learn's digits: official roles, strict names."""

import tarfile
from collections import Counter

import numpy as np
import pytest

from pipelines.datasets import cifar10, digits, fsdd, speech_commands
from pipelines.datasets.archives import unpack
from pipelines.errors import DataError

SPEECH_COMMANDS = {
    "yes/0a7c2a8d_nohash_0.wav": "train",
    "yes/0a7c2a8d_nohash_1.wav": "train",
    "yes/1b4c9b89_nohash_0.wav": "valid",
    "no/0a7c2a8d_nohash_0.wav": "train",
    "no/ffd2ba2f_nohash_3.wav": "test",
}


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(path.name.encode())


@pytest.fixture
def fsdd_folder(tmp_path, monkeypatch):
    """The same form with fewer speakers and takes: 240 files instead of 3,000."""
    monkeypatch.setattr(fsdd, "SPEAKERS", ("lucas", "theo"))
    monkeypatch.setattr(fsdd, "N_TAKES", 12)
    for digit in range(10):
        for speaker in fsdd.SPEAKERS:
            for take in range(fsdd.N_TAKES):
                touch(tmp_path / "fsdd" / "recordings" / f"{digit}_{speaker}_{take}.wav")
    return tmp_path / "fsdd"


@pytest.fixture
def commands_folder(tmp_path):
    """A small archive of the form of the real one, unpacked."""
    made = tmp_path / "made"
    for name in [*SPEECH_COMMANDS, "_background_noise_/white_noise.wav", "_background_noise_/README.md", "LICENSE"]:
        touch(made / name)
    for role, list_name in speech_commands.LISTS.items():
        (made / list_name).write_text("".join(f"{name}\n" for name, of in SPEECH_COMMANDS.items() if of == role))
    with tarfile.open(tmp_path / "commands.tar.gz", "w:gz") as archive:
        archive.add(made, arcname=".")
    unpack(tmp_path / "commands.tar.gz", tmp_path / "commands", max_files=100, max_bytes=10**6)
    return tmp_path / "commands"


@pytest.fixture
def cifar_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "N_IMAGES", {"train": 3, "test": 2})
    for role, count in cifar10.N_IMAGES.items():
        for label in cifar10.CLASSES:
            for number in range(count):
                touch(tmp_path / "cifar" / role / label / f"{number:04d}.jpg")
    return tmp_path / "cifar"


def test_fsdd_takes_0_to_4_are_the_test_and_validation_never_touches_them(fsdd_folder):
    rows = fsdd.read_rows(fsdd_folder)
    takes = {
        role: {fsdd.parse_name(row.path.name)[2] for row in rows if row.role == role}
        for role in ("test", "valid", "train")
    }
    assert takes == {"test": set(range(5)), "valid": {9}, "train": {5, 6, 7, 8, 10, 11}}


def test_fsdd_groups_are_the_speakers_and_labels_the_digits(fsdd_folder):
    rows = fsdd.read_rows(fsdd_folder)
    assert Counter(row.group for row in rows) == dict.fromkeys(fsdd.SPEAKERS, 120)
    assert Counter(row.label for row in rows) == dict.fromkeys(fsdd.DIGITS, 24)


def test_a_missing_fsdd_recording_is_named(fsdd_folder):
    (fsdd_folder / "recordings" / "7_theo_11.wav").unlink()
    with pytest.raises(DataError, match=r"7_theo_11.wav: is missing \(1 of 240 .*fetch the data set again"):
        fsdd.read_rows(fsdd_folder)


def test_a_file_that_does_not_belong_to_fsdd_is_named(fsdd_folder):
    touch(fsdd_folder / "recordings" / "7_theo_12.wav")
    with pytest.raises(DataError, match=r"7_theo_12.wav: is not a recording"):
        fsdd.read_rows(fsdd_folder)


@pytest.mark.parametrize(
    "name", ["7_theo.wav", "10_theo_1.wav", "7_theo_01.wav", "7_theo_1.mp3", "7_theo_1.wav.bak", "a_b_1.wav"]
)
def test_a_name_outside_the_grammar_is_refused(name):
    with pytest.raises(DataError, match="digit_speaker_take"):
        fsdd.parse_name(name)


def test_speech_commands_roles_come_from_the_lists(commands_folder):
    rows = speech_commands.read_rows(commands_folder)
    assert {row.name: row.role for row in rows} == SPEECH_COMMANDS
    assert all(row.path.is_file() for row in rows)


def test_speech_commands_labels_are_words_and_groups_are_speakers(commands_folder):
    for row in speech_commands.read_rows(commands_folder):
        assert row.label == row.path.parent.name
        assert row.group == row.path.name.split("_")[0]


def test_background_noise_is_no_sample_but_can_be_found(commands_folder):
    assert all("noise" not in row.name for row in speech_commands.read_rows(commands_folder))
    assert [path.name for path in speech_commands.background_noise(commands_folder)] == ["white_noise.wav"]


def test_a_list_that_names_a_recording_that_does_not_exist_is_refused(commands_folder):
    with (commands_folder / "testing_list.txt").open("a") as file:
        file.write("yes/99999999_nohash_0.wav\n")
    with pytest.raises(DataError, match=r"testing_list.txt: names yes/99999999_nohash_0.wav, which does not exist"):
        speech_commands.read_rows(commands_folder)


def test_a_recording_on_both_lists_is_refused(commands_folder):
    with (commands_folder / "testing_list.txt").open("a") as file:
        file.write("yes/1b4c9b89_nohash_0.wav\n")
    with pytest.raises(DataError, match=r"validation_list\.txt names too"):
        speech_commands.read_rows(commands_folder)


def test_a_missing_list_is_refused(commands_folder):
    (commands_folder / "validation_list.txt").unlink()
    with pytest.raises(DataError, match=r"validation_list.txt: cannot be read"):
        speech_commands.read_rows(commands_folder)


def test_a_speech_commands_file_with_another_name_is_refused(commands_folder):
    touch(commands_folder / "yes" / "mine.wav")
    with pytest.raises(DataError, match=r"mine.wav: is not named like"):
        speech_commands.read_rows(commands_folder)


def test_cifar10_roles_and_labels_are_the_folders(cifar_folder):
    rows = cifar10.read_rows(cifar_folder)
    assert len(rows) == 50
    for row in rows:
        assert row.name == f"{row.role}/{row.label}/{row.path.name}"


def test_a_missing_cifar10_picture_is_named(cifar_folder):
    (cifar_folder / "test" / "frog" / "0001.jpg").unlink()
    with pytest.raises(DataError, match=r"frog/0001.jpg: is missing \(1 of 2"):
        cifar10.read_rows(cifar_folder)


def test_a_file_that_does_not_belong_to_cifar10_is_named(cifar_folder):
    touch(cifar_folder / "train" / "frog" / "mine.jpg")
    with pytest.raises(DataError, match=r"mine.jpg: is not a picture"):
        cifar10.read_rows(cifar_folder)


def test_digits_are_spread_over_all_pixel_values_without_loss():
    spread = digits.spread(np.arange(17))
    assert (spread[0], spread[-1]) == (0, 255)
    np.testing.assert_array_equal(np.round(spread * (16 / 255)), np.arange(17))


def test_the_last_360_digits_are_the_test():
    images, y, role = digits.read_arrays()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert (role == "test").sum() == 360
    assert set(role[-360:]) == {"test"}
    assert set(y[-360:]) == set(range(10))
