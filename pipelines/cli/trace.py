"""Printing a trace: one step of backpropagation as text, with the formula beside the numbers.

No line is wider than 100, except lines that name a file.
"""

import math
import textwrap

from backprop_core.architecture import LAYERS
from backprop_core.layers import Layer
from backprop_core.worked_example import rows
from pipelines.cli.terminal import table
from pipelines.wording import escape, percent

WIDTH = 100
LABEL_WIDTH = 16
MOST_WORDS = 20
INDENT = "  "

READING = (
    "x is the input of a layer, y its output. A d in front means how fast the loss grows with that number: dy is "
    "dLoss/dy. The length of many numbers is the root of the sum of their squares. Layers, units and classes count "
    "from 0, and numbers are rounded to 4 digits. In each layer, the unit with the largest error is computed in full; "
    "--layer and --top choose how much is shown."
)
WORDS = (
    "The answer's log-odds are log(p / (1 - p)). The part of each word is computed on a straight line from a text "
    "without words to this text (Integrated Gradients). The parts of all words add up to the whole difference."
)
ERROR = (
    "The outputs of the last layer are the logits z. The softmax turns them into probabilities, p_k = exp z_k / "
    "sum exp z_j. The loss is -log p of the true class. Its gradient is dz = p - t, the answer minus the truth; the "
    "backward pass begins with it."
)
BACKWARD = (
    "The backward pass goes from the last layer to the first. By the chain rule, the gradient of a weight is its input "
    "times the error of the unit that it feeds. Each layer passes on the error of its inputs, weighted by the same "
    "weights."
)
UPDATE = (
    "Every number moves against its gradient: new = old - {rate} gradient. For a small step, the square of a gradient "
    "is that number's part in the fall of the loss; its share of the blame is this square divided by the sum of all "
    "squares."
)


def trace_text(record, model):
    """Return the record of `explain`, a trace of one step, as text; `model` is the path of the model file."""
    return "\n".join(
        [
            *_head(record, model),
            *_words(record),
            *_heading("Forward: from the features to the logits"),
            *_input(record["input"], record["features"]),
            *(line for layer in record["layers"] for line in _forward(layer)),
            *_heading("Error: how wrong is the answer?"),
            *_wrap(ERROR),
            "",
            *_error(record),
            *_heading("Backward: who is to blame?"),
            *_wrap(BACKWARD),
            *(line for layer in reversed(record["layers"]) for line in _backward(layer)),
            *_heading("Update: one step"),
            *_wrap(UPDATE.format(rate=_n(record["learning_rate"]))),
            "",
            *_update(record),
            "",
            *_outcome(record),
            *(line for pointed in record["at"] for line in _describe_place(pointed, record["frozen"])),
        ]
    )


def _n(value):
    """Return a number with 4 digits."""
    return "overflow" if value is None else f"{value:.4g}"


def _wrap(text, indent=""):
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _heading(text):
    return ["", text, "=" * len(text)]


def _short(label):
    """Return a label as short text; users choose labels, so a label may be long."""
    text = escape(label)
    return text if len(text) <= LABEL_WIDTH else f"{text[: LABEL_WIDTH - 3]}..."


def _head(record, model):
    truth = {
        "option": "as --label says",
        "folder": "the name of the file's folder",
        "prediction": "the model's own answer; give the true class with --label",
    }[record["label_from"]]
    rate = {
        "option": "as given",
        "recipe": "the recipe's",
        "default": "the model does not record its own rate",
    }[record["learning_rate_from"]]
    answer, views = record["answer"], record["n_views"]
    lines = [
        f"model    {escape(model)} ({record['task']}, {record['n_parameters']:,} parameters)",
        f"sample   {escape(record['path'])}",
        f"truth    {_short(record['label'])} ({truth})",
        f"answer   {_short(answer['label'])}, {percent(answer['probability'])} (as predict has it)",
        f"step     plain gradient descent, learning rate {_n(record['learning_rate'])} ({rate})",
        *_steps_before(record),
        "",
    ]
    seen = (
        f"This is the first of {views} views of the sample; predict averages the answers of all views. "
        if views > 1
        else ""
    )
    return [
        *lines,
        *_wrap(
            f"{seen}Training takes many such steps, each on a batch, and by its own optimizer. The network is in "
            "evaluation mode, with dropout off. The loss is softmax cross-entropy without label smoothing, and the "
            "logits are not calibrated. The model file is not changed."
        ),
        "",
        *_wrap(READING),
    ]


