"""What is typed, as prompts that can be planned."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain.action import Press
from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.layers import Taste
from bot.domain.prompt.prompt import Reading
from bot.service import remixing
from bot.service.preferences import PROMPTS_MAX


async def read(text: str, taste: Taste, attached: int) -> list[Reading]:
    """All that a text stands for, beside which so many pictures are attached. Raises InvalidPrompt.

    Forty long prompts take a tenth of a second, for which nobody else is kept waiting.
    """
    if "{" in text or any("{" in meant for _name, meant in taste.own.options):
        found = await asyncio.to_thread(taste.read_all, text, PROMPTS_MAX, attached)
    else:
        found = taste.read_all(text, PROMPTS_MAX, attached)
    require_few(found)
    return found


async def read_form(press: Press, taste: Taste) -> list[Reading]:
    """What somebody wrote in the form of a press, if anything. Raises InvalidPrompt."""
    if press.prompt is None:
        return []
    return await read(press.prompt, remixing.as_typed(taste), 0)


def require_few(readings: Sequence[Reading]) -> None:
    """Raises InvalidPrompt for more grids than one may ask for at once."""
    if sum(one.prompt.get("repeat", 1) for one in readings) > PROMPTS_MAX:
        raise InvalidPrompt(
            _("This makes more than {most} grids; repeat it less often.", most=PROMPTS_MAX)
        )
