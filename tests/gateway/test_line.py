"""Who may come to the core over a network, and who is let in."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.gateway.doors import Door
from bot.gateway.hall import Hall
from bot.gateway.line import LIMIT, Line, Unwelcome, greet
from tests.kit.scrape import free_port
from tests.kit.towns import until

SECRET = "a" * 32
ABOUT = {"name": "x", "wants": None, "of": 0, "holds": []}


async def reach(port: int) -> Line:
    return Line(*await asyncio.open_connection("127.0.0.1", port, limit=LIMIT))


async def test_over_tcp_both_have_the_token_or_nobody_is_let_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, hall = free_port(), Hall(1, token="discord", secret=SECRET)
    async with Door(hall, f"127.0.0.1:{port}", tmp_path / "s"):
        line = await reach(port)
        with pytest.raises(Unwelcome, match="GATEWAY_TOKEN is another one"):
            await greet(line, "b" * 32, ABOUT)
        line.close()
        assert hall.seen().up == 0
        line = await reach(port)
        said = await greet(line, SECRET, ABOUT)
        assert said["token"] == ""  # nobody tells it over a network
        await until(lambda: hall.seen().up == 1)
        line.close()
    assert "discord" not in caplog.text


async def test_who_says_to_have_the_token_has_to_prove_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, hall = free_port(), Hall(1, secret=SECRET)
    async with Door(hall, f"127.0.0.1:{port}", tmp_path / "s"):
        line = await reach(port)
        await line.say_line({"easel": 1, "nonce": "0"})
        core = await line.hear_line()
        await line.say_line({"proof": core["proof"], **ABOUT})
        with caplog.at_level(logging.WARNING), pytest.raises(Unwelcome, match="another one"):
            await line.hear_line()
        line.close()
    assert hall.seen().up == 0
    assert "was not let in" in caplog.text


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b'{"easel": 99}\n',
        b"\xff\xfe\n",
        b"",
        b"x" * (LIMIT + 10) + b"\n",
        json.dumps({"easel": 1, "nonce": None}).encode() + b'\n{"proof": 5}\n',
    ],
    ids=["http", "list", "version", "bytes", "nothing", "long", "proof"],
)
async def test_who_is_no_easel_is_not_let_in(tmp_path: Path, sent: bytes) -> None:
    port, hall = free_port(), Hall(1, secret=SECRET)
    async with Door(hall, f"127.0.0.1:{port}", tmp_path / "s"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        assert b'"token": "' not in (await reader.read()).replace(b'"token": ""', b"")
        writer.close()
        assert hall.seen().up == 0


async def test_a_socket_file_is_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    hall = Hall(1, token="discord")
    async with Door(hall, "", path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        line = Line(*await asyncio.open_unix_connection(path, limit=LIMIT))
        assert (await greet(line, "", ABOUT))["token"] == "discord"
        line.close()
    assert not path.exists()
    path.touch()  # as one that a crash left
    async with Door(hall, "", path):
        pass


async def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path) -> None:
    port = free_port()
    async with Door(Hall(1), f"127.0.0.1:{port}", tmp_path / "s"):
        with pytest.raises(SettingsError, match=f"GATEWAY_ADDRESS 127.0.0.1:{port} cannot be op"):
            await Door(Hall(1), f"127.0.0.1:{port}", tmp_path / "s").__aenter__()
    with pytest.raises(SettingsError, match="too long for a socket"):
        await Door(Hall(1), "", tmp_path / ("x" * 120)).__aenter__()
