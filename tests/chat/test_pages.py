"""Pages of results as messages: lines, buttons and their ids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.chat import pages
from bot.chat.buttons import JobButton, like_button
from bot.chat.pages import PageButton
from bot.domain.browsing import PAGE, WHOLE, Browse, Order, Page, Place, Result
from bot.domain.job import Job, JobStatus
from bot.domain.request import GenerationRequest
from bot.domain.usual import HIDDEN
from tests.kit import jobs

OWN = Browse(Order.OWN)


def result(number: int, text: str = "a fox", likes: int = 0, **values: Any) -> Result:
    job = jobs.job(text, JobStatus.SUCCEEDED, finished_at=100.0 + number, **values)
    return Result(replace(job, id=f"{number:032x}"), Place(likes, number), 2, 900 + number)


def page(*results: Result, browse: Browse = OWN, before: bool = False, behind: bool = False):
    return Page(browse, results, before, behind)


def said(shown: Page, cleared: frozenset[str] = frozenset(), **more: bool) -> str:
    wanted: dict[str, bool] = {"everywhere": False, "sheet": True, **more}
    return pages.embed(shown, cleared, **wanted).description or ""


def rows(shown: Page) -> list[list[str]]:
    made = pages.view(shown).to_components()
    return [[each["label"] for each in row["components"]] for row in made]


def test_a_line_says_what_when_and_where() -> None:
    one = result(7, "a *red* fox", likes=3)
    assert said(page(one)) == (
        "**1** a \\*red\\* fox · ❤️ 3 · [message](https://discord.com/channels/1/2/907) · <t:107:R>"
    )
    public = said(page(one, browse=Browse(Order.NEWEST)))
    assert public.startswith(f"**1** a \\*red\\* fox · <@{jobs.USER}> · ❤️ 3 · ")
    single = replace(one, job=replace(jobs.upscale(), finished_at=7.5))
    assert "a fox · Image #3 · " in said(page(single))
    varied = replace(one, job=replace(jobs.variation(), finished_at=7.5))
    assert "a fox · Variations · " in said(page(varied))


def test_a_sheet_of_a_channel_fits_into_a_message_whatever_it_says() -> None:
    long = {"user": 2**63 - 1, "origin": replace(jobs.job().origin, guild=2**63, channel=2**63)}
    some = [
        replace(result(2**40, "*" * 500, likes=10**6), job=replace(jobs.variation(), **long),
                channel=2**63, message=2**63, spoiler=True)
        for _ in range(WHOLE)
    ]  # fmt: skip
    shown = page(*some, browse=Browse(Order.HERE), before=True, behind=True)
    text = said(shown)
    assert len(text) <= 4096
    assert len(text.splitlines()) == WHOLE
    assert text.count("· spoiler ·") == WHOLE
    numbered = page(*map(result, range(WHOLE)), browse=Browse(Order.HERE), before=True, behind=True)
    labels = [str(number) for number in range(1, WHOLE + 1)]
    assert rows(numbered) == [*(labels[at : at + 4] for at in range(0, WHOLE, 4)), ["Back", "More"]]


def test_what_is_hidden_or_gone_says_so() -> None:
    request = replace(jobs.request(), extra=((HIDDEN, True),))
    hidden = result(1, request=request)
    line = said(page(hidden, result(2)), frozenset({hidden.job.id}))
    first, second = line.splitlines()
    assert "· stealth · its pictures were cleared away ·" in first
    assert "[message]" not in first
    assert "cleared" not in second
    assert "[message]" not in said(page(replace(result(3), message=0)))


def test_what_cannot_be_read_has_a_line_too() -> None:
    lost = GenerationRequest.lost({"prompt": "a strange fox"}, "unknown schema")
    assert "a strange fox" in said(page(result(1, request=lost)))


def test_a_long_prompt_is_cut_and_a_full_page_fits() -> None:
    long = [result(number, "*" * 5000) for number in range(PAGE)]
    shown = page(*long, browse=replace(OWN, search="*" * 45, action="upscale"))
    made = pages.embed(shown, {each.job.id for each in long}, everywhere=True, sheet=True)
    assert len(made.description or "") < 4096
    assert "\\*" * 79 + "…" in (made.description or "")
    assert len(made) < 6000
    assert len(pages.alt_text(shown)) <= 1024
    wordless = result(1, "狐" * 300)
    assert "狐" * 79 + "…" in said(page(wordless))


@pytest.mark.parametrize(
    ("browse", "words"),
    [
        (OWN, "Nothing of yours was drawn here so far"),
        (Browse(Order.NEWEST), "Nothing that all may see"),
        (Browse(Order.LIKED), "Nothing that all may see"),
        (replace(OWN, search="fox"), "Nothing like that was found."),
        (replace(OWN, action="vary"), "Nothing like that was found."),
    ],
)
def test_an_empty_page_is_a_sentence_without_buttons(browse: Browse, words: str) -> None:
    empty = page(browse=browse)
    assert words in said(empty)
    assert rows(empty) == []
    assert pages.embed(empty, (), everywhere=False, sheet=False).footer.text is None


def test_what_is_looked_for_stands_above() -> None:
    browse = replace(OWN, search="a_b", action="zoom_out")
    assert said(page(result(1), browse=browse)).startswith("With **a\\_b** by zoom out:\n**1**")
    titles = {
        pages.embed(page(browse=Browse(order)), (), everywhere=everywhere, sheet=False).title
        for order, everywhere in ((Order.OWN, True), (Order.NEWEST, False), (Order.LIKED, False))
    }
    assert titles == {
        "Your results, everywhere", "The newest of this server", "The most liked of this server",
    }  # fmt: skip


def test_numbers_stand_as_the_results_on_the_sheet() -> None:
    full = page(*(result(number) for number in range(PAGE)), before=True, behind=True)
    assert rows(full) == [["1", "2", "3", "4"], ["5", "6", "7", "8"], ["Back", "More"]]
    assert rows(page(result(1), behind=True)) == [["1"], ["More"]]
    assert rows(page(result(1))) == [["1"]]
    buttons = [each for each in pages.view(full).children if isinstance(each, JobButton)]
    assert [(each.code, each.tile.job) for each in buttons] == [
        ("bring", f"{number:032x}") for number in range(PAGE)
    ]


def test_a_page_goes_on_from_its_ends() -> None:
    browse = Browse(Order.LIKED, "a fox: 3")
    shown = page(result(9, likes=4), result(5, likes=1), browse=browse, before=True, behind=True)
    turns = [each for each in pages.view(shown).children if isinstance(each, PageButton)]
    assert [each.browse for each in turns] == [
        replace(browse, place=Place(4, 9), back=True), replace(browse, place=Place(1, 5)),
    ]  # fmt: skip
    assert [each.item.custom_id for each in turns] == [
        "easel:page:l:<4.9::a fox: 3", "easel:page:l:>1.5::a fox: 3",
    ]  # fmt: skip


async def test_ids_are_read_as_they_are_written() -> None:
    pattern = PageButton.__discord_ui_compiled_template__
    other = JobButton.__discord_ui_compiled_template__
    for code, known in ((OWN.code, OWN), ("z:something newer", None)):
        match = pattern.fullmatch(f"easel:page:{code}")
        assert match
        assert other.fullmatch(match[0]) is None
        nothing: Any = None
        assert (await PageButton.from_custom_id(nothing, nothing, match)).browse == known


def test_a_like_shows_how_many() -> None:
    def look(likes: int) -> tuple[object, object, object]:
        item = like_button(jobs.job().tile(1), likes).item
        return item.custom_id, str(item.emoji), item.label

    assert look(0) == (f"easel:like:{jobs.JOB_ID}:1", "❤️", None)
    assert look(12) == (f"easel:like:{jobs.JOB_ID}:1", "❤️", "12")


def test_the_job_of_a_line_is_of_its_own_server() -> None:
    job: Job = result(3).job
    assert pages.link(result(3)) == f"https://discord.com/channels/{job.origin.guild}/2/903"
