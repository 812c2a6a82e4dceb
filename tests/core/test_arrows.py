"""Which room may know which other: the core knows nothing of speech, images, plots or scikit-learn."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_core

CORE = Path(backprop_core.__file__).parent
MODULES = sorted(CORE.rglob("*.py"))
FORBIDDEN = {"pipelines", "sklearn", "librosa", "matplotlib", "numba", "torch", "tensorflow", "jax", "autograd"}

COMPILED = (
    "kernels",
    "sparse_kernels",
    "epoch_kernels",
    "epoch_layers",
    "epoch_passes",
    "meeting",
    "native_calls",
    "machine_code",
)


def find_imports(source):
    """The names of all modules that a source imports, at the top and inside functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} if node.module and not node.level else set()
    return names


def find_allowed(path):
    """What a module may import though its neighbours may not: the estimators follow scikit-learn's contract, and the
    kernels are compiled by numba.
    """
    if "estimator" in path.parts:
        return {"sklearn"}
    return {"numba"} if path.stem in COMPILED else set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_core_module_imports_nothing_it_must_not_know(path):
    tops = {name.partition(".")[0] for name in find_imports(path.read_text(encoding="utf-8"))}
    assert tops & FORBIDDEN <= find_allowed(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_core_module_opens_with_a_paragraph(path):
    assert len(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).split()) >= 10


def test_importing_and_training_pulls_in_nothing_heavy():
    light = [path.relative_to(CORE.parent).with_suffix("") for path in MODULES if not find_allowed(path)]
    names = [".".join(path.parts).removesuffix(".__init__") for path in light]
    program = f"""
import importlib, sys
for name in {names}:
    importlib.import_module(name)
print("scipy" in sys.modules)
import numpy as np
from backprop_core.architecture import multilayer_perceptron
from backprop_core.network import Network
from backprop_core.training import Trainer
rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 3)).astype(np.float32), np.arange(20) % 2
trainer = Trainer(Network(multilayer_perceptron(3, [4], 2), rng=rng), epochs=2)
trainer.fit(X, y, X, y, trainer.start(rng))
print(sorted(set(sys.modules) & {FORBIDDEN | {"scipy"}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=CORE.parent, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "[]"]


def test_no_module_beside_an_estimator_reaches_into_it():
    kept = "_no_improvement_count"  # scikit-learn's own name, which a pickle of a callback has to hold
    reached = {
        f"{path.name}: {node.attr}"
        for path in (CORE / "estimator").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "estimator"
        and node.attr.startswith("_")
    }
    assert reached == {f"epochs.py: {kept}"}
