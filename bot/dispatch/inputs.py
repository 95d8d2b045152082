"""What an attempt is drawn from: the bytes behind the content hashes in its request."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.action import Tile
from bot.domain.errors import RenderFailed
from bot.domain.request import GenerationRequest
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.pictures import PictureRepository


@dataclass(frozen=True)
class Inputs:
    """Where they lie: pictures of jobs, and other files."""

    pictures: PictureRepository
    files: ImageStore
    blobs: Blobs

    async def of(self, request: GenerationRequest) -> tuple[GenerationRequest, dict[str, bytes]]:
        """The request with all its inputs named by content hash, and their bytes by that.

        Raises RenderFailed("source_gone") where one is not kept any more.
        """
        found: dict[str, bytes] = {}
        digests: dict[Tile, str] = {}
        for each in request.inputs:
            digest = await self._digest(each.tile) if each.tile else each.digest
            data = await self._data(each.tile, digest)
            if digest is None or data is None:
                raise RenderFailed("source_gone", f"{each} is not stored")
            found[digest] = data
            if each.tile:
                digests[each.tile] = digest
        return request.identified(digests), found

    async def _digest(self, tile: Tile) -> str | None:
        image = (await self.pictures.of_job(tile.job)).get(tile.index)
        return image and image.sha256

    async def _data(self, tile: Tile | None, digest: str | None) -> bytes | None:
        if tile is not None:
            return await self.files.read(tile)
        return await self.blobs.read(digest) if digest is not None else None
