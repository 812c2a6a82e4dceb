"""Quiet: messages that a C library writes to standard error are hidden. libtiff reports each unusual tag there, and
Python's filters for warnings cannot stop it. While it works, standard error leads nowhere. That holds for the whole
process, so it is for short calls only.
"""

import contextlib
import os
import threading

_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def quiet_libraries():
    """Hide everything that is written to the file descriptor of standard error until the block ends."""
    with _ONE_AT_A_TIME:
        try:
            kept = os.dup(2)
        except OSError:  # there is no standard error
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
