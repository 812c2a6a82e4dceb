import csv
import io

import pytest

from pipelines.report.tables import Column, Table, harmless, tables_of


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_no_text_begins_like_a_formula(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "kept"), [(-1.5, -1.5), (0, 0), (None, None), (True, "true"), ("a=b", "a=b"), ("", "")]
)
def test_numbers_and_other_texts_stay_as_they_are(cell, kept):
    assert harmless(cell) == kept


def test_numbers_keep_all_their_digits_in_the_file():
    table = Table("t", "", (Column("a", "A"), Column('b,"', "B", "text")), [(0.1 + 0.2, 'x,"\ny'), (None, "=1")])
    rows = list(csv.reader(io.StringIO(table.csv(), newline="")))
    assert rows == [["a", 'b,"'], [repr(0.1 + 0.2), 'x,"\ny'], ["", "'=1"]]


def test_every_row_has_a_cell_for_each_column(record):
    record["duplicates"] = [
        {"rows": [0, 1], "paths": ["a", "b"], "labels": ["1", "2"], "roles": ["train", "test"], "exact": True}
    ]
    record["per_group"] = {"anna": {"n": 5, "accuracy": 0.8, "ci95": [0.4, 0.9]}}
    tables = tables_of(record)
    assert {"duplicates", "per-group", "per-class", "baselines", "activations"} <= tables.keys()
    for table in tables.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_what_a_record_lacks_has_no_table():
    assert tables_of({}) == {}
    assert tables_of({"history": [], "scores": {}, "confusion": None, "learning_curve": None}) == {}
