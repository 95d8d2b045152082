"""The page of what admins changed."""

from __future__ import annotations

from discord import ui

from bot.chat import funds
from bot.chat.admin.items import clipped, text
from bot.chat.admin.jobs import turns
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.language import N_, _
from bot.service import Service
from bot.service.administration import LOGGED, AuditEntry

PAGE = "log"
_LINE = 380
"""Characters of a deed; so many of them fit on a page."""


class LogPage:
    """Its argument is the number of the newest deed that is shown."""

    title, emoji = N_("Log"), "📜"
    deeds = frozenset({SHOW})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        deeds = self._service.administration.deeds
        page = await deeds(press.asker, press.guild, press.first)
        lines = [_line(each) for each in page.entries] or [_("Nothing was changed here so far.")]
        head = "-# " + _("Newest first; who only looked is left out.")
        turn = turns(PAGE, page.first, LOGGED, page.more)
        return Shown([text(f"## {_(self.title)}", head, *lines), turn])

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _line(entry: AuditEntry) -> str:
    said = funds.deed(entry.deed, entry.detail).replace("\n", " ")
    return clipped(f"<t:{entry.at:.0f}:R> <@{entry.actor}> {said}", _LINE)
