"""The model card: what people should know before they use a model, on one page of Markdown.

Mitchell and others 2019, https://arxiv.org/abs/1810.03993. Hugging Face reads its header
(https://huggingface.co/docs/hub/model-cards). Every number comes from the model file.
"""

from __future__ import annotations

import json
import math

from pipelines.export.exporter import Exporter, Made, Options
from pipelines.export.layers import every_step
from pipelines.export.subject import Subject
from pipelines.wording import list_some

PIPELINE_TAGS = {"speech": "audio-classification", "images": "image-classification", "text": "text-classification"}
LICENCES = {  # as Hugging Face spells them
    "CC0 1.0": "cc0-1.0",
    "CC BY 4.0": "cc-by-4.0",
    "CC BY-SA 4.0": "cc-by-sa-4.0",
    "CC BY-SA 3.0": "cc-by-sa-3.0",
    "CC BY 3.0": "cc-by-3.0",
}


def make(subject: Subject, options: Options) -> Made:
    """Return the card."""
    return Made({".md": _card(subject).encode()})


def _card(subject: Subject) -> str:
    provenance, bundle = subject.bundle.provenance, subject.bundle
    scored = provenance.get("test") or provenance.get("valid") or {}
    role = "test" if provenance.get("test") else "validation"
    parts = [
        _front_matter(subject, scored),
        f"# {subject.name}",
        f"A network of {bundle.network.params.flat.size:,} parameters that recognises {subject.task}: "
        f"{len(bundle.labels)} classes. It was trained by [backprop]({HOME}) from random weights.",
        f"**Classes:** {', '.join(bundle.labels)}",
        "## Accuracy",
        _scores(provenance),
        f"Measured once on {role} samples that the training did not see. On samples that are less like these, accuracy "
        f"is lower. It is better to treat an answer less probable than {provenance.get('threshold', 0):g} as unknown.",
        "## Training data",
        "\n".join(f"- {of['name']}: {of['licence']}. {of['citation']}" for of in subject.metadata["data"]),
        "\n".join(f"- {note}" for note in provenance.get("notes", ())) or "There were no warnings about the data.",
        "## From a sample to an answer",
        "\n".join(f"{n}. **{stage.name}**: {stage.what}" for n, stage in enumerate(subject.stages.values(), 1)),
        f"Then the row is standardised and goes through the layers: {_layers(subject)}. The logits of all views are "
        f"averaged and divided by {bundle.temperature:.4g}; the softmax of the result gives the probabilities.",
        "## Training",
        _recipe(provenance),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


HOME = "https://pypi.org/project/visible-backprop/"


def _front_matter(subject, scored):
    data = subject.metadata["data"]
    licence = LICENCES.get(data[0]["licence"], "other") if len(data) == 1 else "other"
    lines = [f"license: {licence}"]
    if licence == "other":
        lines.append(f"license_name: {json.dumps(list_some([of['licence'] for of in data]))}")
    lines += [
        f"pipeline_tag: {PIPELINE_TAGS[subject.task]}",
        "library_name: backprop",
        "tags:",
        *(f"- {tag}" for tag in ("backprop", "multilayer-perceptron", subject.task)),
    ]
    accuracy = scored.get("accuracy")
    if accuracy is not None and math.isfinite(accuracy):
        lines += [
            "model-index:",
            f"- name: {json.dumps(subject.name)}",
            "  results:",
            "  - task:",
            f"      type: {PIPELINE_TAGS[subject.task]}",
            "    dataset:",
            f"      name: {json.dumps(list_some([of['name'] for of in data]))}",
            f"      type: {json.dumps(list_some([of['name'] for of in data]))}",
            "    metrics:",
            "    - type: accuracy",
            f"      value: {round(accuracy, 6)}",
        ]
    return "\n".join(["---", *lines, "---"])


def _scores(provenance):
    rows = [
        f"| {role} | {provenance.get(f'n_{role}', '')} | {100 * score['accuracy']:.2f} % | {score['loss']:.4f} |"
        for role in ("train", "valid", "test")
        if (score := provenance.get(role))
    ]
    return "\n".join(["| split | samples | accuracy | loss |", "|---|---|---|---|", *rows]) if rows else ""


def _layers(subject):
    shown = {"activation": lambda step: step.settings["activation"], "dense": lambda step: _width(step)}
    return ", ".join(shown.get(step.kind, lambda step: step.kind)(step) for step in every_step(subject.layers))


def _width(step):
    return f"dense {step.arrays['W'].shape[0]} to {step.arrays['W'].shape[1]}"


def _recipe(provenance):
    rows = [f"| {name} | {json.dumps(value)} |" for name, value in provenance.get("recipe", {}).items()]
    seed = f"Seed {provenance.get('seed')}, best epoch {provenance.get('best_epoch')}."
    return "\n".join(["| entry | value |", "|---|---|", *rows]) + f"\n\n{seed}" if rows else seed


EXPORTER = Exporter("card", "a model card in Markdown", make, (".md",))
