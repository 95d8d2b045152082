"""A result's pictures by direct message, one by one, for somebody who may see it."""

from __future__ import annotations

import io
from pathlib import Path

import discord

from bot.chat import files, wording
from bot.chat.trouble import CLOSED, has_code
from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import NotFound, Unable
from bot.domain.job import Job, JobStatus
from bot.service import Service
from bot.service.pictures import Picture


async def send(service: Service, user: discord.User | discord.Member, job: Job) -> int:
    """Each picture with its prompt, the job's id and its seed; returns how many there were.

    Raises NotFound for a job without pictures, Unable for who takes no direct messages.
    """
    if job.status is not JobStatus.SUCCEEDED:
        raise NotFound("This job has no pictures yet; wait until it is done.")
    pictures = await service.pictures.singly(job, UPLOAD_LIMIT)
    for index, picture in enumerate(pictures, 1):
        try:
            await _send(user, picture, _said(job, index, len(pictures)))
        except discord.HTTPException as error:
            if has_code(error, *CLOSED):
                raise Unable(
                    "You take no direct messages from me: allow them in the privacy settings of"
                    " this server, then try again."
                ) from error
            raise
    return len(pictures)


async def _send(
    user: discord.User | discord.Member, picture: Picture, content: str
) -> None:  # fmt: skip
    data = picture.content.read_bytes() if isinstance(picture.content, Path) else picture.content
    file = discord.File(io.BytesIO(data), picture.filename, description=picture.description)
    try:
        none = discord.AllowedMentions.none()
        await user.send(content, file=file, allowed_mentions=none, suppress_embeds=True)
    finally:
        files.close(file)


def _said(job: Job, index: int, count: int) -> str:
    which = f"Image #{index} of " if count > 1 else ""
    prompt = wording.quoted(str(job.request.prompt), 1500)
    return f"{which}{prompt}\nJob `{job.id}`, seed `{job.request.seed_of(index - 1)}`"
