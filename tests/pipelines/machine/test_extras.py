"""A package that is missing is named, with what to type, and the table of extras is that of pyproject.toml."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from pipelines.machine.extras import DISTRIBUTION, EXTRA_OF, explain_missing, install_command

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(extra):
    """Return the names of the distributions that an extra brings itself."""
    return {re.match(r"[\w-]+", each)[0].lower() for each in PROJECT["optional-dependencies"][extra]}


def test_the_distribution_is_the_one_that_is_built():
    assert PROJECT["name"] == DISTRIBUTION


@pytest.mark.parametrize("package", EXTRA_OF)
def test_an_extra_brings_the_package_that_it_is_named_for(package):
    distributions = {name.lower().replace("_", "-") for name in packages_distributions().get(package, [])}
    assert distributions & requirements(EXTRA_OF[package])


def test_no_extra_names_what_the_smallest_installation_has():
    smallest = {re.match(r"[\w-]+", each)[0].lower() for each in PROJECT["dependencies"]}
    assert not smallest & set().union(*map(requirements, PROJECT["optional-dependencies"]))


def test_a_missing_package_is_named_with_what_to_type():
    error = ModuleNotFoundError("No module named 'librosa.filters'", name="librosa.filters")
    assert explain_missing(error).endswith("librosa, which is not installed: pip install 'visible-backprop[train]'")
    assert explain_missing(ModuleNotFoundError("no", name="nothing_of_ours")) is None
    assert explain_missing(ImportError("no name at all")) is None
    assert install_command("somethingelse") == "pip install somethingelse"
