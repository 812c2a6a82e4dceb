import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from pipelines.report.chart import HEAT_LEVELS
from pipelines.report.figures import figures_of, heat_level
from pipelines.report.tables import Column, tables_of


def draw(record):
    return figures_of(record, tables_of(record))


def test_a_diagnosis_has_all_its_figures(record):
    record["per_group"] = {"anna": {"n": 5, "accuracy": 0.8, "ci95": [0.4, 0.9]}}
    found = draw(record)
    assert set(found) == {
        *("epochs", "learning_curve", "validation_curves", "baselines", "health", "calibration", "groups")
    }
    for figure in [figure for figures in found.values() for figure in figures]:
        root = ElementTree.fromstring(figure.svg)
        assert root.get("aria-label") == figure.title
        assert figure.trend.endswith(".")
        assert "nan" not in figure.trend


def test_colours_are_the_pages_own_and_ids_the_figures_own(record):
    svgs = [figure.svg for figures in draw(record).values() for figure in figures]
    assert not re.findall(r"(?:fill|stroke): ?#", " ".join(svgs))
    ids = [i for svg in svgs for i in re.findall(r' id="([^"]*)"', svg)]
    assert len(ids) == len(set(ids))
    assert not any("<style" in svg for svg in svgs)


@pytest.mark.parametrize("name", ["<b>&\"'", "$\\frac{1}{2}$", "العربية", "長い" * 200, ""])
def test_any_name_can_be_drawn(record, name):
    record["per_group"] = {name: {"n": 5, "accuracy": 0.8, "ci95": [0.4, 0.9]}}
    [figure] = draw({"per_group": record["per_group"]})["groups"]
    texts = "".join(ElementTree.fromstring(figure.svg).itertext())
    assert name[:10] in texts


def test_many_classes_are_a_heat_map_of_all_of_them():
    n = 60
    confusion = np.eye(n, dtype=int) * 9 + np.roll(np.eye(n, dtype=int), 1, axis=1)
    [figure] = draw({"labels": [f"class {i}" for i in range(n)], "confusion": confusion.tolist()})["confusion"]
    assert figure.wide
    assert f"{9 * n:,} of {10 * n:,} answers are right" in figure.trend


def test_epochs_without_a_finite_number_leave_a_gap():
    entry = {"learning_rate": 0.1, "clip_rate": 0.0, "seconds": 1.0}
    losses = [2.5, None, 1.25]
    history = [
        {"epoch": i + 1, **entry, "train": {"loss": loss, "accuracy": None}, "valid": {"loss": loss, "accuracy": None}}
        for i, loss in enumerate(losses)
    ]
    [figure] = draw({"history": history})["epochs"]
    assert "from 2.5 to 1.25" in figure.trend


@pytest.mark.parametrize("place", [2, 3, -1])
def test_another_column_changes_no_figure(record, place):
    record["per_group"] = {
        name: {"n": 5, "accuracy": a, "ci95": [a - 0.1, a]} for name, a in (("ann", 0.8), ("ben", 0.9))
    }
    tables = tables_of(record)
    wider = {
        name: table
        if name == "confusion"  # whose columns are the classes
        else replace(
            table,
            columns=(*table.columns[:place], Column("new", "New"), *table.columns[place:]),
            rows=[(*row[:place], 0.123, *row[place:]) for row in table.rows],
        )
        for name, table in tables.items()
    }
    assert figures_of(record, wider) == figures_of(record, tables)


def test_the_more_of_a_row_the_stronger_the_colour():
    levels = [heat_level(count, 100) for count in range(101)]
    assert levels == sorted(levels)
    assert levels[0] == 0
    assert levels[1] == 1
    assert levels[-1] == HEAT_LEVELS
    assert heat_level(0, 0) == 0
