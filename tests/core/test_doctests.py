"""The examples in the docstrings of the learning core: each part has one, and what it shows is what comes out."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import backprop_core
from backprop_core.architecture import LAYERS
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.regression_losses import LOSSES
from backprop_core.schedules import SCHEDULES

CORE = Path(backprop_core.__file__).parent
MODULES = [
    ".".join(path.relative_to(CORE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(CORE.rglob("*.py"))
]
PARTS = [part for registry in (LAYERS, OPTIMIZERS, LOSSES, SCHEDULES) for part in registry.values()]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_show_what_comes_out(name):
    failed, tried = doctest.testmod(import_module(name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert not failed, f"{failed} of {tried} examples in {name} show something else"


@pytest.mark.parametrize("part", PARTS)
def test_every_layer_optimizer_loss_and_schedule_has_an_example(part):
    assert doctest.DocTestFinder(recurse=False).find(part)[0].examples
