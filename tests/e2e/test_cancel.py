"""Cancel: waiting and running jobs, by whom, and after the end."""

from __future__ import annotations

import pytest

from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.scene import Scene


@pytest.fixture
def mia(easel: Easel) -> Scene:
    return Scene(easel.sandbox, "Mia")


def assert_stopped_for_free(easel: Easel, notice: messages.Message | None) -> None:
    assert notice is not None
    assert notice["content"].endswith("(Stopped)")
    assert notice["components"] == []
    assert notice["attachments"] == []
    assert books.spent(easel.settings.data_dir) == 0
    assert books.open_holds(easel.settings.data_dir) == 0


async def test_the_owner_cancels_a_waiting_job(
    easel: Easel, gate: Gate, mia: Scene, noah: Scene
) -> None:
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    running = await noah.until_drawing("lobby")
    press = await mia.slash("imagine", prompt="a fox")
    await press.ack()
    await (await mia.click(press.original, "Cancel")).ack()
    await mia.until_said("(Stopped)")
    assert books.states(easel.settings.data_dir) == ["running", "cancelled"]
    await (await noah.click(running, "Cancel")).ack()
    await noah.until_said("(Stopped)", "lobby")
    assert_stopped_for_free(easel, press.original)
    assert mia.results() == []


async def test_the_owner_cancels_a_running_job_and_the_worker_is_free(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await mia.until_drawing()
    await (await mia.click(running, "Cancel")).ack()
    await mia.until_said("(Stopped)")
    assert_stopped_for_free(easel, mia.person.message(running))
    assert gate.path.exists()
    await (await mia.slash("imagine", prompt="a hare", channel="lobby")).ack()
    await mia.new_result(set(), "lobby")
    assert books.states(easel.settings.data_dir) == ["cancelled", "succeeded"]


@pytest.mark.parametrize("who", ["Ada", "Noah"])
async def test_a_member_with_manage_messages_cancels_for_others(
    easel: Easel, gate: Gate, mia: Scene, who: str
) -> None:
    world = easel.sandbox.world
    world.add_role("Moderator", 1 << 13)
    world.give_role("Noah", "Moderator")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await mia.until_drawing()
    moderator = Scene(easel.sandbox, who)
    await (await moderator.click(running, "Cancel")).ack()
    await mia.until_said("(Stopped)")
    assert_stopped_for_free(easel, mia.person.message(running))


async def test_others_are_refused_and_the_job_goes_on(
    easel: Easel, gate: Gate, mia: Scene, noah: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    running = await mia.until_drawing()
    said = await noah.refused(await noah.click(running, "Cancel"))
    assert "Manage Messages" in said
    told = [messages.text_of(message) for message in mia.private()]
    assert all("was not taught: here **slow**" in text for text in told)
    gate.open()
    await mia.new_result(set())
    assert books.spent(easel.settings.data_dir) == 1


async def test_after_the_end_there_is_nothing_to_cancel(easel: Easel, mia: Scene) -> None:
    held = easel.sandbox.faults.hold("DELETE", "/messages/")
    press = await mia.slash("imagine", prompt="a fox")
    await press.ack()
    await held.arrived
    said = await mia.refused(await mia.click(press.original, "Cancel")
    )  # fmt: skip
    assert "over already" in said
    held.release()
    await mia.new_result(set())
    assert books.spent(easel.settings.data_dir) == 1
