"""The models that can be asked for, kept in step with what lies in MODELS_DIR while the bot runs.

Tells the catalogue, the workers, and those who wait for a model that is no more. How a model is
found to be whole is `bot.models.watch`'s.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time

from bot.domain.errors import StoreUnavailable
from bot.engine.seam import Executor
from bot.models.catalogue import Catalogue
from bot.models.watch import Look, Watch
from bot.service.drawing import Drawings

log = logging.getLogger(__name__)

REST_S = 2.0
"""Between two looks, and ten times as long as a look takes: a slow drive is not kept busy."""


class Serving:
    """`begin` once, then `keep` for as long as the bot runs."""

    def __init__(self, watch: Watch, catalogue: Catalogue, rest_s: float = REST_S) -> None:
        self._watch = watch
        self._catalogue = catalogue
        self._rest_s = rest_s
        self._said: set[str] = set()
        self._gone: dict[str, str] = {}

    async def begin(self) -> None:
        """What is there already can be asked for."""
        if look := await asyncio.to_thread(self._watch.look):
            self._take(look)

    async def keep(self, executor: Executor, drawing: Drawings) -> None:
        """Look again and again, until cancelled."""
        self._tell(executor)
        while True:
            started = time.monotonic()
            if look := await asyncio.to_thread(self._watch.look):
                self._take(look)
                self._tell(executor)
            await self._forsake(drawing)
            await asyncio.sleep(max(self._rest_s, 10 * (time.monotonic() - started)))

    def _take(self, look: Look) -> None:
        before = {card.id: card for card in self._catalogue.cards}
        self._catalogue.serve(look.default, look.others, look.addons, look.beside)
        after = {card.id: card for card in self._catalogue.cards}
        for id in before.keys() - after.keys():
            self._gone[id] = before[id].name
            log.info("model %s is gone", before[id].name)
        for id, card in after.items():
            if id not in before:
                log.info("model %s can be asked for: %s", self._catalogue.key(card), card.source)
            elif card.revision != before[id].revision:
                log.info("model %s has other files now", self._catalogue.key(card))
        self._say(look)

    def _say(self, look: Look) -> None:
        """Each trouble once, until it is another one."""
        models = (look.default, *look.others)
        said = [f"{one.name} {one.why}; it is not used." for one in look.unused]
        said += [f"{one} Until then the file has no effect." for m in models for one in m.troubles]
        said += [sentence for model in models for sentence in model.lacking]
        for sentence in said:
            if sentence not in self._said:
                log.warning("%s", sentence)
        self._said = set(said)

    def _tell(self, executor: Executor) -> None:
        executor.serve([dataclasses.asdict(card) for card in self._catalogue.cards])

    async def _forsake(self, drawing: Drawings) -> None:
        """What waits for a model that left ends, now or as soon as the store can write it down."""
        for id, name in list(self._gone.items()):
            try:
                if self._catalogue.card(id) is None:
                    await drawing.forsake(id, name)
            except StoreUnavailable as error:
                log.warning("those who wait for %s cannot be told yet: %s", name, error)
            else:
                del self._gone[id]
