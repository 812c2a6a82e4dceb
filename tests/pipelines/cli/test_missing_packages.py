"""A command that needs a package which is not installed says what to type, in one line."""

import sys


def test_a_missing_package_is_one_line_and_no_traceback(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    answer = call("train", "images", "--dataset", "digits", "--epochs", "1")
    assert answer.code == 1
    assert answer.stderr.endswith("sklearn, which is not installed: pip install 'visible-backprop[estimators]'\n")
