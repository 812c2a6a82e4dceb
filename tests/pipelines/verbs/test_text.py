"""Texts through every verb: trained, measured, answered, from files, lines, columns and pipes."""

import json
from pathlib import Path

import numpy as np
import pytest

from backprop_core.network import Network
from backprop_core.sparse import SparseRows
from pipelines import load, train
from pipelines.errors import InputFileError, UsageError
from pipelines.features.inputs import Sample
from pipelines.features.text.stream import texts_in, whole
from pipelines.learning.fitting import _threshold
from pipelines.learning.scoring import refusals
from pipelines.learning.unseen import first_weights
from pipelines.models import bundle
from pipelines.verbs.evaluate import report
from pipelines.verbs.gradcheck import SPREAD, _spread_around

GREETINGS = ("hello there", "good morning", "hi my friend", "hello again", "hey you", "good evening to you")
PAYMENTS = ("pay the bill", "send him money", "pay my rent now", "transfer ten euros", "money to my mother", "pay it")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    lines = [f'"{text} {k}",{label}' for label, texts in (("greet", GREETINGS), ("pay", PAYMENTS)) for text in texts
             for k in ("please", "today", "now")]  # fmt: skip
    (folder / "data.csv").write_text("text,label\n" + "\n".join(lines))
    return train("text", folder / "data.csv", out=folder / "model.safetensors", hidden=[32], epochs=20, dropout=0.2)


def test_a_model_of_texts_tells_them_apart_and_survives_its_file(trained):
    again = load(trained.path)
    texts = ["hello to you", "pay him money"]
    answers = list(trained.predict(texts=texts))
    assert [answer.label for answer in answers] == ["greet", "pay"]
    assert [answer.record() for answer in again.predict(texts=texts)] == [answer.record() for answer in answers]
    assert answers[0].record()["text"] == texts[0]
    assert again.evaluate().accuracy > 0.8


def test_a_text_alone_is_one_text_and_not_its_letters(trained):
    (answer,) = trained.predict(texts="hello to you")
    assert [answer] == list(trained.predict(texts=["hello to you"]))


def test_the_file_stores_only_columns_that_training_texts_hold(trained):
    model = bundle.load(trained.path)
    W = first_weights(model.network)
    n_seen = W.any(axis=1).sum()
    assert 0 < n_seen < len(W) / 10
    np.testing.assert_array_equal(W, W.astype(np.float16))
    assert model.golden_error() < 1e-6


def test_a_file_is_one_text_and_in_a_folder_only_texts_are_read(trained, tmp_path):
    (tmp_path / "a.txt").write_text("hello\nthere")
    (tmp_path / "b.csv").write_text("x")
    answers = list(trained.predict(tmp_path))
    assert [answer.path for answer in answers] == [str(tmp_path / "a.txt")]
    assert answers[0].label == "greet"


