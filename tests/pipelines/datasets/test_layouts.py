"""The ways in which people lay out folders of files: each becomes the data set that they meant."""

import json
import unicodedata

import pytest

from pipelines.datasets import load
from pipelines.datasets.roles import role_of, settle
from pipelines.errors import DataError


@pytest.fixture
def tree(tmp_path):
    """A function that makes files (content: their name) below a fresh folder and returns the folder."""

    def make(*names, top="data"):
        for name in names:
            path = tmp_path / top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
        return tmp_path / top

    return make


def pets(before="", after="", n=3):
    return [f"{before}{pet}/{after}{i}.png" for pet in ("cat", "dog") for i in range(n)]


def counts(dataset):
    return {role: len(dataset.rows(role)) for role in ("train", "valid", "test")}


@pytest.mark.parametrize(
    ("train", "valid", "test"),
    [
        ("train", "valid", "test"),
        ("training", "validation", "testing"),
        ("Train", "Val", "Test"),
        ("TRAIN", "DEV", "EVAL"),
        ("train", "dev", "eval"),
        ("train_set", "val_set", "test_set"),
        ("seg_train", "seg_valid", "seg_test"),
        ("MNIST - training", "MNIST - validation", "MNIST - testing"),
        ("1-train", "2-valid", "3-test"),
    ],
)
def test_parts_of_a_split_are_known_by_their_usual_names(tree, train, valid, test):
    folder = tree(*pets(f"{train}/"), *pets(f"{valid}/", n=2), *pets(f"{test}/", n=1))
    dataset = load(str(folder), "images")
    assert dataset.labels == ("cat", "dog")
    assert counts(dataset) == {"train": 6, "valid": 4, "test": 2}


def test_eval_alone_is_the_validation_part_and_beside_one_the_test():
    assert settle(["train", "eval"]) == {"train": "train", "eval": "valid"}
    assert settle(["train", "dev", "eval"])["eval"] == "test"
    assert settle(["train", "eval", "test"])["eval"] == "valid"


@pytest.mark.parametrize("name", ["cat", "trained dogs", "test tube", "latest", "evaluate me", "contest", ""])
def test_other_names_are_no_part_of_a_split(name):
    assert role_of(name) is None


@pytest.mark.parametrize("before", ["archive/", "archive/data/", "a/b/c/"])
def test_a_folder_alone_around_the_data_is_looked_through(tree, before):
    assert counts(load(str(tree(*pets(before))), "images"))["train"] == 6
    split = tree(*pets(f"{before}training/"), *pets(f"{before}testing/"), "README.md", top="other")
    assert counts(load(str(split), "images")) == {"train": 6, "valid": 0, "test": 6}


def test_a_text_or_a_stray_picture_beside_the_folder_does_not_hide_the_data(tree):
    dataset = load(str(tree(*pets("data/"), "README.txt", "LICENSE", "statistics.csv", "preview.png")), "images")
    assert dataset.labels == ("cat", "dog")
    assert len(dataset) == 6
    assert any("preview.png: left out" in sentence for sentence in dataset.skipped)


def test_a_part_that_holds_itself_once_more_is_looked_through(tree):
    dataset = load(str(tree(*pets("seg_train/seg_train/"), *pets("seg_test/seg_test/"))), "images")
    assert counts(dataset) == {"train": 6, "valid": 0, "test": 6}


@pytest.mark.parametrize("unlabelled", ["test/1.png", "test/test/1.png", "test/unknown/1.png", "testing/images/1.png"])
def test_a_test_folder_without_labels_is_left_out_and_said(tree, unlabelled):
    dataset = load(str(tree(*pets("train/"), unlabelled)), "images")
    assert counts(dataset) == {"train": 6, "valid": 0, "test": 0}
    assert ["no labels" in sentence for sentence in dataset.skipped] == [True]


def test_folders_inside_the_classes_are_groups(tree):
    names = [f"{word}/{who}/{i}.wav" for word in ("yes", "no") for who in ("ann", "bob") for i in range(2)]
    dataset = load(str(tree(*names, "yes/alone.wav")), "speech")
    assert dataset.labels == ("no", "yes")
    assert set(dataset.group) == {"ann", "bob", "yes/alone.wav"}
    assert any("used as groups" in note for note in dataset.notes)


