"""Pictures that somebody links to or sends, from the link to a file that is kept.

They are decoded in a process of their own (`bot.worker.view`) and kept as pictures of ours:
smaller, of one format, and without what cameras write into files. What they are for is not known
here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import InvalidLink, InvalidPrompt, NotFound, StoreUnavailable
from bot.domain.framing import Bounds
from bot.domain.language import _, spoken
from bot.domain.links import shown
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt.parameter import quoted
from bot.domain.region import Grid, Region
from bot.domain.size import Size
from bot.service.errand import Errands
from bot.service.screening import Screening
from bot.storage.blobs import Blobs

log = logging.getLogger(__name__)

PICTURES_MAX = 10
"""Pictures that one command may be made from."""
PATIENCE_S = 30.0

Fetch = Callable[[str], Coroutine[Any, Any, bytes]]
Weighted = tuple[tuple[str, float], ...]
"""Digests of kept pictures, each with a weight above 0."""


@dataclass(frozen=True)
class Seen:
    """A picture that is kept: the sha256 hex of its file, and its colours as `bot.worker.palette`
    has them."""

    digest: str
    palette: tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """A kept picture that is to be drawn on, in a size, and the mask of what of it is."""

    source: str
    mask: str | None
    size: Size


@dataclass(frozen=True)
class Room:
    """What a model can draw: `native` pixels along a side, within `bounds`, or in a `size` alone
    that somebody asked for."""

    native: int
    bounds: Bounds
    size: Size | None = None


@dataclass(frozen=True)
class Glimpse:
    """A picture that is not kept: a file of ours, and its size in pixels."""

    data: bytes
    size: Size


async def nowhere(link: str) -> bytes:
    """Fetches nothing. Raises InvalidLink."""
    raise InvalidLink(_("The picture {link} cannot be fetched here.", link=shown(link)))


class Sight:
    """One for the bot; it looks at one at a time. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, fetch: Fetch, blobs: Blobs, clock: Callable[[], float], screening: Screening,
        errands: Errands,
    ) -> None:  # fmt: skip
        self.screening = screening
        self._fetch = fetch
        self._blobs = blobs
        self._clock = clock
        self._errands = errands
        self._turn = asyncio.Lock()

    def of(self, asker: Asker, origin: Origin) -> View:
        """What one command of somebody's is made from."""
        return View(self, Account(origin.guild, asker.user), origin)

    async def opened(self, links: Sequence[str], owner: Account) -> list[Seen]:
        """Fetch and keep them. Raises InvalidLink, StoreUnavailable and OSError."""
        with _folder() as folder:
            orders = await self._fetched(links, folder)
            answers = await self._looked_at(orders, links)
            return [
                Seen(await self._kept(order["target"], owner), tuple(answer["palette"]))
                for order, answer in zip(orders, answers, strict=True)
            ]

    async def glimpsed(self, link: str) -> Glimpse:
        """One that is fetched to be looked at once. Raises InvalidLink and OSError."""
        with _folder() as folder:
            (order,) = orders = await self._fetched([link], folder)
            (answer,) = await self._looked_at(orders, [link])
            return Glimpse(
                await asyncio.to_thread(_target(order).read_bytes), Size(*answer["size"])
            )

    async def _fetched(self, links: Sequence[str], folder: Path) -> list[dict[str, Any]]:
        """What is to be done with what lies behind links. Raises InvalidLink."""
        orders = []
        for number, data in enumerate(await _together(map(self._fetch, links))):
            file = folder / str(number)
            await asyncio.to_thread(file.write_bytes, data)
            orders.append(_order([(file, 1.0)], None, folder / f"{number}.webp"))
        return orders

    async def _looked_at(
        self, orders: list[dict[str, Any]], links: Sequence[str]
    ) -> list[dict[str, Any]]:
        try:
            answers = await self._asked(orders)
        except StoreUnavailable as error:  # a harmful file may take its process with it
            log.warning("linked pictures could not be looked at: %s", error)
            named = spoken().listed([*map(shown, links)])
            raise InvalidLink(
                _("The picture {link} could not be read; try another one.", link=named)
            ) from None
        for link, answer in zip(links, answers, strict=True):
            if "error" in answer:
                raise InvalidLink(f"{shown(link)}: {answer['error']}")
        return answers

    async def blended(self, parts: Weighted, size: Size, owner: Account) -> str:
        """The digest of kept pictures laid over each other in a size. Raises NotFound."""
        with _folder() as folder:
            files = [(self._blobs.path(digest), weight) for digest, weight in parts]
            order = _order(files, [size.width, size.height], folder / "blend.webp")
            (answer,) = await self._asked([order])
            if "error" in answer:
                raise NotFound(str(answer["error"]))
            return await self._kept(order["target"], owner)

    async def region(self, region: Region, grid: Grid | None, size: Size, owner: Account) -> str:
        """The digest of a kept mask of what a region names; `grid` is where its word was found.
        Raises InvalidLink for a file that is none, InvalidPrompt where nothing or everything is
        left to be drawn."""
        with _folder() as folder:
            picture = await self._saved(region.picture, folder / "mask") if region.picture else ""
            order = {
                "kind": "region", "picture": picture, "fields": region.fields, "grid": grid,
                "thing": quoted(region.word), "size": size.sides,
                "target": str(folder / "mask.webp"),
            }  # fmt: skip
            await self._told(order)
            return await self._kept(order["target"], owner)

    async def part(
        self, picture: str | bytes, mask: str | None, room: Room, owner: Account, whole: bool
    ) -> Part:
        """A picture by its address or as a file, kept as it is drawn on; a `whole` one needs no
        mask, else it is a file by its address, or what of the picture is transparent. Raises
        InvalidLink and InvalidPrompt."""
        with _folder() as folder:
            targets = [str(folder / "part.webp"), str(folder / "masked.webp")]
            order = {
                "kind": "part", "picture": await self._saved(picture, folder / "picture"),
                "mask": await self._saved(mask, folder / "mask") if mask else "",
                "native": room.native, "bounds": [room.bounds.multiple, room.bounds.pixels],
                "size": room.size and room.size.sides,
                "target": targets[0], "masked": None if whole else targets[1],
            }  # fmt: skip
            said = await self._told(order)
            kept = [await self._kept(each, owner) for each in targets[: 1 if whole else 2]]
        return Part(kept[0], None if whole else kept[1], Size(*said["size"]))

    async def _saved(self, picture: str | bytes, path: Path) -> str:
        data = await self._fetch(picture) if isinstance(picture, str) else picture
        await asyncio.to_thread(path.write_bytes, data)
        return str(path)

    async def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        """Raises InvalidPrompt with what is wrong."""
        try:
            (answer,) = await self._asked([order])
        except StoreUnavailable as error:  # a harmful file may take its process with it
            log.warning("a picture could not be looked at: %s", error)
            raise InvalidLink(_("This picture could not be read; try another one.")) from None
        if "error" in answer:
            raise InvalidPrompt(str(answer["error"]))
        return answer

    async def _asked(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        async with self._turn:
            return await self._errands.run("bot.worker.view", orders, PATIENCE_S)

    async def _kept(self, target: str, owner: Account) -> str:
        data = await asyncio.to_thread(Path(target).read_bytes)
        return await self._blobs.put(data, owner, self._clock())


class View:
    """Looks at each picture of a command once, however many grids are made from it."""

    def __init__(self, sight: Sight, owner: Account, origin: Origin) -> None:
        self._sight = sight
        self._owner = owner
        self._origin = origin
        self._seen: dict[str, Seen] = {}
        self._blends: dict[tuple[Weighted, Size], str] = {}
        self._parts: dict[object, Part] = {}

    async def look(self, links: Iterable[str]) -> Mapping[str, Seen]:
        """The pictures behind these links, and those seen before. Raises InvalidLink, NotAllowed
        for one that may not be used there, and Unable where it cannot be checked."""
        new = [link for link in dict.fromkeys(links) if link not in self._seen]
        if len(self._seen) + len(new) > PICTURES_MAX:
            raise InvalidLink(
                _("One command takes at most {most} pictures; leave some out.", most=PICTURES_MAX)
            )
        if new:
            opened = await self._sight.opened(new, self._owner)
            digests = [each.digest for each in opened]
            await self._sight.screening.vet(digests, self._owner, self._origin)
            self._seen |= dict(zip(new, opened, strict=True))
        return self._seen

    async def blend(self, parts: Weighted, size: Size) -> str:
        """See `Sight.blended`."""
        if (parts, size) not in self._blends:
            blend = await self._sight.blended(parts, size, self._owner)
            await self._sight.screening.blended(blend, [digest for digest, _ in parts])
            self._blends[parts, size] = blend
        return self._blends[parts, size]

    async def part(self, picture: str | bytes, mask: str | None, room: Room, whole: bool) -> Part:
        """See `Sight.part`."""
        key = picture, mask, room
        if key not in self._parts:
            made = await self._sight.part(picture, mask, room, self._owner, whole)
            self._parts[key] = made
        return self._parts[key]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="easel-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _order(
    pictures: Sequence[tuple[Path, float]], size: list[int] | None, target: Path
) -> dict[str, Any]:
    named = [[str(path), weight] for path, weight in pictures]
    return {"kind": "view", "pictures": named, "size": size, "target": str(target)}


def _target(order: dict[str, Any]) -> Path:
    return Path(order["target"])


async def _together(work: Iterable[Coroutine[Any, Any, bytes]]) -> list[bytes]:
    """All of it, or the first refusal, after which none of it goes on."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
