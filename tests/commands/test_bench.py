"""What is typed behind `easel bench`, and what is printed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.bench import capacity, card, shapes, soak
from bot.bench.figures import Figure, Section
from bot.bench.model import program
from bot.bench.model.program import Wanted
from bot.bench.model.report import Report
from bot.commands.bench import bench
from bot.domain.errors import InvalidPrompt
from bot.service.choice import Choice
from bot.settings import Settings
from tests.bench.model.test_report import REPORT


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whatever is asked to be measured, which takes no time."""
    calls: list[object] = []

    def whole(out: Path | None, *, quick: bool) -> int:
        calls.append((out, quick))
        return 0

    async def measure(settings: Settings, wanted: Wanted, say: Callable[[str], None]) -> Report:
        say("drawing")
        calls.append((settings.model, wanted))
        return REPORT

    monkeypatch.setattr("bot.commands.bench.whole_bench", whole)
    monkeypatch.setattr(program, "measure", measure)
    return calls


def typed(line: str) -> int:
    return bench(Settings(model="mine"), shlex.split(line))


def test_without_a_model_the_whole_run_is_as_it_was(asked: list[object]) -> None:
    assert typed("") == typed("--quick --out x.md") == 0
    assert asked == [(None, False), (Path("x.md"), True)]


def test_one_model_is_named_or_that_of_the_setting(asked: list[object]) -> None:
    typed("--model")
    typed("--model other --W 512 -H 768 --steps 4 --n 1 --price-per-hour 2.50 --quick")
    assert asked == [
        ("mine", Wanted()),
        ("other", Wanted(Choice(count=1, width=512, height=768, steps=4), 2.5, quick=True)),
    ]


def test_a_table_or_json_is_all_that_is_printed(
    asked: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    typed("--model")
    out, err = capsys.readouterr()
    assert out == REPORT.table()
    assert err == "drawing\n"
    typed("--model --json")
    assert json.loads(capsys.readouterr().out)["images_per_hour"] == 36_000


@pytest.mark.parametrize(("option", "module"), [("--shapes", shapes), ("--card", card)])
def test_shapes_are_measured_alone_and_printed(
    asked: list[object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    option: str, module: object,
) -> None:  # fmt: skip
    async def measured(*_: object) -> Section:
        return Section("Shapes", "How it was.", [Figure("one", "1")])

    monkeypatch.setattr(module, "measure", measured)
    assert typed(option) == 0
    assert capsys.readouterr().out.startswith("## Shapes\n\nHow it was.\n")
    assert asked == []


def test_a_soak_and_a_capacity_are_measured_alone_and_printed(
    asked: list[object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measured(given: object) -> Section:
        return Section("Alone", f"Given {given}.", [Figure("one", "1")])

    monkeypatch.setattr(soak, "measure", measured)
    monkeypatch.setattr(capacity, "measure", measured)
    assert typed("--soak 0.5") == typed("--capacity --quick") == 0
    assert "Given 0.5.\n" in (out := capsys.readouterr().out)
    assert "Given True.\n" in out
    assert asked == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--soak 5 --out x.md", "`--soak` measures and prints alone"),
        ("--soak 5 --capacity", "`--capacity` measures and prints alone"),
        ("--capacity --steps 5", "`--steps` is for one model"),
        ("--shapes --soak 5", "`--shapes` measures and prints alone"),
        ("--shapes --model", "`--shapes` measures and prints alone"),
        ("--shapes --out x.md", "`--shapes` measures and prints alone"),
        ("--shapes --steps 5", "`--steps` is for one model"),
        ("--card sdxl flux", "`--card` takes sd1, sdxl, flux-dev, or nothing; not `flux`."),
        ("--minutes 5", "`--minutes` is for `--card`."),
        ("--card --quick", "`--card` measures and prints alone"),
        ("--card --shapes", "measures and prints alone"),
        ("--steps 5", "`--steps` is for one model"),
        ("--quick --price-per-hour 0", "`--price-per-hour` is for one model"),
        ("--json", "`--model` alone for that of the setting MODEL"),
        ("--model --out x.md", "`--out` is for the whole run"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(
    asked: list[object], line: str, words: str
) -> None:
    with pytest.raises(InvalidPrompt, match=words):
        typed(line)
    assert asked == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--model --n 5", "takes a whole number from 1 to 4, not `5`"),
        ("--model --W 1.5", "takes a whole number from 64 to 4096, not `1.5`"),
        ("--model --price-per-hour nan", "takes a number from 0 to 100000, not `nan`"),
        ("--modle x", "unrecognized arguments: --modle x"),
    ],
)
def test_a_wrong_value_is_named(
    asked: list[object], capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        typed(line)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert asked == []
