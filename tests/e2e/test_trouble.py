"""Discord at its worst: lost answers, lost rights, limits, dead tokens, a broken connection."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import logging
import sqlite3
import time
from asyncio import base_events, selector_events
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from bot.chat.reconnecting import LONGEST_EXPONENT
from bot.domain.errors import QueueFull
from bot.engine.seam import Executor
from bot.sandbox import DEFER, NotResponding, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.launcher import simulated
from tests.kit.scene import Scene

POST = r"^/channels/\d+/messages$"


class MovableClock:
    """Unix seconds that a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def statuses(sandbox: Sandbox, method: str, template: str) -> list[int]:
    return [
        call.status
        for call in sandbox.log
        if (call.method, call.path) == (method, f"/channels/{{channel_id}}/messages{template}")
    ]


# Posting the result


@pytest.mark.parametrize("status", [0, 500, 502])
async def test_a_lost_answer_to_the_post_leaves_one_message(
    easel: Easel, status: int, mia: Scene
) -> None:
    sandbox = easel.sandbox
    sandbox.faults.fail("POST", POST, status, after_effect=True)
    grid = await mia.imagine("a fox")
    assert len(mia.results()) == 1
    assert len(statuses(sandbox, "POST", "")) == 2
    await mia.press(grid, "U1")