def test_parts_of_a_split_inside_the_classes_are_the_split(tree):
    dataset = load(str(tree(*pets(after="train/"), *pets(after="test/", n=1))), "images")
    assert counts(dataset) == {"train": 6, "valid": 0, "test": 2}
    assert dataset.group is None


def test_background_noise_is_no_class_and_is_kept_as_noise(tree):
    words = [f"{word}/{i}.wav" for word in ("yes", "no") for i in range(2)]
    dataset = load(str(tree(*words, "_background_noise_/tap.wav", "_background_noise_/README.md")), "speech")
    assert dataset.labels == ("no", "yes")
    assert [path.name for path in dataset.noise] == ["tap.wav"]
    assert any("_background_noise_: 1 recording of noise" in note for note in dataset.notes)


def test_what_systems_leave_is_passed_over_and_counted_and_empty_files_are_named(tree):
    left = (
        "Thumbs.db",
        "cat/desktop.ini",
        "cat/.ipynb_checkpoints/0-checkpoint.png",
        "__MACOSX/cat/._0.png",
        "cat/._0.png",
    )
    folder = tree(*pets(), *left)
    (folder / "dog" / "9.png").write_bytes(b"")
    dataset = load(str(folder), "images")
    assert dataset.labels == ("cat", "dog")
    assert len(dataset) == 6
    assert dataset.skipped == (f"{folder}/dog/9.png: left out, the file is empty",)
    assert any(note.startswith("Passed over: 5 entries") for note in dataset.notes)


def test_a_word_composed_and_decomposed_is_one_class(tree):
    composed, apart = (unicodedata.normalize(form, "für") for form in ("NFC", "NFD"))
    names = [f"train/{composed}/{i}.png" for i in range(3)] + [f"test/{apart}/{i}.png" for i in range(3)]
    dataset = load(str(tree(*names, *(f"{part}/gegen/1.png" for part in ("train", "test")))), "images")
    assert dataset.labels == (composed, "gegen")
    assert counts(dataset) == {"train": 4, "valid": 0, "test": 4}
    both = load(str(tree(f"{composed}/1.png", f"{apart}/2.png", "x/1.png", "x/2.png", top="both")), "images")
    assert both.labels == (composed, "x")
    assert any("two forms of Unicode" in note for note in both.notes)


@pytest.mark.parametrize(
    "name", ["a b", "a,b", 'say "a"', "it's", "two\nlines", "-dash", "--json", "$HOME", "a;b", "*"]
)
def test_any_name_of_a_folder_is_a_label(tree, name):
    dataset = load(str(tree(f"{name}/1.png", f"{name}/2.png", "x/1.png", "x/2.png")), "images")
    assert name in dataset.labels


def test_circles_of_links_end_and_links_elsewhere_are_followed(tree, tmp_path):
    folder = tree(*pets())
    tree("far/1.png", "far/2.png", top="elsewhere")
    (folder / "bird").symlink_to(tmp_path / "elsewhere" / "far")
    (folder / "cat" / "again").symlink_to(folder)
    (tmp_path / "elsewhere" / "far" / "back").symlink_to(folder / "bird")
    dataset = load(str(folder), "images")
    assert dataset.labels == ("bird", "cat", "dog")
    assert len(dataset) == 8
    assert sum("leads round in a circle" in sentence for sentence in dataset.skipped) == 2


def test_a_table_beside_a_folder_of_files_says_what_they_are(tree):
    folder = tree(*(f"train/{i:04x}.jpg" for i in range(6)), "test/ffff.jpg")
    lines = ["id,breed", *(f"{i:04x},{'pug' if i % 2 else 'collie'}" for i in range(6))]
    (folder / "labels.csv").write_text("\n".join(lines))
    (folder / "sample_submission.csv").write_text("id,collie,pug\nffff,0.5,0.5\n")
    dataset = load(str(folder), "images")
    assert dataset.labels == ("collie", "pug")
    assert len(dataset) == 6
    assert any("1 files left out, because no table" in sentence for sentence in dataset.skipped)


def test_metadata_in_the_parts_of_a_split_is_read_as_hugging_face_writes_it(tree):
    folder = tree(*(f"{part}/{i}.png" for part in ("train", "test") for i in range(4)))
    for part in ("train", "test"):
        lines = [f'{{"file_name": "{i}.png", "label": "{"odd" if i % 2 else "even"}"}}' for i in range(4)]
        (folder / part / "metadata.jsonl").write_text("\n".join(lines))
    assert counts(load(str(folder), "images")) == {"train": 4, "valid": 0, "test": 4}


