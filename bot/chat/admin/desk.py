"""The panel of `/admin panel`: pages behind a menu, each press shown in its place.

Knows no page's business, but that all of it is for admins: that is asked at every press, before
anything else, and the services ask it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import discord
from discord import ui

from bot.chat import asking, forms, showing
from bot.chat.acknowledge import Acknowledger
from bot.chat.admin.items import BLUE, Option, Spot, menu, row, shown_before, values
from bot.chat.admin.jobs import JobsPage
from bot.chat.admin.log import LogPage
from bot.chat.admin.models import ModelsPage
from bot.chat.admin.overview import OverviewPage
from bot.chat.admin.page import SHOW, Page, Press, Shown, stale
from bot.chat.admin.places import PlacesPage
from bot.chat.admin.plans import PlansPage
from bot.chat.admin.words import WordsPage
from bot.domain.language import _, pgettext
from bot.service import Service

FORM = "panel"
"""The code of its forms; the argument is page, deed and the deed's own."""
HOME = "panel"
GO = "go"

_PAGES: Mapping[str, Callable[[Service], Page]] = {
    "overview": OverviewPage,
    "jobs": JobsPage,
    "models": ModelsPage,
    "plans": PlansPage,
    "places": PlacesPage,
    "words": WordsPage,
    "log": LogPage,
}


class Desk:
    """One for all panels."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._require_right = service.administration.require_right
        self._privately = acknowledger.privately
        self._pages = {name: page(service) for name, page in _PAGES.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """What the spots of its items begin with."""
        return (HOME, *self._pages)

    async def open(self, interaction: discord.Interaction) -> None:
        """Show the first page to who asked by a command."""
        await self._do(interaction, next(iter(self._pages)), _press(interaction))

    async def press(self, interaction: discord.Interaction, spot: Spot) -> None:
        """Something on a page, or in the menu of all pages, was pressed."""
        if spot.page == HOME:
            page = values(interaction)[:1] if spot.deed == GO else ()
            await self._do(interaction, "".join(page), _press(interaction))
        else:
            press = _press(interaction, spot.deed, spot.argument)
            await self._do(interaction, spot.page, press)

    async def filled(self, interaction: discord.Interaction, argument: str) -> None:
        """A form came back."""
        page, _, rest = argument.partition(":")
        deed, _, own = rest.partition(":")
        await self._do(interaction, page, _press(interaction, deed, own, filled=True))

    def page(self, name: str, press: Press) -> Page:
        """Where that is pressed. Raises NotAllowed for who is no admin, and NotFound for a page or
        a deed of another version."""
        self._require_right(press.asker, press.guild)
        page = self._pages.get(name)
        if page is None or press.deed not in page.deeds:
            raise stale()
        return page

    async def _do(self, interaction: discord.Interaction, name: str, press: Press) -> None:
        page = self.page(name, press)
        if press.deed in page.forms and not press.fields:
            await interaction.response.send_modal(await page.form(press))
            return
        shown = await self._privately(interaction, page.show(press))
        await showing.show(interaction, self._view(name, shown), shown.files)

    def _view(self, name: str, shown: Shown) -> ui.LayoutView:
        """The menu stands last, where a channel is read."""
        options = [
            Option(key, _(page.title), chosen=key == name, emoji=page.emoji)
            for key, page in self._pages.items()
        ]
        box = ui.Container(
            *shown.items,
            ui.Separator(),
            row(menu(Spot(HOME, GO), pgettext("placeholder", "Where to go"), options)),
            accent_colour=BLUE,
        )
        return ui.LayoutView(timeout=None).add_item(box)


def _press(
    interaction: discord.Interaction, deed: str = SHOW, argument: str = "", *, filled: bool = False
) -> Press:
    fields = forms.filled(interaction) if filled else {}
    chosen, before = ((), ()) if filled else (values(interaction), shown_before(interaction))
    asker, guild = asking.asker(interaction), interaction.guild_id or 0
    return Press(asker, guild, deed, argument, chosen, before, fields, interaction.guild)