BAD = {
    "empty.txt": (b"", "empty"),
    "blank.txt": (b" \n\t ", "holds no text"),
    "binary.txt": (b"\0\1\2\xff" * 40, "holds no text|not UTF-8|zero"),
    "latin.txt": ("café".encode("latin-1"), r"not UTF-8 \(byte 3\)"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n\0\0", "a recording or a picture, not text"),
    "page.txt": (b"<!DOCTYPE html><html><body>hello</body></html>", "a web page"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_text_is_named_with_the_reason(trained, tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name][0])
    (answer,) = trained.predict([tmp_path / name])
    assert answer.label is None
    assert str(tmp_path / name) in answer.error
    with pytest.raises(InputFileError, match=BAD[name][1]):
        raise InputFileError(answer.error)


ODD = ["x", "😀😀", "שלום עולם", "ꙮ", "a\u200b\x07b", "<b>hello</b>", "word " * 400_000, "\ud800", "x" * 2_000_000]


@pytest.mark.parametrize("k", range(len(ODD)))
def test_any_text_is_answered(trained, k):
    (answer,) = trained.predict(texts=[ODD[k]])
    assert answer.error is None
    assert 0 <= answer.probability <= 1


def batches_of(content, name="-", **how):
    return [[(s.name, s.source, s.problem) for s in batch] for batch in texts_in(Sample(name, content), **how)]


def test_each_line_is_a_text_and_a_bad_one_costs_only_itself():
    (batch,), (last,) = batches_of(b"one\r\n\ntwo \xff\nn\0ul\n"), [[("", "", "")]]
    assert [(name, problem is None) for name, _, problem in batch] == [
        ("-:1", True), ("-:2", True), ("-:3", False), ("-:4", False),
    ]  # fmt: skip
    assert batch[0][1] == "one"
    assert "not UTF-8 (byte 4)" in batch[2][2]
    assert "zero bytes" in batch[3][2]
    assert last


class Trickle:
    """A stream that gives a few bytes at a time, and counts them."""

    def __init__(self, content, size):
        self.content, self.size, self.given = content, size, 0

    def read(self, n=-1):
        raise AssertionError("a stream is read as it comes")

    def read1(self, n):
        piece = self.content[self.given : self.given + self.size]
        self.given += len(piece)
        return piece


def test_lines_are_handed_on_before_the_stream_ends():
    stream = Trickle(b"one\ntwo\nthree\n", 4)
    found = texts_in(Sample("-", stream))
    assert [sample.source for sample in next(found)] == ["one"]
    assert stream.given == 4
    assert [sample.source for batch in found for sample in batch] == ["two", "three"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_do_not_depend_on_how_a_stream_is_cut(size, encoding):
    lines = ["größe 😀", "second", "", "שלום"]
    stream = Trickle("\n".join(lines).encode(encoding), max(size, 4))
    assert [sample.source for batch in texts_in(Sample("-", stream)) for sample in batch] == lines


def test_a_line_without_end_is_refused_in_bounded_memory(monkeypatch):
    monkeypatch.setattr("pipelines.features.text.stream.LONGEST", 1000)
    stream = Trickle(b"x" * 10_000_000, 100)
    (batch,) = texts_in(Sample("-", stream))
    assert "longer than" in batch[0].problem
    assert stream.given < 3000


def test_a_column_of_csv_may_hold_quotes_and_line_ends():
    content = b'id,q\n1,"hello\nyou ""there"""\n2,bye\n'
    assert [entry[:2] for batch in batches_of(content, "a.csv", column="q") for entry in batch] == [
        ("a.csv:2", 'hello\nyou "there"'),
        ("a.csv:4", "bye"),
    ]


def test_a_column_of_json_lines_is_taken():
    content = b'{"q": "hello", "id": 1}\nnonsense\n{"id": 2}\n{"q": 3}\n'
    (batch,) = batches_of(content, "a.jsonl", column="q")
    assert batch[0][:2] == ("a.jsonl:1", "hello")
    assert [problem is not None for _, _, problem in batch] == [False, True, True, True]


def test_a_quote_that_is_never_closed_is_an_error_of_the_line_that_opens_it():
    content = b'id,t\n1,hello\n2,"where is my card\n3,bye\n'
    found = [entry for batch in batches_of(content, column="t") for entry in batch]
    assert found[0] == ("-:2", "hello", None)
    [(name, text, problem)] = found[1:]
    assert (name, text) == ("-:3", b"")
    assert problem.startswith("-:3: opens a quote that is never closed")


def test_a_quote_that_never_closes_is_found_in_time(monkeypatch):
    monkeypatch.setattr("pipelines.features.text.stream.LONGEST", 1 << 20)
    ((entry,),) = batches_of(b't\n"' + b"hello\n" * 400_000, column="t")
    assert "line 2 opens a quote" in entry[2]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b't\na 5" screen\nhello\n', ['a 5" screen', "hello"]),
        (b't\n"a ""5"""\n"two\nlines"', ['a "5"', "two\nlines"]),
        (b'n;t\n"x, ""y""";"a;\nb"\n1;c', ["a;\nb", "c"]),
        (b't\tn\na, "b\t1\nc\t2\n', ['a, "b', "c"]),
        (b'{"t": "a \\" b"}\n{"t": "c"}\n', ['a " b', "c"]),
    ],
)
def test_a_quote_opens_a_cell_only_at_its_beginning(content, texts):
    for size in (1, 5, 1000):
        batches = texts_in(Sample("-", Trickle(content, size)), column="t")
        assert [sample.source for batch in batches for sample in batch] == texts


