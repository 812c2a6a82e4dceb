"""Extras: packages that only some jobs need, and how a user installs them.

The smallest installation can only predict. If a package is missing, the error says what to type.
"""

DISTRIBUTION = "visible-backprop"  # the name on the package index, where backprop is another project

EXTRA_OF = {  # imported package: the extra that installs it
    "sklearn": "estimators",
    "scipy": "estimators",
    "librosa": "train",
    "numba": "train",
    "pooch": "train",
    "jinja2": "report",
    "matplotlib": "report",
    "distributed": "cluster",
    "sounddevice": "mic",
    "pillow_heif": "heic",
    "av": "media",
    "onnx": "export",
    "onnxruntime": "export",
    "skops": "export",
    "wyoming": "wyoming",
    "starlette": "lab",
    "uvicorn": "lab",
    "websockets": "lab",
}


def own_version() -> str:
    """Return the version of this program as it is installed; "not installed" where it is not."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and --help should not wait for it

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "not installed"


def install_command(package: str) -> str:
    """Return what to type to install a package that is imported: with the extra that brings it, or by itself."""
    extra = EXTRA_OF.get(package)
    return f"pip install '{DISTRIBUTION}[{extra}]'" if extra else f"pip install {package}"


def explain_missing(error: ImportError) -> str | None:
    """Return what to do about a package that cannot be imported, in a sentence; None if it is none of `EXTRA_OF`."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRA_OF:
        return None
    return f"this needs the package {package}, which is not installed: {install_command(package)}"
