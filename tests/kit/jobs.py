"""Jobs as values for tests of what is said about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.action import Action, Tile
from bot.domain.job import Job, JobStatus
from bot.domain.people import Origin
from bot.domain.prompt import Prompt
from bot.domain.request import GenerationRequest, Sampling
from bot.domain.size import Size

JOB_ID = "0123456789abcdef" * 2
USER = 2**63 - 1


def request(text: str = "a fox", **values: Any) -> GenerationRequest:
    fresh = GenerationRequest(
        action=Action.IMAGINE,
        prompt=Prompt(text),
        model="embedded",
        size=Size(128, 128),
        seed=7,
        sampling=Sampling(steps=12, guidance=3.0),
    )
    return replace(fresh, **values)


def job(text: str = "a fox", status: JobStatus = JobStatus.WAITING, **values: Any) -> Job:
    return Job(
        id=JOB_ID,
        origin=Origin(1, 2),
        user=USER,
        request=values.pop("request", request(text)),
        status=status,
        cost=1,
        created_at=0.0,
        **values,
    )


def upscale() -> Job:
    single = request().upscale(Tile("f" * 32, 3))
    return job(status=JobStatus.SUCCEEDED, request=single)


def variation() -> Job:
    return job(request=request().vary(Tile("f" * 32, 3), seed=1, strength=0.6))
