"""The page of where is drawn, and for whom."""

from __future__ import annotations

from discord import ui

from bot.chat import asking, ruling
from bot.chat.admin.items import MENU, Spot, channel_menu, ids, mentions, role_menu, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.errors import UserError
from bot.domain.language import N_, _, pgettext
from bot.domain.moderation import PlaceKind, ServerRules
from bot.service import Service

PAGE = "places"
_KINDS = {"channels": PlaceKind.CHANNEL, "roles": PlaceKind.ROLE}


class PlacesPage:
    """Menus show what is chosen; the first of it where that is more than a menu holds. What a menu
    did not show when it was pressed stays, were it because another admin chose it since."""

    title, emoji = N_("Channels and roles"), "📍"
    deeds = frozenset({SHOW, *_KINDS})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        moderation = self._service.moderation
        if press.deed in _KINDS:
            added, dropped = ids(press.added), ids(press.dropped)
            if press.deed == "roles" and press.guild in added:
                raise UserError(_("Everybody has that role; choose none to draw for all members."))
            await moderation.choose(press.asker, press.guild, _KINDS[press.deed], added, dropped)
        found = await moderation.overview(press.asker, press.guild)
        rules, posts = found.rules, asking.posts_to_staff(press.server, found.desk)
        most = max(len(rules.channels), len(rules.roles))
        everywhere = pgettext("placeholder", "Every channel")
        everybody = pgettext("placeholder", "Everybody")
        return Shown([
            text(f"## {_(self.title)}", _("Threads go with their channel; admins need no role.")),
            text(_channels(rules)),
            row(channel_menu(Spot(PAGE, "channels"), everywhere, rules.channels)),
            text(_roles(rules)),
            row(role_menu(Spot(PAGE, "roles"), everybody, rules.roles)),
            text(ruling.told_in(found.desk, posts)),
            *([text(_more())] if most > MENU else []),
        ])  # fmt: skip

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _channels(rules: ServerRules) -> str:
    if not rules.channels:
        return _("**Drawing is for**: everywhere")
    return _("**Drawing is for**: {channels}", channels=mentions("#", rules.channels))


def _roles(rules: ServerRules) -> str:
    if not rules.roles:
        return _("**Who may draw**: everybody")
    return _("**Who may draw**: {roles}", roles=mentions("@&", rules.roles))


def _more() -> str:
    return "-# " + _("A menu shows the first {most}; `/moderation` changes the others.", most=MENU)
