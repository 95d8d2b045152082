"""The page of plans: what they give, to whom; forms to write them, menus to give them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot.chat import plans
from bot.chat.admin import plan_forms
from bot.chat.admin.items import (
    MENU,
    Option,
    Spot,
    button,
    clipped,
    ids,
    menu,
    people_menu,
    refresh,
    role_menu,
    row,
    text,
)
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.chat.admin.plan_forms import LIMITS, NEW, TERMS
from bot.chat.wording import shortened
from bot.domain.language import N_, _, pgettext
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting, Scope, spelled
from bot.service import Service
from bot.service.plans import Book
from bot.service.quotas import Whom

PAGE = "plans"
PICK, PRESET, MODELS = "pick", "preset", "models"
EVERYBODY, ROLES, PEOPLE = "everybody", "roles", "people"
ASK, REMOVE = "ask", "remove"
_LISTED = 2800
"""Characters of the list of all plans."""


class PlansPage:
    """Its argument is the name of the plan that is looked at, empty for none."""

    title, emoji = N_("Plans"), "🎟️"
    forms = frozenset({TERMS, LIMITS, NEW})

    def __init__(self, service: Service) -> None:
        self._service = service
        self._plans = service.plans
        self._deeds: dict[str, Callable[[Press], Awaitable[str]]] = {
            SHOW: self._same, PICK: self._picked, ASK: self._same, REMOVE: self._remove,
            TERMS: self._write, LIMITS: self._write, NEW: self._write, PRESET: self._adopt,
            EVERYBODY: self._to_everybody, ROLES: self._to_some, PEOPLE: self._to_some,
            MODELS: self._models,
        }  # fmt: skip
        self.deeds = self._deeds.keys()

    async def show(self, press: Press) -> Shown:
        name = await self._deeds[press.deed](press)
        book = await self._plans.book(press.asker, press.guild)
        name = _known(book, name)
        listed = text(f"## {_(self.title)}", plans.listed(book), room=_LISTED)
        items: list[ui.Item[Any]] = [listed]
        if book.plans:
            which = pgettext("placeholder", "Choose a plan to change")
            items.append(row(menu(Spot(PAGE, PICK), which, _options(book, name))))
        if name and press.deed == ASK:
            items += _asked(name)
        elif name:
            items += [*self._chosen(book, name, press.guild)]
        return Shown([*items, *_begin()])

    async def form(self, press: Press) -> ui.Modal:
        book = await self._plans.book(press.asker, press.guild)
        name = "" if press.deed == NEW else _known(book, press.argument)
        if press.deed != NEW and not name:
            raise stale()
        plan = book.plans.get(name, QuotaSetting())
        argument = f"{PAGE}:{press.deed}:{name}"
        return plan_forms.form(press.deed, name, plan, argument)

    # What is done; each returns the name of the plan that is looked at then

    async def _same(self, press: Press) -> str:
        return press.argument

    async def _picked(self, press: Press) -> str:
        return press.chosen[0] if press.chosen else ""

    async def _remove(self, press: Press) -> str:
        await self._plans.remove(press.asker, press.guild, press.argument)
        return ""

    async def _adopt(self, press: Press) -> str:
        await self._plans.adopt(press.asker, press.guild, "".join(press.chosen))
        return ""

    async def _write(self, press: Press) -> str:
        new = press.deed == NEW
        name = press.written("name") if new else press.argument
        book = await self._plans.book(press.asker, press.guild)
        before = QuotaSetting() if new else book.plans.get(_known(book, name), QuotaSetting())
        said = plan_forms.written(press.deed, press, before)
        await self._plans.save(press.asker, press.guild, name, said.gives, said.silent, new)
        return name

    async def _models(self, press: Press) -> str:
        book = await self._plans.book(press.asker, press.guild)
        before = book.plans.get(_known(book, press.argument), QuotaSetting()).models or frozenset()
        models = (before | press.added) - press.dropped
        gives = QuotaSetting(models=models or None)
        silent = frozenset() if models else frozenset({"models"})
        await self._plans.save(press.asker, press.guild, press.argument, gives, silent, False)
        return press.argument

    async def _to_everybody(self, press: Press) -> str:
        return await self._plans.give(press.asker, press.guild, Whom(), press.argument)

    async def _to_some(self, press: Press) -> str:
        """Who was added to those in the menu has it; who was taken out of it has it no more."""
        scope: Scope = "role" if press.deed == ROLES else "user"
        book = await self._plans.book(press.asker, press.guild)
        have = _having(book, _known(book, press.argument), scope)
        for target in sorted(set(ids(press.added)).difference(have)):
            await self._plans.give(press.asker, press.guild, _whom(scope, target), press.argument)
        for target in sorted(set(ids(press.dropped)).intersection(have)):
            await self._plans.give(press.asker, press.guild, _whom(scope, target), "")
        return press.argument

    # What is shown

    def _chosen(self, book: Book, name: str, guild: int) -> list[ui.Item[Any]]:
        everybodys = book.assigned.get(("server", guild)) == name
        buttons = [
            button(Spot(PAGE, TERMS, name), pgettext("button", "Credits…"), "✏️"),
            button(Spot(PAGE, LIMITS, name), pgettext("button", "Limits…"), "✏️"),
            button(Spot(PAGE, ASK, name), pgettext("button", "Remove"), "🗑️"),
        ]
        if not everybodys:
            give = pgettext("button", "Give to everybody")
            buttons.insert(2, button(Spot(PAGE, EVERYBODY, name), give))
        roles, people = _having(book, name, "role"), _having(book, name, "user")
        with_roles = pgettext("placeholder", "Roles that have it")
        members = pgettext("placeholder", "Members who have it")
        return [
            ui.Separator(),
            text(f"### {shortened(name, 60)}", clipped(plans.gives(book.plans[name]), 800)),
            row(*buttons),
            row(role_menu(Spot(PAGE, ROLES, name), with_roles, roles)),
            row(people_menu(Spot(PAGE, PEOPLE, name), members, people)),
            *self._model_menu(book.plans[name], name),
        ]

    def _model_menu(self, plan: QuotaSetting, name: str) -> list[ui.Item[Any]]:
        """Where there is something to choose."""
        cards = self._plans.models()
        if len(cards) < 2:
            return []
        options = [
            Option(card.id, card.name, chosen=card.id in (plan.models or ()))
            for card in cards[:MENU]
        ]
        spot = Spot(PAGE, MODELS, name)
        every = pgettext("placeholder", "Models they may use: all")
        return [row(menu(spot, every, options, most=MENU))]


def _known(book: Book, name: str) -> str:
    """A plan as it is written; empty for one that there is not (any more)."""
    return spelled(name, book.plans) or ""


def _having(book: Book, name: str, scope: Scope) -> list[int]:
    return sorted(
        target for (kind, target), plan in book.assigned.items() if kind == scope and plan == name
    )


def _whom(scope: Scope, target: int) -> Whom:
    return Whom(role=target) if scope == "role" else Whom(user=target)


def _options(book: Book, chosen: str) -> list[Option]:
    return [
        Option(name, name, plans.gives(gives), name == chosen) for name, gives in book.plans.items()
    ]


def _asked(name: str) -> list[ui.Item[Any]]:
    """Before a plan goes."""
    danger = discord.ButtonStyle.danger
    remove, keep = pgettext("button", "Remove it"), pgettext("button", "Keep it")
    question = _(
        "Remove **{plan}**? Whoever has it has what else holds for them.", plan=shortened(name, 60)
    )
    return [
        ui.Separator(),
        text(question),
        row(
            button(Spot(PAGE, REMOVE, name), remove, "🗑️", danger),
            button(Spot(PAGE, SHOW, name), keep),
        ),
    ]


def _begin() -> list[ui.Item[Any]]:
    """Ways to plans that there are not yet."""
    options = [
        Option(key, _(each.title), _(each.about).replace("`", "")) for key, each in PRESETS.items()
    ]
    begin = pgettext("placeholder", "Begin with plans that others have found good")
    new = button(Spot(PAGE, NEW), pgettext("button", "New plan…"), "➕")
    hint = _("A preset becomes what everybody has. `/plan price` decides what things cost.")
    return [
        ui.Separator(),
        row(menu(Spot(PAGE, PRESET), begin, options)),
        row(new, refresh(Spot(PAGE, SHOW))),
        text(f"-# {hint}"),
    ]
