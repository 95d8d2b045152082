"""Where pictures may be fetched from: which links, and which addresses behind them.

Pure: nothing is looked up here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

from bot.domain.errors import InvalidLink
from bot.domain.language import _
from bot.domain.links import shown

DISCORD = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_FILES = "/cdn/"
"""Where a stand-in for Discord has its files."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Hosts:
    """`allowed` are the names of hosts; `local` is the origin of a stand-in for Discord on this
    machine, where there is one."""

    allowed: frozenset[str] = DISCORD
    local: URL | None = None

    @classmethod
    def of(cls, more: Iterable[str], api_url: str) -> Hosts:
        """Discord's, and what the operator allows."""
        allowed = DISCORD | {name.lower() for name in more}
        api = URL(api_url) if api_url else None
        return cls(allowed, api.origin() if api and _is_here(api.host or "") else None)

    def checked(self, link: str | URL) -> URL:
        """The address of a picture that may be asked for. Raises InvalidLink."""
        try:
            url = URL(link)
            if self._is_local(url) or self._is_allowed(url):
                return url
        except ValueError:
            raise InvalidLink(_("The link {link} cannot be read.", link=shown(str(link)))) from None
        raise InvalidLink(
            _(
                "The link {link} is to no place that pictures are taken from: upload the picture,"
                " or link to one on Discord by `https://`.",
                link=shown(str(link)),
            )
        )

    def _is_local(self, url: URL) -> bool:
        if self.local is None or not url.absolute or url.user is not None:
            return False
        return url.origin() == self.local and url.path.startswith(_FILES)

    def _is_allowed(self, url: URL) -> bool:
        plain = url.scheme == "https" and url.port == 443 and url.user is None
        if not plain or url.host not in self.allowed:
            return False
        address = _address(url.host)  # nobody looks one up that stands there itself
        return address is None or is_public(address)

    def may_reach(self, host: str, address: str) -> bool:
        """Whether a link to the host may be followed to where it turned out to be."""
        found = _address(address)
        if found is None:
            return False
        if self.local is not None and host == self.local.host:
            return found.is_loopback
        return is_public(found)


def is_public(address: Address) -> bool:
    """Whether anybody could have asked it: it is of no network of this house or machine."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The old address that is meant by a new one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
