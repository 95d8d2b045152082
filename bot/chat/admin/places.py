"""The page of where is drawn, and for whom."""

from __future__ import annotations

from discord import ui

from bot.chat.admin.items import Spot, channel_menu, ids, mentions, role_menu, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.errors import UserError
from bot.domain.moderation import PlaceKind
from bot.service import Service
from bot.service.moderation import MENU

PAGE = "places"
_KINDS = {"channels": PlaceKind.CHANNEL, "roles": PlaceKind.ROLE}


class PlacesPage:
    """Menus show what is chosen; the first of it where that is more than a menu holds."""

    title, emoji = "Channels and roles", "📍"
    deeds = frozenset({SHOW, *_KINDS})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        moderation = self._service.moderation
        if press.deed in _KINDS:
            chosen = ids(press.chosen)
            if press.deed == "roles" and press.guild in chosen:
                raise UserError("Everybody has that role; choose none to draw for all members.")
            await moderation.choose(press.asker, press.guild, _KINDS[press.deed], chosen)
        rules = (await moderation.overview(press.asker, press.guild)).rules
        most = max(len(rules.channels), len(rules.roles))
        first = f"-# A menu shows the first {MENU}; `/moderation` changes the others."
        return Shown([
            text("## Channels and roles", "Threads go with their channel; admins draw anyway."),
            text(f"**Drawing is for**: {mentions('#', rules.channels) or 'everywhere'}"),
            row(channel_menu(Spot(PAGE, "channels"), "Every channel", rules.channels)),
            text(f"**Who may draw**: {mentions('@&', rules.roles) or 'everybody'}"),
            row(role_menu(Spot(PAGE, "roles"), "Everybody", rules.roles)),
            *([text(first)] if most > MENU else []),
        ])  # fmt: skip

    async def form(self, press: Press) -> ui.Modal:
        raise stale()
