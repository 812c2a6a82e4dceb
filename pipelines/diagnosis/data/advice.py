"""Advice: what a finding about a data set means, in a sentence, and what to do about it."""

from pathlib import Path

from pipelines.wording import listed


def advice(finding):
    """Return the sentence about a `soundness.Finding`."""
    return _SENTENCES[finding.name](finding.evidence)


def _leaking(of):
    copies = " and ".join(f"{n} {role}" for role, n in of["copies"].items())
    one = sum(of["copies"].values()) == 1
    return (
        f"{copies} sample{' is a copy' if one else 's are copies'} of training samples ({_exactly(of)}), so that the "
        f"score is better than it should be: {_example(of)}; delete the copies, or give them the same group in a CSV "
        "manifest"
    )


def _contradicting(of):
    n = of["n_pairs"]
    return (
        f"{n} pair{' of copies has' if n == 1 else 's of copies have'} different labels ({_exactly(of)}): "
        f"{_example(of)}; keep the right one"
    )


def _duplicates(of):
    n = sum(of["copies"].values())
    return (
        f"{n} sample{' is a copy of another' if n == 1 else 's are copies of others'} of the same split "
        f"({_exactly(of)}): {_example(of)}; they teach nothing new"
    )


def _exactly(of):
    return f"{of['exact']} of {of['n_pairs']} exactly, the others nearly" if of["exact"] < of["n_pairs"] else "exactly"


def _example(of):
    pair = of["pairs"][0]
    first, second = (path or f"sample {row}" for path, row in zip(pair["paths"], pair["rows"], strict=True))
    same_folder = Path(first).parent == Path(second).parent
    names = f"{first} = {Path(second).name if same_folder else second}"
    return names if len(set(pair["labels"])) == 1 else f"{names} ({' and '.join(pair['labels'])})"


def _few(of):
    few = [f"{label} ({n})" for label, n in sorted(of["n_train"].items(), key=lambda entry: entry[1])]
    return (
        f"{len(few)} class{' has' if len(few) == 1 else 'es have'} fewer than {of['enough']} samples to learn from: "
        f"{listed(few)}; add some, for the network will know too little of them"
    )


def _unequal(of):
    ((large, n_large),), ((small, n_small),) = of["largest"].items(), of["smallest"].items()
    return (
        f"the classes are of very unequal size, from {n_small} training samples of {small} to {n_large} of {large}; "
        "look at the balanced accuracy, and in evaluate at each class"
    )


def _one_group(of):
    alone = [f"{label} ({group})" for label, group in of["groups"].items()]
    return (
        f"{len(alone)} class{' comes' if len(alone) == 1 else 'es come'} from one group (such as a speaker) alone, "
        f"others from several: {listed(alone)}; the network may learn the voice instead of the class, so add samples "
        "of others"
    )


def _mixed(of):
    counts = ", ".join(f"{n} at {value}" for value, n in of["counts"].items())
    text = f"the {of['condition']} is not the same everywhere: {counts}"
    if not of["told_apart"]:
        return f"{text}; all are brought to one, and no class is told apart by it"
    told = [f"{label} ({value})" for label, value in of["told_apart"].items()]
    return (
        f"{text}; it tells apart {listed(told)}, so that the network may learn it instead of the class: take samples "
        "of every class under the same conditions"
    )


_SENTENCES = {
    "leaking duplicates": _leaking,
    "contradicting duplicates": _contradicting,
    "duplicates": _duplicates,
    "few samples": _few,
    "unequal classes": _unequal,
    "one group alone": _one_group,
    "mixed conditions": _mixed,
}
