"""Fetches what somebody links to: from allowed hosts only, never from inside this house's network,
and never much or for long.

The connection goes to the very address that was checked, so that a name that means another one a
moment later gains nothing. What the bytes are is not looked at here.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.domain.errors import InvalidLink
from bot.domain.language import N_, _
from bot.domain.links import shown
from bot.links.hosts import Hosts

_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Easel"}
_GONE = (403, 404, 410)


_SLOW = N_("The picture {link} took longer than {seconds} s; upload it and try again.")
_AWAY = N_("The picture {link} cannot be reached; upload it and try again.")
_ENDLESS = N_("The picture {link} leads on more than {times} times; upload it and try again.")
_NOTHING = N_("The picture {link} is not there any more; upload it and try again.")
_ERROR = N_("The picture {link} was answered by an error ({status}); upload it and try again.")
_LARGE = N_("The picture {link} has more than {most}; send a smaller one.")


@dataclass(frozen=True)
class Limits:
    """Of one picture; `at_once` of all."""

    seconds: float = 10.0
    bytes: int = 20 << 20
    redirects: int = 3
    at_once: int = 4


class Checked(AbstractResolver):
    """Another resolver, of whose answers those are left that may be connected to."""

    def __init__(self, hosts: Hosts, resolver: AbstractResolver) -> None:
        self.hosts = hosts
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError where none is left: nobody learns what names mean in here."""
        found = await self._resolver.resolve(host, port, family)
        left = [each for each in found if self.hosts.may_reach(host, each["host"])]
        if not left:
            raise OSError(f"{host} has no address that may be asked")
        return left

    async def close(self) -> None:
        await self._resolver.close()


class Fetcher:
    """`async with Fetcher(hosts) as fetcher:`"""

    def __init__(
        self,
        hosts: Hosts,
        limits: Limits | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._hosts = hosts
        self._checked: Checked | None = None
        self._limits = limits or Limits()
        self._resolver = resolver
        self._turn = asyncio.Semaphore(self._limits.at_once)

    async def __aenter__(self) -> Self:
        resolver = Checked(self._hosts, self._resolver or aiohttp.ThreadedResolver())
        self._checked = resolver
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, limit=self._limits.at_once, force_close=True
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
            headers=_HEADERS, trust_env=False,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self._session.close()

    def allow(self, hosts: Hosts) -> None:
        """Take pictures from these, and from no others, from now on."""
        self._hosts = hosts
        if self._checked:
            self._checked.hosts = hosts

    async def fetch(self, link: str) -> bytes:
        """What lies there. Raises InvalidLink."""
        url = self._hosts.checked(link)
        try:
            async with self._turn, asyncio.timeout(self._limits.seconds):
                return await self._followed(url, link)
        except TimeoutError:
            raise _refused(_SLOW, link, seconds=f"{self._limits.seconds:g}") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise _refused(_AWAY, link) from None

    async def _followed(self, url: URL, link: str) -> bytes:
        for _hop in range(self._limits.redirects + 1):
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS:
                    return await self._read(answer, link)
                url = self._hosts.checked(url.join(URL(answer.headers.get("Location", ""))))
        raise _refused(_ENDLESS, link, times=self._limits.redirects)

    async def _read(self, answer: aiohttp.ClientResponse, link: str) -> bytes:
        if answer.status in _GONE:
            raise _refused(_NOTHING, link)
        if answer.status != 200:
            raise _refused(_ERROR, link, status=answer.status)
        if (answer.content_length or 0) > self._limits.bytes:
            raise self._too_large(link)
        data = bytearray()
        async for chunk in answer.content.iter_any():
            data += chunk
            if len(data) > self._limits.bytes:
                raise self._too_large(link)
        return bytes(data)

    def _too_large(self, link: str) -> InvalidLink:
        return _refused(_LARGE, link, most=f"{self._limits.bytes / (1 << 20):g} MiB")


def _refused(why: str, link: str, **values: object) -> InvalidLink:
    return InvalidLink(_(why, link=shown(link), **values))
