"""The contracts between the parts: who promises what, and that nobody asks an object for a member by its name.

A question like `hasattr(extractor, "display")` hides a contract: a misspelt method means "cannot", and nobody hears of
it. What a part of ours can do is said by a protocol, and asked with `isinstance`.
"""

import ast
import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

from pipelines.features.extractor import (
    Audible,
    Augmentation,
    Describer,
    Extractor,
    Framed,
    Reader,
    Visible,
    Worded,
)
from pipelines.features.images.augmentation import Amounts, ImageAugmentation
from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.images.gradient_extractor import GradientExtractor
from pipelines.features.images.readings import DrawingReader
from pipelines.features.images.transcription import Page
from pipelines.features.speech.augmentation import SpeechAugmentation
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.transcript import Transcript
from pipelines.features.speech.variation import Variation as SpeechVariation
from pipelines.features.speech.variation import VariedWords
from pipelines.features.text.augmentation import TextAugmentation
from pipelines.features.text.extractor import TextExtractor
from pipelines.features.text.variation import Variation as TextVariation
from pipelines.learning.task import Transcription
from pipelines.models import bundle
from pipelines.models.ensemble import Ensemble
from pipelines.models.model import Model

REPOSITORY = Path(__file__).resolve().parents[2]
TREES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
        path.read_text(encoding="utf-8")
    )
    for package in ("backprop_core", "pipelines")
    for path in sorted((REPOSITORY / package).rglob("*.py"))
}

# Names that may be asked for, by whose they are. They are not ours.
FOREIGN = {
    "the system's modules, which differ": {"sched_getaffinity", "pthread_sigmask"},
    "streams, of Python and of users": {"read1", "reconfigure", "buffer", "encoding"},
    "errors, of Python and of libraries": {"strerror", "filename", "errno", "code", "error_string"},
    "pictures of Pillow": {"tile"},
    "the shell of Jupyter": {"config"},
    "matrices of scipy, memory maps, and what a user gives an estimator": {
        "tocsr", "madvise", "shape", "__iter__", "__len__", "__getitem__",
    },
    # An estimator has these after `fit`, and not before: scikit-learn's convention. One that is set by hand, or from an
    # older pickle, may lack some of them.
    "fitted estimators": {
        "coefs_", "classes_", "loss_curve_", "temperature_", "n_features_in_", "feature_names_in_",
        "_views", "_descent",
    },
}  # fmt: skip
# Names that contracts of ours have too, and that are asked of others' objects there.
EXCEPTIONS = {
    "pipelines.features.images.tiff_file": {"name"},  # of tifffile's enumerations
    "pipelines.features.text.stream": {"read"},  # of a file
}
SYMBOLS = {"backprop_core.epoch", "backprop_core.machine_code"}  # whose names are symbols of compiled libraries


def questions(tree):
    """Return what a module asks objects for by name: list of str, None for a name that is computed."""
    asked = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            n = {"hasattr": 2, "getattr": 3}.get(node.func.id)
            if len(node.args) == n:
                name = node.args[1]
                asked.append(name.value if isinstance(name, ast.Constant) else None)
    return asked


@pytest.mark.parametrize("name", [name for name, tree in TREES.items() if questions(tree)])
def test_no_part_of_ours_is_asked_for_a_member_by_name(name):
    asked, allowed = questions(TREES[name]), set().union(*FOREIGN.values(), EXCEPTIONS.get(name, ()))
    wrong = {each for each in asked if each is not None} - allowed
    assert not wrong, f"{name} asks for {wrong}; write a protocol, or give all of a kind the member"
    assert None not in asked or name in SYMBOLS


def test_the_check_for_questions_finds_what_it_is_after():
    code = "hasattr(e, 'sr') or getattr(e, 'sparse', False) or hasattr(e, name) or getattr(e, 'sr')"
    assert questions(ast.parse(code)) == ["sr", "sparse", None]


def test_every_name_that_may_be_asked_for_is():
    asked = {name: questions(tree) for name, tree in TREES.items()}
    assert set().union(*FOREIGN.values()) <= {each for names in asked.values() for each in names}
    assert all(names <= set(asked[name]) for name, names in EXCEPTIONS.items())
    assert {name for name, names in asked.items() if None in names} == SYMBOLS


def protocols():
    """Return all protocols of both packages, by module and name."""
    return {
        f"{module}.{node.name}": getattr(importlib.import_module(module), node.name)
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Protocol" for b in node.bases)
    }


def members(protocol):
    """Return the names of what a protocol promises."""
    kinds = [kind for kind in protocol.__mro__ if getattr(kind, "_is_protocol", False)]
    names = {name for kind in kinds for name in (*vars(kind), *vars(kind).get("__annotations__", ()))}
    return {name for name in names if not name.startswith("_") and name != "Protocol"}


