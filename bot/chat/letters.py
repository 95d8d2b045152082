"""A result's pictures by direct message, one by one, for somebody who may see it."""

from __future__ import annotations

import contextlib
import io

import discord

from bot.chat import files, wording
from bot.chat.trouble import CLOSED, has_code
from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import NotFound, Unable
from bot.domain.job import Job, JobStatus
from bot.domain.language import _
from bot.service import Service
from bot.service.pictures import Picture


async def send(service: Service, user: discord.User | discord.Member, job: Job) -> int:
    """Each picture with its prompt, the job's id and its seed; returns how many there were.

    Raises NotFound for a job without pictures, Unable for who takes no direct messages.
    """
    if job.status is not JobStatus.SUCCEEDED:
        raise NotFound(_("This job has no pictures yet; wait until it is done."))
    count, covered = 0, await service.owned.covered(job)
    async with contextlib.aclosing(service.pictures.singly(job, UPLOAD_LIMIT)) as pictures:  # type: ignore[type-var]
        async for picture in pictures:
            count += 1
            message = await _send(user, picture, _said(job, count), covered)
            await service.privacy.letters.add(job.id, user.id, message)
    return count


async def _send(
    user: discord.User | discord.Member, picture: Picture, content: str, spoiler: bool
) -> int:
    assert isinstance(picture.content, bytes)
    file = discord.File(
        io.BytesIO(picture.content), picture.filename, description=picture.description,
        spoiler=spoiler,
    )  # fmt: skip
    none = discord.AllowedMentions.none()
    try:
        sent = await user.send(content, file=file, allowed_mentions=none, suppress_embeds=True)
    except discord.HTTPException as error:
        if has_code(error, *CLOSED):
            raise Unable(
                _(
                    "You take no direct messages from me: allow them in the privacy settings of"
                    " this server, then try again."
                )
            ) from error
        raise
    else:
        return sent.id
    finally:
        files.close(file)


def _said(job: Job, index: int) -> str:
    prompt = wording.quoted(str(job.request.prompt), 1500)
    which = _("Image #{number} of {prompt}", number=index, prompt=prompt)
    seed = job.request.seed_of(index - 1)
    below = _("Job `{job}`, seed `{seed}`", job=job.id, seed=seed)
    return f"{which if job.request.count > 1 else prompt}\n{below}"
