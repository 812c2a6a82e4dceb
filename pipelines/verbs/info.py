"""Information: what a model file says about itself, and whether this machine reproduces its golden sample."""

from pipelines.errors import ModelFileError
from pipelines.models import bundle as bundles


def info(path, verify=False):
    """Return a model file's description as a dict of JSON types.

    With `verify`, the golden sample is recomputed. Raises ModelFileError where it does not come out as it should, or
    the file is unusable.
    """
    model = bundles.load(path)
    provenance = {key: value for key, value in model.provenance.items() if key != "history"}
    described = {
        "model": str(path),
        "format": bundles.FORMAT,
        "task": model.task.name,
        "labels": list(model.labels),
        "extractor": model.extractor.settings(),
        "network": model.network.describe(),
        "temperature": model.temperature,
        "n_parameters": int(model.network.params.flat.size),
        "provenance": provenance,
    }
    if verify:
        error = model.golden_error()
        if not error <= bundles.GOLDEN_TOLERANCE:
            raise ModelFileError(
                f"{path}: its golden sample comes out {error:.2g} off on this machine, more than "
                f"{bundles.GOLDEN_TOLERANCE:g}; do not trust its predictions here"
            )
        described["golden_error"] = error
    return described
