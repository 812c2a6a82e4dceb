"""Whatever becomes of a table or an archive, it is read or refused with a sentence, and nothing half is left."""

import io
import random
import zipfile

import pytest

from backprop_core.errors import BackpropError
from pipelines.datasets import load

PATHS = [(f"{pet}/{i}.png", pet) for pet in ("cat", "dog") for i in range(4)]
SNIPPETS = (
    b"\0",
    b"\n",
    b'"',
    b";",
    b",",
    b"\xff",
    b"\\",
    b"../",
    b"{",
    b"[" * 2000,
    b"1e999",
    b"NaN",
    b"\xed\xa0\x80",
)


def zip_up():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, _ in PATHS:
            archive.writestr(f"top/{name}", name)
    return content.getvalue()


WHOLE = {
    "list.csv": ("path,label\n" + "".join(f"{path},{label}\n" for path, label in PATHS)).encode(),
    "excel.csv": ("sep=;\nPath;Label\n" + "".join(f"{path[:-4]};{label}\n" for path, label in PATHS)).encode("utf-16"),
    "list.jsonl": "".join(f'{{"file_name": "{path}", "label": "{label}"}}\n' for path, label in PATHS).encode(),
    "pets.zip": zip_up(),
}


def mutate(content, rng):
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place, what = rng.randrange(len(content) + 1), rng.random()
        if what < 0.4:
            content[place : place + 1] = bytes([rng.randrange(256)])
        elif what < 0.7:
            content[place:place] = rng.choice(SNIPPETS)
        elif what < 0.9:
            del content[place : place + rng.randrange(1, 40)]
        else:
            content = content[: place + 1]
    return bytes(content)


@pytest.mark.parametrize("name", WHOLE)
def test_a_mutated_file_is_read_or_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("BACKPROP_DATA", str(tmp_path / "home"))
    for path, _ in PATHS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    rng, answers, sentences = random.Random(name), set(), []
    for _ in range(150):
        (tmp_path / name).write_bytes(mutate(WHOLE[name], rng))
        try:
            answers.add(len(load(str(tmp_path / name), "images")) > 0)
        except BackpropError as error:
            sentences.append(str(error))
            answers.add(False)
    assert answers == {True, False}
    assert all(str(tmp_path) in sentence for sentence in sentences)
    assert not list((tmp_path / "home").rglob(".*"))
