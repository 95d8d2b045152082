"""Buttons and menus of the panel, whose whole state is their custom id:
`easel:panel:<page>:<deed>[:<argument>]`.

They work after restarts and on old messages; a press becomes the event `easel_panel`. See
`bot.chat.buttons` for why each render builds a new view of such items alone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.buttons import PREFIX
from bot.chat.gate import admitted
from bot.chat.wording import cut, within
from bot.domain.language import counted, pgettext
from bot.domain.people import snowflake

BLUE = discord.Colour(0x3E63DD)
MENU = 25
"""Choices of a menu."""
TEXT_MAX = 4000
"""Characters of all texts of a message of this kind."""
_CHOICE = 100
"""Characters of a line in a menu."""
_QUIET = discord.ButtonStyle.secondary
_CHANNELS = [
    discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum,
    discord.ChannelType.voice, discord.ChannelType.stage_voice,
]  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """Where something of a panel stands: on which page, what it does, and with what."""

    page: str
    deed: str
    argument: str = ""

    def __str__(self) -> str:
        parts = (PREFIX, "panel", self.page, self.deed, *([self.argument] if self.argument else []))
        return ":".join(parts)


PanelDeed = Callable[[discord.Interaction, Spot], Awaitable[None]]


class PanelItem(
    ui.DynamicItem[ui.Item[Any]],
    template=rf"{PREFIX}:panel:(?P<page>[a-z]{{1,12}}):(?P<deed>[a-z_]{{1,16}})(?::(?P<argument>.*))?",
):
    """A button or menu at a spot. Pages and deeds that this version does not know match, so that
    they are answered."""

    def __init__(self, spot: Spot, item: ui.Item[Any]) -> None:
        self.spot = spot
        super().__init__(item)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> PanelItem:
        return cls(Spot(match["page"], match["deed"], match["argument"] or ""), item)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction) -> None:
        interaction.client.dispatch("easel_panel", interaction, self.spot)


def values(interaction: discord.Interaction) -> tuple[str, ...]:
    """What was chosen in a menu; nothing of a button."""
    return tuple(map(str, (interaction.data or {}).get("values", ())))


def shown_before(interaction: discord.Interaction) -> tuple[str, ...]:
    """What the menu in which something was chosen showed as chosen."""
    if interaction.message is None:
        return ()
    shown = ui.LayoutView.from_message(interaction.message, timeout=None)
    pressed = (interaction.data or {}).get("custom_id")
    for each in shown.walk_children():
        if isinstance(each, ui.Select) and each.custom_id == pressed:
            return tuple(option.value for option in each.options if option.default)
        known = isinstance(each, ui.ChannelSelect | ui.RoleSelect | ui.UserSelect)
        if known and each.custom_id == pressed:
            return tuple(str(default.id) for default in each.default_values)
    return ()


def ids(chosen: Iterable[str]) -> list[int]:
    """Of channels, roles or people that were chosen."""
    return [found for each in chosen if (found := snowflake(each)) is not None]


@dataclass(frozen=True)
class Option:
    """A choice of a menu; what is too long for Discord is cut."""

    value: str
    label: str
    about: str = ""
    chosen: bool = False
    emoji: str = ""


def button(spot: Spot, label: str, emoji: str = "", style: discord.ButtonStyle = _QUIET) -> Any:
    """A button at a spot."""
    return PanelItem(
        spot, ui.Button(label=label, emoji=emoji or None, style=style, custom_id=str(spot))
    )


def refresh(spot: Spot) -> Any:
    """A button that shows the same anew."""
    return button(spot, pgettext("button", "Refresh"), "🔄")


def menu(spot: Spot, placeholder: str, options: Sequence[Option], *, most: int = 1) -> Any:
    """One of some options, or so many at `most`, then perhaps none."""
    shown = [
        discord.SelectOption(
            value=each.value, label=within(each.label, _CHOICE),
            description=within(each.about, _CHOICE) or None,
            default=each.chosen, emoji=each.emoji or None,
        )
        for each in options[:MENU]
    ]  # fmt: skip
    select = ui.Select(
        custom_id=str(spot), placeholder=placeholder, options=shown,
        min_values=1 if most == 1 else 0, max_values=min(most, len(shown)),
    )  # fmt: skip
    return PanelItem(spot, select)


def channel_menu(spot: Spot, placeholder: str, chosen: Collection[int]) -> Any:
    """Some channels of a server, or none."""
    return _known(ui.ChannelSelect, spot, placeholder, chosen, channel_types=_CHANNELS)


def role_menu(spot: Spot, placeholder: str, chosen: Collection[int] = ()) -> Any:
    """Some roles of a server, or none."""
    return _known(ui.RoleSelect, spot, placeholder, chosen)


def people_menu(spot: Spot, placeholder: str, chosen: Collection[int] = ()) -> Any:
    """Some people, or none."""
    return _known(ui.UserSelect, spot, placeholder, chosen)


_IS = discord.SelectDefaultValueType
_OF = {ui.ChannelSelect: _IS.channel, ui.RoleSelect: _IS.role, ui.UserSelect: _IS.user}


def _known(
    kind: Callable[..., ui.Item[Any]], spot: Spot, placeholder: str, chosen: Collection[int],
    **more: Any,
) -> PanelItem:  # fmt: skip
    """A menu of what Discord itself knows, with what is chosen, as far as it holds that."""
    ids = sorted(chosen)[:MENU]
    defaults = [discord.SelectDefaultValue(id=each, type=_OF[kind]) for each in ids]
    select = kind(
        custom_id=str(spot), placeholder=placeholder, min_values=0, max_values=MENU,
        default_values=defaults, **more,
    )  # fmt: skip
    return PanelItem(spot, select)


def mentions(sign: str, named: Collection[int]) -> str:
    """As many of some channels (#) or roles (@&) as a menu holds."""
    shown = ", ".join(f"<{sign}{each}>" for each in sorted(named)[:MENU])
    more = len(named) - MENU
    return (
        counted("{list} and {n} more", "{list} and {n} more", more, list=shown)
        if more > 0
        else shown
    )


def clipped(line: str, room: int) -> str:
    """A line in so many characters; words behind bars stay there."""
    if len(line) <= room:
        return line
    kept = line[: room - 4].rpartition(" ")[0]
    return f"{kept}{'||' if kept.count('||') % 2 else ''} …"


def row(*items: Any) -> ui.ActionRow[Any]:
    """Some buttons, or a menu."""
    return ui.ActionRow(*items)


def text(*lines: str, room: int = TEXT_MAX) -> ui.TextDisplay[Any]:
    """Lines that are not empty, as many as there is room for."""
    return ui.TextDisplay(cut("\n".join(filter(None, lines)), room))


def boxed(*items: ui.Item[Any]) -> ui.LayoutView:
    """All of these in one box."""
    return ui.LayoutView(timeout=None).add_item(ui.Container(*items, accent_colour=BLUE))
