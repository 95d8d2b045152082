"""The pages of the panel but that of plans: what they say and do, and how much Discord takes."""

from __future__ import annotations

import pytest

from bot.chat.admin.desk import _PAGES
from bot.chat.admin.page import Press
from bot.domain.errors import NotAllowed, NotFound, UserError
from bot.domain.job import JobStatus
from bot.domain.moderation import Ban, PlaceKind, WordKind
from tests.chat.admin.conftest import Pages
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, HERE, MODERATOR_ASKS
from tests.kit.values import ANNA, GUILD


@pytest.mark.parametrize("name", _PAGES)
@pytest.mark.parametrize("asker", [ANNA_ASKS, MODERATOR_ASKS])
async def test_no_page_is_for_who_is_no_admin(pages: Pages, name: str, asker: object) -> None:
    press = Press(asker, GUILD)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="Manage Server"):
        await pages._pages[name].show(press)
    assert await pages.house.parts.audit.newest(GUILD) == []


@pytest.mark.parametrize("name", _PAGES)
async def test_what_another_version_does(pages: Pages, name: str) -> None:
    with pytest.raises(NotFound, match="another version"):
        await pages.show(name, "fly")
    if not pages._pages[name].forms:
        with pytest.raises(NotFound, match="another version"):
            await pages.form(name, "fly")


# Jobs


async def waiting(pages: Pages, count: int, text: str = "a fox") -> list[str]:
    await pages.house.service.overview.pause(ADMIN_ASKS, GUILD, True)
    jobs = [await pages.house.imagine(f"{text} {number}") for number in range(count)]
    return [each.id for each in jobs]


async def test_jobs_in_pages(pages: Pages) -> None:
    ids = await waiting(pages, 10, f"a *{'x' * 400}*")
    shown = await pages.show("jobs")
    assert "1 to 8 of 10" in shown.text
    assert shown.labels == ["Cancel"] * 8 + ["Refresh", "More"]
    rest = await pages.show("jobs", "show", "8")
    assert "9 to 10 of 10" in rest.text
    assert rest.labels == ["Cancel"] * 2 + ["Back", "Refresh"]
    assert set(rest.items) >= {f"jobs:cancel:{ids[8]}:8", "jobs:show:0", "jobs:show:8"}


async def test_a_job_is_cancelled_and_the_page_stays(pages: Pages) -> None:
    ids = await waiting(pages, 10)
    shown = await pages.show("jobs", "cancel", f"{ids[9]}:8")
    assert "9 to 9 of 9" in shown.text
    job = await pages.house.parts.jobs.get(ids[9])
    assert job is not None
    assert job.status is JobStatus.CANCELLED
    # Nothing happens to one that has ended; another server's is not known here.
    assert "9 to 9 of 9" in (await pages.show("jobs", "cancel", f"{ids[9]}:8")).text
    with pytest.raises(NotFound, match="do not know this job"):
        await pages.show("jobs", "cancel", f"{'e' * 32}:0")


async def test_what_is_in_stealth_has_no_button(pages: Pages) -> None:
    await waiting(pages, 1, "a secret --stealth")
    shown = await pages.show("jobs")
    assert "*stealth*" in shown.text
    assert "secret" not in shown.text
    assert shown.labels == ["Refresh"]


@pytest.mark.parametrize("first", ["x", "-1", "1.5"])
async def test_a_place_that_is_no_number(pages: Pages, first: str) -> None:
    for name in ("jobs", "log"):
        with pytest.raises(NotFound, match="another version"):
            await pages.show(name, "show", first)


# Channels and roles


async def test_places_are_chosen(pages: Pages) -> None:
    shown = await pages.show("places", "channels", chosen=("5", "7"))
    # The channels hold for admins, too.
    assert "Threads go with their channel; admins need no role." in shown.text
    assert "The moderators' channel: no channel" in shown.text
    assert "**Drawing is for**: <#5>, <#7>" in shown.text
    assert shown.chosen("places:channels") == ["5", "7"]
    assert "**Who may draw**: everybody" in shown.text
    shown = await pages.show("places", "roles", chosen=("8",))
    assert shown.chosen("places:roles") == ["8"]
    with pytest.raises(UserError, match="Everybody has that role"):
        await pages.show("places", "roles", chosen=("8", str(GUILD)), before=("8",))
    shown = await pages.show("places", "channels", before=("5", "7"))
    assert "everywhere" in shown.text
    assert (await pages.house.parts.moderation.rules(GUILD)).roles == {8}


async def test_more_places_than_a_menu_holds(pages: Pages) -> None:
    many = range(10**18, 10**18 + 100)
    restrict = pages.house.service.moderation.restrict
    for kind in PlaceKind:
        await restrict(ADMIN_ASKS, GUILD, kind, many, [])
    shown = await pages.show("places")
    assert "shows the first 25" in shown.text
    assert shown.text.count("<#") == shown.text.count("<@&") == 25
    assert shown.text.count(" and 75 more") == 2
    assert len(shown.chosen("places:channels")) == len(shown.chosen("places:roles")) == 25
    left = many[25:]
    before = tuple(shown.chosen("places:channels"))
    await pages.show("places", "channels", chosen=(), before=before)
    assert (await pages.house.parts.moderation.rules(GUILD)).channels == set(left)


