"""Draws charts of numbers, as an errand.

The order has `charts`, and `cache`, a folder where matplotlib may keep what it found out about
fonts; the answer has `pictures`: a PNG of each, in base64. Every word comes with the order:

title   what is shown; `empty` a sentence that stands in the place of a chart without a number
kind    `bars`, on each other or, with `beside`, next to each other; `lines`; or `ranks`
labels  what stands under each place, of which as many are shown as there is room for
series  each with a `name`, a `colour` (a number of `COLOURS`) and `values`, null where is none
axis    `count`, or `duration` of seconds
names   of ranks, with one more name `instead` for what no font here has
locale  how numbers are written, as Babel calls it; empty for English
units   of durations, the largest first: seconds, and a text with a `{number}`
plain   the same chart for where fonts lack letters of its words; a chart without is drawn anyway
"""

from __future__ import annotations

import base64
import io
import os
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from babel.numbers import format_compact_decimal, format_decimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUND, INK, QUIET, RULE = "#2b2d31", "#f2f3f5", "#b5bac1", "#43464d"
# Okabe and Ito's, which people tell apart however they see colours, as light as a dark ground asks.
COLOURS = ("#56b4e9", "#e69f00", "#d0d3d8", "#2fc29a", "#e0693e", "#d58bb5")
WIDTH, HEIGHT, DPI = 8.0, 4.5, 150
"""Inches, and pixels of one: text of 16 points is 12 pixels where Discord shows it 400 wide."""
SMALL, LARGE = 16, 19
"""Points of letters."""
_LARGE = 10_000
PLACES = 5
"""Labels under a chart."""
NAME = 17
"""Letters of a name, of which a Chinese one counts two."""
OWN = "DejaVu Sans"
"""The family that matplotlib brings along."""
FAMILIES = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK TC", "Noto Sans CJK KR", "Noto Sans JP",
    "Noto Sans SC", "Noto Sans TC", "Noto Sans KR", "Source Han Sans", "Source Han Sans JP",
    "IPAexGothic", "IPAGothic", "TakaoPGothic", "VL PGothic", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "NanumGothic", "Droid Sans Fallback", "Hiragino Sans", "PingFang SC",
    "Apple SD Gothic Neo", "Yu Gothic", "Microsoft YaHei", "Microsoft JhengHei", "Malgun Gothic",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji",
    "Symbola", "Unifont",
)  # fmt: skip
"""Where they are installed, they have what that one has not."""


def pictures(order: Mapping[str, Any]) -> list[bytes]:
    """The PNG of each chart of the order."""
    os.environ.setdefault("MPLCONFIGDIR", order["cache"])
    from matplotlib import rcParams

    fonts = _fonts()
    rcParams["font.family"] = list(fonts)
    rcParams["font.size"] = SMALL
    rcParams["text.color"] = rcParams["axes.labelcolor"] = INK
    rcParams["xtick.color"] = rcParams["ytick.color"] = QUIET
    rcParams["text.parse_math"] = False
    known = frozenset().union(*fonts.values())
    return [_png(_drawn(written(chart, known), known)) for chart in order["charts"]]


def written(chart: Mapping[str, Any], known: frozenset[int]) -> Mapping[str, Any]:
    """The chart, or the plain one where its words cannot be written here."""
    series, units = chart["series"], chart["units"]
    words = (
        chart["title"], chart["empty"], *chart["labels"], *(each["name"] for each in series),
        *(said for _, said in units), *chart.get("instead", ()),
    )  # fmt: skip
    letters = {ord(each) for each in "".join(words) if not each.isspace()}
    return chart if letters <= known else chart.get("plain", chart)


def _fonts() -> dict[str, frozenset[int]]:
    """What is installed of the families, with the characters of each."""
    from matplotlib.font_manager import findfont, fontManager, get_font

    there = {font.name for font in fontManager.ttflist}
    families = [OWN, *(family for family in FAMILIES if family in there)]
    return {family: frozenset(get_font(findfont(family)).get_charmap()) for family in families}


def _png(figure: Figure) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png", facecolor=GROUND)
    return written.getvalue()


def _drawn(chart: Mapping[str, Any], known: frozenset[int]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=GROUND)
    figure.text(0.04, 0.955, chart["title"], size=LARGE, weight="bold", va="top")
    values = [each for series in chart["series"] for each in series["values"] if each]
    if not values:
        _nothing(figure, chart["empty"])
        return figure
    ranks, named = chart["kind"] == "ranks", len(chart["series"]) > 1
    room = (0.36, 0.05, 0.49, 0.79) if ranks else (0.14, 0.13, 0.8, 0.61 if named else 0.68)
    axes = figure.add_axes(room)
    {"bars": _bars, "lines": _lines, "ranks": _ranks}[chart["kind"]](axes, chart, known)
    axes.set_facecolor(GROUND)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=8)
    if not ranks:
        _lay_out(axes, chart, axes.dataLim.y1)
    if named:
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(chart["series"]),
            frameon=False, handlelength=1.1, columnspacing=1.3, handletextpad=0.5, borderpad=0.1,
        )  # fmt: skip
    return figure


