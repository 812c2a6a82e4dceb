"""Roles by name: train, valid and test, as people call them.

Folders and cells of tables say `training`, `Train`, `testing`, `val`, `dev`, `seg_train`, `MNIST - JPG - testing`. A
name means a role if one of its words does, and its other words say nothing but that this is a part of a data set.
"""

import re

_WORDS = {
    "train": "train",
    "training": "train",
    "trainset": "train",
    "trainval": "train",
    "tr": "train",
    "trn": "train",
    "valid": "valid",
    "validation": "valid",
    "validate": "valid",
    "validset": "valid",
    "val": "valid",
    "valset": "valid",
    "dev": "valid",
    "devel": "valid",
    "development": "valid",
    "eval": "valid",
    "evaluation": "valid",
    "test": "test",
    "testing": "test",
    "testset": "test",
    "tst": "test",
    "tests": "test",
    "holdout": "test",
}
_ABBREVIATED = {"tr"}  # too short to be found among other words
_PLAIN = {"set", "data", "dataset", "split", "part", "images", "image", "img", "imgs", "audio", "wav", "wavs", "files",
          "folder", "seg", "my", "the", "samples", "clips", "png", "jpg", "jpeg", "mnist", "pictures",
          "clean", "raw"}  # fmt: skip


def role_of(name):
    """Return the role that a name means, "train", "valid" or "test"; None if it means none.

    `eval` is the validation part unless the data has another one; see `settle`.
    """
    words = [word for word in re.split(r"[^a-z]+", name.casefold()) if word]
    if len(words) == 1:
        return _WORDS.get(words[0])
    roles = {_WORDS[word] for word in words if word in _WORDS and word not in _ABBREVIATED}
    others = {word for word in words if word not in _WORDS and word not in _PLAIN}
    return roles.pop() if len(roles) == 1 and not others else None


def settle(names):
    """Return the roles that names have together: dict of name to role or None.

    `eval` beside a validation part is the test, as in data that has `train`, `dev` and `eval`.
    """
    roles = {name: role_of(name) for name in names}
    called_eval = [name for name in names if re.search("eval", name.casefold()) and roles[name] == "valid"]
    if "test" not in roles.values() and any(r == "valid" for name, r in roles.items() if name not in called_eval):
        roles.update(dict.fromkeys(called_eval, "test"))
    return roles


def says_nothing(name):
    """Tell whether a name says only that there are files, as `images` or `part_2` do, and so is no class."""
    words = [word for word in re.split(r"[^a-z]+", name.casefold()) if word]
    return bool(words) and all(word in _PLAIN for word in words)
