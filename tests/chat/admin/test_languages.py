"""Every page and form of the panel and the hello, with as much as may stand in them, in every
language: Discord takes them, and nothing in them is without a translation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from discord import ui

from bot.chat.acknowledge import Acknowledger
from bot.chat.admin import hello
from bot.chat.admin.desk import _PAGES, Desk
from bot.chat.admin.models import ModelsPage
from bot.chat.admin.page import Press, stale
from bot.domain.errors import UserError
from bot.domain.language import ENGLISH, speaking
from bot.domain.moderation import PlaceKind, WordKind
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.engine.seam import Loaded, Loading
from bot.language import CATALOGUES, language
from bot.sandbox import accept_form, check_message
from bot.service.first_hour import Choices
from bot.service.quotas import Whom
from tests.chat.admin.conftest import Pages
from tests.chat.admin.test_edges import Drawing, standing, worker
from tests.kit import pseudo
from tests.kit.app import ADMIN_ASKS, TINY, House
from tests.kit.messages import COMPONENTS_V2, Message
from tests.kit.values import GUILD

LANGUAGES = {"en-US": ENGLISH} | {code: language(code) for code in CATALOGUES}
NAME = "Plan" + "*" * 26
LAST = f"{NAME}24"
FULL = QuotaSetting(
    999_999, Period.MONTH, 100, 1000, 999_999, True, True, True, True, frozenset(Speed), 40, 8192,
    frozenset({"tiny", "other"}),
)  # fmt: skip
DATA = (
    "Plan", "Tiny", "tiny", "Other *one*", "other", "long" * 9, "fox", "GPU", "fake", "UTC",
    *(plan for preset in PRESETS.values() for plan in preset.plans),
)  # fmt: skip
WRONG: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "terms": {"credits": ("many",)},
    "limits": {"side": ("-1",)},
}


@pytest.fixture
async def full(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house that has as much of everything as a page shows."""
    house = pages.house

    async def drawn(orders: list[Any]) -> list[bytes]:
        return [b"png"] * len(orders)

    monkeypatch.setattr(house.service.overview, "charts", drawn)
    await house.draw()
    await house.service.overview.pause(ADMIN_ASKS, GUILD, True)
    for number in range(10):
        await house.imagine(f"a *fox* {'*' * 400} {number}{' --stealth' * (number == 3)}")
    for number in range(25):
        await house.service.plans.save(ADMIN_ASKS, GUILD, f"{NAME}{number:02}", FULL)
    for number in range(30):
        whom = Whom(user=10**18 + number)
        await house.service.plans.give(ADMIN_ASKS, GUILD, whom, LAST)
    for kind in PlaceKind:
        await house.service.moderation.restrict(
            ADMIN_ASKS, GUILD, kind, range(10**18, 10**18 + 99), []
        )
    for each, kind in zip("abc", WordKind, strict=True):
        words = [f"{each}{number:03}{'long' * 9}" for number in range(150)]
        await house.service.moderation.block(ADMIN_ASKS, GUILD, kind, words)
    return house


def presses() -> Iterator[tuple[str, Press]]:
    """What shows a page of each kind; nothing of it changes anything."""
    for page, deed, argument in (
        ("overview", "show", "7"), ("overview", "days", "365"), ("jobs", "show", ""),
        ("jobs", "show", "8"), ("models", "show", ""), ("plans", "show", ""),
        ("plans", "show", LAST), ("plans", "ask", LAST), ("places", "show", ""),
        ("words", "show", ""), ("log", "show", "0"), ("log", "show", "10"),
    ):  # fmt: skip
        yield page, Press(ADMIN_ASKS, GUILD, deed, argument)


def opened() -> Iterator[tuple[str, Press]]:
    """What opens a form of each kind."""
    yield "plans", Press(ADMIN_ASKS, GUILD, "new")
    for deed in ("terms", "limits"):
        yield "plans", Press(ADMIN_ASKS, GUILD, deed, LAST)
    for kind in WordKind:
        yield "words", Press(ADMIN_ASKS, GUILD, "add", kind.value)
    yield "words", Press(ADMIN_ASKS, GUILD, "forget")


async def shown(house: House) -> AsyncIterator[tuple[str, Message]]:
    """Every page with the menu of all pages, every form, and the hello."""
    desk = Desk(house.service, Acknowledger())
    for name, press in presses():
        page = await desk.page(name, press).show(press)
        yield name, {"components": desk._view(name, page).to_components()}
    for name, press in opened():
        yield name, (await desk._pages[name].form(press)).to_dict()
    models = [standing(key="9" * 60, card=replace(TINY, name="*" * 90))] * 20
    models += [standing(trouble="*" * 500), standing(kept=True), standing(loading=True)]
    workers = tuple(
        worker(device="GPU " + "*" * 60, models={"tiny": state})
        for state in (Loaded(), Loading("half")) * 4
    )
    for working, standings in ((workers, models), ((), models[-4:])):
        drawing: Any = Drawing(*standings, workers=working)
        page = await ModelsPage(drawing).show(Press(ADMIN_ASKS, GUILD))
        yield "models", {"components": desk._view("models", page).to_components()}
    for choices in (
        Choices("", (), frozenset()),
        Choices("open", (), frozenset(range(10**18, 10**18 + 99))),
        Choices("", tuple(f"{NAME}{number}" for number in range(25)), frozenset()),
    ):
        view: ui.LayoutView = hello.view(choices, "a fox " * 30)
        yield "setup", {"components": view.to_components()}


def require_taken(message: Message) -> None:
    """As Discord does. Raises ApiError."""
    if "title" in message:
        accept_form(message)
    else:
        check_message(message | {"flags": COMPONENTS_V2}, COMPONENTS_V2, COMPONENTS_V2)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_discord_takes_every_page_and_form(full: House, code: str) -> None:
    with speaking(LANGUAGES[code]):
        names = [name async for name, message in shown(full) if require_taken(message) is None]
    assert set(names) == {*_PAGES, "setup"}


async def test_nothing_is_without_a_translation(full: House) -> None:
    with speaking(pseudo.Pseudo()):
        found = [
            (name, words)
            async for name, message in shown(full)
            if (words := pseudo.forgotten(pseudo.read(message), DATA))
        ]
    assert found == []


async def test_refusals_of_pages_are_translated(full: House) -> None:
    desk = Desk(full.service, Acknowledger())
    with speaking(pseudo.Pseudo()):
        said = [str(stale())]
        for deed, fields in WRONG.items():
            press = Press(ADMIN_ASKS, GUILD, deed, LAST, fields=fields)
            with pytest.raises(UserError) as refused:
                await desk.page("plans", press).show(press)
            said.append(str(refused.value))
    assert pseudo.forgotten(said, DATA) == []
