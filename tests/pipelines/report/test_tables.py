import csv
import io

from pipelines.report.tables import Column, Table, tables_of


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


def test_a_column_is_found_by_its_name():
    table = Table("t", "", (Column("a", "A"), Column("b", "B")), [(1, 2), (3, 4)])
    assert table.column("b") == [2, 4]
    assert table.select("b", "a") == [(2, 1), (4, 3)]


def test_what_a_record_lacks_has_no_table():
    assert tables_of({}) == {}
    assert tables_of({"history": [], "scores": {}, "confusion": None, "learning_curve": None}) == {}
