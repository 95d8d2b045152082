"""Pages of results as messages: what stands in them, and the buttons under them.

`easel:page:<what is looked at>` turns to another page, which becomes the event `easel_page`; a
number is a `JobButton`. See `bot.chat.buttons` for why each render builds a new view.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import discord
from discord import ui

from bot.chat import wording
from bot.chat.buttons import BRING, PREFIX, JobButton
from bot.chat.gate import admitted
from bot.chat.posting import guild_of
from bot.chat.sheets import VIOLET
from bot.domain.action import ACTIONS, ALL, Tile
from bot.domain.browsing import PAGE, Browse, Order, Page, Result
from bot.domain.language import N_, _, pgettext
from bot.domain.links import brief

SHEET = "results.webp"
ACROSS = 4
"""Buttons of a row, as results on the sheet."""
_PROMPT, _SHORT = 80, 36
"""Characters of a prompt in a line, and on a page of many."""
_ALT_TEXT = 1024
_QUIET = discord.ButtonStyle.secondary
_TITLES = {
    Order.OWN: N_("Your results"), Order.NEWEST: N_("The newest of this server"),
    Order.LIKED: N_("The most liked of this server"),
    Order.HERE: N_("Everything of this channel"),
}  # fmt: skip
_NOTHING = {
    Order.OWN: N_("Nothing of yours was drawn here so far; `/imagine` begins."),
    Order.NEWEST: N_("Nothing that all may see was drawn here so far."),
    Order.LIKED: N_("Nothing that all may see was drawn here so far."),
    Order.HERE: N_("Nothing that all may see was drawn in this channel so far."),
}


class PageButton(ui.DynamicItem[ui.Button[ui.View]], template=rf"{PREFIX}:page:(?P<code>.+)"):
    """Turns a page. What this version cannot read matches, so that it is answered."""

    def __init__(self, browse: Browse | None, code: str, **look: object) -> None:
        self.browse = browse
        super().__init__(ui.Button(custom_id=f"{PREFIX}:page:{code}", **look))  # type: ignore[arg-type]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.View], match: re.Match[str], /
    ) -> PageButton:
        return cls(Browse.read(match["code"]), match["code"])

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction) -> None:
        interaction.client.dispatch("easel_page", interaction, self.browse)


def embed(page: Page, cleared: Collection[str], *, everywhere: bool, sheet: bool) -> discord.Embed:
    """A line for each result; pictures of the jobs in `cleared` are kept no more."""
    browse = page.browse
    title = _("Your results, everywhere") if everywhere else _(_TITLES[browse.order])
    words, action = wording.escape(browse.search), called(browse.action)
    looked_for = [_("with **{words}**", words=words)] if browse.search else []
    looked_for += [_("by {action}", action=action)] if browse.action else []
    whose = browse.order is not Order.OWN
    room = _PROMPT if browse.size == PAGE else _SHORT
    lines = [
        _line(number, each, cleared, whose, room) for number, each in enumerate(page.results, 1)
    ]
    if looked_for:
        what = " ".join(looked_for)
        lines.insert(0, f"{what[:1].upper()}{what[1:]}:")
    if not page.results:
        none = _("Nothing like that was found.")
        lines = [none] if looked_for else [_(_NOTHING[browse.order])]
    said = discord.Embed(title=title, description="\n".join(lines), colour=VIOLET)
    if page.results:
        said.set_footer(text=_("A number brings that result, with its buttons, to you alone."))
    if sheet:
        said.set_image(url=f"attachment://{SHEET}")
    return said


def view(page: Page) -> ui.View:
    """A button for each result, as they lie on the sheet, and those that turn the page."""
    shown = ui.View(timeout=None)
    for place, each in enumerate(page.results):
        look = {"label": str(place + 1), "style": _QUIET, "row": place // ACROSS}
        shown.add_item(JobButton(BRING, Tile(each.job.id, ALL), **look))
    if page.results:
        first, last = page.results[0].place, page.results[-1].place
        for there, place, back, label, emoji in (
            (page.before, first, True, pgettext("button", "Back"), "◀️"),
            (page.behind, last, False, pgettext("button", "More"), "▶️"),
        ):  # fmt: skip
            if there:
                browse = page.browse.beyond(place, back=back)
                look = {"label": label, "emoji": emoji, "style": _QUIET, "row": 4}
                shown.add_item(PageButton(browse, browse.code, **look))
    return shown


def alt_text(page: Page) -> str:
    """What the sheet shows."""
    said = (f"{number}: {_prompt(each)}" for number, each in enumerate(page.results, 1))
    return ", ".join(said)[:_ALT_TEXT]


def link(result: Result) -> str:
    """The address of a result that all may see where it is; empty if there is none."""
    if not result.message or result.job.hidden:
        return ""
    return wording.link(guild_of(result.job), result.channel, result.message)


def named(action: str) -> str:
    """An action as people read it."""
    return action.replace("_", " ")


def called(action: str) -> str:
    """The same in their language, as `/history` offers it."""
    title = named(action).capitalize()
    said = pgettext("choice", title)
    return named(action) if said == title else said


def _line(number: int, result: Result, cleared: Collection[str], whose: bool, room: int) -> str:
    job, likes = result.job, result.place.likes
    parts = [
        wording.escape(_prompt(result, room)),
        ACTIONS[job.action].caption(job.request),
        f"<@{job.user}>" if whose else "",
        _("stealth") if job.hidden else "",
        _("spoiler") if result.spoiler else "",
        _("its pictures were cleared away") if job.id in cleared else "",
        f"❤️ {likes}" if likes else "",
        wording.linked(_("message"), link(result)),
        f"<t:{int(job.finished_at or job.created_at)}:R>",
    ]
    return f"**{number}** {' · '.join(filter(None, parts))}"


def _prompt(result: Result, room: int = _PROMPT) -> str:
    text = " ".join(brief(str(result.job.request.prompt)).split())
    return wording.within(text, room)
