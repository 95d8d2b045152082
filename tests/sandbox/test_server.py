"""The server as such: links, the page's files, whom it lets in, and starting it alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import aiohttp
import pytest

from bot.sandbox import MovableClock, Sandbox
from bot.sandbox.world.files import GONE
from bot.sandbox.world.pictures import avatar, dimensions
from tests.kit.robots import Api

PNG = avatar(2)


async def test_links_expire_and_cannot_be_forged(
    sandbox: Sandbox, session: aiohttp.ClientSession, api: Api, imagine: str, clock: MovableClock
) -> None:
    sent = (await api.upload("POST", imagine + "/messages", {}, a_png=PNG)).body
    link = sent["attachments"][0]["url"]

    async def get(url: str) -> tuple[int, bytes]:
        async with session.get(url) as response:
            return response.status, await response.read()

    assert await get(link) == (200, PNG)
    gone = (404, GONE.encode())
    assert await get(link.replace("a.png", "b.png")) == gone
    assert await get(link.split("?")[0]) == gone
    assert await get(link.replace("hm=", "hm=0")) == gone
    assert await get(f"{sandbox.cdn_url}/attachments/1/2/x.png?ex=zz&is=0&hm=%C3%BC") == gone
    clock.advance(24 * 3600)
    assert await get(link) == gone
    fresh = (await api("GET", f"{imagine}/messages/{sent['id']}")).body["attachments"][0]["url"]
    assert fresh != link
    assert (await get(fresh))[0] == 200
    assert (await api("DELETE", f"{imagine}/messages/{sent['id']}")).status == 204
    assert await get(fresh) == gone


async def test_other_files_are_downloads(
    session: aiohttp.ClientSession, api: Api, imagine: str
) -> None:
    sent = await api.upload("POST", imagine + "/messages", {}, a_html=b"<script>")
    async with session.get(sent.body["attachments"][0]["url"]) as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_is_served_and_nothing_beside_it(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async with session.get(sandbox.url) as response:
        assert response.status == 200
        assert "<html" in await response.text()
    for path in ("/assets/no-such-file.js", "/assets/..%2fserver.py", "/assets/%2e%2e/server.py"):
        async with session.get(sandbox.url + path) as response:
            assert response.status == 404


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}],
)
async def test_other_sites_are_kept_out(
    sandbox: Sandbox, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    for path in ("/", "/client?user=Mia", "/api/v10/users/@me"):
        async with session.get(sandbox.url + path, headers=headers) as response:
            assert response.status == 403


def test_only_loopback_is_bound() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org"):
        with pytest.raises(ValueError, match=r"not a loopback address; use 127\.0\.0\.1"):
            Sandbox(host)
    assert Sandbox("localhost").url == "http://localhost:0"
    assert Sandbox("::1").url == "http://[::1]:0"


async def test_a_taken_port_is_an_error_and_a_closed_sandbox_leaves_it_free(
    sandbox: Sandbox,
) -> None:
    twin = Sandbox(port=sandbox.port)
    with pytest.raises(OSError, match="address"):
        await twin.start()
    await twin.close()
    await sandbox.close()
    async with Sandbox(port=sandbox.port) as again:
        assert again.port == sandbox.port


def test_pictures_tell_their_size() -> None:
    assert dimensions(PNG) == (64, 64)
    assert dimensions(b"GIF89a\x03\x00\x02\x00") == (3, 2)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01"
    assert dimensions(jpeg) == (3, 2)
    webp = b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + b"\x02\x00\x00\x01\x00\x00"
    assert dimensions(webp) == (3, 2)
    assert dimensions(b"text") is None
    assert dimensions(b"\x89PNG\r\n\x1a\n") is None


async def test_it_runs_alone_and_ends_on_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.sandbox", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    assert line.startswith(b"sandbox ready http://127.0.0.1:")
    os.kill(process.pid, signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_a_wrong_host_is_one_sentence() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.sandbox",
        "--host",
        "0.0.0.0",
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"use 127.0.0.1" in errors
    assert b"Traceback" not in errors
