"""What /shorten says: which words matter, and the shorter prompts, each with a button.

All that a press needs is in the message itself, so its buttons work after restarts. Knows Discord's
limits for embeds; not how words are weighed.
"""

from __future__ import annotations

import re

import discord
from discord import ui

from bot.chat import keycaps
from bot.chat.buttons import JobButton
from bot.chat.wording import escape
from bot.domain.action import ALL, Tile
from bot.domain.errors import NotFound
from bot.domain.language import N_, _, pgettext
from bot.domain.shortening import SHARES, Analysis
from bot.service.shortening import Shortened

DRAW = "shorten"
DETAILS = "shorten_details"

_VIOLET = discord.Colour(0x6E56CF)
_FIELDS = 3600
"""Characters of all prompts; an embed takes 6,000."""
_WORDS, _BARS = 1900, 20
_BAR = 10
_MARK = re.compile(r"\\(.)|\*\*|~~", re.DOTALL)
_LOST = N_("This message does not hold its prompts any more; give `/shorten` again.")


def embed(shortened: Shortened, details: bool = False) -> discord.Embed:
    """The words, or, with `details`, how much each of them matters; then the prompts."""
    analysis = shortened.analysis
    said = _bars(analysis) if details else _words(analysis)
    made = discord.Embed(title=_("Important words"), description=said, colour=_VIOLET)
    keycaps.add(made, _fitting(shortened.prompts))
    made.set_footer(text=_("Each button draws one of the shorter prompts, at the usual price."))
    return made


def view(made: discord.Embed, details: bool = False) -> ui.View:
    """A button for each prompt, and one for the details while they are not shown."""
    found = keycaps.view(made, DRAW)
    if not details:
        label = pgettext("button", "Show details")
        found.add_item(JobButton(DETAILS, Tile(keycaps.NOBODY, ALL), label=label, row=1))
    return found


def prompt_of(message: discord.Message | None, number: int) -> str:
    """The prompt that a button draws. Raises NotFound where the message holds none."""
    return keycaps.prompt_of(message, number, _(_LOST))


def words_of(message: discord.Message | None) -> str:
    """The words that were shown. Raises NotFound where the message holds none."""
    said = message.embeds[0].description if message and message.embeds else ""
    if not said:
        raise NotFound(_(_LOST))
    return _MARK.sub(lambda found: found[1] or "", said)


def _words(analysis: Analysis) -> str:
    """What is kept in the shortest prompt is bold, what is left out of the longest is struck."""
    longest, shortest = (set(analysis.kept(share)) for share in (SHARES[0], SHARES[-1]))
    said: list[str] = []
    for place, piece in enumerate(analysis.pieces):
        mark = "**" if place in shortest else "" if place in longest else "~~"
        said.append(f"{mark}{escape(piece)}{mark}")
        if sum(map(len, said)) + len(said) > _WORDS:
            return " ".join([*said[:-1], "…"])
    return " ".join(said)


def _bars(analysis: Analysis) -> str:
    """Those that matter most."""
    ranked = sorted(zip(analysis.importance, analysis.pieces, strict=True), key=lambda one: -one[0])
    lines = [
        f"{'█' * round(_BAR * value)}{'░' * (_BAR - round(_BAR * value))} {value:.2f}"
        f" {_plain(piece)}"
        for value, piece in ranked[:_BARS]
    ]
    return "```\n" + "\n".join(lines) + "\n```"


def _fitting(prompts: list[str]) -> list[str]:
    """Without the longest where an embed does not take them all: a cut one is another prompt."""
    fitting = [prompt for prompt in prompts if len(keycaps.coded(prompt)) <= keycaps.FIELD]
    while sum(map(len, fitting)) > _FIELDS:
        del fitting[0]
    return fitting


def _plain(piece: str) -> str:
    return piece.replace("`", "'")[:60]
