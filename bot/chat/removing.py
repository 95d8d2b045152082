"""Takes messages of ours away, or the words out of them, one after another and never in a hurry:
what waits to be posted goes first. The table is the queue, so that nothing is forgotten."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.chat.pace import Pace, Pauses
from bot.chat.results import Results
from bot.chat.speech import of_job
from bot.chat.trouble import TROUBLE, Verdict, judge
from bot.domain.delivery import Kind
from bot.domain.errors import NotFound, StoreUnavailable, new_reference
from bot.domain.language import speak
from bot.service import Service
from bot.service.privacy import Removal

log = logging.getLogger(__name__)

A_SECOND = 2.0
"""Messages; Discord counts deletions of old ones apart, and lets fewer through."""
UNREADABLE = 3
"""Tries to read a picture, after which its message loses its words without it."""


class Removing:
    """One for a client."""

    def __init__(
        self, client: discord.Client, service: Service, results: Results, pauses: Pauses
    ) -> None:
        self._client = client
        self._service = service
        self._results = results
        self._pauses = pauses
        self._pace = Pace(A_SECOND, burst=5)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                removal = await self._service.privacy.removals.due()
                if removal is not None:
                    await self._pace.turn()
                    await self._try(removal)
                    continue
            except StoreUnavailable as error:
                log.warning("messages cannot be taken away just now: %s", error)
            await asyncio.sleep(self._pauses.poll)

    async def _try(self, removal: Removal) -> None:
        removals = self._service.privacy.removals
        pause = await self._tried(removal)
        if pause is None:
            await removals.done(removal)
        else:
            await removals.postpone(removal, pause)

    async def _tried(self, removal: Removal) -> float | None:
        """None where it is done, or can never be; else the seconds until the next try: what is
        wrong with one message holds up no other."""
        pause = self._pauses.after(removal.tries)
        try:
            await self._remove(removal)
        except TROUBLE as error:
            never = isinstance(error, discord.NotFound) and error.code != 0
            if not never and judge(error) is not Verdict.FINAL:
                return pause
            log.info("message %d is out of reach: %s", removal.message, error)
        except StoreUnavailable as error:
            log.warning("message %d cannot be made anew just now: %s", removal.message, error)
            return pause
        except Exception:
            log.exception("reference %s: message %d", new_reference(), removal.message)
            return self._pauses.longest
        return None

    async def _remove(self, removal: Removal) -> None:
        channel = removal.channel
        if removal.person:
            channel = (await self._client.create_dm(discord.Object(removal.person))).id
        message = self._client.get_partial_messageable(channel).get_partial_message(removal.message)
        job = await self._service.drawing.job(removal.job) if removal.job else None
        if job is None:
            await message.delete()
            return
        copy = bool(removal.person) and not job.hidden
        speak(of_job(self._client, job, Kind.DM if copy else Kind.RESULT))
        try:
            await self._results.renew(job, message, Kind.DM if copy else Kind.RESULT)
        except NotFound:
            await self._results.strip(job, message)
        except StoreUnavailable:
            if removal.tries < UNREADABLE:
                raise
            await self._results.strip(job, message)
