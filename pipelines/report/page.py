"""The page: all results of a diagnosis, in one HTML file without network access, other files or scripts.

Names of files and classes may contain anything, so every text in the page is escaped, and the page's own
Content-Security-Policy forbids it to run or to load anything (https://www.w3.org/TR/CSP3/).
"""

import functools
import json
from pathlib import Path

from markupsafe import Markup

from backprop_core.whole_file import whole_file
from pipelines.report import steps, wording
from pipelines.report.figures import MOST_CLASSES_IN_TABLE, figures_of, heat_level
from pipelines.report.marked_words import mark_words
from pipelines.report.media import Media
from pipelines.report.tables import tables_of
from pipelines.wording import encode

MOST_SHOWN = 24  # errors, and labels to check
MOST_PAIRS = 12  # duplicates, and doubts
MOST_ROWS = 200  # of a table; its file has all rows


def write_report(record, samples, folder):
    """Write a diagnosis as a page for people and as files for programs.

    Parameters
    ----------
    record : dict of JSON types
        The result of `diagnose.diagnose`; the page leaves out entries that are missing or None.
    samples : function of an entry that returns its Exhibit, or None if it cannot be read; see `samples.samples_of`
    folder : str or Path, made if it does not exist

    Returns
    -------
    paths : list of Path
        report.html, report.json (the record), and the numbers of each figure and table as figures/*.csv.

    Raises
    ------
    OSError
    """
    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    tables = tables_of(record)
    contents = {
        folder / "report.html": page(record, samples, tables),
        folder / "report.json": json.dumps(record, allow_nan=False, indent=1),
        **{folder / "figures" / f"{name}.csv": table.csv() for name, table in tables.items()},
    }
    for path, text in contents.items():
        with whole_file(path) as temporary:
            temporary.write_bytes(encode(text))
    return list(contents)


def page(record, samples, tables):
    """Return the page: str.

    Parameters
    ----------
    record, samples : as in `write_report`
    tables : dict of name to Table, what `tables_of(record)` returns
    """
    record = {name: value for name, value in record.items() if value is not None}
    figures = figures_of(record, tables)
    sections = _sections(record, tables, figures)
    return template("report.html").render(
        record=record,
        tables=tables,
        figures=figures,
        sections=sections,
        titles=dict(sections),
        media=Media(samples),
        stops=steps.stops(record["explanation"]) if record.get("explanation") else [],
        pairs=_gravest_first(record.get("duplicates") or []),
        most_shown=MOST_SHOWN,
        most_rows=MOST_ROWS,
        most_pairs=MOST_PAIRS,
        most_classes=MOST_CLASSES_IN_TABLE,
        heat_level=heat_level,
    )


def _gravest_first(pairs):
    """Sort pairs of copies: first pairs with different labels, then pairs on two sides of a split."""
    return sorted(pairs, key=lambda pair: (len(set(pair["labels"])) == 1, len(set(pair["roles"])) == 1))


def _sections(record, tables, figures):
    """Return (id, title) of each section that has content."""
    titles = (
        ("findings", "Findings", tables.get("findings")),
        ("training", "Training", figures.get("epochs") or tables.get("history") or tables.get("scores")),
        ("curves", "More data, other settings", figures.get("learning_curve") or figures.get("validation_curves")),
        ("gradients", "Health of the gradients", figures.get("health")),
        ("baselines", "Comparison with simpler learning", figures.get("baselines")),
        ("confusion", "Confusion matrix", tables.get("confusion")),
        ("classes", "Classes and sources", tables.get("per-class") or tables.get("per-group")),
        ("calibration", "Calibration", figures.get("calibration")),
        ("errors", "Errors", record.get("errors")),
        ("doubts", "Least certain", record.get("least_certain")),
        ("labels", "Labels to check", record.get("mislabelled")),
        ("duplicates", "Duplicates", record.get("duplicates")),
        ("step", "One step of learning", record.get("explanation")),
        ("network", "Network and recipe", record.get("network") or record.get("recipe")),
        ("thresholds", "Thresholds", tables.get("thresholds")),
        ("how", "How it was measured", record.get("how") or record.get("versions")),
    )
    return [(name, title) for name, title, there in titles if there]


@functools.cache
def template(name):
    """Return a template; its texts contain no invisible letters."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else wording.shorten(value, wording.LONGEST_TEXT),
    )
    environment.filters |= {
        "cell": cell,
        "flat": wording.flat,
        "marked": mark_words,
        "number": wording.number,
        "share": wording.share,
        "shown_path": wording.show_path,
        "spelled": wording.spell,
    }
    return environment.get_template(name)


def cell(value, kind):
    """Return a cell of a table as text; see `Column.kind`."""
    if value is None:
        return wording.NOTHING
    forms = {"share": wording.share, "seconds": wording.seconds, "path": wording.show_path}
    return forms.get(kind, wording.number)(value)
