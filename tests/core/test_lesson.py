"""The page on the learning core: its examples run, and it names every module that there is."""

import re
from pathlib import Path

import pytest

import backprop_core
from backprop_core import LAYERS

CORE = Path(backprop_core.__file__).parent
PAGE = (CORE / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_runs(example):
    before = dict(LAYERS)
    try:
        exec(compile(example, "README.md", "exec"), {"__name__": "example"})
    finally:
        LAYERS.clear()
        LAYERS.update(before)


def test_the_page_has_the_loop_and_a_part_of_ones_own():
    assert len(EXAMPLES) == 2


def test_the_page_names_every_module_of_the_lesson_and_no_other():
    flat = {path.stem for path in CORE.glob("*.py")} - {"__init__"}
    own = {path.stem for path in CORE.rglob("*.py")} - {"__init__"}
    named = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## In reading order")[2].partition("## To add a part")[0]))
    internal = {"errors", "naming", "ranges", "notebook"}
    assert flat - internal <= named
    assert named <= own | {"explain"}


def test_the_package_tells_the_same_order():
    table = re.findall(r"^\| `([a-z_]+)` \|", PAGE, flags=re.MULTILINE)
    docstring = re.findall(r"^    ([a-z_]+) {2,}", backprop_core.__doc__, flags=re.MULTILINE)
    assert docstring[: len(table)] == table
