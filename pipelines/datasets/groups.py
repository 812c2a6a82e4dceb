"""Groups: files that belong together, because the same person, film or object is in all of them.

A network that has learned from half of a film's pictures knows the other half. So files that belong together stay on
one side of a split. A table or folders inside the classes may name the groups. Often they are in the file names; this
module reads them, with care, because many names only count.
"""

import re
from collections import Counter, defaultdict

import numpy as np

from pipelines.datasets.tree import compose
from pipelines.wording import list_some

ENOUGH = 5  # groups in all: with fewer, a split by group leaves little to learn from
ENOUGH_IN_CLASS = 3
LARGEST = 0.4  # largest share of the files that a group may have
OFTEN = 2.0  # least average number of files in a group

_SPEECH_COMMANDS = re.compile(r"(?P<group>[0-9a-f]{6,})_nohash_\d+")
_AUGMENTED = re.compile(r"(?P<group>.+)\.rf\.[0-9A-Za-z]{16,}")  # variants of a picture that Roboflow made
_SEPARATORS = re.compile(r"[\s_\-.,()+~]+")
_NO_GROUP = {"img", "image", "images", "picture", "pic", "photo", "dsc", "dscn", "dscf", "pxl", "vid", "rec", "file",
             "audio", "recording", "sample", "take", "voice", "sound", "clip", "train", "test", "valid", "frame", "new",
             "copy", "scan", "screenshot", "whatsapp", "untitled", "output", "aug", "augmented",
             "digit", "n"}  # fmt: skip


def with_named_groups(rows):
    """Return rows with the groups that their files' names tell, and a sentence; as they are, and None, if none do.

    Parameters
    ----------
    rows : list of Row, none of which has a group

    Returns
    -------
    rows : list of Row
    note : str or None
    """
    stems = [compose(row.name.split("/")[-1].rsplit(".", 1)[0]) for row in rows]
    for pattern in (_SPEECH_COMMANDS, _AUGMENTED):
        matches = [pattern.fullmatch(stem) for stem in stems]
        if sum(map(bool, matches)) > len(rows) / 2:
            groups = [match["group"] if match else stem for match, stem in zip(matches, stems, strict=True)]
            return _name_groups(rows, groups) if len(set(groups)) < len(groups) else (rows, None)
    groups = _from_words(stems, [row.label for row in rows])
    if groups is None or not _worth_it(groups, [row.label for row in rows]):
        return rows, None
    return _name_groups(rows, groups)


def chains(n, pairs):
    """Return which chain each of n samples is in, where each pair links two: int64 [shape=(n,)].

    A chain is called by its first sample; a sample that is in no pair is a chain of its own.
    """
    first = np.arange(n)

    def head(sample):
        while first[sample] != sample:
            first[sample] = first[first[sample]]
            sample = first[sample]
        return sample

    for a, b in pairs:
        a, b = sorted((head(int(a)), head(int(b))))
        first[b] = a
    return np.array([head(sample) for sample in range(n)], dtype=np.int64)


def units(dataset):
    """Return which samples must stay on one side of a split: int64 [shape=(n,)], the same number for those.

    Samples of one group and samples of one chain of near copies do, and so do groups that a chain links; None where
    neither is known. Where chains would link more than half of everything, they say little, and groups alone count.
    """
    if dataset.group is None:
        return dataset.kin
    groups = np.unique(dataset.group, return_inverse=True)[1]
    if dataset.kin is None:
        return groups
    linked = chains(groups.max() + 1, _links(groups, dataset.kin))[groups]
    return linked if np.bincount(linked).max() <= max(len(groups) / 2, np.bincount(groups).max()) else groups


def _links(groups, kin):
    """Return pairs of groups that have samples of one chain."""
    order = np.argsort(kin, kind="stable")
    same = kin[order[1:]] == kin[order[:-1]]
    return np.unique(np.stack([groups[order[:-1]], groups[order[1:]]], axis=1)[same], axis=0)


def _name_groups(rows, groups):
    names = sorted(set(groups))
    note = (
        f"The file names contain {len(names)} groups, such as speakers or objects ({list_some(names)}); training keeps "
        "each on one side of its split."
    )
    return [row._replace(group=group) for row, group in zip(rows, groups, strict=True)], note


def _from_words(stems, labels):
    """Return each file's group, from the words of its name without numbers and the class; None without groups."""
    words = [[word for word in _SEPARATORS.split(stem) if word] for stem in stems]
    said = _columns_of_classes(words, labels)
    groups = []
    for parts, label in zip(words, labels, strict=True):
        kept = [part for i, part in enumerate(parts) if i not in said and part.casefold() != label.casefold()]
        counted = re.fullmatch(r"(?P<name>.*?)\d+", kept[-1]) if kept else None
        if counted is None:
            return None
        kept = [*kept[:-1], counted["name"]] if counted["name"] and len(kept) == 1 else kept[:-1]
        if (
            not kept
            or "".join(kept).casefold() == label.casefold()
            or all(part.casefold() in _NO_GROUP for part in kept)
        ):
            return None
        groups.append("_".join(kept))
    if not any(re.search(r"[^\W\d_]", group) for group in groups) and not _are_shared(groups, labels):
        return None
    return groups


def _columns_of_classes(words, labels):
    """Return which words of the names are the same in all files of each class, and so say the class."""
    if len({len(parts) for parts in words}) != 1:
        return set()
    said = set()
    for i in range(len(words[0])):
        of_class = defaultdict(set)
        for parts, label in zip(words, labels, strict=True):
            of_class[label].add(parts[i])
        if all(len(values) == 1 for values in of_class.values()):
            said.add(i)
    return said


def _worth_it(groups, labels):
    """Tell whether groups are many and small enough for a split, and have more than one file on average."""
    sizes = Counter(groups)
    in_class = defaultdict(set)
    for group, label in zip(groups, labels, strict=True):
        in_class[label].add(group)
    return (
        len(sizes) >= ENOUGH
        and max(sizes.values()) <= LARGEST * len(groups)
        and len(groups) >= OFTEN * len(sizes)
        and min(map(len, in_class.values())) >= ENOUGH_IN_CLASS
    )


def _are_shared(groups, labels):
    """Tell whether most groups have files in at least half of the classes, as speakers do."""
    classes, n = defaultdict(set), len(set(labels))
    for group, label in zip(groups, labels, strict=True):
        classes[group].add(label)
    return sum(len(found) >= n / 2 for found in classes.values()) > len(classes) / 2
