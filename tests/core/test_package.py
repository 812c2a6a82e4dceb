"""The front door of the learning core: what `from backprop_core import ...` finds, and what `dir` and `help` show."""

import ast
import pydoc
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import backprop_core

CORE = Path(backprop_core.__file__).parent
TREE = ast.parse((CORE / "__init__.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", backprop_core.__all__)
def test_a_public_name_is_found_listed_and_in_the_docstring(name):
    assert getattr(backprop_core, name) is not None
    assert name in dir(backprop_core)
    assert name in backprop_core.__doc__


def test_editors_see_the_names_that_there_are():
    block = next(node for node in TREE.body if isinstance(node, ast.If) and node.test.id == "TYPE_CHECKING")
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == {name: f"backprop_core.{module}" for name, module in backprop_core._MODULE_OF.items()}


def test_help_shows_the_estimators():
    assert "MLPClassifier" in pydoc.plain(pydoc.render_doc(backprop_core))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Perceptron"):
        backprop_core.Perceptron  # noqa: B018
    with pytest.raises(ImportError):
        from backprop_core import Perceptron  # noqa: F401


def test_the_version_is_that_of_the_distribution():
    project = tomllib.loads((CORE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert backprop_core.__version__ == project["version"]


def test_importing_the_package_loads_no_other_module():
    program = (
        "import sys, numpy, importlib, typing; before = set(sys.modules); import backprop_core; "
        "dir(backprop_core); print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CORE.parent, check=True)
    assert done.stdout.strip() == "['backprop_core']"


def test_the_package_is_marked_as_typed():
    assert (CORE / "py.typed").is_file()