async def test_what_another_admin_chose_meanwhile_stays(pages: Pages) -> None:
    """A menu that was shown before drops only what it showed, and brings back nothing."""
    restrict = pages.house.service.moderation.restrict
    await restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [5], [])
    shown = await pages.show("places", "channels", chosen=("6",), before=())
    assert shown.chosen("places:channels") == ["5", "6"]
    await restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [7], [6])
    shown = await pages.show("places", "channels", chosen=("6", "8"), before=("5", "6"))
    assert shown.chosen("places:channels") == ["7", "8"]


# Words


async def test_words_by_forms(pages: Pages) -> None:
    for kind in WordKind:
        form = await pages.form("words", "add", kind.value)
        assert form[""]["custom_id"] == f"easel:form:panel:words:add:{kind.value}"
    shown = await pages.show("words", "add", "blocked", fields={"words": ("Scum\n\ncrap\n",)})
    assert "✅ Words: blocked: 2, 2 of them new" in shown.text
    assert "**Blocked** (2): ||crap, scum||" in shown.text
    shown = await pages.show("words", "add", "allowed", fields={"words": ("scum",)})
    assert "**Blocked** (1): ||crap||" in shown.text
    assert "**Always allowed** (1): ||scum||" in shown.text
    shown = await pages.show("words", "forget", fields={"words": ("scum\nunknown",)})
    assert "✅ Forgotten: ||scum||" in shown.text
    with pytest.raises(NotFound, match="not among"):
        await pages.show("words", "forget", fields={"words": ("scum",)})
    for deed, argument in (("add", "rude"), ("add", "")):
        with pytest.raises(NotFound, match="another version"):
            await pages.form("words", deed, argument)


async def test_many_words_fit(pages: Pages) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for kind, first in zip(WordKind, "xyz", strict=True):
        words = [f"{first}{a}{b}{'long' * 9}" for a in letters[:6] for b in letters]
        await pages.house.service.moderation.block(ADMIN_ASKS, GUILD, kind, words)
    shown = await pages.show("words")
    assert shown.text.count("(156)") == 3
    assert shown.text.count("||") == 6


# Log and models


async def test_long_deeds_fit_and_stay_behind_bars(pages: Pages) -> None:
    assert "Nothing was changed here so far." in (await pages.show("log")).text
    for number in range(12):
        words = [f"{chr(97 + number)}{letter}{'long' * 12}" for letter in "abcdefgh"]
        await pages.house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, words)
    ban = Ban(ANNA, "*long* words " * 30, ADMIN_ASKS.user, 0.0)
    await pages.house.parts.bans.ban(GUILD, ban)
    shown = await pages.show("log")
    lines = [each for each in shown.text.splitlines() if each.startswith("<t:")]
    assert len(lines) == 10
    assert all(len(each) <= 380 and each.count("||") % 2 == 0 for each in lines)
    assert shown.labels == ["Refresh", "More"]
    rest = await pages.show("log", "show", "10")
    assert rest.labels == ["Back", "Refresh"]
    assert len([each for each in rest.text.splitlines() if each.startswith("<t:")]) == 3


async def test_models_and_workers(pages: Pages) -> None:
    shown = await pages.show("models")
    assert "**Tiny**: the default, 16 × 16 pixels, 4 steps" in shown.text
    assert "**Other \\*one\\***: `--model other`" in shown.text
    assert "### Workers\n" in shown.text
    assert "None is running" not in shown.text


# Overview


async def test_an_overview_with_its_levers(pages: Pages) -> None:
    shown = await pages.show("overview")
    assert [file.filename for file in shown.files] == ["jobs.png"]
    assert shown.chosen("overview:days") == ["30"]
    assert shown.labels == ["Pause drawing", "Refresh"]
    shown = await pages.show("overview", "pause", "90")
    assert "Drawing is paused here" in shown.text
    assert shown.chosen("overview:days") == ["90"]
    assert shown.labels == ["Let drawing go on", "Refresh"]
    with pytest.raises(UserError, match="paused here already"):
        await pages.show("overview", "pause", "90")
    shown = await pages.show("overview", "resume", "90")
    assert shown.labels[0] == "Pause drawing"


@pytest.mark.usefixtures("chartless")
@pytest.mark.parametrize(("argument", "days"), [("7", "7"), ("8", "30"), ("x", "30"), ("", "30")])
async def test_a_period_that_there_is_not_is_the_usual(
    pages: Pages, argument: str, days: str
) -> None:
    assert (await pages.show("overview", "show", argument)).chosen("overview:days") == [days]
    chosen = await pages.show("overview", "days", chosen=(argument,))
    assert chosen.chosen("overview:days") == [days]


@pytest.mark.usefixtures("chartless")
async def test_an_overview_without_charts(pages: Pages) -> None:
    await pages.house.draw(asker=BERT_ASKS)
    shown = await pages.show("overview")
    assert "could not be drawn just now" in shown.text
    assert "**1** job ended" in shown.text
    assert shown.files == []
    assert HERE.guild == GUILD
