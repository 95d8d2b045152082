"""The list of a server's unfinished jobs."""

from __future__ import annotations

from dataclasses import replace

from bot.chat import unfinished
from bot.domain.job import Job, JobStatus
from bot.domain.usual import HIDDEN
from bot.service.overview import Unfinished
from tests.kit import jobs


def page(first: int, count: int, *shown: Job) -> Unfinished:
    return Unfinished(shown, first, count)


def labels(shown: Unfinished) -> list[str]:
    return [item.item.label for item in unfinished.view(shown).children]  # type: ignore[attr-defined]


def test_each_job_has_its_line_and_its_button() -> None:
    first = jobs.job("a *fox* @everyone " * 30, JobStatus.RUNNING)
    second = replace(jobs.job("an owl", request=jobs.request(extra=((HIDDEN, True),))), id="e" * 32)
    said = unfinished.embed(page(8, 30, first, second))
    one, two = (said.description or "").splitlines()
    assert one.startswith("`9` 🎨 **a \\*fox\\* \\@everyone")
    assert f"<@{jobs.USER}>" in one
    assert two == "`10` ⏳ *stealth*"
    assert (said.footer.text or "").startswith("9 to 10 of 30")
    assert labels(page(8, 30, first, second)) == ["9", "Back", "Refresh", "More"]


def test_the_first_and_the_last_page_turn_no_further() -> None:
    assert labels(page(0, 1, jobs.job())) == ["1", "Refresh"]
    assert labels(page(8, 9, jobs.job())) == ["9", "Back", "Refresh"]
    assert labels(page(0, 0)) == ["Refresh"]
    assert "Nothing waits here" in (unfinished.embed(page(0, 0)).description or "")


def test_a_page_of_long_prompts_fits() -> None:
    some = [replace(jobs.job("*" * 5000), id=f"{n:032x}") for n in range(8)]
    said = unfinished.embed(page(0, 8, *some))
    assert len(said.description or "") <= 4096
    view = unfinished.view(page(0, 8, *some))
    assert max(item.row or 0 for item in view.children) == 4
