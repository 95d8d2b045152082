"""*Report picture*, and what moderators make of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Refused
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.messages import Message
from tests.kit.scene import PATIENCE_S, Scene

MENU = "Report picture"


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Who has Manage Messages."""
    return Scene(easel.sandbox, "Ada")


def reports(easel: Easel) -> list[tuple[object, ...]]:
    sql = "SELECT job_id, reporter_id, reason, answer FROM reports ORDER BY id"
    return [tuple(row) for row in books.rows(easel.settings.data_dir, sql)]


def files(easel: Easel, message: Message) -> list[Path]:
    job = messages.job_of(message)
    return [*(easel.settings.data_dir / "images").glob(f"*/*/{job}/[0-9]*.webp")]


async def report(person: Scene, message: Message, reason: str = "") -> str:
    """What is said to who sends the form in."""
    form = await person.person.context(MENU, message["id"])
    await form.ack()
    return await person.refused(await person.person.submit(form, {"reason": reason}))


async def refused(person: Scene, message: Message) -> str:
    return await person.refused(await person.person.context(MENU, message["id"]))


async def listed(person: Scene, count: int) -> list[Message]:
    """What `/reports` shows, but for its first line."""
    press = await person.slash("reports")
    await press.ack()
    return await person.sandbox.wait_for(
        lambda: len(press.replies) == count + 1 and press.replies[1:]
    )