def _bars(axes: Axes, chart: Mapping[str, Any], _: frozenset[int]) -> None:
    series, count = chart["series"], len(chart["labels"])
    beside = chart.get("beside", False)
    width = (0.9 if beside else 0.82) / (len(series) if beside else 1)
    below = [0.0] * count
    for number, each in enumerate(series):
        at = [place + (number - (len(series) - 1) / 2) * width * beside for place in range(count)]
        heights = [value or 0 for value in each["values"]]
        axes.bar(
            at, heights, width * (0.94 if beside else 1), None if beside else below,
            color=COLOURS[each["colour"]], label=each["name"],
        )  # fmt: skip
        below = [low + height for low, height in zip(below, heights, strict=True)]


def _lines(axes: Axes, chart: Mapping[str, Any], _: frozenset[int]) -> None:
    styles = ("-", (0, (3.5, 1.2)), (0, (1, 1)))
    for number, each in enumerate(chart["series"]):
        values = [float("nan") if value is None else value for value in each["values"]]
        axes.plot(
            range(len(values)), values, color=COLOURS[each["colour"]], label=each["name"],
            linewidth=3, linestyle=styles[number % len(styles)], marker="o",
            markersize=7 if len(values) < 40 else 4,
        )  # fmt: skip


def _ranks(axes: Axes, chart: Mapping[str, Any], known: frozenset[int]) -> None:
    [series] = chart["series"]
    names = [
        named(name, instead, known)
        for name, instead in zip(chart["names"], chart["instead"], strict=True)
    ]
    places, most = range(len(names)), max(series["values"])
    axes.barh(places, series["values"], 0.66, color=COLOURS[series["colour"]])
    axes.set_yticks(places, names, color=INK)
    axes.set_ylim(max(len(names), 4) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_xlim(0, most)
    for place, value in zip(places, series["values"], strict=True):
        axes.text(value + most * 0.015, place, _count(value, chart["locale"]), va="center")


def _lay_out(axes: Axes, chart: Mapping[str, Any], most: float) -> None:
    """Lines to read heights by, from zero, and labels under some places, the last one among
    them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    duration = chart["axis"] == "duration"
    count = len(chart["labels"])
    axes.set_xlim(-0.6, count - 0.4)
    axes.set_ylim(0, most * 1.08)
    if duration:
        axes.set_yticks(_even(most))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    locale, units = chart["locale"], chart["units"]
    axes.yaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: _duration(value, units, locale) if duration else _count(value, locale)
        )
    )
    axes.grid(axis="y", color=RULE, linewidth=1)
    axes.set_axisbelow(True)
    step = -(-count // PLACES)
    places = list(range(count - 1, -1, -step))
    axes.set_xticks(places, [chart["labels"][place] for place in places])


def _even(most: float) -> list[float]:
    """Three to six durations that people count in, up to the longest."""
    steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200]
    steps = [
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.5,
        *steps,
        *(86_400 * days for days in (1, 2, 5, 10, 20, 50)),
    ]
    step = next((each for each in steps if most / each <= 5), most / 4)
    return [step * number for number in range(int(most / step) + 1)]


def _duration(seconds: float, units: Sequence[tuple[float, str]], locale: str) -> str:
    """In the largest unit that there is one of."""
    size, said = next((each for each in units if seconds >= each[0]), units[-1])
    return said.format(number=_number(seconds / size, locale))


def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale) if locale else f"{value:g}"


def _count(value: float, locale: str) -> str:
    """Three figures of what is large, or as many as the language says."""
    if locale:
        short = format_compact_decimal(value, locale=locale, fraction_digits=1)
        plain = value < _LARGE or short.isdecimal()
        return format_decimal(value, locale=locale) if plain else short
    for name, size in (("M", 1e6), ("k", 1e3)):
        if value >= 10 * size or (value >= size and value % (size / 10) == 0):
            return f"{value / size:.3g}{name}"
    return f"{value:.0f}"


def named(name: str, instead: str, known: frozenset[int]) -> str:
    """A name as it can be written here, cut; another one where too little of it can."""
    letters = [each for each in unicodedata.normalize("NFC", name) if each.isalnum()]
    written = "".join(
        each for each in unicodedata.normalize("NFC", name)
        if each == " " or (ord(each) in known and unicodedata.category(each)[0] not in "CZ")
    )  # fmt: skip
    kept = [each for each in written if each.isalnum()]
    if not kept or 2 * len(kept) < len(letters):
        return instead
    return _cut(" ".join(written.split()))


def _cut(text: str) -> str:
    room, widths = NAME, [2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text]
    if sum(widths) <= room:
        return text
    kept = 0
    while room > widths[kept]:
        room -= widths[kept]
        kept += 1
    return text[:kept].rstrip() + "…"


def _nothing(figure: Figure, sentence: str) -> None:
    """An empty canvas on an easel, and why it is empty."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    mast, ledge = ((0.5, 0.5), (0.76, 0.8)), ((0.39, 0.61), (0.4, 0.4))
    left, right = ((0.44, 0.4), (0.4, 0.27)), ((0.56, 0.6), (0.4, 0.27))
    for xs, ys in (mast, ledge, left, right):
        figure.add_artist(Line2D(xs, ys, color=COLOURS[1], linewidth=6, solid_capstyle="round"))
    figure.add_artist(
        Rectangle((0.41, 0.42), 0.18, 0.34, facecolor="#383a40", edgecolor=QUIET, linewidth=3)
    )
    figure.text(0.5, 0.14, sentence, ha="center", va="center", color=QUIET)


def run(order: Mapping[str, Any]) -> dict[str, list[str]]:
    """The pictures, in base 64."""
    return {"pictures": [base64.b64encode(each).decode() for each in pictures(order)]}
