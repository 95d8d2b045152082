"""The table and the plain data, from made-up measurements."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.bench.model.drawn import Drawn, Grid, request_of
from bot.bench.model.report import Processor, Report
from bot.models.cards import EMBEDDED_CARD
from bot.service.choice import Choice

DRAWN = Drawn(
    request_of(EMBEDDED_CARD, Choice()), "cuda", 1.25, 12.0, Grid(2.0, [], "torch 2 bfloat16"), 0.0,
    [Grid(0.5, [0.05], "torch 2 bfloat16")], crowd=10, crowd_s=4.0,
)  # fmt: skip
CARD = Processor(tflops=800.0, dtype="bfloat16", name="NVIDIA H100", teraflop=160.0)
REPORT = Report(EMBEDDED_CARD, DRAWN, CARD, 2048.0, 9000.0, price=2.5)


def cells(report: Report) -> dict[str, str]:
    rows = [line.strip("|").split("|") for line in report.table().splitlines() if line[:1] == "|"]
    return {what.strip(): result.strip() for what, result in rows[2:]}


def test_a_table_to_paste() -> None:
    assert REPORT.table().startswith("### Easel embedded: 4 pictures of 128×128, 8 steps\n\n| ")
    assert cells(REPORT) == {
        "start of the worker": "1.25 s",
        "loading the model": "12 s",
        "first grid after that": "2 s",
        "a grid alone, median of 1": "500 ms",
        "a step of it": "50 ms",
        "images an hour, while 10 grids wait": "36,000",
        "operations of a grid": "160 TFLOP",
        "matrix products of this machine, bfloat16": "800 TFLOP/s",
        "images an hour as a share of them": "50 %",
        "peak memory of the worker": "2,048 MiB",
        "peak memory of the card": "9,000 MiB",
        "a thousand pictures, at 2.50 an hour": "0.0694",
    }
    assert "On NVIDIA H100, " in REPORT.table()
    assert "drawn by torch 2 bfloat16 on cuda" in REPORT.table()


def test_the_same_for_machines() -> None:
    plain = json.loads(json.dumps(REPORT.plain()))
    assert plain["images_per_hour"] == 36_000
    assert plain["matmul_share"] == pytest.approx(0.5)
    assert plain["price_per_thousand"] == pytest.approx(2.5 / 36)
    assert (plain["grid_s"], plain["step_s"], plain["card"]) == (0.5, 0.05, "NVIDIA H100")
    assert (plain["width"], plain["steps"], plain["pictures"]) == (128, 8, 4)


def test_what_is_not_known_or_not_there_is_not_made_up() -> None:
    drawn = replace(DRAWN, alone=[Grid(0.5, [], "torch")], preparing=21.0)
    bare = Report(EMBEDDED_CARD, drawn, Processor(), notes=["Could not be told: why."])
    told = cells(bare)
    assert told["a step of it"] == told["operations of a grid"] == "–"
    assert told["images an hour as a share of them"] == told["peak memory of the worker"] == "–"
    assert told["until it is ready to draw faster"] == "21 s"
    assert not any("card" in what or "thousand" in what for what in told)
    assert bare.table().endswith("\n- Could not be told: why.\n")
    assert bare.plain()["matmul_share"] is bare.plain()["price_per_thousand"] is None


def test_a_single_picture_is_called_one() -> None:
    one = replace(DRAWN, request=request_of(EMBEDDED_CARD, Choice(count=1)))
    assert replace(REPORT, drawn=one).table().startswith("### Easel embedded: one picture of")
