"""What the inputs of requests still hold: pictures of jobs by their rows, and files."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.action import ACTIONS, Target, Tile
from bot.domain.errors import NotFound
from bot.domain.inputs import IMAGE, ORIGIN, ORIGIN_MASK, STYLE, Input
from bot.domain.language import N_, _
from bot.domain.request import GenerationRequest
from bot.models.cards import ModelCard
from bot.service.aiming import GONE
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.pictures import PictureRepository, StoredImage

TAKEN_DOWN = N_("The moderators of this server deleted this picture, so nothing is made of it.")
GOING = N_("This picture was cleared away or deleted this moment, so nothing is made of it.")


class Inputs:
    """Only reads."""

    def __init__(self, pictures: PictureRepository, files: ImageStore, blobs: Blobs) -> None:
        self._pictures = pictures
        self._files = files
        self._blobs = blobs

    async def stored(self, tile: Tile) -> StoredImage | None:
        """The row of a picture whose file is kept."""
        image = (await self._pictures.of_job(tile.job)).get(tile.index)
        if image is None or image.evicted or not await self._files.exists(tile):
            return None
        return image

    async def require_not_taken_down(self, job: str) -> None:
        """Raises NotFound for what moderators deleted."""
        if await self._pictures.taken_down(job):
            raise NotFound(_(TAKEN_DOWN))

    async def why(self, tile: Tile) -> NotFound:
        """What is to be said of a picture that is not `stored`."""
        if await self._pictures.taken_down(tile.job):
            return NotFound(_(TAKEN_DOWN))
        image = (await self._pictures.of_job(tile.job)).get(tile.index)
        return NotFound(_(GONE if image is None or image.evicted else GOING))

    async def held(
        self, card: ModelCard, request: GenerationRequest
    ) -> GenerationRequest:  # fmt: skip
        """With what its inputs hold, without pictures for prompts that are gone. What was asked of
        a whole job does without a source where one is gone, or where the model cannot start from
        one."""
        if not request.inputs:
            return request
        digests = {each: await self._digest(each) for each in request.inputs}
        digests = {each: digest for each, digest in digests.items() if digest or _matters(each)}
        request = replace(request, inputs=tuple(filter(digests.__contains__, request.inputs)))
        gone = None in digests.values()
        able = card.frames if request.frame or request.partly else card.variations
        if ACTIONS[request.action].target is Target.JOB and (gone or not able):
            return request.afresh()
        if gone:
            lost = next(each.tile for each in request.inputs if digests[each] is None)
            raise NotFound(_(GONE)) if lost is None else await self.why(lost)
        return request.identified(
            {each.tile: digest for each, digest in digests.items() if each.tile and digest}
        )

    async def _digest(self, each: Input) -> str | None:
        if each.tile is not None:
            image = await self.stored(each.tile)
            return image and image.sha256
        kept = each.digest is not None and await self._blobs.exists(each.digest)
        return each.digest if kept else None


def _matters(each: Input) -> bool:
    """Whether nothing like it can be drawn without it."""
    return each.role not in (IMAGE, STYLE, ORIGIN, ORIGIN_MASK)
