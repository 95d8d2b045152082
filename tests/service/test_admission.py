"""One gate for everything that is drawn: words, places, bans, time-outs, on every road."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

import bot
from bot.domain.action import ALL, Action, Press
from bot.domain.errors import BlockedWords, InvalidLink, NotAllowed
from bot.domain.job import Job
from bot.domain.language import speaking
from bot.domain.moderation import PlaceKind, TimeoutRule, WordKind
from bot.domain.people import Asker, Origin
from bot.domain.region import Region
from bot.domain.style import Style
from bot.engine.seam import Answer, Question
from bot.language import language
from bot.service.references import Attached, Canvas
from bot.service.rules import Rules
from tests.kit.app import (
    ADMIN_ASKS,
    ANNA_ASKS,
    BERT_ASKS,
    DIRECT,
    ELSEWHERE,
    HERE,
    TINY,
    House,
)
from tests.kit.values import ANNA, CHANNEL, GUILD

SOURCES = Path(bot.__file__).parent
CAT = "https://cdn.discordapp.com/cat.png"
NSFW = replace(HERE, age_restricted=True)
Road = Callable[[House, Job], Awaitable[object]]


async def block(house: House, *words: str, kind: WordKind = WordKind.BLOCKED) -> None:
    await house.service.moderation.block(ADMIN_ASKS, GUILD, kind, words)


async def trace(house: House) -> tuple[object, ...]:
    """Everything that a drawing leaves behind."""
    tables = ("jobs", "ledger", "proposals", "blobs", "blob_uses", "deliveries")
    counts = [
        await house.database.read(
            lambda c, table=table: c.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        )
        for table in tables
    ]
    return (*counts, await house.credits(), house.executor.runs)


async def typed(house: House, text: str, attached: Attached | None = None) -> object:
    return await house.service.drawing.imagine(ANNA_ASKS, HERE, text, attached or Attached())


def press(action: Action, text: str | None = None, region: Region | None = None) -> Road:
    async def pressed(house: House, single: Job) -> object:
        asked = Press(action, single.tile(1), prompt=text, region=region)
        return await house.service.drawing.imagine(ANNA_ASKS, HERE, asked)

    return pressed


def words(text: str, attached: Attached | None = None) -> Road:
    async def said(house: House, single: Job) -> object:
        return await typed(house, text, attached)

    return said


async def style(house: House, single: Job) -> object:
    await house.service.styles.add(ADMIN_ASKS, GUILD, Style("ink", "scum art of"))
    return await typed(house, "a fox --style ink")


async def suffix(house: House, single: Job) -> object:
    await house.service.preferences.set_suffix(ANNA_ASKS, "--no scum")
    return await typed(house, "a fox")


async def option(house: House, single: Job) -> object:
    await house.service.preferences.set_option(ANNA_ASKS, "mine", "--no scum")
    return await typed(house, "a fox --mine")


async def reroll(house: House, single: Job) -> object:
    """Of a grid whose word was allowed when it was drawn."""
    asked = Press(Action.REROLL, single.tile(ALL), prompt="a scum fox")
    return await house.service.drawing.imagine(ANNA_ASKS, HERE, asked)


ROADS: dict[str, Road] = {
    "prompt": words("a scum fox"),
    "disguised": words("a fox of ѕ\u200b.с.υ.m"),
    "permutation": words("a {red, scum, blue} fox"),
    "repeat": words("a scum fox --repeat 3"),
    "no": words("a fox --no scum"),
    "no, of several": words("a fox --no hats, some scum, cats"),
    "part": words("a fox::2 scum::1"),
    "hidden part": words("a fox::2 scum::-0.5"),
    "across parts": words("a bloody::2 hell::1"),
    "with a link": words(f"{CAT} a scum fox"),
    "blend": words("--no scum", Attached((CAT, CAT))),
    "edit": words("scum", Attached(canvas=Canvas(CAT))),
    "style": style,
    "suffix": suffix,
    "own option": option,
    "vary": press(Action.VARY_STRONG, "a scum fox"),
    "vary subtly": press(Action.VARY_SUBTLE, "a fox --no scum"),
    "zoom": press(Action.ZOOM_OUT_2X, "a scum fox"),
    "custom zoom": press(Action.CUSTOM_ZOOM, "a scum fox --zoom 2"),
    "pan": press(Action.PAN_LEFT, "a scum fox"),
    "region": press(Action.VARY_REGION, "a scum fox", Region(fields=(1,))),
    "word of a region": press(Action.VARY_REGION, "a fox", Region(word="the scum")),
    "reroll": reroll,
}


@pytest.mark.parametrize("road", ROADS)
async def test_no_road_leads_around_the_words(tmp_path: Path, road: str) -> None:
    fetched: list[str] = []
    asked: list[Question] = []

    async def fetch(link: str) -> bytes:
        fetched.append(link)
        raise InvalidLink("Nothing is there.")

    async def answer(question: Question) -> Answer:
        asked.append(question)
        return {}

    card = replace(TINY, locates=True)
    async with House(tmp_path, automatic=True, fetch=fetch, card=card) as house:
        house.executor.on_ask = answer
        single = (await house.upscale((await house.draw("a fox")).tile(1))).job
        await block(house, "scum", "bloody hell")
        before = await trace(house)
        with pytest.raises(BlockedWords, match="is blocked on this server; nothing was charged"):
            await ROADS[road](house, single)
        assert await trace(house) == before
        assert (fetched, asked) == ([], [])


async def test_recipes_and_offers_are_no_way_around(house: House) -> None:
    grid = await house.draw("a scum fox")
    data, _ = await house.service.recipes.written(ANNA_ASKS, HERE, grid)
    offered = await house.service.drawing.imagine(ANNA_ASKS, HERE, "a scum {fox, owl}")
    before = await house.credits()
    await block(house, "scum")
    with pytest.raises(BlockedWords, match="`scum`"):
        await house.service.recipes.draw(BERT_ASKS, HERE, data)
    with pytest.raises(BlockedWords, match="`scum`"):
        await house.service.drawing.accept(ANNA_ASKS, HERE, offered.proposal)
    assert await house.credits() == before


async def test_what_was_drawn_before_is_shown_again_by_no_press_and_is_no_offence(
    house: House,
) -> None:
    grid = await house.draw("a scum fox")
    await block(house, "scum")
    for _ in range(9):
        for action, tile in ((Action.REROLL, ALL), (Action.VARY, 2), (Action.UPSCALE, 1)):
            with pytest.raises(BlockedWords):
                await house.press(action, grid.tile(tile))
    assert await house.imagine("a fox")


async def test_a_servers_style_is_nobodys_offence(house: House) -> None:
    await house.service.styles.add(ADMIN_ASKS, GUILD, Style("ink", "scum art of"))
    await block(house, "scum")
    for _ in range(9):
        with pytest.raises(BlockedWords):
            await house.imagine("a fox --style ink")
    assert await house.imagine("a fox")


async def test_what_is_no_word_of_the_prompt_is_not_read(house: House) -> None:
    await block(house, "scum", "tiny", "turbo", "seed")
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --model tiny --seed 5 --turbo")
    assert plan.requests[0].seed == 5


async def test_what_is_allowed_passes_and_what_is_forgotten_too(house: House) -> None:
    await block(house, "scum", "dick")
    await block(house, "Dick Tracy", kind=WordKind.ALLOWED)
    assert await house.imagine("Dick Tracy in Scunthorpe")
    with pytest.raises(BlockedWords, match="`dick`"):
        await house.imagine("a dick and Dick Tracy")
    await house.service.moderation.unblock(ADMIN_ASKS, GUILD, ["DICK"])
    assert await house.imagine("a dick")


async def test_the_word_of_the_rule_is_told_as_it_stands(house: House) -> None:
    await block(house, "*sc`um*")
    with pytest.raises(BlockedWords) as told:
        await house.imagine("a <@1> s.c.u.m")
    assert str(told.value) == "`*sc'um*` is blocked on this server; nothing was charged."


async def test_rules_are_those_of_one_server(house: House) -> None:
    await block(house, "scum")
    for origin in (ELSEWHERE, DIRECT):
        assert await house.imagine("a scum fox", origin=origin)


async def test_adult_words_are_for_channels_with_an_age_limit(house: House) -> None:
    await block(house, "nude", kind=WordKind.ADULT)
    await block(house, "scum")
    with pytest.raises(BlockedWords, match="`nude` is drawn in age-restricted channels only"):
        await house.imagine("a nude")
    assert await house.imagine("a nude", origin=NSFW)
    with pytest.raises(BlockedWords, match="`scum` is blocked"):
        await house.imagine("a nude scum", origin=NSFW)
    offered = await house.service.drawing.imagine(ANNA_ASKS, NSFW, "a nude {fox, owl}")
    with pytest.raises(BlockedWords, match="age-restricted"):
        await house.service.drawing.accept(ANNA_ASKS, HERE, offered.proposal)
    assert len(await house.service.drawing.accept(ANNA_ASKS, NSFW, offered.proposal)) == 2


async def test_the_operators_words_hold_everywhere_and_nobody_allows_them(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(blocked_words=("scum",))) as house:
        await block(house, "a scum fox", kind=WordKind.ALLOWED)
        for origin in (HERE, ELSEWHERE, DIRECT, NSFW):
            with pytest.raises(BlockedWords, match="`scum` is blocked by the operator"):
                await house.imagine("a scum fox", origin=origin)
        overview = await house.service.moderation.overview(ADMIN_ASKS, GUILD)
        assert overview.operators == 1


async def test_a_long_prompt_is_looked_through_to_its_end(house: House) -> None:
    await block(house, "scum")
    with pytest.raises(BlockedWords):
        await house.imagine("a fox " * 990 + "scum")


# Places


async def test_drawing_is_kept_to_channels_with_their_threads(house: House) -> None:
    thread = Origin(GUILD, 77, parent_channel=CHANNEL + 5)
    restrict = house.service.moderation.restrict
    await restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [CHANNEL + 5], [])
    grid_there = await house.imagine(origin=replace(HERE, channel=CHANNEL + 5))
    assert await house.imagine(origin=thread)
    for asker in (ANNA_ASKS, ADMIN_ASKS):
        with pytest.raises(NotAllowed, match=rf"but in <#{CHANNEL + 5}>\."):
            await house.imagine(asker=asker)
    for work in (
        house.service.shortening.shorten(ANNA_ASKS, HERE, "a fox"),
        house.service.describing.describe(ANNA_ASKS, HERE, CAT),
    ):
        with pytest.raises(NotAllowed, match="but in"):
            await work
    assert await house.imagine(origin=ELSEWHERE)
    assert await house.imagine(origin=DIRECT)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, grid_there.id)
    rules = await restrict(ADMIN_ASKS, GUILD, PlaceKind.CHANNEL, [], None)
    assert rules.channels == frozenset()
    assert await house.imagine()


async def test_drawing_is_kept_to_roles_and_to_who_decides(house: House) -> None:
    restrict = house.service.moderation.restrict
    await restrict(ADMIN_ASKS, GUILD, PlaceKind.ROLE, [5, 6], [])
    with pytest.raises(NotAllowed, match="only <@&5> and <@&6> may draw"):
        await house.imagine()
    assert await house.imagine(asker=Asker(ANNA, roles=frozenset({6, 7})))
    assert await house.imagine(asker=ADMIN_ASKS)
    assert await house.imagine(origin=DIRECT)


async def test_who_is_banned_is_told_until_when_and_why(house: House) -> None:
    grid = await house.draw()
    ban = (await house.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, 3600, "rude `words`")).ban
    said = f"banned you from drawing until <t:{ban.ends_at:.0f}:f>: `rude 'words'`"
    for work in (
        house.imagine(),
        house.press(Action.VARY, grid.tile(1)),
        house.press(Action.UPSCALE, grid.tile(1)),
        house.service.shortening.shorten(ANNA_ASKS, HERE, "a fox"),
    ):
        with pytest.raises(NotAllowed) as told:
            await work
        assert said in str(told.value)
    assert await house.imagine(asker=BERT_ASKS)
    assert await house.imagine(origin=DIRECT)
    house.clock.now += 3600
    assert await house.imagine()
    await house.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, None, "")
    with pytest.raises(NotAllowed, match=r"drawing for good\."):
        await house.imagine()
    await house.service.moderation.unban(ADMIN_ASKS, GUILD, ANNA)
    assert await house.imagine()


async def test_a_refusal_is_in_the_language_of_who_asked_and_an_appeal_in_any(
    house: House,
) -> None:
    await house.service.desk.set(ADMIN_ASKS, GUILD, 77)
    await block(house, "scum")
    with pytest.raises(BlockedWords) as told, speaking(language("de")):
        await house.imagine("a scum fox")
    assert str(told.value) == "`scum` ist auf diesem Server gesperrt; nichts wurde berechnet."
    kept = await house.service.appeals.appealable(ANNA_ASKS, HERE, told.value.appeal)
    assert kept.ground.said() == "`scum` is blocked on this server; nothing was charged."
    ban = (await house.service.moderation.ban(ADMIN_ASKS, GUILD, ANNA, 3600, "rude")).ban
    until = f"<t:{ban.ends_at:.0f}:f>"
    with pytest.raises(NotAllowed) as banned, speaking(language("fr")):
        await house.imagine()
    assert str(banned.value).endswith(f"t’a interdit de dessiner jusqu’au {until} : `rude`.")


# Time-outs


async def offend(house: House, times: int = 1, asker: Asker = ANNA_ASKS) -> str:
    for _ in range(times):
        with pytest.raises(BlockedWords) as told:
            await house.imagine("a scum fox", asker)
    return str(told.value)


async def test_the_fifth_refusal_within_ten_minutes_is_a_time_out(house: House) -> None:
    await block(house, "scum")
    assert "again" not in await offend(house, 4)
    ends = house.clock.now + 600
    assert f"may draw again <t:{ends:.0f}:R>." in await offend(house)
    for text in ("a fox", "a scum fox"):
        with pytest.raises(NotAllowed, match=rf"draw again <t:{ends:.0f}:R>"):
            await house.imagine(text)
    assert await house.imagine(asker=BERT_ASKS)
    assert await house.imagine(origin=ELSEWHERE)
    await house.restart()
    with pytest.raises(NotAllowed, match="draw again"):
        await house.imagine()
    house.clock.now = ends
    assert await house.imagine()
    assert f"<t:{ends + 1200:.0f}:R>" in await offend(house, 5)


async def test_refusals_that_lie_apart_are_none(house: House) -> None:
    await block(house, "scum")
    for _ in range(12):
        await offend(house)
        house.clock.now += 151
    assert await house.imagine()


async def test_admins_set_the_numbers_and_end_a_time_out(house: House) -> None:
    await block(house, "scum")
    moderation = house.service.moderation
    rule = await moderation.set_timeouts(ADMIN_ASKS, GUILD, 2, None, 60)
    assert rule == TimeoutRule(2, 600, 60)
    assert "may draw again" in await offend(house, 2)
    await moderation.unban(ADMIN_ASKS, GUILD, ANNA)
    assert await house.imagine()
    await moderation.set_timeouts(ADMIN_ASKS, GUILD, 0, None, None)
    assert "again" not in await offend(house, 9)
    rows = await house.database.read(lambda c: c.execute("SELECT * FROM refusals").fetchall())
    assert rows == []


async def test_direct_messages_have_the_usual_time_outs(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(blocked_words=("scum",))) as house:
        for _ in range(5):
            with pytest.raises(BlockedWords):
                await house.imagine("scum", origin=DIRECT)
        with pytest.raises(NotAllowed, match="draw again"):
            await house.imagine(origin=DIRECT)
        assert await house.imagine()


# The gate itself


def calls(name: str) -> set[str]:
    """Modules that call a method of this name."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if name in text else ():
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr == name:
                found.add(path.relative_to(SOURCES).as_posix())
    return found


def test_nothing_makes_a_claim_to_draw_but_the_gate() -> None:
    """Jobs and offers are stored with a claim, which is to be had by `Admission.admit` alone."""
    assert calls("admit") == {
        "service/admission.py", "service/drawing.py", "service/proposals.py",
    }  # fmt: skip
    text = (SOURCES / "service/drawing.py").read_text() + (
        SOURCES / "service/proposals.py"
    ).read_text()
    assert text.count("_admission.admit(") == text.count(".admit(") == 2
    assert calls("claim") <= {
        "service/rules.py", "service/accounts.py", "service/gifts.py", "service/quotas.py",
        "service/terms.py",
    }  # fmt: skip
