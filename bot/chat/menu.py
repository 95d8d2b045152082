"""The menu of a result, which its owner gets by ⋯: what it was made of, and what can be done.

Every button's state is its id, as `bot.chat.buttons` has it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import discord
from discord import ui

from bot.chat import files, wording
from bot.chat.buttons import COVER, DELETE, MAKING, PNG, RECIPE, UNCOVER, JobButton
from bot.chat.sheets import VIOLET
from bot.domain.action import ALL, Kind
from bot.domain.delivery import ENVELOPE, MIB
from bot.domain.language import _, pgettext
from bot.service.owned import Owned
from bot.service.pictures import Picture

_REQUEST = 20 * MIB - ENVELOPE
_MOST = 10
"""Files of one message."""
_PROMPT = 1500
_QUIET, _RED = discord.ButtonStyle.secondary, discord.ButtonStyle.danger


def embed(owned: Owned) -> discord.Embed:
    """Seed and recipe, in words."""
    job, made_of = owned.job, {name: each for name, each in owned.ingredients.items() if each}
    said = discord.Embed(title=_("Seed and recipe"), colour=VIOLET)
    said.description = wording.quoted(made_of.pop("prompt"), _PROMPT)
    for name, value in made_of.items():
        shown = wording.escape(value[:200])
        called = pgettext("ingredient", name)
        called = called[:1].upper() + called[1:]
        said.add_field(name=called, value=shown, inline=len(shown) < 40)
    if job.request.count > 1:
        seeds = " · ".join(f"**{n}** {seed}" for n, seed in enumerate(job.request.seeds, 1))
        said.add_field(name=_("Seeds of the pictures"), value=seeds, inline=False)
    if len(job.request.prompt.options):
        parameters = wording.escape(job.request.prompt.parameters)[: wording.FIELD_LIMIT]
        said.add_field(name=_("Parameters"), value=parameters, inline=False)
    above = " · " + _("from {job}", job=job.parent) if job.parent else ""
    said.set_footer(text=_("job {job}", job=job.id) + above)
    return said


def view(owned: Owned) -> ui.View:
    """A button for each thing that its owner can do; what is not possible cannot be pressed."""
    tile = owned.job.tile(ALL)
    shown = ui.View(timeout=None)
    cover = (COVER, pgettext("button", "Spoiler"), "🙈")
    if owned.spoiler:
        cover = (UNCOVER, pgettext("button", "Show it"), "👁️")
    drawn = owned.job.request.kind is not Kind.LOST
    for code, label, emoji, able in (
        (*cover, not owned.flagged), (RECIPE, pgettext("button", "Recipe"), "📄", drawn),
        (PNG, "PNG", "🖼️", True),
        (MAKING, pgettext("button", "How it came to be"), "🎞️", owned.known),
    ):  # fmt: skip
        look = {"label": label, "emoji": emoji, "style": _QUIET, "disabled": not able}
        shown.add_item(JobButton(code, tile, row=0, **look))
    delete = pgettext("button", "Delete")
    shown.add_item(JobButton(DELETE, tile, row=1, label=delete, emoji="🗑️", style=_RED))
    return shown


async def send(interaction: discord.Interaction, content: str, sent: Sequence[Picture]) -> None:
    """Files to the asking person alone, in as many messages as they need."""
    for number, some in enumerate(_together(sent)):
        opened = [_file(each) for each in some]
        try:
            await interaction.followup.send(
                content if number == 0 else "", files=opened, ephemeral=True
            )
        finally:
            for file in opened:
                files.close(file)


def _file(picture: Picture) -> discord.File:
    assert isinstance(picture.content, bytes)
    return discord.File(
        io.BytesIO(picture.content), picture.filename, description=picture.description or None
    )


def _together(sent: Iterable[Picture]) -> Iterator[list[Picture]]:
    """As many as fit into one message."""
    some: list[Picture] = []
    for each in sent:
        if some and (len(some) == _MOST or sum(p.bytes for p in some) + each.bytes > _REQUEST):
            yield some
            some = []
        some.append(each)
    if some:
        yield some
