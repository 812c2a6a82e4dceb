"""Data sets: finding them, fetching them, reading them, and splitting them.

`load` turns a registered name, a folder or a CSV manifest into a `Dataset`; `with_split` fills in the roles it lacks.
"""

from pipelines.datasets.dataset import FOREIGN, ROLES, Dataset
from pipelines.datasets.fetching import UnreachableError
from pipelines.datasets.loading import Listing, fetch, listing, load, state
from pipelines.datasets.registry import default_name, fallback_name, names
from pipelines.datasets.splits import with_split

__all__ = [
    "FOREIGN",
    "ROLES",
    "Dataset",
    "Listing",
    "UnreachableError",
    "default_name",
    "fallback_name",
    "fetch",
    "listing",
    "load",
    "names",
    "state",
    "with_split",
]
