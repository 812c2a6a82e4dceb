"""Node: it runs exported JavaScript on this computer, to compare it with the model.

A process is started once and answers sample by sample, in lines of JSON.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import UsageError
from pipelines.export.exporter import NotTakenError

PROGRAM = Path(__file__).with_name("answering.js")


@contextmanager
def answering(path: Path, rate: int | None = None) -> Iterator[Callable[..., np.ndarray]]:
    """Give a function that answers samples with a file: a module, a page, or a model file for the engine itself.

    Parameters
    ----------
    path : Path
    rate : int or None, samples a second of the waveforms

    Yields
    ------
    answer : function of (sample, rate=rate) that returns probabilities, float64 [shape=(n_classes,)]
        A sample is a text, a float32 waveform [shape=(n,) or (n_channels, n)], or uint8 pixels. It raises NotTakenError
        with the engine's sentence if the engine refuses the sample.
    """
    node = shutil.which("node")
    if node is None:
        raise UsageError("export --check: runs JavaScript with Node, which is not on this computer; install nodejs")
    process = subprocess.Popen(
        [node, str(PROGRAM), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin
    assert process.stdout

    def answer(sample: Any, rate: int | None = rate) -> np.ndarray:
        process.stdin.write(json.dumps({**_as_json(sample), "rate": rate}) + "\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        if "error" in told:
            raise NotTakenError(told["error"])
        return np.array(told["probabilities"])

    try:
        yield answer
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def _as_json(sample: Any) -> dict[str, Any]:
    if isinstance(sample, str):
        return {"text": sample}
    return {"shape": sample.shape, "data": base64.b64encode(np.ascontiguousarray(sample).tobytes()).decode()}
