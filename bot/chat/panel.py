"""The panel of `/settings`: buttons and menus whose whole state is their custom id.

`easel:set:<whose>:<name>[:<value>]` is a button, `easel:pick:<whose>:<name>` a menu. They work
after restarts, and a press becomes the event `easel_setting`; see `bot.chat.buttons` for why each
render builds a new view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import discord
from discord import ui

from bot.chat.buttons import PREFIX
from bot.chat.gate import admitted
from bot.domain.language import NP_, _, pgettext
from bot.domain.preferences import FileFormat, Preferences, Variation
from bot.domain.speed import Speed
from bot.service.preferences import Panel

_OPEN = "::"
"""The value in a menu of what leaves a choice open; Discord wants some text."""
_MENU = 25
_WIDEST = 100
"""Characters of a line in a menu."""
_STYLES = {
    NP_("button", "Style low"): 50, NP_("button", "Style med"): 100,
    NP_("button", "Style high"): 250, NP_("button", "Style very high"): 750,
}  # fmt: skip
_FILES = {
    FileFormat.WEBP: ("WebP", NP_("line", "Exact where it fits, and small")),
    FileFormat.PNG: ("PNG", NP_("line", "Exact where it fits, and read by every tool")),
    FileFormat.JPEG: ("JPEG", NP_("line", "Not exact, and read by every tool")),
}
_ON, _OFF = discord.ButtonStyle.success, discord.ButtonStyle.secondary
_WHOSE = r"(?P<whose>user|server):(?P<name>[a-z_]{1,24})"


class SettingButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=rf"{PREFIX}:set:{_WHOSE}(?::(?P<value>[a-z0-9_]{{1,24}}))?",
):
    """One button of a panel. Names that this version does not know match, so that they are
    answered."""

    def __init__(self, whose: str, name: str, value: str = "", **look: object) -> None:
        self.said = whose, name, value
        parts = (PREFIX, "set", whose, name, *([value] if value else []))
        super().__init__(ui.Button(custom_id=":".join(parts), **look))  # type: ignore[arg-type]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.View], match: re.Match[str], /
    ) -> SettingButton:
        return cls(match["whose"], match["name"], match["value"] or "")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction) -> None:
        interaction.client.dispatch("easel_setting", interaction, *self.said)


class SettingMenu(ui.DynamicItem[ui.Select[ui.View]], template=rf"{PREFIX}:pick:{_WHOSE}"):
    """One menu of a panel."""

    def __init__(self, whose: str, name: str, **look: object) -> None:
        self.whose, self.name = whose, name
        custom_id = f"{PREFIX}:pick:{whose}:{name}"
        super().__init__(ui.Select(custom_id=custom_id, **look))  # type: ignore[arg-type]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.View], match: re.Match[str], /
    ) -> SettingMenu:
        return cls(match["whose"], match["name"])

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction) -> None:
        picked = "".join(self.item.values[:1])
        value = "" if picked == _OPEN else picked
        interaction.client.dispatch("easel_setting", interaction, self.whose, self.name, value)


def view(panel: Panel) -> ui.View:
    """Everything that can be chosen; what is on is green."""
    shown = ui.View(timeout=None)
    hurry = _hurry(panel) if panel.whose == "user" else ()
    again = pgettext("button", "Reset")
    reset = SettingButton(panel.whose, "reset", label=again, emoji="↩️", style=_OFF, row=4)
    rows = (_models(panel), *_styles(panel), *_switches(panel), _files(panel), *hurry, reset)
    for item in rows:
        shown.add_item(item)
    return shown


def chosen(panel: Panel) -> Preferences:
    """What is edited."""
    return panel.taste.own if panel.whose == "user" else panel.taste.server


def _models(panel: Panel) -> SettingMenu:
    own, names = chosen(panel).model, dict(panel.models)
    below = panel.taste.server.model if panel.whose == "user" else None
    usual = names.get(below or "", next(iter(names.values()), ""))
    options = [_option(_OPEN, _("Model: as usual, {model}", model=usual), "", own is None)]
    # The one that is chosen is on every menu, however many there are.
    listed = sorted(panel.models, key=lambda model: model[0] != own)[: _MENU - 1]
    for key, name in (model for model in panel.models if model in listed):
        if len(key) <= _WIDEST:
            title = _("Model: {model}", model=name)
            options.append(_option(key, title, f"--model {key}", key == own))
    return SettingMenu(panel.whose, "model", options=options, row=0)


def _styles(panel: Panel) -> Iterable[SettingButton]:
    now = panel.taste.holding.stylize
    for name, value in _STYLES.items():
        label, style = pgettext("button", name), _ON if now == value else _OFF
        look = {"label": label, "emoji": "🖌️", "style": style}
        yield SettingButton(panel.whose, "stylize", str(value), row=1, **look)
    style = _ON if panel.taste.holding.raw else _OFF
    raw = pgettext("button", "Raw")
    yield SettingButton(panel.whose, "raw", label=raw, emoji="🔧", style=style, row=1)


def _switches(panel: Panel) -> Iterable[SettingButton]:
    whose, now = panel.whose, panel.taste.holding
    subtle, strong = now.variation is Variation.SUBTLE, now.variation is Variation.STRONG
    switches = [
        ("variation", "subtle", NP_("button", "Vary subtle"), "🤏", subtle),
        ("variation", "strong", NP_("button", "Vary strong"), "💥", strong),
    ]
    if whose == "user":
        switches += [
            ("remix", "", NP_("button", "Remix"), "🎛️", now.remix),
            ("ping", "", NP_("button", "Ping when done"), "🔔", now.ping),
            ("auto_dm", "", NP_("button", "Direct messages"), "✉️", now.auto_dm),
        ]
    for name, value, label, emoji, on in switches:
        style = _ON if on else _OFF
        look = {"label": pgettext("button", label), "emoji": emoji, "style": style}
        yield SettingButton(whose, name, value, row=2, **look)


def _hurry(panel: Panel) -> Iterable[SettingButton]:
    now = panel.taste.own.usual
    for speed, label, emoji in (
        (Speed.TURBO, NP_("button", "Turbo"), "⚡"), (Speed.FAST, NP_("button", "Fast"), "🐇"),
        (Speed.RELAX, NP_("button", "Relax"), "🐢"),
    ):  # fmt: skip
        style = _ON if now.speed is speed else _OFF
        look = {"label": pgettext("button", label), "emoji": emoji, "style": style}
        yield SettingButton("user", "speed", speed.value, row=4, **look)
    style = _ON if now.stealth else _OFF
    stealth = pgettext("button", "Stealth")
    yield SettingButton("user", "stealth", label=stealth, emoji="🕵️", style=style, row=4)


def _files(panel: Panel) -> SettingMenu:
    own = chosen(panel).file
    below = panel.taste.server.file if panel.whose == "user" else None
    usual = _FILES[below or FileFormat.WEBP][0]
    options = [_option(_OPEN, _("Files: as usual, {format}", format=usual), "", own is None)]
    for file, (name, what) in _FILES.items():
        title = _("Files: {format}", format=name)
        options.append(_option(file.value, title, pgettext("line", what), file is own))
    return SettingMenu(panel.whose, "file", options=options, row=3)


def _option(value: str, label: str, description: str, default: bool) -> discord.SelectOption:
    return discord.SelectOption(
        value=value,
        label=label[:_WIDEST],
        description=description[:_WIDEST] or None,
        default=default,
    )
