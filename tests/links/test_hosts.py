"""Which links are followed, and to which addresses."""

from __future__ import annotations

import pytest

from bot.domain.errors import InvalidLink
from bot.domain.links import brief, shown
from bot.links.hosts import Hosts

SANDBOX = "http://127.0.0.1:8000/api/v10"
PLAIN = Hosts.of(["I.imgur.com"], "")
BESIDE = Hosts.of([], SANDBOX)
MAPPED = ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::ffff:127.0.0.1")
INSIDE = (
    *("10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1", "2001::1"),
    *MAPPED,
)  # fmt: skip


@pytest.mark.parametrize(
    "link",
    [
        "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=1&is=2&hm=3&",
        "https://media.discordapp.net/attachments/1/2/cat.png",
        "https://i.imgur.com/cat.png",
        "HTTPS://I.IMGUR.COM:443/cat.png",
    ],
)
def test_what_is_allowed_is_asked_for(link: str) -> None:
    assert PLAIN.checked(link).scheme == "https"


@pytest.mark.parametrize(
    "link",
    [
        "http://cdn.discordapp.com/cat.png",
        "https://cdn.discordapp.com:8443/cat.png",
        "https://cdn.discordapp.com@evil.example/cat.png",
        "https://me:you@cdn.discordapp.com/cat.png",
        "https://cdn.discordapp.com.evil.example/cat.png",
        "https://cdn.discordapp.com./cat.png",
        "https://evil.example/cdn.discordapp.com/cat.png",
        "https://x.i.imgur.com/cat.png",
        "https://127.0.0.1/cat.png",
        "https://[::1]/cat.png",
        "http://127.0.0.1:8000/cdn/cat.png",
        "file:///etc/passwd",
        "ftp://cdn.discordapp.com/cat.png",
        "//cdn.discordapp.com/cat.png",
        "https:///cat.png",
        "https://[cat/dog.png",
        "",
    ],
)
def test_everything_else_is_refused_in_a_sentence(link: str) -> None:
    with pytest.raises(InvalidLink, match=r"^The link .*\.$"):
        PLAIN.checked(link)


def test_a_stand_in_for_discord_is_believed_where_it_has_its_files() -> None:
    assert BESIDE.checked("http://127.0.0.1:8000/cdn/attachments/1/2/cat.png")
    for link in (
        "http://127.0.0.1:8000/api/v10/users/@me",
        "http://127.0.0.1:8000/cdn/../api/v10/users/@me",
        "http://127.0.0.1:8001/cdn/cat.png",
        "http://localhost:8000/cdn/cat.png",
        "http://a@127.0.0.1:8000/cdn/cat.png",
        "https://127.0.0.1:8000/cdn/cat.png",
    ):
        with pytest.raises(InvalidLink):
            BESIDE.checked(link)
    assert Hosts.of([], "http://localhost:1/api/v10").local
    for elsewhere in ("http://10.0.0.1:8000/api/v10", "https://discord.example/api/v10", ""):
        assert Hosts.of([], elsewhere).local is None


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_of_this_house_is_reached(address: str) -> None:
    assert not PLAIN.may_reach("i.imgur.com", address)
    named = Hosts.of([address], "")
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidLink):
        named.checked(f"https://{host}/cat.png")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "nonsense"])
def test_public_addresses_are_reached(address: str) -> None:
    assert PLAIN.may_reach("i.imgur.com", address) is (address != "nonsense")
    assert not BESIDE.may_reach("127.0.0.1", address)


def test_a_link_is_shown_short_and_without_its_signature() -> None:
    link = "https://cdn.discordapp.com/attachments/123/456/cat.png?ex=1&hm=secret"
    assert shown(link) == "`cdn.discordapp.com/…/cat.png`"
    assert shown("https://a.b/cat.png") == "`a.b/cat.png`"
    assert shown(f"https://a.b/c/{'x' * 90}`@everyone.png") == f"`a.b/…/…{'x' * 9}'@everyone.png`"


def test_long_links_are_short_where_others_see_them() -> None:
    link = "https://cdn.discordapp.com/attachments/123/456/cat.png?ex=1&hm=secret" + "0" * 40
    assert brief(f"{link}::2 a fox at https://a.b/c --sref {link}") == (
        "cdn.discordapp.com/…/cat.png::2 a fox at https://a.b/c --sref cdn.discordapp.com/…/cat.png"
    )
