"""What is typed, as prompts that can be planned."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from bot.domain.action import Kind
from bot.domain.errors import InvalidPrompt, NotFound, new_reference
from bot.domain.job import Job
from bot.domain.layers import Taste
from bot.domain.prompt.prompt import Reading
from bot.service.preferences import PROMPTS_MAX

log = logging.getLogger(__name__)


async def read(text: str, taste: Taste, attached: int) -> list[Reading]:
    """All that a text stands for, beside which so many pictures are attached. Raises InvalidPrompt.

    Forty long prompts take a tenth of a second, for which nobody else is kept waiting.
    """
    if "{" in text or any("{" in meant for _, meant in taste.own.options):
        found = await asyncio.to_thread(taste.read_all, text, PROMPTS_MAX, attached)
    else:
        found = taste.read_all(text, PROMPTS_MAX, attached)
    require_few(found)
    return found


def require_few(readings: Sequence[Reading]) -> None:
    """Raises InvalidPrompt for more grids than one may ask for at once."""
    if sum(one.prompt.get("repeat", 1) for one in readings) > PROMPTS_MAX:
        raise InvalidPrompt(f"This makes more than {PROMPTS_MAX} grids; repeat it less often.")


def readable(job: Job) -> Job:
    """The job, if this version can read its request. Raises NotFound."""
    if job.request.kind is not Kind.LOST:
        return job
    if job.deleted:
        raise NotFound("Who asked for this deleted it, so nothing can be drawn from it any more.")
    reference = new_reference()
    why = dict(job.request.extra)["unreadable"]
    log.error("reference %s: the request of job %s cannot be read: %s", reference, job.id, why)
    raise NotFound(
        "This job was asked of another version of Easel and cannot be read any more (reference"
        f" `{reference}`)."
    )