def test_no_contract_has_a_member_that_may_be_asked_for():
    found = protocols()
    assert {"pipelines.features.extractor.Extractor", "backprop_core.layers.Layer"} <= found.keys()
    assert members(Audible) == {"sr", "sound"}
    for name, protocol in found.items():
        assert not members(protocol) & set().union(*FOREIGN.values()), name


PICTURE = ImageExtractor(28, 28, "grey", "strokes", 20, 2.4)
EXTRACTORS = {
    SpeechExtractor: (SpeechExtractor(), {Visible, Audible}),
    ImageExtractor: (PICTURE, {Visible, Framed}),
    GradientExtractor: (GradientExtractor(PICTURE), {Visible, Framed}),
    TextExtractor: (TextExtractor(), {Worded}),
}
BANK = np.zeros((2, 1, 3), np.float32)
AUGMENTATIONS = {
    SpeechAugmentation: SpeechAugmentation(BANK, BANK),
    ImageAugmentation: ImageAugmentation(8, 8, 1, 1.0, Amounts(), {}),
    TextAugmentation: TextAugmentation(TextExtractor(), ["a word"], TextVariation()),
}


def classes_with(*methods):
    """Return the names of the classes below `pipelines.features`, but for protocols, that define all these methods."""
    return {
        node.name
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if module.startswith("pipelines.features.") and module != "pipelines.features.extractor"
        if isinstance(node, ast.ClassDef)
        if {*methods} <= {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
    }


def broken_promises(thing, protocol):
    """Return the methods that cannot be called as the protocol writes them down."""
    broken = []
    for name in sorted(members(protocol)):
        promised = inspect.getattr_static(protocol, name, None)
        if isinstance(promised, classmethod):
            promised = promised.__func__
        if not inspect.isfunction(promised):
            continue
        _, *given = inspect.signature(promised).parameters.values()
        needed = [parameter.name for parameter in given if parameter.default is parameter.empty]
        further = {parameter.name: None for parameter in given if parameter.default is not parameter.empty}
        try:
            signature = inspect.signature(getattr(thing, name))
            signature.bind(*needed)
            signature.bind(*needed, **further)
        except TypeError:
            broken.append(name)
    return broken


def test_the_check_for_promises_finds_what_it_is_after():
    class Deaf:
        sr = 8000

        def sound(self):
            return None

    assert isinstance(Deaf(), Audible)
    assert broken_promises(Deaf(), Audible) == ["sound"]


def test_no_extractor_or_augmentation_is_left_out_here():
    assert {kind.__name__ for kind in EXTRACTORS} == classes_with("from_settings", "to_features")
    assert {kind.__name__ for kind in AUGMENTATIONS} == classes_with("batches", "refit")


@pytest.mark.parametrize("kind", EXTRACTORS, ids=lambda kind: kind.__name__)
def test_an_extractor_keeps_its_promises(kind):
    extractor, abilities = EXTRACTORS[kind]
    assert isinstance(extractor, Extractor)
    assert not isinstance(extractor, Reader)
    assert {each for each in (Visible, Audible, Framed, Worded) if isinstance(extractor, each)} == abilities
    for protocol in (Extractor, *abilities):
        assert broken_promises(extractor, protocol) == []


@pytest.mark.parametrize("kind", EXTRACTORS, ids=lambda kind: kind.__name__)
def test_a_grid_lies_in_the_features(kind):
    extractor, _ = EXTRACTORS[kind]
    if extractor.grid is not None:
        height, width, n_channels = extractor.grid
        assert height * width * max(1, n_channels) <= extractor.n_features
    assert (extractor.grid is None) == (kind in (GradientExtractor, TextExtractor))


def test_a_describer_and_a_reader_keep_their_promises():
    words, reader = VariedWords(SpeechExtractor(), SpeechVariation(), 1), DrawingReader(PICTURE)
    assert isinstance(words, Describer)
    assert isinstance(reader, Reader)
    assert broken_promises(words, Describer) == broken_promises(reader, Reader) == []


@pytest.mark.parametrize("kind", AUGMENTATIONS, ids=lambda kind: kind.__name__)
def test_an_augmentation_keeps_its_promises(kind):
    augmentation = AUGMENTATIONS[kind]
    assert isinstance(augmentation, Augmentation)
    assert broken_promises(augmentation, Augmentation) == []
    assert augmentation.hesitation >= 1


@pytest.mark.parametrize("found", [Transcript("a.wav", 1.5, ()), Page("a.png", ())], ids=["speech", "images"])
def test_what_is_transcribed_is_a_transcription(found):
    assert isinstance(found, Transcription)
    assert broken_promises(found, Transcription) == []
    assert (found.seconds is None) == isinstance(found, Page)


def test_a_bundle_and_an_ensemble_are_models(images_model):
    one = bundle.load(images_model)
    for model, n_members in ((one, 1), (Ensemble([one, one]), 2)):
        assert isinstance(model, Model)
        assert broken_promises(model, Model) == []
        assert model.members == (one,) * n_members
