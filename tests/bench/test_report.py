"""The document that the bench writes."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from bot.bench import program, report
from bot.bench.figures import Figure, Section, below
from bot.domain.errors import EaselError


def test_the_report_names_machine_versions_and_verdicts() -> None:
    section = Section(
        "Lag", "How it was.", [below("p99", 12, 20, "ms"), below("max", 70, 50, "ms")], ["A note."]
    )
    text = report.render([section], command="make bench", minutes=3, load="0.1")
    assert "| p99 | 12 ms | < 20 ms | met |" in text
    assert "| max | 70 ms | < 50 ms | **missed** |" in text
    assert "## Lag\n\nHow it was.\n" in text
    assert "- A note." in text
    assert f"Python {platform.python_version()}" in text
    assert "cores" in text
    assert platform.node() not in text.split()
    assert str(Path.home()) not in text


def test_a_scenario_that_fails_is_reported_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(quick: bool) -> Section:
        raise EaselError("no sandbox")

    async def fine(quick: bool) -> Section:
        return Section("Fine", f"quick: {quick}", [Figure("one", "1")])

    monkeypatch.setattr(program, "SCENARIOS", (("Broken", broken), ("Fine", fine)))
    out = tmp_path / "report.md"
    assert program.run(out, quick=True) == 1
    text = out.read_text(encoding="utf-8")
    assert "Could not be measured: no sandbox" in text
    assert "| one | 1 |" in text
    assert "bench --quick" in text


def test_what_was_measured_elsewhere_is_kept_word_for_word() -> None:
    before = f"# Benchmarks\n\nold figures\n\n{report.BY_HAND}\n\n## On a card\n\n| a | b |\n"
    kept = report.by_hand(before)
    assert kept == f"\n{report.BY_HAND}\n\n## On a card\n\n| a | b |\n"
    assert report.by_hand("new figures\n" + kept) == kept
    assert report.by_hand("# Benchmarks\n\nold figures\n") == ""
