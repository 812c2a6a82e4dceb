"""Texts as people have them: registered sets, tables, lines with labels in front, files in class folders."""

import json

import numpy as np
import pytest

from pipelines import datasets
from pipelines.datasets import banking77, clinc150, own, snips, trec
from pipelines.errors import DataError


def load(path):
    return datasets.load(str(path), "text")


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file of a name and returns its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_the_bundled_part_has_sentences_of_50_intents_and_foreign_ones():
    dataset = datasets.load("clinc150-part", "text")
    assert len(dataset.labels) == 50
    assert [len(dataset.rows(role)) for role in datasets.ROLES] == [5000, 1000, 1500]
    assert [len(dataset.foreign.rows(role)) for role in datasets.ROLES] == [100, 100, 250]
    assert dataset.path_of(0) is None
    assert dataset.text_of(0) == dataset.items[0]


def test_the_bundled_part_is_the_fallback_and_small():
    assert datasets.fallback_name("text") == "clinc150-part"
    assert datasets.default_name("text") == "clinc150"
    assert datasets.listing("clinc150-part").size < 1e6
    assert datasets.state("clinc150-part") == "bundled"


def test_each_registered_set_is_read_in_its_own_form(written):
    part = {
        name: [["hello there", "greet"]] for name in ("train", "val", "test")
    } | {f"oos_{name}": [["what", "oos"]] for name in ("train", "val", "test")}  # fmt: skip
    rows, foreign = clinc150.read_texts([written("data_full.json", json.dumps(part))])
    assert [(row.text, row.label, row.role) for row in rows] == [
        ("hello there", "greet", role) for role in ("train", "valid", "test")
    ]
    assert foreign == [("what", role) for role in ("train", "valid", "test")]

    paths = [written(f"{role}.csv", 'text,category\n"my card,\nplease\n",lost\n') for role in ("train", "test")]
    assert banking77.read_texts(paths).rows[1][:3] == ("my card,\nplease", "lost", "test")

    pieces = {"Play": [{"data": [{"text": "play "}, {"text": "Björk", "entity": "artist"}]}]}
    paths = [
        written("train_Play_full.json", json.dumps(pieces, ensure_ascii=False).encode("latin-1")),
        written("validate_Play.json", json.dumps(pieces)),
    ]
    assert [row[:3] for row in snips.read_texts(paths).rows] == [
        ("play Björk", "Play", "train"),
        ("play Björk", "Play", "test"),
    ]

    paths = [written(name, b"HUM:ind Who was Ren\xe9 ?\n") for name in ("TREC.train", "TREC.test")]
    assert [row[:3] for row in trec.read_texts(paths).rows] == [
        ("Who was René ?", "HUM", "train"),
        ("Who was René ?", "HUM", "test"),
    ]


@pytest.mark.parametrize("reader", [clinc150, snips])
def test_a_file_of_another_form_is_named(reader, written):
    with pytest.raises(DataError, match=r"data\.json: is not in the form of"):
        reader.read_texts([written("data.json", "[1]")])


