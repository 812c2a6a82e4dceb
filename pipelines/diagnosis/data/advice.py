"""Advice: the meaning of a finding about a data set, in a sentence or two, and what to do about it."""

from pathlib import Path

from pipelines.diagnosis.finding import Kind
from pipelines.wording import list_some


def advise(kind, evidence):
    """Return the advice of a finding of this kind: str, made only from its evidence."""
    return SENTENCES[kind](evidence)


def _advise_on_leaking(of):
    copies = " and ".join(f"{n} {role}" for role, n in of["copies"].items())
    one = sum(of["copies"].values()) == 1
    return (
        f"{copies} sample{' is a copy' if one else 's are copies'} of training samples ({_say_how_alike(of)}), so the "
        f"score is too good: {_name_example(of)}. Delete the copies, or give them the same group in a CSV manifest."
    )


def _advise_on_contradicting(of):
    n = of["n_pairs"]
    return (
        f"{n} pair{' of copies has' if n == 1 else 's of copies have'} different labels ({_say_how_alike(of)}): "
        f"{_name_example(of)}. Keep the right one."
    )


def _advise_on_duplicates(of):
    n = sum(of["copies"].values())
    return (
        f"{n} sample{' is a copy of another' if n == 1 else 's are copies of others'} of the same split "
        f"({_say_how_alike(of)}): {_name_example(of)}. Copies teach nothing new."
    )


def _say_how_alike(of):
    return f"{of['exact']} of {of['n_pairs']} exactly, the others nearly" if of["exact"] < of["n_pairs"] else "exactly"


def _name_example(of):
    pair = of["pairs"][0]
    first, second = (
        path or (f'"{pair["texts"][k]}"' if "texts" in pair else f"sample {pair['rows'][k]}")
        for k, path in enumerate(pair["paths"])
    )
    same_folder = None not in pair["paths"] and Path(first).parent == Path(second).parent
    names = f"{first} = {Path(second).name if same_folder else second}"
    return names if len(set(pair["labels"])) == 1 else f"{names} ({' and '.join(pair['labels'])})"


def _advise_on_few_samples(of):
    few = [f"{label} ({n})" for label, n in sorted(of["n_train"].items(), key=lambda entry: entry[1])]
    one = len(few) == 1
    return (
        f"{len(few)} class{' has' if one else 'es have'} fewer than {of['enough']} training samples: {list_some(few)}. "
        f"Add some, because the network learns too little about {'it' if one else 'them'}."
    )


def _advise_on_unequal_classes(of):
    ((large, n_large),), ((small, n_small),) = of["largest"].items(), of["smallest"].items()
    return (
        f"The classes have very different sizes, from {n_small} training samples of {small} to {n_large} of {large}. "
        "Look at the balanced accuracy, and at each class in evaluate."
    )


def _advise_on_one_group(of):
    alone = [f"{label} ({group})" for label, group in of["groups"].items()]
    return (
        f"{len(alone)} class{' comes' if len(alone) == 1 else 'es come'} from only one group (such as a speaker), "
        f"others from several: {list_some(alone)}. The network may learn the voice instead of the class, so add "
        "samples of other groups."
    )


def _advise_on_mixed_conditions(of):
    counts = ", ".join(f"{n} at {value}" for value, n in of["counts"].items())
    text = f"The {of['condition']} is not the same everywhere: {counts}"
    if not of["told_apart"]:
        return f"{text}. All samples are converted to the same value, and the value does not reveal a class."
    apart = [f"{label} ({value})" for label, value in of["told_apart"].items()]
    return (
        f"{text}. It distinguishes {list_some(apart)}, so the network may learn it instead of the class. Record "
        "samples of every class under the same conditions."
    )


def _advise_on_one_word(of):
    told = [f'{label} ("{found["word"]}")' for label, found in of["told_apart"].items()]
    return (
        f"{len(told)} class{' is' if len(told) == 1 else 'es are'} told apart by one word, which is in nearly all of "
        f"its own texts and in hardly any others: {list_some(told)}. People may not say this word, but the network "
        "learns the word instead of the class. Add texts without it."
    )


SENTENCES = {
    Kind.LEAKING_DUPLICATES: _advise_on_leaking,
    Kind.CONTRADICTING_DUPLICATES: _advise_on_contradicting,
    Kind.DUPLICATES: _advise_on_duplicates,
    Kind.FEW_SAMPLES: _advise_on_few_samples,
    Kind.UNEQUAL_CLASSES: _advise_on_unequal_classes,
    Kind.ONE_GROUP_ALONE: _advise_on_one_group,
    Kind.MIXED_CONDITIONS: _advise_on_mixed_conditions,
    Kind.ONE_WORD: _advise_on_one_word,
}
