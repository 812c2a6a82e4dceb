"""The page: a model to try, in one HTML file that opens from disk and works offline.

It contains the engine, the model and the code of the page, so a person needs only a browser. Names of classes and
citations come from other people, so every text in the page is escaped, and the page's own Content-Security-Policy
forbids it to load anything.
"""

from __future__ import annotations

import base64
import re
from html import escape

import numpy as np

from pipelines.export.exporter import Exporter, Made, Options
from pipelines.export.javascript import modules
from pipelines.export.javascript_exporter import TOLERANCE, running
from pipelines.export.model_content import model_content
from pipelines.export.subject import Subject
from pipelines.features.images.edge import edge
from pipelines.wording import list_some

FOLDER = modules.FOLDER / "page"
MOST_NAMED = 12  # classes in the first sentence
KINDS = {"speech": "spoken words", "images": "pictures", "text": "short texts"}
WAITING = {
    "pad": "Draw: the answer comes while you draw.",
    "pictures": "Choose a picture.",
    "speech": "Say a word: the answer comes here.",
    "text": "Write something.",
}
_BLOCK = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->\n", re.DOTALL)
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def make(subject: Subject, options: Options) -> Made:
    """Return the page."""
    kind = _kind(subject)
    wanted = {kind} if kind == "text" else {kind, "files"}
    template = _BLOCK.sub(
        lambda block: block[2] if block[1] in wanted else "", (FOLDER / "page.html").read_text(encoding="utf-8")
    )
    content = base64.b64encode(model_content(subject, options.int8)).decode()
    parts = {
        **_texts(subject, kind),
        "style": (FOLDER / "page.css").read_text(encoding="utf-8").strip(),
        "engine": modules.in_one("base64.js", "model.js"),
        "page": modules.in_one("page/page.js"),
        "model": content,
    }
    # One pass, so that inserted text is not examined again.
    return Made({".html": _PLACE.sub(lambda place: parts[place[1]], template).encode()})


def _kind(subject: Subject) -> str:
    """Return the kind of input on the page: a pad to draw on if the model has learned grey pictures."""
    if subject.task != "images":
        return subject.task
    return "pad" if subject.bundle.extractor.channels == "grey" else "pictures"


def _texts(subject: Subject, kind: str) -> dict[str, str]:
    """Return the texts of the page about its model, escaped."""
    metadata, provenance = subject.metadata, subject.bundle.provenance
    labels = metadata["labels"]
    score = provenance.get("test") or provenance.get("valid") or {}
    texts = {
        "name": subject.name,
        "task": subject.task,
        "paper": _paper(subject, kind),
        "made_by": metadata["made_by"],
        "lead": f"It tells {KINDS[subject.task]} apart: {list_some(labels, MOST_NAMED)}. It runs only in this page.",
        "waiting": WAITING[kind],
        "score": (
            f"Of {'test' if provenance.get('test') else 'validation'} samples that it has not learned from, it "
            f"recognised {100 * score['accuracy']:.2f} %. On samples that are less like these, it is worse."
            if "accuracy" in score
            else "Its accuracy was not measured."
        ),
        "n_labels": str(len(labels)),
        "labels": ", ".join(labels),
    }
    data = [f"<li>{escape('{name}: {licence}. {citation}'.format(**of))}</li>" for of in metadata["data"]]
    return {**{name: escape(text) for name, text in texts.items()}, "data": "\n".join(data)}


def _paper(subject: Subject, kind: str) -> str:
    """Return "dark" or "light", as the edge of the golden picture; "any" if the model finds the drawing itself."""
    extractor = subject.bundle.extractor
    if kind != "pad" or extractor.framing == "strokes":
        return "any"
    picture = np.asarray(subject.bundle.golden_row).reshape(extractor.height, extractor.width)
    return "dark" if np.median(edge(picture)) < picture.mean() else "light"


EXPORTER = Exporter(
    "html",
    "a page to try the model",
    make,
    (".html",),
    running=running,
    tolerance=TOLERANCE,
    int8=True,
    all_readings=True,
)
