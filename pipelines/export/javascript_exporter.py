"""JavaScript: the engine and the model in one ES module, with its types."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from pipelines.export.exporter import Exporter, Made, Options
from pipelines.export.javascript import modules, node
from pipelines.export.model_content import model_content
from pipelines.export.subject import Subject
from pipelines.features.extractor import Audible

TOLERANCE = 1e-3
OUTSIDE = ("decoding",)

_HEAD = """/**
 * {what} Made by {made_by}.
 *
 *     import {{ load }} from "./{name}.js";
 *     const model = await load();
 *     {example}
 *
 * {data}
 */
"""
_EXAMPLES = {
    "speech": "const { label, probability } = model.predict(samples, 48000); // a Float32Array, from -1 to 1",
    "images": 'const { label, probability } = model.predict(document.querySelector("canvas"));',
    "text": 'const { label, probability } = model.predict("where is my card");',
}
_TAIL = """
export {{ Model }};

/** The description of this model, and of its training data. */
export const metadata = {metadata};

const CONTENT =
  "{content}";

/** Load the model of this module, or another model file from an address. */
export async function load(url) {{
  return url === undefined ? new Model(fromBase64(CONTENT)) : fetched(url);
}}
"""


def make(subject: Subject, options: Options) -> Made:
    """Return the module and its types."""
    engine = modules.in_one("base64.js", "engine.js").replace("const { load, Model }", "const { load: fetched, Model }")
    metadata = subject.metadata
    head = _HEAD.format(
        what=f"{subject.name}: a model that recognises {subject.task}, with its engine.",
        made_by=metadata["made_by"],
        name=subject.name,
        example=_EXAMPLES[subject.task],
        data="\n * ".join(
            _in_comment(f"Data: {of['name']}, {of['licence']}. {of['citation']}") for of in metadata["data"]
        ),
    )
    tail = _TAIL.format(
        metadata=json.dumps(metadata, indent=2),
        content=base64.b64encode(model_content(subject, options.int8)).decode(),
    )
    types = (modules.FOLDER / "engine.d.ts").read_text(encoding="utf-8")
    return Made({".js": f"{head}\n{engine}{tail}".encode(), ".d.ts": types.encode()}, outside=OUTSIDE)


def _in_comment(text: str) -> str:
    """Return the text without signs that would end the comment around it."""
    return " ".join(text.replace("*/", "* /").split())


def running(subject: Subject, paths: Sequence[Path]):
    """Return a context manager that gives the module's answers, as Node runs it."""
    extractor = subject.bundle.extractor
    return node.answering(paths[0], extractor.sr if isinstance(extractor, Audible) else None)


EXPORTER = Exporter(
    "js",
    "an ES module",
    make,
    (".js", ".d.ts"),
    running=running,
    tolerance=TOLERANCE,
    int8=True,
    all_readings=True,
)