async def test_a_post_that_never_arrived_is_sent_again(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    sandbox.faults.fail("POST", POST, 0, times=2)
    await mia.imagine("a fox")
    assert len(mia.results()) == 1


async def test_rate_limits_delay_but_lose_nothing(tmp_path: Path, quick: Executor) -> None:
    async with (
        Sandbox(port=0, rate_limits=0.2) as sandbox,
        running(sandbox, settings_for(sandbox, tmp_path), quick),
    ):
        people = [Scene(sandbox, name) for name in ("Ada", "Mia", "Noah")]
        for number in range(4):
            for person in people:
                await (await person.slash("imagine", prompt=f"fox {number}")).ack()
        mia = people[1]
        await sandbox.wait_for(lambda: len(mia.results()) == 12 and not mia.notices())
        assert len({messages.job_of(each) for each in mia.results()}) == 12
        assert books.spent(tmp_path) == 12


async def test_a_429_that_could_not_be_foreseen_is_waited_out(
    tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    async with (
        Sandbox(port=0, rate_limits=0.6) as sandbox,
        running(sandbox, settings_for(sandbox, tmp_path), quick),
    ):
        mia = Scene(sandbox, "Mia")
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
        await spend_the_bucket(sandbox, "imagine")
        gate.open()
        await sandbox.wait_for(mia.results)
        assert 429 in statuses(sandbox, "POST", "")
        assert len(mia.results()) == 1


async def spend_the_bucket(sandbox: Sandbox, channel: str) -> None:
    """Posts with the bot's token by another program, of which the bot cannot know."""
    url = f"{sandbox.api_url}/channels/{sandbox.world.find_channel(channel).id}/messages"
    headers = {"Authorization": f"Bot {sandbox.token}"}
    async with ClientSession(headers=headers) as session:
        status = 200
        while status == 200:
            async with session.post(url, json={"content": "somebody else"}) as answer:
                status = answer.status


async def test_a_429_of_the_proxy_before_discord_is_tried_again(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    sandbox.faults.fail("POST", POST, 429, times=2)
    await mia.imagine("a fox")
    assert len(mia.results()) == 1


async def test_a_picture_steps_down_until_it_fits_the_server(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    sandbox.world.guild.upload_limit = 1 << 20
    settings = settings_for(sandbox, tmp_path, model_native=512)
    async with running(sandbox, settings, quick):
        mia = Scene(sandbox, "Mia")
        grid = await mia.imagine("a noise of foxes")
        [file] = grid["attachments"]
        assert file["size"] <= 1 << 20
        assert 413 in statuses(sandbox, "POST", "")
        single = await mia.press(grid, "U1")
        assert Image.open(io.BytesIO(messages.file_of(sandbox, single))).size == (512, 512)


async def test_a_picture_that_cannot_be_uploaded_ends_with_a_sentence(
    sandbox: Sandbox, easel: Easel
) -> None:
    sandbox.world.guild.upload_limit = 100
    mia = Scene(sandbox, "Mia")
    await (await mia.slash("imagine", prompt="a fox")).ack()
    said = await mia.until_said("⚠️")
    assert "too large to be uploaded" in said["content"]
    assert said["components"] == []
    assert mia.results() == []


# The bot's own rights


async def test_missing_rights_are_named_before_anything_is_charged(
    easel: Easel, mia: Scene
) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox")
    sandbox.world.deny_bot("imagine", "ATTACH_FILES", "READ_MESSAGE_HISTORY")
    said = await mia.refused(await mia.slash("imagine", prompt="a hare"))
    assert "I lack Attach Files and Read Message History in this channel" in said
    for button in ("U1", "V1", "🔄"):
        said = await mia.refused(await mia.click(grid, button))
        assert "I lack Attach Files" in said
    assert books.states(easel.settings.data_dir) == ["succeeded"]
    assert books.spent(easel.settings.data_dir) == 1


async def test_missing_rights_in_a_thread(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    thread = sandbox.world.threads.add("imagine", "foxes")
    grid = await mia.imagine("a fox", channel=thread.id)
    assert grid["channel_id"] == thread.id
    sandbox.world.deny_bot("imagine", "SEND_MESSAGES_IN_THREADS")
    press = await mia.slash("imagine", prompt="a hare", channel=thread.id)
    assert "Send Messages in Threads" in await mia.refused(press)


async def test_rights_lost_while_drawing_leave_the_interaction_to_post(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    sandbox = easel.sandbox
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    sandbox.world.deny_bot("imagine", "ATTACH_FILES")
    gate.open()
    await mia.new_result(set())
    assert len(mia.results()) == 1
    assert books.spent(easel.settings.data_dir) == 1


# Interactions


async def test_after_15_minutes_the_bot_token_takes_over(
    tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    clock = MovableClock()
    async with (
        Sandbox(port=0, rate_limits=0.1, clock=clock) as sandbox,
        running(sandbox, settings_for(sandbox, tmp_path), quick),
    ):
        mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
        await (await noah.slash("imagine", prompt="a slow doomed boat", channel="lobby")).ack()
        await noah.until_drawing("lobby")
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        clock.ahead += 16 * 60
        gate.open()
        grid = await mia.new_result(set())
        failed = await noah.until_said("⚠️", "lobby")
        assert failed["components"] == []
        assert 204 in statuses(sandbox, "DELETE", "/{message_id}")
        assert 200 in statuses(sandbox, "PATCH", "/{message_id}")
        await mia.press(grid, "V1")


async def test_what_was_drawn_when_the_answer_came_too_late_is_posted_and_calls_its_owner(
    tmp_path: Path, quick: Executor
) -> None:
    """It is charged: the pictures are what was asked for, and the call says that they are there."""
    async with (
        Sandbox(port=0, rate_limits=0.1, ack_seconds=0.5) as sandbox,
        running(sandbox, settings_for(sandbox, tmp_path), quick),
    ):
        mia = Scene(sandbox, "Mia")
        late = sandbox.faults.hold("POST", r"^/interactions/")
        asked = await mia.slash("imagine", prompt="a fox")
        await late.arrived
        with pytest.raises(NotResponding):
            await asked.ack()
        late.release()
        sandbox.faults.clear()
        grid = await mia.new_result(set())
        assert [each["id"] for each in grid["mentions"]] == [mia.id]
        # A picture that is taken out is there at once, and its owner with it.
        for button, called in (("U1", []), ("V1", [mia.id])):
            known = {each["id"] for each in mia.results()}
            late = sandbox.faults.hold("POST", r"^/interactions/")
            asked = await mia.click(grid, button)
            await late.arrived
            with pytest.raises(NotResponding):
                await asked.ack()
            late.release()
            sandbox.faults.clear()
            result = await mia.new_result(known)
            assert [each["id"] for each in result["mentions"]] == called
        assert len(mia.results()) == 3
        assert books.spent(tmp_path) == 2


async def test_a_lost_answer_to_the_acknowledgement(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    sandbox.faults.fail("POST", r"^/interactions/", 0, after_effect=True)
    grid = await mia.imagine("a fox")
    sandbox.faults.fail("POST", r"^/interactions/", 0, after_effect=True)
    await mia.press(grid, "V1")
    sandbox.faults.fail("POST", r"^/interactions/", 0, after_effect=True)
    await mia.press(grid, "U1")
    assert len(mia.results()) == 3


async def test_a_slow_service_is_acknowledged_meanwhile(
    easel: Easel, monkeypatch: pytest.MonkeyPatch, mia: Scene
) -> None:
    go_on, real = asyncio.Event(), easel.core.service.drawing.imagine

    async def slow(*args: Any) -> Any:
        await go_on.wait()
        return await real(*args)

    monkeypatch.setattr(easel.core.service.drawing, "imagine", slow)
    press = await mia.slash("imagine", prompt="a fox")
    assert (await press.ack())["type"] == 5
    go_on.set()
    await mia.new_result(set())
    assert len(mia.results()) == 1


async def test_a_slow_refusal_is_private_and_leaves_no_thinking_behind(
    easel: Easel, monkeypatch: pytest.MonkeyPatch, mia: Scene
) -> None:
    sandbox = easel.sandbox
    go_on = asyncio.Event()

    async def slow(*args: Any) -> Any:
        await go_on.wait()
        raise QueueFull("The queue is full.")

    monkeypatch.setattr(easel.core.service.drawing, "imagine", slow)
    press = await mia.slash("imagine", prompt="a fox")
    assert (await press.ack())["type"] == 5
    go_on.set()
    [said] = await sandbox.wait_for(mia.private)
    assert "The queue is full." in messages.text_of(said)
    assert mia.notices() == []


@pytest.mark.parametrize("button", [None, "V1", "U1", "🔄"])
async def test_an_unexpected_error_is_a_sentence_with_a_reference(
    easel: Easel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    button: str | None,
    mia: Scene,
) -> None:
    grid = await mia.imagine("a fox") if button else None

    async def broken(*args: Any) -> Any:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(easel.core.service.drawing, "imagine", broken)
    monkeypatch.setattr(easel.core.service.singles, "take", broken)
    with caplog.at_level(logging.ERROR):
        asked = (
            await mia.click(grid, button) if button else await mia.slash("imagine", prompt="a fox")
        )
        said = await mia.refused(asked)
    assert "Something went wrong" in said
    assert "secret" not in said
    assert "Traceback" not in said
    reference = said.split("`")[1]
    [record] = [each for each in caplog.records if reference in each.getMessage()]
    assert record.exc_info is not None
    assert "a secret of the house" in str(record.exc_info[1])


# The gateway


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every host that this process looks up or connects to."""
    seen: set[str] = set()
    connect, look_up = (
        selector_events.BaseSelectorEventLoop.sock_connect,
        base_events.BaseEventLoop.getaddrinfo,
    )

    async def sock_connect(self: Any, sock: Any, address: Any) -> Any:
        seen.add(address[0] if isinstance(address, tuple) else "unix")
        return await connect(self, sock, address)

    async def getaddrinfo(self: Any, host: Any, *args: Any, **options: Any) -> Any:
        seen.add(host)
        return await look_up(self, host, *args, **options)

    monkeypatch.setattr(selector_events.BaseSelectorEventLoop, "sock_connect", sock_connect)
    monkeypatch.setattr(base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return seen


@pytest.mark.parametrize("fault", ["drop_gateway", "reconnect", "invalidate_session"])
async def test_a_broken_connection_is_mended_on_loopback(
    addresses: set[str], sandbox: Sandbox, tmp_path: Path, quick: Executor, fault: str
) -> None:
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        mia = Scene(sandbox, "Mia")
        grid = await mia.imagine("a fox")
        getattr(sandbox.faults, fault)()
        await sandbox.wait_for(lambda: not sandbox.gateway.online)
        await sandbox.bot_ready()
        await mia.press(grid, "V1")
        await mia.press(grid, "U1")
        await mia.imagine("a hare")
    assert addresses
    assert all(ipaddress.ip_address(host).is_loopback for host in addresses)


async def test_a_worker_that_dies_beside_a_running_bot(sandbox: Sandbox, tmp_path: Path) -> None:
    executor = simulated(tmp_path / "gate")
    async with running(sandbox, settings_for(sandbox, tmp_path / "data"), executor):
        mia = Scene(sandbox, "Mia")
        await (await mia.slash("imagine", prompt="a crash of rhinos")).ack()
        said = await mia.until_said("⚠️")
        assert "stopped the machine twice" in said["content"]
        await (await mia.slash("imagine", prompt="a fox", channel="lobby")).ack()
        await mia.new_result(set(), "lobby")


async def test_a_gateway_that_is_away_is_looked_for_every_minute(easel: Easel) -> None:
    [one] = easel.bot.shards.values()
    assert one._parent._backoff._max == LONGEST_EXPONENT


async def test_what_discord_tells_twice_is_done_and_paid_once(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    sandbox.faults.repeat_events("INTERACTION_CREATE")
    grid = await mia.imagine("a fox")
    for button in ("V1", "🔄", "U1"):
        await mia.press(grid, button)
    press = await mia.slash("info")
    await press.ack()
    await easel.settled()
    data = easel.settings.data_dir
    assert books.states(data) == ["succeeded"] * 4
    assert (books.spent(data), books.open_holds(data)) == (3, 0)
    assert len(mia.results()) == 4
    assert len(press.replies) == 1


@pytest.mark.parametrize("status", [0, 502])
async def test_a_progress_message_goes_although_the_reply_to_it_was_lost(
    easel: Easel, mia: Scene, status: int
) -> None:
    """discord.py sends it again after a 502, so that there are two."""
    grid = await mia.imagine("a fox")
    easel.sandbox.faults.fail("POST", r"^/webhooks/", status, after_effect=True)
    await mia.press(grid, "V1")
    assert mia.notices() == []


async def test_a_progress_message_of_which_the_bot_does_not_know_can_be_stopped(
    easel: Easel, mia: Scene, gate: Gate
) -> None:
    sandbox = easel.sandbox
    gate.open()
    grid = await mia.imagine("a slow fox")
    gate.close()
    sandbox.faults.fail("POST", r"^/webhooks/", 0, after_effect=True)
    press = await mia.click(grid, "V1")
    await press.ack()
    [notice] = await sandbox.wait_for(mia.notices)
    await (await mia.click(notice, "Cancel")).ack()
    await sandbox.wait_for(lambda: mia.notices()[0]["components"] == [])
    assert "(Stopped)" in mia.notices()[0]["content"]


async def test_who_grants_credits_is_answered_while_another_program_holds_the_database(
    easel: Easel, mia: Scene
) -> None:
    ada, path = Scene(easel.sandbox, "Ada"), easel.settings.data_dir / "easel.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        press = await ada.slash("quota grant", user=mia.id, amount=2)
        assert (await press.ack())["type"] == DEFER
        other.execute("ROLLBACK")
    await easel.sandbox.wait_for(lambda: "gets 2 lasting" in messages.text_of(press.original))
    assert len(press.replies) == 1
