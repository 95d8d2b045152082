"""A house whose admins have a panel, and the panel's pages by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot.chat.acknowledge import Acknowledger
from bot.chat.admin.desk import _PAGES, Desk
from bot.chat.admin.page import Press
from tests.kit import layouts
from tests.kit.app import ADMIN_ASKS, TINY, House
from tests.kit.messages import Message
from tests.kit.values import GUILD

OTHER = replace(TINY, id="other", name="Other *one*")


class Pages:
    """Every page over one house, as an admin presses it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.desk = Desk(house.service, Acknowledger())
        self._pages = {name: page(house.service) for name, page in _PAGES.items()}

    async def show(self, page: str, deed: str = "show", argument: str = "", **more: Any) -> Parts:
        press = Press(ADMIN_ASKS, GUILD, deed, argument, **more)
        return Parts(await self.desk.page(page, press).show(press))

    async def form(self, page: str, deed: str, argument: str = "") -> Message:
        press = Press(ADMIN_ASKS, GUILD, deed, argument)
        made = await self.desk.page(page, press).form(press)
        shown = made.to_dict()
        assert len(shown["title"]) <= 45
        assert len(shown["custom_id"]) <= 100
        assert 1 <= len(shown["components"]) <= 5
        return {each["component"]["custom_id"]: each for each in shown["components"]} | {"": shown}


class Parts:
    """A page as Discord gets it, in its box with the menu of all pages."""

    def __init__(self, shown: Any) -> None:
        separator, menu = ui.Separator(), ui.TextDisplay("the menu of all pages")
        box: Any = ui.Container(*shown.items, separator, menu)
        found = layouts.parts(ui.LayoutView(timeout=None).add_item(box))
        assert len(found) + 1 <= 40
        self.text = layouts.text(found)
        self.items = layouts.pressable(found)
        self.files = shown.files

    def chosen(self, spot: str) -> list[str]:
        return layouts.defaults(self.items[spot])

    @property
    def labels(self) -> list[str]:
        return [each["label"] for each in self.items.values() if each["type"] == 2]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, others=[OTHER]) as opened:
        yield opened


@pytest.fixture
def pages(house: House) -> Pages:
    return Pages(house)
