"""Two results next to each other as a message: what they are, and what differs in their recipes."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.chat import pages, wording
from bot.chat.sheets import VIOLET
from bot.domain.action import ACTIONS
from bot.domain.browsing import Result
from bot.domain.ingredients import Difference
from bot.domain.language import _, counted, pgettext
from bot.domain.links import brief

FILE = "compared.webp"
_SHOWN = 480
"""Characters of a value, as it is written: Discord takes 1,024 in a field, of two."""
_FIELDS = 24
"""Discord shows 25."""
_ALL = 3900
"""Characters before the last field; Discord takes 6,000 in an embed."""
_NOTHING = "—"


def embed(results: Sequence[Result], found: Sequence[Difference]) -> discord.Embed:
    """A line for each, then a field for each difference."""
    lines = [_line(number, each) for number, each in enumerate(results, 1)]
    said = discord.Embed(title=_("Compared"), colour=VIOLET)
    if not found:
        lines.append("\n" + _("Nothing differs: their recipes are the same."))
    said.description = "\n".join(lines)
    for number, each in enumerate(found):
        left = found[number:]
        if len(left) > 1 and (number == _FIELDS or len(said) > _ALL):
            names = ", ".join(pgettext("ingredient", each.name) for each in left)
            count = len(left)
            more = counted(
                "{n} more differs: {names}", "{n} more differ: {names}", count, names=names
            )
            said.set_footer(text=more[:900])
            break
        value = f"**1** {_value(each.first)}\n**2** {_value(each.second)}"
        name = pgettext("ingredient", each.name)
        said.add_field(name=name[:1].upper() + name[1:], value=value, inline=len(value) < 60)
    return said


def alt_text(results: Sequence[Result], found: Sequence[Difference]) -> str:
    """What the picture shows."""
    first, second = (str(each.job.request.prompt)[:300] for each in results)
    names = ", ".join(pgettext("ingredient", each.name) for each in found) or _("nothing")
    return _(
        "{first} beside {second}; what differs: {names}", first=first, second=second, names=names
    )[:1000]


def _line(number: int, result: Result) -> str:
    job = result.job
    parts = [
        wording.quoted(brief(str(job.request.prompt)), 200),
        ACTIONS[job.action].caption(job.request),
        f"<@{job.user}>",
        wording.linked(_("message"), pages.link(result)),
    ]
    return f"**{number}** {' · '.join(filter(None, parts))}"


def _value(text: str) -> str:
    return wording.shortened(text, _SHOWN) or _NOTHING
