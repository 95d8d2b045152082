"""The page of words that are not drawn, or always."""

from __future__ import annotations

from discord import ui

from bot.chat import forms, ruling
from bot.chat.admin.items import Spot, button, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.domain.language import N_, NP_, _, pgettext, spoken
from bot.domain.moderation import WordKind
from bot.service import Service
from bot.service.moderation import Overview

PAGE = "words"
ADD, FORGET = "add", "forget"
_BUTTONS = {
    WordKind.BLOCKED: NP_("button", "Block…"),
    WordKind.ADULT: NP_("button", "Age-restricted…"),
    WordKind.ALLOWED: NP_("button", "Allow…"),
}
_NAMES = {
    WordKind.BLOCKED: N_("Blocked"),
    WordKind.ADULT: N_("For age-restricted channels only"),
    WordKind.ALLOWED: N_("Always allowed"),
}


class WordsPage:
    """Forms take several at once; their argument is the kind."""

    title, emoji = N_("Words"), "🔤"
    deeds = frozenset({SHOW, ADD, FORGET})
    forms = frozenset({ADD, FORGET})

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        done = "" if press.deed == SHOW else await self._change(press)
        found = await self._service.moderation.overview(press.asker, press.guild)
        buttons = [
            button(Spot(PAGE, ADD, kind.value), pgettext("button", label))
            for kind, label in _BUTTONS.items()
        ]
        forget = button(Spot(PAGE, FORGET), pgettext("button", "Forget…"), "🗑️")
        head = "-# " + _("Found however they are disguised; `/moderation test` tries a text.")
        shown = text(f"## {_(self.title)}", head, *_lists(found), done)
        return Shown([shown, row(*buttons, forget)])

    async def form(self, press: Press) -> ui.Modal:
        forget = press.deed == FORGET
        title = pgettext("form", "Words: forget") if forget else ruling.title(_kind(press))
        argument = f"{PAGE}:{press.deed}:{press.argument}"
        return forms.form(title, "panel", argument, ruling.FIELDS)

    async def _change(self, press: Press) -> str:
        """Returns what to say of it."""
        moderation, typed = self._service.moderation, _lines(press)
        if press.deed == FORGET:
            gone = await moderation.unblock(press.asker, press.guild, typed)
            return "✅ " + _("Forgotten: {words}", words=ruling.listed(gone, 500))
        kind = _kind(press)
        words, changed = await moderation.block(press.asker, press.guild, kind, typed)
        number = spoken().number
        return "✅ " + _(
            "{title}: {count}, {changed} of them new",
            title=ruling.title(kind),
            count=number(len(words)),
            changed=number(changed),
        )


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
        lines.append(f"**{_(_NAMES[kind])}** ({spoken().number(len(words))}){listed}")
    if found.operators:
        count = spoken().number(found.operators)
        operators = _("The operator of this bot blocks {count} everywhere.", count=count)
        lines.append(f"-# {operators}")
    return lines