def test_half_of_a_character_in_json_is_read_as_a_sign_for_it():
    content = json.dumps([{"path": "a\ud83d.wav", "t": "hi \ud83d"}]).encode()
    assert batches_of(content, "x.json", column="t") == [[("a\ufffd.wav", "hi \ufffd", None)]]


def test_what_transcribe_heard_is_taken_word_by_word():
    heard = [
        {"path": "a.wav", "words": [{"word": "pay", "start": 0.1}, {"word": "it"}]},
        {"path": "b.wav", "words": []},
        {"path": "c.wav", "error": "c.wav: holds no word"},
    ]
    (batch,) = batches_of(json.dumps(heard).encode(), column="words")
    assert [entry[:2] for entry in batch[:2]] == [("a.wav", "pay it"), ("b.wav", "")]
    assert batch[2][2] == "c.wav: holds no word"


@pytest.mark.parametrize(
    ("content", "how", "says"),
    [
        (b"a,b\n1,2\n", {"column": "q"}, "has no column q; its columns are a, b"),
        (b"one\n", {"encoding": "klingon"}, "no encoding that Python knows"),
        (b"one\n", {"encoding": "hex"}, "no encoding that Python knows"),
        (b"one\n", {"encoding": "utf-16-klingon"}, "no encoding that Python knows"),
        (b"one\n", {"encoding": "utf-16"}, "byte order mark"),
        (b"one\n", {"encoding": "undefined"}, "a.csv:1: is not UNDEFINED; name its --encoding"),
        (b"caf\xe9-\n", {"encoding": "punycode"}, "is not PUNYCODE"),
        (b"RIFF\0\0\0\0WAVEfmt ", {}, "a recording or a picture"),
    ],
)
def test_what_cannot_be_read_at_all_is_said_once(content, how, says):
    ((entry,),) = batches_of(content, "a.csv", **how)
    assert says in entry[2]


def test_an_encoding_that_is_named_is_used(tmp_path):
    (tmp_path / "a.txt").write_bytes("café".encode("latin-1"))
    assert whole(Sample("a.txt", tmp_path / "a.txt"), "latin-1").source == "café".encode()
    assert batches_of("café\n".encode("latin-1"), encoding="latin-1")[0][0][1] == "café"


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "hex"])
def test_a_file_in_no_such_encoding_is_one_problem(encoding):
    found = whole(Sample("a.txt", b"caf\xe9-"), encoding)
    assert found.problem.startswith("a.txt: is n") or "no encoding" in found.problem


def test_cores_that_share_many_lines_give_the_answers_of_one(trained, monkeypatch, tmp_path):
    monkeypatch.setattr("pipelines.verbs.predict.MANY", 3)
    lines = ["hello", " ", "the bill", "\x00", "good", "pay", "now"] * 3
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    alone, together = (list(trained.predict(tmp_path / "lines.txt", lines=True, jobs=jobs)) for jobs in (1, 4))
    assert alone == together
    assert [answer.text for answer in alone if answer.error is None] == [line for line in lines if line.strip(" \x00")]


def test_lines_are_for_texts_alone(images_model, tmp_path):
    with pytest.raises(UsageError, match="--lines is for texts"):
        load(images_model).predict([tmp_path], lines=True)
    with pytest.raises(UsageError, match="--text is for texts"):
        load(images_model).predict(texts=["hello"])


def test_the_command_answers_lines_columns_and_texts(trained, call, tmp_path):
    (tmp_path / "a.csv").write_text("q\nhello there\npay money\n")
    answer = call("predict", trained.path, "--column", "q", tmp_path / "a.csv", "--jsonl")
    records = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [record["label"] for record in records] == ["greet", "pay"]
    assert call("predict", trained.path, "--text", "hello").stdout.startswith("hello: greet")
    assert call("predict", trained.path).code == 2
    assert call("predict", trained.path, "--text", " ").code == 3