TABLES = {
    "a.csv": 'text,label\nhello you,a\nbye,b\nhello,a\n"bye, now",b\n',
    "semicolons.csv": "label;text\na;hello you\nb;bye\na;hello\nb;bye, now\n",
    "a.tsv": "text\tlabel\nhello you\ta\nbye\tb\nhello\ta\nbye, now\tb\n",
    "bare.tsv": "a\thello you\nb\tbye\na\thello\nb\tbye, now\n",
    "other.csv": 'id,sentence,intent\n1,hello you,a\n1,bye,b\n1,hello,a\n2,"bye, now",b\n',
    "a.jsonl": "\n".join(
        json.dumps({"text": text, "label": label})
        for text, label in (("hello you", "a"), ("bye", "b"), ("hello", "a"), ("bye, now", "b"))
    ),
    "fasttext.txt": "__label__a hello you\n__label__b\tbye\r\n\n__label__a hello\n__label__b  bye, now",
    "utf16.csv": "\ufefftext,label\nhello you,a\nbye,b\nhello,a\n'bye, now',b\n".replace("'", '"').encode("utf-16-le"),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_same_texts_are_read_from_every_form(name, written):
    dataset = load(written(name, TABLES[name]))
    assert dataset.items == ["hello you", "bye", "hello", "bye, now"]
    assert [dataset.labels[k] for k in dataset.y] == ["a", "b", "a", "b"]


def test_split_and_group_of_a_table_are_taken(written):
    dataset = load(
        written("a.csv", "text,label,split,group\nhello,a,train,x\nbye,b,train,y\nhey,a,dev,x\nhm,b,test,y\n")
    )
    assert dataset.role.tolist() == ["train", "train", "valid", "test"]
    assert dataset.group.tolist() == ["x", "y", "x", "y"]


def test_cells_may_hold_quotes_line_ends_and_html(written):
    dataset = load(written("a.csv", 'text,label\n"He said ""no"".\n\nThen <b>left</b>",a\nx,a\ny,b\nz,b\n'))
    assert dataset.items[0] == 'He said "no".\n\nThen <b>left</b>'


def test_a_lone_quote_between_tabs_is_a_sign(written):
    dataset = load(written("a.tsv", 'text\tlabel\na 5 " screen\ta\n"so what\ta\nx\tb\ny\tb\n'))
    assert dataset.items[:2] == ['a 5 " screen', '"so what']


def test_labels_may_have_blanks_and_be_of_any_script(written):
    dataset = load(written("a.csv", "text,label\nx,two words\ny,two words\nשלום,שמאל\nhm,שמאל\n"))
    assert set(dataset.labels) == {"two words", "שמאל"}


def test_half_of_a_character_is_read_as_a_sign_for_it(written):
    """Programs that cut JSON write half of an emoji; no encoding of Unicode takes it."""
    rows = [{"text": f"{word} \ud83d", "label": label} for word in "abc" for label in ("\ud800", "no")]
    dataset = load(written("a.jsonl", "\n".join(map(json.dumps, rows))))
    assert set(dataset.labels) == {"\ufffd", "no"}
    assert dataset.items[0] == "a \ufffd"


def test_a_long_text_is_a_cell_like_any_other(written):
    dataset = load(written("a.csv", f"text,label\n{'word ' * 40000},a\nx,a\ny,b\nz,b\n"))
    assert len(dataset.items[0].split()) == 40000


def test_files_named_after_the_split_are_its_parts(tmp_path, written):
    for role in ("train", "test"):
        written(f"{role}.csv", f"text,label\nhello {role},a\nbye {role},b\n")
    dataset = load(tmp_path)
    assert sorted(zip(dataset.items, dataset.role.tolist(), strict=True)) == [
        ("bye test", "test"),
        ("bye train", "train"),
        ("hello test", "test"),
        ("hello train", "train"),
    ]


def test_a_file_in_a_class_folder_is_one_text(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for k in range(3):
            (tmp_path / label / f"{k}.txt").write_text(f"text {k}\nof {label}")
    dataset = load(tmp_path)
    assert len(dataset) == 6
    assert dataset.labels == ("a", "b")
    assert dataset.path_of(0).endswith("0.txt")


def test_texts_change_the_fingerprint(written):
    first = load(written("a.csv", TABLES["a.csv"])).fingerprint
    assert load(written("b.csv", TABLES["a.csv"])).fingerprint == first
    assert load(written("b.csv", TABLES["a.csv"].replace("you", "You"))).fingerprint != first


def test_all_tests_and_subsets_keep_the_foreign_texts():
    dataset = datasets.load("clinc150-part", "text")
    assert len(dataset.only(np.arange(10)).foreign) == 450
    assert set(dataset.all_tests().foreign.role) == {"test"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "text,label\nhello,a\nbye,\n", "line 3 has no label"),
        ("a.csv", "text,label\nhello,a\nbye,a\n", "only one class"),
        ("a.csv", "text,label\nhello,a\nhey,a\nbye,b\n", "only one sample of b"),
        ("a.csv", "text,label,split\nhello,a,maybe\nbye,b,train\n", "has the split 'maybe'"),
        ("a.csv", "text,number\n", "contains no texts"),
        ("a.csv", "one,two,three\n1,2,3\n", "lacks the column text and label"),
        ("a.csv", b"text,label\ncaf\xe9,a\nbye,b\n", "not text in UTF-8"),
        ("a.csv", "", "empty|lacks the column"),
        ("a.csv", 'text,label\n"hello,a\nbye,b\n', "close every opened quote"),
        ("a.txt", "__label__a __label__b hello\n", "contains no texts"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_the_reason(name, content, says, written):
    path = written(name, content)
    with pytest.raises(DataError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_lines_without_text_are_left_out_and_said_so(written):
    dataset = load(written("a.csv", "text,label\nhello,a\n ,a\nhey,a\nbye,b\nx,b\n"))
    assert len(dataset) == 4
    assert "1 lines without text; the first is line 3" in dataset.skipped[0]


def test_what_a_table_of_texts_is_for_is_guessed(written):
    assert own.guess_task(str(written("a.csv", TABLES["a.csv"])), ("speech", "images", "text")) == "text"
