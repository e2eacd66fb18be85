"""Series as SVG, drawn on the server: bars that print, and are read without colour and without a script.

Names have horizontal bars, times upright ones; the parts of a whole are stacked and differ in their patterns.
A chart has a style of its own, for light and dark screens, because a page shows it as an image.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any, Final
from unicodedata import east_asian_width

from pygal import Bar, Config, HorizontalBar, StackedBar  # type: ignore[import-untyped]
from pygal.etree import etree  # type: ignore[import-untyped]

from endpoint.web.api.series import Series
from endpoint.web.http.view import View

# pygal hooks into the import of every module, for maps that are not installed here, and in a way that Python
# 3.11 warns of. The hook is removed again.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

# In the units of the drawing, which are pixels where it has its own size.
_WIDTH: Final = 960
_UPRIGHT: Final = 380
_ROW: Final = 27
_FONT: Final = 14
# The width of a letter, as a part of the font size: a narrow one as in the library, and a wide one.
_NARROW, _WIDE = 0.6, 1.0
# The longest label, in narrow letters, and how many labels fit below upright bars.
_LONGEST: Final = 40
_LABELS: Final = 24
# Parts of a stack that are lower than this share of the highest one have no number: it would not fit.
_NUMBERED: Final = 0.06
_TICKS: Final = 6
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SVG: Final = "http://www.w3.org/2000/svg"

# The fill of each kind of bar: a colour by its number in the style below, and a pattern on it.
_PATTERNS: Final = (
    "",
    '<path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4"/>',
    '<circle cx="2" cy="2" r="1.3"/><circle cx="6" cy="6" r="1.3"/>',
    '<path d="M0,4 h8"/>',
    '<path d="M4,0 v8"/>',
    '<path d="M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4"/>',
    '<path d="M0,4 h8 M4,0 v8"/>',
    '<path d="M0,0 l8,8 M8,0 l-8,8"/>',
)
_COLOURS: Final = ("#0b5a8a", "#c2570c", "#3d7a33", "#7a4fa3", "#b3325f", "#5b6570", "#8a6d00", "#177e89")
_DARK: Final = ("#6fb3e0", "#f0a25e", "#8fcf83", "#c3a3e6", "#f08fb0", "#b4bec9", "#dcc25a", "#6fd0da")

_STYLE: Final = """
svg { --ink: #1b2530; --quiet: #55606d; --line: #d6dce2; --paper: #ffffff; LIGHT }
@media screen and (prefers-color-scheme: dark) {
  svg { --ink: #e7eaee; --quiet: #a9b3bf; --line: #37424e; --paper: #12171d; DARK }
}
text { font-family: "Pretendard", "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic",
  system-ui, sans-serif; font-size: 14px; fill: var(--ink); stroke: none; }
.background { fill: none; }
.title { text-anchor: middle; fill: var(--quiet); }
.axis text { fill: var(--quiet); }
.across .axis.y text, .axis.x text.major { fill: var(--ink); }
.axis path, .axis line { stroke: var(--line); fill: none; }
.axis.x text { text-anchor: middle; }
.axis.y text { text-anchor: end; }
.guide.line { stroke-dasharray: 2 4; }
.text-overlay text { text-anchor: middle; font-variant-numeric: tabular-nums; }
.across .text-overlay text { text-anchor: start; }
.stacked .text-overlay text { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; font-size: 12px; }
pattern path { stroke: var(--paper); stroke-width: 1.6; fill: none; }
pattern circle { fill: var(--paper); stroke: none; }
"""


def draw(series: Series, view: View, title: str, whole: bool = True) -> bytes:
    """Draw a series as an SVG document, in the reader's language. Takes some milliseconds.

    Without ``whole`` the result has more rows than were read.
    """
    across = not series.time
    columns = list(series.measures.items())
    config = _config(series, columns)
    chart: Any
    chart = StackedBar(config) if series.stacked else HorizontalBar(config) if across else Bar(config)
    # The library draws the first of horizontal bars at the bottom.
    turn = -1 if across else 1
    labels = [_cut(label) for label in series.labels][::turn]
    chart.x_labels = labels
    every = math.ceil(len(labels) / _LABELS)
    if not across and every > 1:
        chart.x_labels_major_every = every
        chart.show_minor_x_labels = False
    chart.title = _note(series, view, whole)
    chart.y_labels = _ticks(series, columns)
    least = chart.y_labels[-1] * _NUMBERED if series.stacked else 0.0
    for name, values in columns:
        bars = [{"value": value, "formatter": _formatter(value, least)} for value in values]
        chart.add(_cut(_named(name, series, view)), bars[::turn])
    return _finished(chart.render_tree(), series, title)


def _config(series: Series, columns: list[tuple[str, tuple[float | None, ...]]]) -> Config:
    several = len(columns) > 1
    across = not series.time
    rows = len(series.labels) * len(columns)
    # The library measures every letter as a narrow one.
    missing = max(
        (_width(_cut(label)) - _NARROW * _FONT * len(_cut(label)) for label in series.labels), default=0
    )
    return Config(
        width=_WIDTH,
        height=rows * _ROW + 70 + 40 * several if across else _UPRIGHT + 60 * several,
        margin=14,
        margin_left=14 + max(missing, 0) if across else 14,
        margin_right=60 if across else 14,
        margin_top=24,
        js=[],
        no_prefix=True,
        disable_xml_declaration=True,
        show_legend=several,
        legend_at_bottom=True,
        legend_at_bottom_columns=min(len(columns), 4),
        legend_box_size=14,
        truncate_legend=-1,
        truncate_label=-1,
        print_values=len(series.labels) <= _LABELS * 2,
        print_values_position="center" if series.stacked else "top",
        print_zeroes=not series.stacked,
        show_y_guides=True,
        value_formatter=_written,
    )


def _note(series: Series, view: View, whole: bool) -> str | None:
    """Return a note about rows that are not drawn, None where all are."""
    if not series.left_out and whole:
        return None
    shown = len(series.labels)
    every = f"{shown + series.left_out:,}" + ("" if whole else "+")
    latest, first = (
        view.gettext("The last %(shown)s of %(every)s"),
        view.gettext("The first %(shown)s of %(every)s"),
    )
    return (latest if series.time else first) % {"shown": f"{shown:,}", "every": every}


def _named(name: str, series: Series, view: View) -> str:
    if name or not series.rest:
        return name
    return f"{view.gettext('Other')} ({series.rest})"


def _ticks(series: Series, columns: list[tuple[str, tuple[float | None, ...]]]) -> list[float]:
    """Return round numbers from zero, or from below the lowest value, to above the highest."""
    filled = [[value or 0 for value in values] for _, values in columns]
    totals = (
        [sum(parts) for parts in zip(*filled, strict=True)]
        if series.stacked
        else [v for row in filled for v in row]
    )
    least, most = min(0, *totals), max(0, *totals)
    raw = (most - least) / _TICKS or 1
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    if all(float(total).is_integer() for total in totals):
        step = max(step, 1)
    first, last = math.floor(least / step), math.ceil(most / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _formatter(value: float | None, least: float) -> Any:
    shown = value is not None and abs(value) >= least
    return _written if shown else lambda _: ""


def _written(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _width(text: str) -> float:
    return _FONT * sum(_WIDE if east_asian_width(char) in "WF" else _NARROW for char in text)


def _cut(text: str) -> str:
    text = _clean(text)
    room = _LONGEST * _NARROW * _FONT
    if _width(text) <= room:
        return text
    while _width(text) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _finished(tree: Any, series: Series, title: str) -> bytes:
    """Return the tree with our style in place of the library's, without what only its script needs."""
    for name in ("script", "style", "desc"):
        for node in list(tree.iter(f"{{{_SVG}}}{name}", name)):
            node.getparent().remove(node)
    kinds = range(len(series.measures))
    style = etree.SubElement(tree, f"{{{_SVG}}}style")
    style.text = _styled(kinds)
    defs = next(tree.iter(f"{{{_SVG}}}defs", "defs"))
    for number in kinds:
        defs.append(etree.fromstring(_pattern(number)))
    next(tree.iter(f"{{{_SVG}}}title", "title")).text = _clean(title)
    kind = "stacked" if series.stacked else "plain" if series.time else "across"
    tree.set("class", kind)
    written: bytes = etree.tostring(tree, encoding="utf-8")
    return written


def _styled(kinds: range) -> str:
    light, dark = (
        " ".join(f"--c{number}: {row[number % len(row)]};" for number in kinds) for row in (_COLOURS, _DARK)
    )
    fills = (f".color-{number} rect, rect.color-{number} {{ fill: url(#p{number}); }}" for number in kinds)
    return _STYLE.replace("LIGHT", light).replace("DARK", dark) + "\n".join(fills)


def _pattern(number: int) -> str:
    drawn = _PATTERNS[number % len(_PATTERNS)]
    return (
        f'<pattern xmlns="{_SVG}" id="p{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" style="fill: var(--c{number})"/>{drawn}</pattern>'
    )


def _clean(text: str) -> str:
    """Return the text without characters that XML cannot contain (XML 1.0 section 2.2)."""
    return _NOT_XML.sub("\ufffd", text)
