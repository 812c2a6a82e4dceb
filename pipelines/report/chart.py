"""Charts: drawings of numbers as SVG inside the page, with the page's colours and for print at any size.

matplotlib draws each chart with placeholder colours ("the first series", "a grid line"). Then these colours become
variables of the page's style sheet, so that one figure works on a light and on a dark page. Series differ in markers
and strokes too, not only in colour. Text stays text, in the page's own font.
"""

import contextlib
import io
import os
import re
import sys
import warnings
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from pipelines.report.wording import shorten

WIDTH, HEIGHT = 360, 240  # units of the drawing; letters are 12 high

# The colours for matplotlib, and their variables in the page.
COLOURS = {
    "ink": "#010101",
    "muted": "#020202",
    "line": "#030303",
    "surface": "#040404",
    "series-1": "#010201",
    "series-2": "#010301",
    "series-3": "#010401",
    "series-4": "#010501",
    "series-5": "#010601",
    **{f"heat-{level}": f"#0201{level:02x}" for level in range(1, 7)},
}
STYLES = (("series-1", "-", "o"), ("series-2", "--", "s"), ("series-3", "-.", "^"), ("series-4", ":", "D"))
STYLES = (*STYLES, ("series-5", (0, (6, 2, 1, 2, 1, 2)), "v"))
TRAIN, VALID = STYLES[:2]
HEAT_LEVELS = 6

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"


@dataclass(frozen=True)
class Figure:
    """A figure of the page.

    Attributes
    ----------
    title : str
    trend : str, a sentence about what it shows
    svg : Markup, safe inside a page
    table : str, the name of the table with its numbers
    wide : bool, whether it needs the whole width
    """

    title: str
    trend: str
    svg: Markup
    table: str
    wide: bool = False


def load_matplotlib():
    """Import and return matplotlib, with any backend of the environment.

    A notebook sets MPLBACKEND for all programs that it starts, and this backend may not be installed here. Pictures in
    files need no backend; a working backend is kept for the user's own pictures.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with contextlib.suppress(ValueError):
            matplotlib.rcParams["backend"] = backend
    return matplotlib


def settings():
    """Return matplotlib's settings: only those of this module, not the user's."""
    matplotlib = load_matplotlib()
    return {
        **matplotlib.rcParamsDefault,
        "backend": "svg",
        "svg.fonttype": "none",
        "svg.hashsalt": "backprop",
        "text.parse_math": False,
        "font.size": 12,
        "axes.titlesize": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": COLOURS["muted"],
        "axes.labelcolor": COLOURS["muted"],
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.formatter.useoffset": False,
        "grid.color": COLOURS["line"],
        "grid.linewidth": 0.8,
        "xtick.color": COLOURS["muted"],
        "ytick.color": COLOURS["muted"],
        "xtick.minor.visible": False,
        "text.color": COLOURS["ink"],
        "lines.linewidth": 1.8,
        "lines.markersize": 4.5,
        "legend.frameon": False,
        "legend.fontsize": 12,
        "legend.handlelength": 2.2,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
    }


def canvas(height=HEIGHT, width=WIDTH):
    """Return an empty matplotlib figure and its axes, `width` by `height` units."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    return figure, figure.subplots()


def plot(axes, x, y, style, label, **settings):
    """Draw a line with a few markers, in one of `STYLES`; a missing number leaves a gap."""
    colour, dashes, marker = style
    points = [float("nan") if value is None else value for value in y]
    every = max(1, len(points) // 8)
    axes.plot(
        x,
        points,
        linestyle=dashes,
        marker=marker,
        markevery=every,
        color=COLOURS[colour],
        markeredgecolor=COLOURS["surface"],
        markeredgewidth=0.8,
        label=shorten(label, 24),
        **settings,
    )


def legend(axes, columns=2):
    """Put the legend above the axes, outside of them."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, borderaxespad=0.2, columnspacing=1.4)


def shares(axis):
    """Show an axis in per cent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def whole_numbers(axis):
    """Show an axis in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(6, integer=True))


def powers_of_ten(axes):
    """Give the vertical axis a logarithmic scale with its numbers as plain text."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}" if value < 1e-3 else f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    if high / low < 100:  # this contains too few powers of ten for ticks
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))


def svg_of(figure, name, label):
    """Return a matplotlib figure as SVG for a page.

    Parameters
    ----------
    figure : matplotlib Figure
    name : str, letters and hyphens; begins every id in it, so that one page may contain several figures
    label : str, a description of what it shows
    """
    file = io.StringIO()
    with warnings.catch_warnings():
        # matplotlib only measures letters, so it does not matter that its font lacks some of the page's letters.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(file.getvalue())
    for parent, name_of_child in ((root, "metadata"), *((part, "style") for part in root.findall(f"{{{_SVG}}}defs"))):
        for child in parent.findall(
            f"{{{_SVG}}}{name_of_child}"
        ):  # a style would apply to the whole page; see report.css
            parent.remove(child)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _adapt(key, value, name))
        element.tail = None
        if element.text and not element.text.strip():
            element.text = None
    root.set("role", "img")
    root.set("aria-label", label)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


_VARIABLES = {code: f"var(--{name})" for name, code in COLOURS.items()}


def _adapt(key, value, name):
    """Return an attribute with the page's colours and font, and with ids that no other figure uses."""
    if key == "id":
        return f"{name}-{value}"
    value = re.sub(r"url\(#", f"url(#{name}-", value)
    if key == f"{{{_XLINK}}}href" and value.startswith("#"):
        value = f"#{name}-{value[1:]}"
    if key == "style":
        value = re.sub(r"#[0-9a-f]{6}", lambda code: _VARIABLES.get(code[0], code[0]), value)
        value = re.sub(r"font: [^;]*?([\d.]+px)[^;]*", r"font-size: \1", value)
        value = re.sub(r"font-family:[^;]*;?", "", value)
    return value


def finish(figure, name, title, trend, table, wide=False):
    """Return a drawing as a Figure of the page."""
    return Figure(title, trend, svg_of(figure, name, title), table, wide)
