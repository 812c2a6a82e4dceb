"""Versions of this program and of its libraries."""

import functools
import hashlib
import platform
from pathlib import Path

import numpy as np

import backprop_core
import pipelines
from pipelines.machine.extras import own_version


def versions() -> dict[str, str]:
    """Return what this runs on, by name: dict of str to str."""
    return {
        "backprop": own_version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


@functools.cache
def code():
    """Return a SHA-256 (hex) over the source of this program: results of two versions of it may differ."""
    digest = hashlib.sha256()
    for package in (backprop_core, pipelines):
        folder = Path(package.__file__).parent
        sources = sorted(folder.rglob("*.py"))
        if not sources:
            raise RuntimeError(f"{folder}: contains no source of {package.__name__}, so its version is unknown")
        for path in sources:
            digest.update(f"{path.relative_to(folder.parent)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
