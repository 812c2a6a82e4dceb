"""Class folders become a data set, or an error that says which folder is wrong."""

import pytest

from pipelines.datasets import load
from pipelines.errors import DataError


@pytest.fixture
def tree(tmp_path):
    """A function that makes files (content: their name) below a fresh folder and returns it as text."""

    def make(*names):
        for name in names:
            path = tmp_path / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if name.endswith("/") else path.write_text(name)
        return str(tmp_path / "data")

    return make


PETS = ("cat/1.jpg", "cat/2.PNG", "dog/1.jpg", "dog/2.jpg")


def test_folder_names_are_the_labels_and_rows_are_sorted(tree):
    dataset = load(tree("dog/2.jpg", *PETS), "images")
    assert dataset.labels == ("cat", "dog")
    assert [path.name for path in dataset.items] == ["1.jpg", "2.PNG", "1.jpg", "2.jpg"]
    assert dataset.y.tolist() == [0, 0, 1, 1]
    assert set(dataset.role) == {"train"}
    assert dataset.group is None


@pytest.mark.parametrize("valid", ["valid", "val", "validation"])
def test_folders_for_the_split_are_honoured(tree, valid):
    names = [f"{part}/{name}" for part in ("train", valid, "test") for name in PETS]
    dataset = load(tree(*names), "images")
    assert dataset.labels == ("cat", "dog")
    assert {role: len(dataset.rows(role)) for role in ("train", "valid", "test")} == {"train": 4, "valid": 4, "test": 4}
    assert all(
        path.parts[-3] == {"valid": valid}.get(role, role)
        for path, role in zip(dataset.items, dataset.role, strict=True)
    )


def test_a_class_may_be_called_test(tree):
    assert load(tree("test/1.jpg", "test/2.jpg", "exam/1.jpg", "exam/2.jpg"), "images").labels == ("exam", "test")


def test_hidden_files_are_ignored_and_other_kinds_are_skipped_and_listed(tree):
    dataset = load(tree(*PETS, "cat/notes.txt", "README.md", ".git/config", "cat/.DS_Store", "dog/1.wav"), "images")
    assert len(dataset) == 4
    assert len(dataset.skipped) == 3
    for name in ("README.md", "notes.txt", "1.wav"):
        assert sum(name in sentence for sentence in dataset.skipped) == 1


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ((), "data: contains no class folders"),
        (("train/1.jpg", "train/2.jpg", "test/3.jpg"), "data: has test, train, but no class folders in them"),
        (("1.jpg", "2.jpg"), "data: contains no class folders"),
        (("cat/1.jpg", "cat/2.jpg"), "data: has only one class, cat"),
        ((*PETS, "empty/"), "empty: contains no files that images can use"),
        ((*PETS, "text/a.txt"), "text: contains no files that images can use"),
        ((*PETS, "bird/1.jpg"), "data: has only one sample of bird"),
        (("train/cat/1.jpg", "train/dog/1.jpg", *PETS), "data: contains cat, dog beside train"),
        (("test/cat/1.jpg", "test/dog/1.jpg"), "data: has no training sample of cat, dog"),
        (("train/cat/1.jpg", "train/dog/1.jpg", "test/cow/1.jpg"), "data: has no training sample of cow"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused_with_the_reason(tree, tmp_path, names, match):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match=match) as caught:
        load(tree(*names), "images")
    assert str(caught.value).startswith(str(tmp_path / "data"))


def test_the_same_files_elsewhere_have_the_same_fingerprint_and_other_contents_another(tree, tmp_path):
    first = load(tree(*PETS), "images").fingerprint
    (tmp_path / "data").rename(tmp_path / "moved")
    assert load(str(tmp_path / "moved"), "images").fingerprint == first
    (tmp_path / "moved" / "cat" / "1.jpg").write_text("other")
    second = load(str(tmp_path / "moved"), "images").fingerprint
    (tmp_path / "moved" / "cat" / "2.PNG").rename(tmp_path / "moved" / "cat" / "3.PNG")
    assert len({first, second, load(str(tmp_path / "moved"), "images").fingerprint}) == 3


def test_a_file_that_cannot_be_opened_stays_in_the_data_set_for_the_decoder_to_name(tree, monkeypatch):
    folder = tree(*PETS)
    whole = load(folder, "images").fingerprint
    refused, opened = [], open

    def refusing(path, *options, **more):
        if str(path).endswith("dog/2.jpg"):
            refused.append(path)
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *options, **more)

    monkeypatch.setattr("builtins.open", refusing)
    dataset = load(folder, "images")
    assert refused
    assert len(dataset) == 4
    assert dataset.fingerprint != whole


def test_links_that_lead_in_a_circle_are_left_out_and_links_to_files_and_folders_are_followed(tree, tmp_path):
    folder = tree(*PETS)
    (tmp_path / "data" / "cat" / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "data" / "round").symlink_to("round")
    (tmp_path / "data" / "cat" / "again.jpg").symlink_to("1.jpg")
    (tmp_path / "data" / "puppy").symlink_to("dog")
    dataset = load(folder, "images")
    assert dataset.labels == ("cat", "dog", "puppy")
    assert len(dataset) == 7
    assert [sentence.split(":")[0][-8:] for sentence in dataset.skipped] == ["loop.jpg", "ta/round"]


def test_a_link_back_to_the_folder_itself_is_left_out_and_not_followed_for_ever(tree, tmp_path):
    folder = tree(*PETS)
    (tmp_path / "data" / "cat" / "up").symlink_to("..")
    dataset = load(folder, "images")
    assert len(dataset) == 4
    assert [sentence for sentence in dataset.skipped if "cat/up: left out, a link that leads round" in sentence]
