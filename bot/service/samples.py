"""Samples: pictures that show what something does, drawn once while nobody waits, and kept.

They are known by what is drawn and by the model's files, so that another model, another revision of
it or another wording has samples of its own. Knows neither styles nor sheets.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.dispatch.spare import Spare
from bot.domain.errors import EngineError
from bot.domain.request import GenerationRequest
from bot.models.catalogue import Catalogue
from bot.storage.samples import SampleStore

log = logging.getLogger(__name__)

WANTED = 500
"""Samples that are waited for at most; further ones are wanted when somebody looks again."""
REST_S = 1.0
"""Between two looks whether there is time to draw."""


class Samples:
    """`keep` draws what is wanted for as long as the bot runs."""

    def __init__(
        self, store: SampleStore, spare: Spare, catalogue: Catalogue, rest_s: float = REST_S
    ) -> None:
        self._store = store
        self._spare = spare
        self._catalogue = catalogue
        self._rest_s = rest_s
        self._wanted: dict[str, GenerationRequest] = {}
        self._failed: set[str] = set()
        self._closed = False
        self._begin = asyncio.Event()
        self._news = asyncio.Event()

    async def of(self, request: GenerationRequest) -> tuple[Path, ...] | None:
        """The files of its pictures, none where it cannot be drawn; None where they are still to
        be drawn, which is wanted from now on."""
        key = self._key(request)
        paths = self._store.paths(key, request.count)
        if await self._store.there(paths):
            return paths
        if key in self._failed:
            return ()
        if len(self._wanted) < WANTED:
            self._wanted.setdefault(key, request)
            self._begin.set()
        return None

    async def until_drawn(self, requests: Sequence[GenerationRequest], patience_s: float) -> bool:
        """Return when none of them is wanted any more, or nobody has so much patience; False where
        no more are drawn, for the bot comes to rest."""
        keys = {self._key(each) for each in requests}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not (self._closed or keys.isdisjoint(self._wanted)):
                    await self._news.wait()
        return not self._closed

    async def keep(self) -> None:
        """Draw what is wanted, first come first, until cancelled."""
        self._closed = False
        try:
            while True:
                await self._begin.wait()
                if not await self._drew_next():
                    await asyncio.sleep(self._rest_s)
        finally:
            self._closed = True
            self._tell()

    async def _drew_next(self) -> bool:
        key, request = next(iter(self._wanted.items()))
        if not await self._draw(key, request):
            return False
        del self._wanted[key]
        if not self._wanted:
            self._begin.clear()
        self._tell()
        return True

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _draw(self, key: str, request: GenerationRequest) -> bool:
        """Whether it is over. What cannot be drawn is not tried again."""
        if self._catalogue.card(request.model) is None:
            return True
        try:
            pictures = await self._spare.draw(request)
            if pictures:
                await self._store.write(key, pictures)
            return pictures is not None
        except (EngineError, OSError) as error:
            log.warning("a sample could not be drawn: %s", error)
            self._failed.add(key)
            return True

    def _key(self, request: GenerationRequest) -> str:
        card = self._catalogue.card(request.model)
        said = [request.model, card.revision if card else "", request.to_json()]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
