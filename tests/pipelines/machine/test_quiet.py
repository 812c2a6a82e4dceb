"""A library's own words do not reach standard error, and ours do."""

import os
import subprocess
import sys

import pytest

from pipelines.machine.quiet import quiet_libraries

PROGRAM = """
import os, sys
from pipelines.machine.quiet import quiet_libraries
if {closed}: os.close(2)
with quiet_libraries():
    with quiet_libraries():
        {inside}
print("ours", file=sys.stdout)
if not {closed}: os.write(2, b"after")
"""


@pytest.mark.parametrize("closed", [False, True])
def test_what_a_library_writes_to_the_descriptor_is_not_seen(closed):
    program = PROGRAM.format(closed=closed, inside='closed or os.write(2, b"theirs")'.replace("closed", str(closed)))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "ours\n"
    assert done.stderr == ("" if closed else "after")


def test_an_error_inside_gives_standard_error_back(capfd):
    with pytest.raises(OSError, match="inside"):
        fail_quietly()
    os.write(2, b"ours")
    assert capfd.readouterr().err == "ours"


def fail_quietly():
    with quiet_libraries():
        os.write(2, b"theirs")
        raise OSError("inside")
