"""Values that many tests need, with what matters given by name."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from bot.domain.action import Action, Tile
from bot.domain.erasure import Erasure
from bot.domain.inputs import SOURCE, Input
from bot.domain.job import Job, JobStatus
from bot.domain.people import Origin
from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest, Sampling
from bot.domain.size import Size

GUILD, CHANNEL, ANNA, BERT = 10, 20, 31, 32
MORNING = 1_780_300_800.0  # 2026-06-01 08:00 UTC
_numbers = itertools.count(1)


def a_request(
    text: str = "a red fox", source: Tile | None = None, action: Action = Action.IMAGINE, count=4
) -> GenerationRequest:
    return GenerationRequest(
        action=action, prompt=Prompt.parse(text), model="tiny", size=Size(16, 16), seed=7,
        sampling=Sampling(4, 3.0), inputs=(Input(SOURCE, tile=source),) if source else (),
        count=count,
    )  # fmt: skip


def from_file(request: GenerationRequest, digest: str, strength: float = 0.5) -> GenerationRequest:
    """The same, drawn from a file that is no picture of a job."""
    sampling = replace(request.sampling, strength=strength)
    return replace(request, sampling=sampling, inputs=(Input(SOURCE, digest),))


def a_job(
    request: GenerationRequest | None = None,
    *,
    user: int = ANNA,
    guild: int = GUILD,
    channel: int = CHANNEL,
    now: float = MORNING,
    status: JobStatus = JobStatus.WAITING,
    cost: int = 1,
    parent: str | None = None,
) -> Job:
    return Job(
        id=f"{next(_numbers):032x}",
        origin=Origin(guild, channel),
        user=user,
        request=request or a_request(),
        status=status,
        cost=cost,
        created_at=now,
        parent=parent,
    )


def wish(user: int) -> Erasure:
    """Everything of somebody's is to go, whenever it was."""
    return Erasure("user", user, math.inf)
