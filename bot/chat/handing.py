"""Hands out what is kept of somebody, to them alone: beside the command as long as Discord takes
answers to it, then by direct message."""

from __future__ import annotations

import logging

import discord

from bot.chat.trouble import CLOSED, Verdict, has_code, judge, token_is_dead
from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import Unable
from bot.domain.language import _, counted
from bot.service.exports import Packing, Part

log = logging.getLogger(__name__)

SMALLEST = 256 * 1024


class Handing:
    """To the person of one interaction, which was acknowledged privately."""

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._direct = False
        self._sent = 0

    async def all(self, packing: Packing) -> None:
        """Part after part. Raises Unable where there is no way to the person any more, and what
        `Packing.pack` and Discord do."""
        limit = UPLOAD_LIMIT
        await self._say(_("Putting together what is kept of you…"))
        while part := await packing.pack(limit):
            try:
                await self._send(part)
            except discord.HTTPException as error:
                if judge(error) is not Verdict.TOO_LARGE or limit // 2 < SMALLEST:
                    raise
                limit //= 2
                continue
            packing.taken()
            if not part.last:
                said = _(
                    "Putting together what is kept of you: {done} of {whole} files…",
                    done=part.done,
                    whole=part.whole,
                )
                await self._say(said)
        await self._say(self._told(len(packing.missing)))

    def _told(self, missing: int) -> str:
        said = counted(
            "Here is the zip with everything that is kept of you: your pictures as they are stored,"
            " and `data.json` with the rest. Nobody else sees this.",
            "Here are all {n} zips with everything that is kept of you: your pictures as they are"
            " stored, and `data.json` with the rest. Nobody else sees this.",
            self._sent,
        )
        if missing:
            said += " " + counted(
                "{n} file was cleared away meanwhile.",
                "{n} files were cleared away meanwhile.",
                missing,
            )
        return said

    async def _say(self, text: str) -> None:
        """As far as it still can be said there; it is no news by direct message."""
        if self._direct:
            return
        try:
            await self._interaction.edit_original_response(content=text)
        except discord.HTTPException as error:
            self._direct = token_is_dead(error)
            log.info("interaction %d: no word on an export: %s", self._interaction.id, error)

    async def _send(self, part: Part) -> None:
        name = f"easel-export-{self._sent + 1}.zip"
        if not self._direct:
            try:
                file = discord.File(part.path, name)
                await self._interaction.followup.send(file=file, ephemeral=True)
            except discord.HTTPException as error:
                if not token_is_dead(error):
                    raise
                self._direct = True
        if self._direct:
            await self._write(discord.File(part.path, name))
        self._sent += 1

    async def _write(self, file: discord.File) -> None:
        try:
            await self._interaction.user.send(file=file)
        except discord.HTTPException as error:
            if has_code(error, *CLOSED):
                raise Unable(
                    _(
                        "This takes longer than Discord waits for an answer, and you take no direct"
                        " messages from me: allow them, then give `/privacy export` again."
                    )
                ) from error
            raise
