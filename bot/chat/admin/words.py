"""The page of words that are not drawn, or always."""

from __future__ import annotations

from discord import ui

from bot.chat import forms, ruling
from bot.chat.admin.items import Spot, button, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.moderation import WordKind
from bot.service import Service
from bot.service.moderation import Overview

PAGE = "words"
ADD, FORGET = "add", "forget"
_BUTTONS = {WordKind.BLOCKED: "Block", WordKind.ADULT: "Age-restricted", WordKind.ALLOWED: "Allow"}


class WordsPage:
    """Forms take several at once; their argument is the kind."""

    title, emoji = "Words", "🔤"
    deeds = frozenset({SHOW, ADD, FORGET})
    forms = frozenset({ADD, FORGET})

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        done = "" if press.deed == SHOW else await self._change(press)
        found = await self._service.moderation.overview(press.asker, press.guild)
        buttons = [
            button(Spot(PAGE, ADD, kind.value), f"{label}…") for kind, label in _BUTTONS.items()
        ]
        forget = button(Spot(PAGE, FORGET), "Forget…", "🗑️")
        head = "-# Found however they are disguised; `/moderation test` tries a text."
        return Shown([text("## Words", head, *_lists(found), done), row(*buttons, forget)])

    async def form(self, press: Press) -> ui.Modal:
        title = "Words: forget" if press.deed == FORGET else ruling.title(_kind(press))
        argument = f"{PAGE}:{press.deed}:{press.argument}"
        return forms.form(title, "panel", argument, ruling.FIELDS)

    async def _change(self, press: Press) -> str:
        """Returns what to say of it."""
        moderation, typed = self._service.moderation, _lines(press)
        if press.deed == FORGET:
            gone = await moderation.unblock(press.asker, press.guild, typed)
            return f"✅ Forgotten: {ruling.listed(gone, 500)}"
        kind = _kind(press)
        words, changed = await moderation.block(press.asker, press.guild, kind, typed)
        return f"✅ {ruling.title(kind)}: {len(words)}, {changed} of them new"


def _kind(press: Press) -> WordKind:
    if press.argument not in [*WordKind]:
        raise stale()
    return WordKind(press.argument)


def _lines(press: Press) -> list[str]:
    return "".join(press.fields.get("words", ())).splitlines()


def _lists(found: Overview) -> list[str]:
    lines = []
    for kind in WordKind:
        words = found.rules.of(kind)
        listed = f": {ruling.listed(words, 900)}" if words else ""
        name = ruling.title(kind).removeprefix("Words: ").capitalize()
        lines.append(f"**{name}** ({len(words)}){listed}")
    if found.operators:
        lines.append(f"-# The operator of this bot blocks {found.operators} everywhere.")
    return lines
