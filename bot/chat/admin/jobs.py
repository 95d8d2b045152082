"""The page of what waits and is being drawn, each of which can be cancelled."""

from __future__ import annotations

from typing import Any

from discord import ui

from bot.chat import unfinished
from bot.chat.admin.items import Spot, button, refresh, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.language import N_, _, pgettext
from bot.service import Service
from bot.service.overview import AT_ONCE, Unfinished

PAGE = "jobs"
CANCEL = "cancel"
_LINE = 400
"""Characters of a job."""


class JobsPage:
    """Its argument is the number of the first job that is shown; of a cancel, the job before it."""

    title, emoji = N_("Jobs"), "🎨"
    deeds = frozenset({SHOW, CANCEL})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        if press.deed == CANCEL:
            job, _, first = press.argument.partition(":")
            await self._service.overview.cancel(press.asker, press.guild, job)
            press = Press(press.asker, press.guild, argument=first)
        overview = self._service.overview
        return Shown(_page(await overview.unfinished(press.asker, press.guild, press.first)))

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _page(page: Unfinished) -> list[ui.Item[Any]]:
    last = page.first + len(page.jobs)
    head = f"-# {unfinished.head(page)}" if page.jobs else _(unfinished.NOTHING)
    items: list[ui.Item[Any]] = [text(f"## {_(JobsPage.title)}", head)]
    cancel = pgettext("button", "Cancel")
    for number, job in enumerate(page.jobs, page.first + 1):
        line = text(unfinished.line(number, job), room=_LINE)
        spot = Spot(PAGE, CANCEL, f"{job.id}:{page.first}")
        hidden = job.hidden  # its owner's alone
        items.append(line if hidden else ui.Section(line, accessory=button(spot, cancel, "✖️")))
    return [*items, turns(PAGE, page.first, AT_ONCE, last < page.count)]


def turns(page: str, first: int, step: int, more: bool) -> ui.ActionRow[Any]:
    """Buttons to what is before and after, and to see the same anew."""
    shown = [refresh(Spot(page, SHOW, str(first)))]
    if first:
        before = Spot(page, SHOW, str(max(0, first - step)))
        shown.insert(0, button(before, pgettext("button", "Back"), "◀️"))
    if more:
        after = Spot(page, SHOW, str(first + step))
        shown.append(button(after, pgettext("button", "More"), "▶️"))
    return row(*shown)
