import pytest

from pipelines.report.wording import LONGEST, flat, number, share, shorten, show_path


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0.0 %"), (1, "100.0 %"), (0.99999, "> 99.9 %"), (1e-5, "< 0.1 %"), (1 - 2e-16, "100.0 %")],
)
def test_nearly_all_is_not_all_except_for_rounding(value, text):
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), (12345, "12,345"), (0.123456, "0.1235"), ("a", "a"), (1e-9, "1e-09")],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_long_names_are_cut_where_they_matter_least():
    assert shorten("a" * 500) == "a" * (LONGEST - 1) + "…"
    assert show_path(f"/x/{'a' * 300}/last.wav").endswith("/last.wav")
    assert show_path("/home/me/words/yes/1.wav") == "yes/1.wav"


def test_nested_entries_become_rows():
    assert flat({"a_b": {"c": 1}, "d": [1, 2.5], "e": []}) == [("a b: c", "1"), ("d", "1, 2.5"), ("e", "none")]
    assert flat({"n": list(range(100))})[0][1].endswith("and 88 more")
