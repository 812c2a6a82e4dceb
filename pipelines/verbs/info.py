"""Information: the description of a model, and whether this computer reproduces its golden sample."""

from typing import Any

from pipelines.errors import ModelFileError
from pipelines.models import bundle as bundles
from pipelines.models.opening import open_bundle
from pipelines.records import InfoRecord


def info(model: Any, *, verify: bool = False) -> InfoRecord:
    """Return the description of a model, or of the model in a file, as a dict of JSON types.

    With `verify`, the golden sample is recomputed. Raises ModelFileError if its result is wrong, or the file is
    unusable.
    """
    opened = open_bundle(model, "info")
    described: InfoRecord = {
        "model": opened.path,
        "format": bundles.FORMAT,
        "task": opened.task.name,
        "labels": list(opened.labels),
        "extractor": opened.extractor.settings(),
        "network": opened.network.describe(),
        "temperature": opened.temperature,
        "n_parameters": int(opened.network.params.flat.size),
        "provenance": {key: value for key, value in opened.provenance.items() if key != "history"},
    }
    if verify:
        error = opened.golden_error()
        if not error <= bundles.GOLDEN_TOLERANCE:
            raise ModelFileError(
                f"{opened.path}: its golden sample comes out {error:.2g} off on this machine, more than "
                f"{bundles.GOLDEN_TOLERANCE:g}; do not trust its predictions here"
            )
        described["golden_error"] = error
    return described