async def test_moderators_see_a_report_and_dismiss_it(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    grid = await mia.imagine("a fox --seed 7")
    said = await report(noah, grid, "It is my *fox*.")
    assert "`/reports`" in said
    await report(ada, grid)
    job = messages.job_of(grid)
    assert reports(easel) == [
        (job, int(noah.id), "It is my *fox*.", None), (job, int(ada.id), "", None)
    ]  # fmt: skip
    [shown] = await listed(ada, 1)
    assert shown["content"].startswith("Reported 2 times, <t:")
    assert "> It is my \\*fox\\*." in shown["content"]
    assert grid["id"] in shown["content"]
    assert noah.id not in shown["content"]
    assert shown["flags"] & messages.EPHEMERAL
    assert messages.same_pixels(
        messages.picture(easel.sandbox, shown), messages.picture(easel.sandbox, grid)
    )
    await (await ada.click(shown, "Dismiss")).ack()
    await easel.sandbox.wait_for(lambda: "Dismissed" in str(ada.private()))
    assert [row[3] for row in reports(easel)] == ["dismissed"] * 2
    assert (len(files(easel, grid)), mia.person.message(grid) is not None) == (4, True)
    assert "Nothing was reported" in await ada.refused(await ada.slash("reports"))
    assert "reported this picture before" in await refused(noah, grid)


async def test_a_picture_that_moderators_delete_is_gone_everywhere(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U2")
    varied = await noah.press(grid, "V1")
    zoomed = await noah.press(single, "Zoom Out 2×")
    await (await mia.person.context("DM results", single["id"])).ack()
    await easel.sandbox.wait_for(lambda: mia.results(mia.dm))
    await report(noah, grid)
    [shown] = await listed(ada, 1)
    await (await ada.click(shown, "Delete picture")).ack()
    await easel.sandbox.wait_for(
        lambda: [each["id"] for each in mia.results() if each["id"] != shown["id"]]
        == [varied["id"]] and not mia.results(mia.dm)
    )  # fmt: skip
    for each in (grid, single, zoomed):
        assert files(easel, each) == []
    assert len(files(easel, varied)) == 4
    assert reports(easel)[0][3] == "deleted"
    press = await mia.slash("show", job=messages.job_of(grid))
    assert "cleared away" in await said_to(mia, press)
    now = ada.person.message(shown)
    assert now is not None
    assert (now["content"][:7], messages.buttons(now)) == ("Deleted", {})


async def said_to(person: Scene, press: object) -> str:
    await press.ack()  # type: ignore[attr-defined]
    found = await person.sandbox.wait_for(
        lambda: [text for each in press.replies if (text := messages.text_of(each))]  # type: ignore[attr-defined]
    )
    return found[-1]


async def test_who_may_not_report_or_look(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("a fox")
    hello = await noah.person.say("imagine", "hello")
    assert "This is your own" in await refused(mia, grid)
    assert "no result of mine" in await refused(mia, hello)
    await report(noah, grid)
    with pytest.raises(Refused, match="no command 'reports'"):
        await noah.slash("reports")
    direct = await noah.imagine("an owl", dm=True)
    assert "there are none here" in await refused(noah, direct)
    assert len(reports(easel)) == 1


async def test_who_moderates_one_channel_sees_no_reports(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    """What was reported may be of any channel."""
    world = easel.sandbox.world
    grid = await mia.imagine("a secret", channel="lobby")
    await report(mia2 := Scene(easel.sandbox, "Ada"), grid)
    world.allow("imagine", "Noah", "MANAGE_MESSAGES")
    press = await noah.slash("reports")
    assert "Only members with Manage Messages" in await noah.refused(press)
    assert "secret" not in str(noah.private())
    assert len(await listed(mia2, 1)) == 1


async def test_a_slow_machine_takes_a_report_all_the_same(
    easel: Easel, mia: Scene, noah: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form that a menu opened has no message, and is acknowledged like a command."""
    grid = await mia.imagine("a fox")
    add = easel.core.service.reports.add

    async def slow(*asked: Any) -> None:
        while not press.acknowledged:
            await easel.sandbox.bus.until(lambda: press.acknowledged, 5)
        await add(*asked)

    monkeypatch.setattr(easel.core.service.reports, "add", slow)
    easel.bot.acknowledger._quick_s = 0.0
    form = await noah.person.context(MENU, grid["id"])
    await form.ack()
    press = await noah.person.submit(form, {"reason": "because"})
    assert "Thank you" in await said_to(noah, press)
    assert [row[2] for row in reports(easel)] == ["because"]


async def test_reports_of_a_day_are_bounded(
    easel: Easel, mia: Scene, noah: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.reports.A_DAY", 2)
    grids = [await mia.imagine("a fox") for _ in range(3)]
    for grid in grids[:2]:
        assert "Thank you" in await report(noah, grid)
    assert "all that one may" in await report(noah, grids[2])
    assert len(reports(easel)) == 2


async def test_another_servers_moderators_answer_nothing(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    """By a message of ours that was made to carry the buttons."""
    other = easel.sandbox.world.add_guild("Elsewhere", owner="Noah", members=("Mia",))
    grid = await mia.imagine("a fox")
    await report(ada, grid)
    [shown] = await listed(ada, 1)
    stored = easel.sandbox.world.message(shown["id"])
    assert stored is not None
    there = await noah.imagine("an owl", channel="elsewhere")
    copy = easel.sandbox.world.message(there["id"])
    assert copy is not None
    copy.components = stored.components
    said = await noah.refused(await noah.click(there, "Delete picture"))
    assert "answered before" in said
    assert (len(files(easel, grid)), reports(easel)[0][3]) == (4, None)
    assert other.id != easel.sandbox.world.guild.id


async def take_down(moderator: Scene) -> None:
    """Delete the one picture that is reported; returns when that is said."""
    [shown] = await listed(moderator, 1)
    await (await moderator.click(shown, "Delete picture")).ack()
    await moderator.sandbox.wait_for(lambda: "Deleted;" in str(moderator.private()))


async def zoom(person: Scene, single: Message, prompt: str) -> None:
    """Ask for a zoom out of a picture by another prompt; the person prefers remix."""
    form = await person.click(single, "Zoom Out 2×")
    await form.ack()
    await (await person.person.submit(form, {"prompt": prompt})).ack()


async def until_removed(easel: Easel) -> None:
    """Returns when nothing is to be shown, and no message is to go, any more."""
    await easel.settled()
    while await asyncio.to_thread(books.rows, easel.settings.data_dir, "SELECT 1 FROM removals"):
        await books.rest()


async def test_what_is_being_drawn_so_ends_when_moderators_delete_the_picture(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene, gate: Gate
) -> None:
    """Free of charge, and whoever asked for it sees that."""
    folder = easel.settings.data_dir
    single = await mia.press(await mia.imagine("a fox"), "U2")
    await (await noah.slash("prefer remix")).ack()
    await report(noah, single)
    for prompt in ("a slow fox", "a slow owl"):
        await zoom(noah, single, prompt)
    await noah.until_drawing()
    while len(await asyncio.to_thread(books.states, folder)) < 4:
        await books.rest()
    await take_down(ada)
    gate.open()
    await until_removed(easel)
    assert books.states(folder) == [*["succeeded"] * 2, *["cancelled"] * 2]
    assert (books.spent(folder), books.open_holds(folder)) == (1, 0)
    for notice in await easel.sandbox.wait_for(lambda: len(noah.notices()) == 2 and noah.notices()):
        assert "(Stopped)" in notice["content"]
        assert (notice["attachments"], messages.buttons(notice)) == ([], {})
    assert len(noah.results()) == 1
    assert easel.core.dispatcher.held() == {}


async def test_what_arrives_after_moderators_deleted_it_goes_again(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    """A result that is being posted, of which its owner gets no copy either."""
    single = await mia.press(await mia.imagine("a fox"), "U2")
    await report(noah, single)
    await (await noah.slash("prefer auto_dm")).ack()
    held = easel.sandbox.faults.hold("POST", r"^/channels/\d+/messages$")
    await (await noah.click(single, "Zoom Out 2×")).ack()
    await asyncio.wait_for(held.arrived, PATIENCE_S)
    await take_down(ada)
    held.release()
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(lambda: len(noah.results()) == 1 and not noah.notices())
    await until_removed(easel)
    assert (len(noah.results()), noah.results(noah.dm)) == (1, [])
    [row] = books.rows(easel.settings.data_dir, "SELECT * FROM deliveries WHERE message_id = 0")
    assert (row["kind"], row["given_up"]) == ("result", "withdrawn")


async def test_a_letter_that_arrives_after_moderators_deleted_it_goes_again(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    """Of what was taken out of the reported picture, too."""
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U2")
    await report(noah, grid)
    held = easel.sandbox.faults.hold("POST", rf"^/channels/{noah.dm}/messages$", after_effect=True)
    await (await noah.person.context("DM results", single["id"])).ack()
    await asyncio.wait_for(held.arrived, PATIENCE_S)
    await take_down(ada)
    assert len(noah.results(noah.dm)) == 1
    held.release()
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(lambda: not noah.results(noah.dm))
    await until_removed(easel)


async def test_what_begins_while_moderators_delete_the_picture_ends_too(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was looked what is being drawn so, before the file is gone."""
    single = await mia.press(await mia.imagine("a fox"), "U2")
    await (await noah.slash("prefer remix")).ack()
    await report(noah, single)
    copies, looks = easel.core.parts.reports.copies, 0

    async def late(job: Any) -> Any:
        nonlocal looks
        found, looks = await copies(job), looks + 1
        if looks == 1:
            await zoom(noah, single, "a slow fox")
            await noah.until_drawing()
        return found

    monkeypatch.setattr(easel.core.parts.reports, "copies", late)
    await take_down(ada)
    gate.open()
    await until_removed(easel)
    assert books.states(easel.settings.data_dir)[-1] == "cancelled"
    assert len(noah.results()) == 1


async def test_u_in_the_second_in_which_moderators_delete_the_grid(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene
) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox")
    await report(noah, grid)
    [shown] = await listed(ada, 1)
    await easel.settled()
    posting = sandbox.faults.hold("POST", r"^/channels/\d+/messages$")
    await (await noah.click(grid, "U1")).ack()
    await posting.arrived
    going = sandbox.faults.hold("DELETE", rf"/messages/{grid['id']}$")
    await (await ada.click(shown, "Delete picture")).ack()
    await going.arrived
    # The grid is still to be seen, with its buttons.
    for button in ("U1", "U2", "V1"):
        said = await noah.refused(await noah.click(grid, button))
        assert "The moderators of this server deleted this picture" in said
    posting.release()
    going.release()
    await sandbox.wait_for(lambda: not [e for e in noah.results() if e["id"] != shown["id"]])
    await until_removed(easel)
    assert [e for e in noah.results() if e["id"] != shown["id"]] == []
    assert "could not be brought" not in str(noah.private())