def _words(record):
    """Return lines on what each word of a text says for the answer; no lines if the sample is not a text."""
    found = record.get("evidence")
    if not found:
        return []
    sums = {}
    for word in found["words"]:
        sums[word["word"]] = sums.get(word["word"], 0.0) + word["evidence"]
    heaviest = sorted(sums.items(), key=lambda entry: -abs(entry[1]))[:MOST_WORDS]
    rest = len(sums) - len(heaviest)
    rows = [(escape(word), f"{value:+.4f}", "for" if value > 0 else "against") for word, value in heaviest]
    added = sum(word["evidence"] for word in found["words"])
    return [
        *_heading(f"Words: what speaks for {_short(found['label'])}, and what against"),
        *_wrap(WORDS),
        "",
        table(rows, ("word", "nats", "")),
        *([f"and {rest} more words"] if rest > 0 else []),
        "",
        f"without words {found['log_odds_without_words']:+.4f}, all words {added:+.4f}: "
        f"log-odds {found['log_odds']:+.4f}",
    ]


def _input(summary, names):
    told = "; ".join(f"x_{index} {name}" for index, name in names.items())
    return [
        "",
        f"input: {summary['shape'][1]} standardised features",
        *_numbers("x", summary),
        *_wrap(f"those shown are: {told}" if told else "", INDENT),
    ]


def _numbers(name, summary):
    """Return lines that describe a row of numbers."""
    largest = ", ".join(f"{name}_{entry['unit']} = {_n(entry['value'])}" for entry in summary["largest"])
    zeros = f"; {summary['n_zero']} of {summary['shape'][1]} are 0" if summary["n_zero"] else ""
    text = (
        f"{name} from {_n(summary['min'])} to {_n(summary['max'])}, mean {_n(summary['mean'])}, "
        f"std {_n(summary['std'])}, length {_n(summary['norm'])}{zeros}"
    )
    return [*_wrap(text, INDENT), *_wrap(f"largest: {largest or 'none, all are 0'}", INDENT)]


def _shape(lengths):
    return f"({', '.join(map(str, lengths))})"


def _name(layer):
    return escape(layer["settings"].get("activation", layer["kind"]).replace("_", " "))


def _title(layer, sizes, text):
    """Return the first lines of a layer's block: its name and shapes, and a text."""
    return ["", f"layer {layer['name']}, {_name(layer)}   {sizes}", *_wrap(text, INDENT)]


def _kind(layer):
    """Return the class of a layer of the record; its methods describe the layer."""
    return LAYERS.get(layer["kind"], Layer)


def _forward(layer):
    kind = _kind(layer)
    words = kind.words
    if kind.only_in_training:
        return ["", f"layer {layer['name']}, {_name(layer)}: {words.does}, so {words.forward}"]
    shapes = ", ".join(f"{parameter['name']} {_shape(parameter['shape'])}" for parameter in layer["parameters"])
    text = f"{words.forward}: {words.does}" + (f"; {shapes}" if shapes else "")
    lines = [
        *_title(layer, f"x {_shape(layer['shape_in'])} -> y {_shape(layer['shape_out'])}", text),
        *(line for inner in layer["layers"] for line in _forward(inner)),
    ]
    if layer["layers"]:
        lines += ["", f"layer {layer['name']}, residual: the sum"]
    return [*lines, *_numbers("y", layer["output"]), *_work_out(layer, words.worked_forward, layer["forward"])]