def test_a_table_that_lists_nearly_all_files_is_believed_rather_than_the_folders(tree):
    folder = tree(*(f"{who}/{i}.wav" for who in ("ann", "bob") for i in range(4)))
    lines = ["path,label,group", *(f"{who}/{i}.wav,{i % 2},{who}" for who in ("ann", "bob") for i in range(4))]
    (folder / "manifest.csv").write_text("\n".join(lines))
    dataset = load(str(folder), "speech")
    assert dataset.labels == ("0", "1")
    assert set(dataset.group) == {"ann", "bob"}
    (folder / "manifest.csv").write_text("\n".join(["path,label", *(f"ann/{i}.wav,{i % 2}" for i in range(4))]))
    assert load(str(folder), "speech").labels == ("ann", "bob")


def test_tables_called_like_parts_of_a_split_are_its_parts_as_common_voice_has_them(tree):
    folder = tree(*(f"clips/{i}.mp3" for i in range(12)))
    parts = {"train": range(6), "dev": range(6, 9), "test": range(9, 12), "validated": range(12)}
    for name, numbers in parts.items():
        lines = ["client_id\tpath\tsentence", *(f"c{i}\t{i}.mp3\t{'yes' if i % 2 else 'no'}" for i in numbers)]
        (folder / f"{name}.tsv").write_text("\n".join(lines))
    dataset = load(str(folder), "speech")
    assert dataset.labels == ("no", "yes")
    assert counts(dataset) == {"train": 6, "valid": 3, "test": 3}


def test_names_that_begin_with_the_class_are_labels(tree):
    dataset = load(
        str(tree(*(f"train/{pet}.{i}.jpg" for pet in ("cat", "dog") for i in range(3)), "test1/7.jpg")), "images"
    )
    assert dataset.labels == ("cat", "dog")
    assert len(dataset) == 6
    assert any("beginnings of the names" in note for note in dataset.notes)


def test_edge_impulses_list_of_labels_is_read(tree):
    folder = tree(*(f"{part}/{i}.wav" for part in ("training", "testing") for i in range(4)))
    files = [
        {"path": f"{part}/{i}.wav", "category": part, "label": {"type": "label", "label": ("off", "on")[i % 2]}}
        for part in ("training", "testing")
        for i in range(4)
    ]
    (folder / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    assert counts(load(str(folder), "speech")) == {"train": 4, "valid": 0, "test": 4}


def test_pointers_and_pages_in_the_place_of_files_are_called_what_they_are(tree):
    folder = tree(*pets())
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 13\n"
    (folder / "cat" / "0.png").write_text(pointer)
    dataset = load(str(folder), "images")
    assert len(dataset) == 5
    assert "Git LFS pointer" in dataset.skipped[0]
    for path in folder.rglob("*.png"):
        path.write_text(pointer)
    with pytest.raises(
        DataError, match=r"cat/0\.png: this is a Git LFS pointer.*git lfs pull \(so are 6 of the 6 files"
    ):
        load(str(folder), "images")
    for path in folder.rglob("*.png"):
        path.write_text("<!DOCTYPE html>\n<html><body>Sign in</body></html>")
    with pytest.raises(DataError, match="this is a web page"):
        load(str(folder), "images")


def test_files_without_a_suffix_are_known_by_their_first_bytes(tree):
    folder = tree(*pets())
    (folder / "cat" / "no-ending").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (folder / "cat" / "README").write_text("hello")
    dataset = load(str(folder), "images")
    assert len(dataset) == 7
    assert [sentence.split(":")[0].rsplit("/")[-1] for sentence in dataset.skipped] == ["README"]


def test_a_folder_called_like_a_registered_set_is_told_from_it(tree, tmp_path, monkeypatch):
    tree(*pets(), top="digits")
    monkeypatch.chdir(tmp_path)
    dataset = load("digits", "images")
    assert len(dataset) == 1797
    assert any("not the folder here; write ./digits for the folder" in note for note in dataset.notes)
    assert load("./digits", "images").labels == ("cat", "dog")
