"""Charts of numbers: what is on them is found by its pixels."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageColor

from bot.worker import chart

Pixel = tuple[int, ...]
UNITS = [(86_400, "{number} d"), (3600, "{number} h"), (60, "{number} min"), (1, "{number} s")]


def slow(value: Any) -> Any:
    return pytest.param(value, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("fonts"))


def series(values: list[float | None], colour: int = 0, name: str = "drawn") -> dict[str, Any]:
    return {"name": name, "colour": colour, "values": values}


def order(kind: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    labels = [f"May {day}" for day in range(1, len(rows[0]["values"]) + 1)]
    common = {
        "kind": kind, "title": "Jobs by day", "empty": "Nothing was drawn.", "axis": "count",
        "locale": "", "units": UNITS,
    }  # fmt: skip
    return {**common, "labels": labels, "series": list(rows), **more}


def ranks(names: list[str], values: list[float | None]) -> dict[str, Any]:
    instead = [f"number {place}" for place in range(1, len(names) + 1)]
    return order("ranks", series(values), names=names, instead=instead)


@pytest.fixture(scope="module")
def draw(cache: str) -> Any:
    def drawn(*charts: dict[str, Any]) -> list[Image.Image]:
        made = chart.pictures({"charts": charts, "cache": cache})
        return [Image.open(io.BytesIO(png)).convert("RGB") for png in made]

    return drawn


def colour(number: int) -> Pixel:
    return ImageColor.getrgb(chart.COLOURS[number])


def painted(picture: Image.Image, number: int) -> np.ndarray:
    """Where it has a colour."""
    return (np.asarray(picture) == colour(number)).all(axis=2)


def heights(picture: Image.Image, number: int, top: int = 130) -> list[int]:
    """Of each block of columns with some of a colour, below what is said at the top."""
    columns = painted(picture, number)[top:].sum(axis=0)
    edges = np.flatnonzero(np.diff(columns > 0, prepend=False, append=False))
    return [int(columns[first:last].max()) for first, last in edges.reshape(-1, 2)]


def test_a_bar_is_as_high_as_its_number(draw: Any) -> None:
    [picture] = draw(order("bars", series([10, 20, 0, 40])))
    assert picture.size == (1200, 675)
    low, middle, high = heights(picture, 0)
    assert middle / low == pytest.approx(2, rel=0.03)
    assert high / low == pytest.approx(4, rel=0.03)
    assert picture.getpixel((2, 2)) == ImageColor.getrgb(chart.GROUND)


def test_bars_stand_on_each_other_or_beside(draw: Any) -> None:
    rows = series([30, 30]), series([10, 10], 4, "failed")
    on, beside = draw(order("bars", *rows), order("bars", *rows, beside=True))
    ups, extra = heights(on, 0, 178), heights(on, 4, 178)
    assert [len(ups), len(extra)] == [2, 2]
    # The failed stand above the drawn of the same column, not beside them.
    for picture, together in ((on, True), (beside, False)):
        drawn, failed = (painted(picture, number)[180:].any(axis=0) for number in (0, 4))
        assert drawn.any()
        assert (drawn & failed).any() == together


def test_a_line_has_a_gap_where_there_is_no_number(draw: Any) -> None:
    values: list[float | None] = [20.0, 25.0, None, 30.0, 20.0]
    whole, gap = draw(
        order("lines", series([20.0, 25.0, 25.0, 30.0, 20.0]), axis="duration"),
        order("lines", series(values), axis="duration"),
    )
    assert len(heights(whole, 0)) == 1
    assert len(heights(gap, 0)) == 2


def test_ranks_grow_to_the_right(draw: Any) -> None:
    [picture] = draw(ranks(["Mia", "Noah", "Ada"], [400, 200, 100]))
    rows = Counter(painted(picture, 0).sum(axis=1).tolist())
    widths = sorted(width for width, count in rows.items() if count > 20 and width)
    assert len(widths) == 3
    assert [widths[2] / widths[0], widths[1] / widths[0]] == pytest.approx([4, 2], rel=0.02)


@pytest.mark.parametrize("values", [[None, 0], slow([]), slow([0, 0])])
def test_without_a_number_there_is_an_empty_easel(draw: Any, values: list[float | None]) -> None:
    [empty] = draw(order("bars", series(values)))
    assert painted(empty, 1).sum() > 500
    assert not painted(empty, 0).any()
    said = empty.crop((300, 540, 900, 620)).convert("L").getextrema()
    assert said[1] > 150  # type: ignore[operator]


def test_odd_names_and_numbers_are_drawn(draw: Any) -> None:
    names = [
        "$x^2$ $",
        "田中さくら",
        "🦊🦊",
        "\u202eabc\u202c",
        "a\nb\tc",
        "_*~`|@everyone",
        "",
        "\x00" * 9,
        "M" * 90,
    ]
    pictures = draw(
        ranks(names, [float(10**n) for n in range(len(names), 0, -1)]),
        order("bars", series([10.0**9, 1])),
        order("lines", series([0.01, 0.02]), axis="duration"),
        order("lines", series([9_000_000.0]), axis="duration"),
        order("bars", series([1.0] * 365)),
    )
    for picture in pictures:
        assert painted(picture, 0).any()


KNOWN = frozenset(map(ord, "abcdefghijklmnopqrstuvwxyzMZë .…_@*$田中"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mia", "mia"),
        ("Zoë 🎨", "Zoë"),
        ("🦊🦊", "number 1"),
        ("さくら", "number 1"),
        ("田中さくら", "number 1"),  # the smaller part of a name would be another name
        ("田中 さ", "田中"),
        ("", "number 1"),
        ("  \u200b\u200d ", "number 1"),
        ("***", "number 1"),
        ("$a$ *b*", "$a$ *b*"),
        ("a\u202eb", "ab"),
        ("a  b\nc", "a bc"),
        ("m" * 17, "m" * 17),
        ("m" * 18, "m" * 16 + "…"),
        ("田" * 9, "田" * 8 + "…"),
    ],
)
def test_a_name_is_written_as_far_as_fonts_have_it(name: str, said: str) -> None:
    assert chart.named(name, "number 1", KNOWN) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1234, "1234"), (12_345, "12.3k"), (2_500_000, "2.5M")],
)
def test_counts_are_short(value: float, said: str) -> None:
    assert chart._count(value, "") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (0.5, "0.5 s"), (30, "30 s"), (90, "1.5 min"), (7200, "2 h"), (86_400, "1 d")],
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert chart._duration(seconds, UNITS, "") == said


@pytest.mark.parametrize("most", [0.02, 0.3, 1, 7, 59, 61, 500, 4000, 90_000, 10**7, 10**9])
def test_durations_are_marked_in_steps_that_people_count_in(most: float) -> None:
    marks = chart._even(most)
    assert 2 <= len(marks) <= 6
    assert marks[0] == 0
    assert marks[-1] <= most


@pytest.mark.parametrize(
    ("locale", "value", "said"),
    [
        ("de", 1234, "1.234"), ("de", 20_000, "20.000"), ("de", 2_500_000, "2,5\xa0Mio."),
        ("fr", 12_345, "12,3\xa0k"), ("es", 12_345, "12,3\xa0mil"), ("ja", 12_345, "1.2万"),
        ("ko", 1234, "1,234"), ("zh_Hant", 2_000_000, "200萬"),
    ],
)  # fmt: skip
def test_counts_are_written_as_a_language_does(locale: str, value: float, said: str) -> None:
    assert chart._count(value, locale) == said


def test_durations_are_written_as_a_language_does() -> None:
    units = [(60, "{number}分"), (1, "{number}秒")]
    assert chart._duration(90, units, "de") == "1,5分"
    assert chart._duration(0, units, "ja") == "0秒"


KANA = "描き終わるまで"


@pytest.mark.parametrize("kind", ["ranks", slow("bars"), slow("lines")])
def test_what_fonts_lack_is_drawn_in_plain_words(
    draw: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Not a letter of a chart is a box: with no font for its words it is the plain chart."""
    more = {"names": ["Mia"] * 3, "instead": ["a"] * 3} if kind == "ranks" else {}
    plain = order(kind, series([1, 2, 3]), **more)
    monkeypatch.setattr(chart, "FAMILIES", ())
    places = [
        {"title": KANA}, {"empty": KANA}, {"labels": [KANA] * 3}, {"units": [(1, KANA)]},
        {"series": [series([1, 2, 3], name=KANA)]},
        *([{"instead": [KANA] * 3}] if kind == "ranks" else []),
    ]  # fmt: skip
    expected, *drawn = draw(plain, *({**plain, "plain": plain, **each} for each in places))
    for each in drawn:
        assert np.array_equal(np.asarray(each), np.asarray(expected))
    named = {**plain, "title": "Größe – Übersicht…", "plain": plain}
    assert not np.array_equal(np.asarray(draw(named)[0]), np.asarray(expected))


def test_a_chart_keeps_the_words_that_fonts_have() -> None:
    told = {**order("bars", series([1]), title=KANA), "plain": {}}
    letters = frozenset(map(ord, "".join(map(str, [KANA, told, *map(chr, range(32, 127))]))))
    assert chart.written(told, letters) is told
    assert chart.written(told, letters - {ord("描")}) == {}
    del told["plain"]
    assert chart.written(told, frozenset()) is told


def test_the_process_answers_in_pngs_and_without_torch(cache: str) -> None:
    told = json.dumps({"charts": [order("bars", series([1, 2]))], "cache": cache})
    code = (
        "import json, sys; from bot.worker import chart; told = chart.run(json.load(sys.stdin));"
        " assert 'torch' not in sys.modules; print(json.dumps(told))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], input=told.encode(), capture_output=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    [png] = json.loads(ended.stdout)["pictures"]
    assert base64.b64decode(png).startswith(b"\x89PNG")