def _backward(layer):
    kind, error = _kind(layer), layer["output_error"]
    if error is None:
        return ["", f"layer {layer['name']}, {_name(layer)}: no layer up to here learns, so the error is not needed"]
    if kind.only_in_training:
        return ["", f"layer {layer['name']}, {_name(layer)}: {kind.words.does}, so {kind.words.backward}"]
    arrived = f"dy {_shape(layer['shape_out'])}"
    sizes = arrived if layer["input_error"] is None else f"{arrived} -> dx {_shape(layer['shape_in'])}"
    lines = [*_title(layer, sizes, kind.words.backward), *_numbers("dy", error)]
    for inner in reversed(layer["layers"]):
        lines += _backward(inner)
    if layer["layers"]:
        lines += ["", f"layer {layer['name']}, residual: the sum"]
    for parameter in layer["parameters"]:
        lines += _describe_blame(parameter)
    lines += _work_out(layer, kind.words.worked_backward, layer["backward"])
    if layer["input_error"] is None:
        lines += [f"{INDENT}the error ends here: nothing before this layer learns"]
    return lines


def _place(entry):
    """Return the name of one parameter, such as "W[407,12]"."""
    name, source, to = entry["parameter"], entry["from"], entry["to"]
    return f"{name}_{to}" if source is None else f"{name}[{source},{to}]"


def _describe_blame(parameter):
    """Return lines on the gradient of one array of parameters, and on where it is largest."""
    name, zeros = parameter["name"], ""
    if parameter["n_zero"]:
        zeros = f", {parameter['n_zero']:,} of {math.prod(parameter['shape']):,} are 0"
    length, share = _n(parameter["gradient_norm"]), percent(parameter["share"])
    lines = [f"{INDENT}d{name}: length {length}, {share} of all blame{zeros}"]
    if name in ("W", "gamma"):
        lines += [f"{INDENT}{INDENT}{_product(entry)}" for entry in parameter["largest"]]
    return lines


def _product(entry):
    """Return the chain rule of one weight, in numbers."""
    source, to = entry["from"], entry["to"]
    met = f"xhat_{to}" if source is None else f"x_{source}"
    return (
        f"d{_place(entry)} = {met} dy_{to} = {_n(entry['input'])} * {_n(entry['error'])} = {_n(entry['gradient'])}"
        f"   ({_place(entry)} is {_n(entry['weight'])})"
    )


def _steps_before(record):
    losses = record["losses_before"]
    lines = [f"before {len(losses)} steps of the same kind; the loss was {_n(losses[0])} at first"] if losses else []
    if record["frozen"]:
        lines.append("frozen all layers except the last: they do not learn, so no error is carried back to them")
    return lines


def _describe_place(pointed, frozen):
    """Return lines on what --at points at."""
    lines = _heading(f"At {escape(pointed['place'])}")
    if "weight" in pointed:
        entry = pointed["weight"]
        met = 1.0 if entry["input"] is None else entry["input"]
        product = f"input * error = {_n(met)} * {_n(entry['error'])} = {_n(entry['gradient'])}"
        if int(entry["layer"].split(".")[0]) in frozen:
            product = "0: this layer is frozen and does not learn"
        return [
            *lines,
            f"d{_place(entry)} = {product}",
            f"{_place(entry)} = {_n(entry['weight'])} before, {_n(entry['after'])} after the step",
        ]
    for layer in pointed["unit"]:
        lines += ["", f"layer {layer['layer']}, {layer['kind'].replace('_', ' ')}"]
        words = _kind(layer).words
        lines += _work_out(layer, words.worked_forward, layer["forward"])
        lines += _work_out(layer, words.worked_backward, layer["backward"])
    return lines