def test_each_text_gets_a_page_of_its_words_and_a_list_of_its_n_grams(trained, call, tmp_path):
    (tmp_path / "a.txt").write_text("hello\n<script>alert(1)</script>\n\npay\n")
    words = ["--lines", tmp_path / "a.txt", "--explain", tmp_path / "why", "--show-input", tmp_path / "seen", "--jsonl"]
    records = [json.loads(line) for line in call("predict", trained.path, *words).stdout.splitlines()]
    assert [Path(record["explanation"]).name for record in records if "error" not in record] == [
        "a-1.why.html", "a-2.why.html", "a-4.why.html",
    ]  # fmt: skip
    page = (tmp_path / "why" / "a-2.why.html").read_text()
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    listed = (tmp_path / "seen" / "a-1.seen.txt").read_text().splitlines()
    assert listed[0] == "hello"
    assert any(line.endswith('"hello"') for line in listed)
    weights = [float(line.split()[0]) for line in listed[5:]]
    np.testing.assert_allclose(np.linalg.norm(weights), 1, atol=0.01)


def test_explain_lists_the_words_and_what_they_add_up_to(trained, call, tmp_path):
    (tmp_path / "a.txt").write_text("hello there")
    found = call("explain", trained.path, tmp_path / "a.txt", "--json").json["evidence"]
    assert [word["word"] for word in found["words"]] == ["hello", "there"]
    added = sum(word["evidence"] for word in found["words"])
    np.testing.assert_allclose(found["log_odds_without_words"] + added, found["log_odds"], atol=0.02)
    assert "hello" in call("explain", trained.path, tmp_path / "a.txt").stdout


def test_errors_are_shown_with_their_words(trained, tmp_path):
    data = tmp_path / "odd.csv"
    data.write_text("text,label\nhello there,pay\npay the bill,pay\ngood morning,greet\n")
    paths = report(trained.evaluate(data), tmp_path / "report")
    assert [path.name for path in paths][:2] == ["confident-errors.html", "confident-errors.csv"]
    (entry,) = json.loads(paths[-1].read_text())["confident_errors"]
    assert entry["text"] == "hello there"
    assert [word["word"] for word in entry["words"]] == ["hello", "there"]
    assert "hello there" in paths[1].read_text()


def test_the_threshold_costs_no_more_than_a_hundredth_and_refuses_what_it_can():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=1000)
    logits = (np.eye(3)[y] * rng.gamma(4, 1, (1000, 1)) + rng.normal(size=(1000, 3))).astype(np.float32)
    foreign = rng.normal(size=(200, 3)).astype(np.float32)
    threshold = _threshold(logits, y, foreign, 1.0)

    def probabilities(z):
        e = np.exp(z)
        return e / e.sum(axis=1, keepdims=True)

    before = (logits.argmax(axis=1) == y).mean()
    found = refusals(probabilities(logits), y, probabilities(foreign), threshold)
    assert before - found["accuracy"] <= 0.0101
    assert found["recall"] > 0.1


def test_forgetting_what_no_row_holds_leaves_answers_to_training_rows(trained):
    model = trained.answering
    assert isinstance(model.golden_row, SparseRows)
    assert isinstance(model.network, Network)
    assert first_weights(model.network)[np.unique(model.golden_row.columns)].any(axis=1).all()


@pytest.mark.parametrize("words", [("evaluate", "--stream"), ("listen", "a.wav"), ("transcribe", "a.wav")])
def test_a_verb_of_sounds_names_itself_when_it_refuses_a_model_of_texts(call, trained, words):
    verb, *rest = words
    answer = call(verb, trained.path, *rest)
    assert (answer.code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"error: {verb}")
    assert "recognises text" in answer.stderr


def test_the_gradients_of_a_model_of_texts_are_checked(call, trained):
    answer = call("gradcheck", trained.path, "--json")
    assert answer.code == 0, answer
    assert all(row["n_checked"] > 0 for row in answer.json["checks"])
    rows = _spread_around(
        bundle.load(trained.path).extractor.to_features(bundle.load(trained.path).golden_row), np.random.default_rng(0)
    )
    noise = np.linalg.norm(rows[1:] - rows[0], axis=1) / np.linalg.norm(rows[0])
    np.testing.assert_allclose(noise, SPREAD, rtol=0.05)
