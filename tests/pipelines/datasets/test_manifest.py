"""A manifest becomes a data set, or an error that names the line, the column or the files."""

import pytest

from pipelines.datasets import load
from pipelines.errors import DataError

FILES = ("a.wav", "b.wav", "c.wav", "d.wav")


@pytest.fixture
def manifest(tmp_path):
    """A function that writes a manifest beside four files and returns its path as text."""
    (tmp_path / "set").mkdir()
    for name in FILES:
        (tmp_path / "set" / name).write_text(name)

    def write(content, encoding="utf-8"):
        (tmp_path / "set" / "list.csv").write_bytes(content.encode(encoding))
        return str(tmp_path / "set" / "list.csv")

    return write


def lines(heading, *rows):
    return "\n".join([heading, *rows]) + "\n"


PLAIN = lines("path,label", "a.wav,yes", "b.wav,no", "c.wav,yes", "d.wav,no")


def test_paths_are_relative_to_the_manifest_and_rows_keep_its_order(manifest, tmp_path):
    dataset = load(manifest(PLAIN), "speech")
    assert dataset.labels == ("no", "yes")
    assert dataset.y.tolist() == [1, 0, 1, 0]
    assert dataset.items == [tmp_path / "set" / name for name in FILES]
    assert set(dataset.role) == {"train"}
    assert dataset.group is None


def test_split_and_group_are_taken_over_in_any_order_of_columns(manifest):
    rows = ("yes,ann,train,a.wav", "no,ann,train,b.wav", "yes,bob,valid,c.wav", "no,cid,test,d.wav")
    dataset = load(manifest(lines("label,group,split,path", *rows)), "speech")
    assert dataset.role.tolist() == ["train", "train", "valid", "test"]
    assert dataset.group.tolist() == ["ann", "ann", "bob", "cid"]


def test_absolute_paths_and_paths_above_the_manifest_are_the_users_own_choice(manifest, tmp_path):
    (tmp_path / "above.wav").write_text("above")
    content = lines("path,label", "../above.wav,yes", f"{tmp_path}/set/b.wav,no", "c.wav,yes", "d.wav,no")
    assert len(load(manifest(content), "speech")) == 4


def test_a_byte_order_mark_and_quotes_are_understood(manifest):
    content = lines("path,label", 'a.wav,"yes, sir"', "b.wav,nö", 'c.wav,"yes, sir"', "d.wav,nö")
    assert load(manifest(content, "utf-8-sig"), "speech").labels == ("nö", "yes, sir")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "lacks the column path and label"),
        ("path,label\n", "lists no files"),
        (
            lines("path,colour,size", "a.wav,red,1", "b.wav,blue,2"),
            "lacks the column label; it has 'path', 'colour', 'size'",
        ),
        (lines("path,split", "a.wav,train"), "lacks the column label"),
        (lines("path,label,label", "a.wav,yes,no"), "a column twice"),
        (PLAIN + "e.wav,yes\nf.wav,no\n", "lists 2 of 6 files that do not exist: e.wav, f.wav"),
        (PLAIN + "".join(f"{n}.wav,no\n" for n in range(9)), "lists 9 of 13 .*: 0.wav, 1.wav, 2.wav and 6 more"),
        (PLAIN + "./a.wav,no\n", "lists ./a.wav twice"),
        (PLAIN + ",no\n", "line 6 has no path"),
        (PLAIN + "a.wav\n", "line 6 has no label"),
        (PLAIN + "a.wav,no,never\n", "line 6 has more cells"),
        (
            lines("path,label,split", "a.wav,yes,Trial"),
            "line 2 has the split 'Trial'; it must be one of train, valid, test",
        ),
        (lines("path,label,split", "a.wav,yes,"), "line 2 has no split"),
        (lines("path,label,group", "a.wav,yes,"), "line 2 has no group"),
        (lines("path,label", "a.wav,yes", "b.wav,yes"), "has only one class, yes"),
        (lines("path,label", "a.wav,yes", "b.wav,no", "c.wav,no"), "has only one sample of yes"),
        (lines("path,label,split", "a.wav,yes,train", "b.wav,no,test"), "has no training sample of no"),
        (lines("path,label", "a.wav,yes", '"b.wav,no'), "is not a CSV file"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_the_reason(manifest, content, match):
    path = manifest(content)
    with pytest.raises(DataError, match=match) as caught:
        load(path, "speech")
    assert str(caught.value).startswith(path)


def test_text_that_is_not_utf8_is_refused(manifest):
    with pytest.raises(
        DataError, match=r"is not text in UTF-8: line 2 has the byte 0xF6 .Latin-1.*save it as CSV UTF-8"
    ):
        load(manifest(PLAIN.replace("yes", "öl"), "latin-1"), "speech")


def test_the_fingerprint_follows_contents_labels_split_and_order(manifest, tmp_path):
    def fingerprint(content):
        return load(manifest(content), "speech").fingerprint

    first = fingerprint(PLAIN)
    assert fingerprint(PLAIN) == first
    with_roles = lines("path,label,split", "a.wav,yes,train", "b.wav,no,train", "c.wav,yes,test", "d.wav,no,test")
    swapped = lines("path,label", "b.wav,no", "a.wav,yes", "c.wav,yes", "d.wav,no")
    relabelled = lines("path,label", "a.wav,no", "b.wav,yes", "c.wav,yes", "d.wav,no")
    others = [fingerprint(content) for content in (with_roles, swapped, relabelled)]
    (tmp_path / "set" / "a.wav").write_text("other")
    assert len({first, *others, fingerprint(PLAIN)}) == 5