def _work_out(layer, lines, example):
    """Return the arithmetic of one unit: a sum as columns, one term a line, and every other formula as one line."""
    settings = {name: escape(str(value)) for name, value in layer["settings"].items()}
    filled = list(rows(lines, example, _n, **settings))
    if any(row.term is not None for row in filled):
        return _sum([(row.formula, row.numbers, _n(row.value)) for row in filled])
    return [
        line
        for row in filled
        for line in _wrap(" = ".join(filter(None, (row.formula, row.numbers, _n(row.value)))), INDENT)
    ]


def _sum(terms):
    """Return a sum, one term a line; `terms` are the name, the arithmetic and the value of each, the total last."""
    widths = [max(len(term[i]) for term in terms) for i in range(3)]
    signs = [" ", *"+" * (len(terms) - 2), "="]
    return [
        f"{INDENT}{sign} {name:{widths[0]}}  {arithmetic:{widths[1]}}  {value:>{widths[2]}}".rstrip()
        for sign, (name, arithmetic, value) in zip(signs, terms, strict=True)
    ]


def _error(record):
    """Return the table of the classes that the error concerns most, and the loss."""
    classes = record["classes"]
    true = next(entry for entry in classes if entry["target"])
    told = sorted(classes, key=lambda entry: (-entry["target"], -abs(entry["error"])))[: record["top"] + 1]
    told.sort(key=lambda entry: -entry["probability"])
    rows = [
        (
            _short(entry["label"]),
            str(classes.index(entry)),
            _n(entry["logit"]),
            _n(entry["probability"]),
            f"{entry['target']:.0f}",
            _n(entry["error"]),
        )
        for entry in told
    ]
    lines = table(rows, ("class", "unit", "z", "p", "t", "dz = p - t")).splitlines()
    others = len(classes) - len(told)
    if others:
        rest = sum(entry["probability"] for entry in classes) - sum(entry["probability"] for entry in told)
        lines.append(f"{others} more classes share p = {_n(max(rest, 0.0))}")
    label, p = _short(record["label"]), _n(true["probability"])
    return [*lines, "", f"loss = -log p({label}) = -log {p} = {_n(record['loss'])}"]


def _update(record):
    """Return the tables of the changes of all arrays of parameters, and of the numbers with the largest gradients."""
    rows = [
        (
            parameter["layer"],
            f"{parameter['name']} {_shape(parameter['shape'])}",
            _n(parameter["gradient_norm"]),
            percent(parameter["share"]),
            _n(parameter["update_norm"]),
            _n(parameter["norm"]),
        )
        for parameter in record["parameters"]
    ]
    header = ("layer", "parameters", "|gradient|", "share of blame", "|update|", "|parameters|")
    blamed = [
        (
            entry["layer"],
            _place(entry),
            _n(entry["gradient"]),
            percent(entry["share"]),
            _n(entry["weight"]),
            _n(entry["update"]),
            _n(entry["after"]),
        )
        for entry in record["blame"]
    ]
    lines = [*table(rows, header).splitlines(), ""]
    if not blamed:
        return [*lines, "All gradients are 0: the network has nothing to learn from this sample."]
    header = ("layer", "most blamed", "gradient", "share", "old", "update", "new")
    return [*lines, *table(blamed, header).splitlines()]


def _outcome(record):
    """Return lines on the result of the step."""
    label, before, after = _short(record["label"]), record["loss"], record["loss_after"]
    true = next(entry for entry in record["classes"] if entry["target"])
    if after is None:
        return _wrap("The step was so long that the network's numbers overflowed; try a smaller --learning-rate.")
    lines = [
        f"loss   {_n(before)} before, {_n(after)} after the step: {after - before:+.4g}, where the gradient predicted "
        f"{_n(record['promised'])}",
        f"p({label})   {percent(true['probability'])} before, {percent(true['probability_after'])} after",
    ]
    if after > before:
        lines += _wrap("The loss rose, because the step was too long for its gradient; try a smaller --learning-rate.")
    return lines
