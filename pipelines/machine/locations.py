"""Where data lies on this computer.

Three folders matter: the registry with the bundled data, which came with the program and is only read; the downloads;
and the caches, which may be deleted at any time. In a checkout all three are below `data/`. An installed wheel
carries the registry inside the package and keeps downloads and caches in the user's own cache folder. The environment
variable `BACKPROP_DATA` moves downloads and caches elsewhere.
"""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = _PACKAGE / "data"
_CHECKOUT = _PACKAGE.parent / "data"


def data_folder():
    """Return the folder that holds `sources.toml` and `bundled/`: Path."""
    return _INSTALLED if _is_installed() else _CHECKOUT


def downloads_folder():
    """Return the folder below which downloads are kept, whether it exists or not: Path."""
    return _writable_folder() / "downloads"


def cache_folder():
    """Return the folder below which feature caches are kept, whether it exists or not: Path."""
    return _writable_folder() / "cache"


def _writable_folder():
    chosen = os.environ.get("BACKPROP_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if _is_installed():
        import pooch

        return Path(pooch.os_cache("backprop"))
    return _CHECKOUT


def _is_installed():
    return (_INSTALLED / "sources.toml").is_file()
