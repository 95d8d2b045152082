"""The first page: charts and numbers of a period, and whether drawing is paused."""

from __future__ import annotations

import io
import logging
from typing import Any

import discord
from discord import ui

from bot.chat import charts, names
from bot.chat.admin.items import Option, Spot, button, menu, refresh, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.chat.charts import Chart
from bot.domain.errors import StoreUnavailable
from bot.domain.language import N_, _, pgettext
from bot.domain.overview import PERIODS, Overview
from bot.domain.people import Asker
from bot.service import Service

log = logging.getLogger(__name__)

PAGE = "overview"
DAYS, PAUSE, RESUME = "days", "pause", "resume"
USUAL_DAYS = 30
MISSING = N_("The charts could not be drawn just now.")
Pictures = list[tuple[Chart, bytes]]


async def look(
    service: Service, server: discord.Guild | None, asker: Asker, guild: int, days: int
) -> tuple[Overview, Pictures]:
    """The numbers, and their charts as PNGs; none where they cannot be drawn just now."""
    shown = await service.overview.overview(asker, guild, days)
    known = await names.names_of(server, [one.user for one in shown.spenders])
    made = charts.charts(shown, known)
    try:
        drawn = await service.overview.charts([chart.order for chart in made])
    except StoreUnavailable as error:
        log.warning("charts are not drawn: %s", error)
        return shown, []
    return shown, list(zip(made, drawn, strict=True))


class OverviewPage:
    """Its argument is the period, in days."""

    title, emoji = N_("Overview"), "📊"
    deeds = frozenset({SHOW, DAYS, PAUSE, RESUME})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        days = _days(press)
        if press.deed in (PAUSE, RESUME):
            await self._service.overview.pause(press.asker, press.guild, press.deed == PAUSE)
        shown, pictures = await look(self._service, press.server, press.asker, press.guild, days)
        paused = self._service.overview.paused(press.guild)
        said = charts.summary(shown, self._service.overview.model_name)
        missing = "" if pictures else f"-# {_(MISSING)}"
        state = "⏸️ " + _("**Drawing is paused here.**") if paused else ""
        items: list[ui.Item[Any]] = [text(f"## {_(self.title)}", state, said, missing)]
        items += [_picture(chart) for chart, _ in pictures]
        files = [_file(chart, png) for chart, png in pictures]
        return Shown([*items, *_levers(days, paused)], files)

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _days(press: Press) -> int:
    said = press.chosen[0] if press.deed == DAYS and press.chosen else press.argument
    return int(said) if said.isdecimal() and int(said) in PERIODS else USUAL_DAYS


def _levers(days: int, paused: bool) -> list[ui.Item[Any]]:
    options = [
        Option(str(each), pgettext("line", "The last {days} days", days=each), chosen=each == days)
        for each in PERIODS
    ]
    here = str(days)
    lever = button(Spot(PAGE, PAUSE, here), pgettext("button", "Pause drawing"), "⏸️")
    if paused:
        style = discord.ButtonStyle.success
        go_on = pgettext("button", "Let drawing go on")
        lever = button(Spot(PAGE, RESUME, here), go_on, "▶️", style)
    which = menu(Spot(PAGE, DAYS), pgettext("placeholder", "Which days"), options)
    return [row(which), row(lever, refresh(Spot(PAGE, SHOW, here)))]


def _picture(chart: Chart) -> ui.MediaGallery[Any]:
    """Each by itself, which a phone shows as wide as it is."""
    media = f"attachment://{chart.name}.png"
    return ui.MediaGallery(discord.MediaGalleryItem(media, description=chart.description))


def _file(chart: Chart, png: bytes) -> discord.File:
    return discord.File(io.BytesIO(png), f"{chart.name}.png", description=chart.description)
