"""Cancel: waiting and running jobs, by whom, and after the end."""

from __future__ import annotations

import pytest

from bot.sandbox import Person
from tests.e2e import scene
from tests.e2e.conftest import Easel, Gate


@pytest.fixture
def mia(easel: Easel) -> Person:
    return easel.sandbox.person("Mia")


def assert_stopped_for_free(easel: Easel, notice: scene.Message | None) -> None:
    assert notice is not None
    assert notice["content"].endswith("(Stopped)")
    assert notice["components"] == []
    assert notice["attachments"] == []
    assert scene.spent(easel.settings.data_dir) == 0
    assert scene.open_holds(easel.settings.data_dir) == 0


async def test_the_owner_cancels_a_waiting_job(easel: Easel, gate: Gate, mia: Person) -> None:
    noah = easel.sandbox.person("Noah")
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    running = await scene.until_drawing(easel.sandbox, noah, "lobby")
    press = await mia.slash("imagine", prompt="a fox")
    await press.ack()
    await (await mia.click(press.original, "Cancel")).ack()
    await scene.until_said(easel.sandbox, mia, "(Stopped)")
    assert scene.states(easel.settings.data_dir) == ["running", "cancelled"]
    await (await noah.click(running, "Cancel")).ack()
    await scene.until_said(easel.sandbox, noah, "(Stopped)", "lobby")
    assert_stopped_for_free(easel, press.original)
    assert scene.results(mia) == []


async def test_the_owner_cancels_a_running_job_and_the_worker_is_free(
    easel: Easel, gate: Gate, mia: Person
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await scene.until_drawing(easel.sandbox, mia)
    await (await mia.click(running, "Cancel")).ack()
    await scene.until_said(easel.sandbox, mia, "(Stopped)")
    assert_stopped_for_free(easel, mia.message(running))
    assert gate.path.exists()
    await (await mia.slash("imagine", prompt="a hare", channel="lobby")).ack()
    await scene.new_result(easel.sandbox, mia, set(), "lobby")
    assert scene.states(easel.settings.data_dir) == ["cancelled", "succeeded"]


@pytest.mark.parametrize("who", ["Ada", "Noah"])
async def test_a_member_with_manage_messages_cancels_for_others(
    easel: Easel, gate: Gate, mia: Person, who: str
) -> None:
    world = easel.sandbox.world
    world.add_role("Moderator", 1 << 13)
    world.give_role("Noah", "Moderator")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await scene.until_drawing(easel.sandbox, mia)
    moderator = easel.sandbox.person(who)
    await (await moderator.click(running, "Cancel")).ack()
    await scene.until_said(easel.sandbox, mia, "(Stopped)")
    assert_stopped_for_free(easel, mia.message(running))


async def test_others_are_refused_and_the_job_goes_on(
    easel: Easel, gate: Gate, mia: Person
) -> None:
    noah = easel.sandbox.person("Noah")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await scene.until_drawing(easel.sandbox, mia)
    said = await scene.refused(easel.sandbox, noah, await noah.click(running, "Cancel"))
    assert "Manage Messages" in said
    told = [scene.text_of(message) for message in scene.private(mia)]
    assert all("was not taught: here **slow**" in text for text in told)
    gate.open()
    await scene.new_result(easel.sandbox, mia, set())
    assert scene.spent(easel.settings.data_dir) == 1


async def test_after_the_end_there_is_nothing_to_cancel(easel: Easel, mia: Person) -> None:
    held = easel.sandbox.faults.hold("DELETE", "/messages/")
    press = await mia.slash("imagine", prompt="a fox")
    await press.ack()
    await held.arrived
    said = await scene.refused(
        easel.sandbox, mia, await mia.click(press.original, "Cancel")
    )  # fmt: skip
    assert "over already" in said
    shown = mia.message(press.original)
    assert shown is not None
    assert shown["components"] == []
    held.release()
    await scene.new_result(easel.sandbox, mia, set())
    assert scene.spent(easel.settings.data_dir) == 1
