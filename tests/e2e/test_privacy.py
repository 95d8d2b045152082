"""/privacy: everything of somebody's, brought to them or deleted."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot.domain.people import Account
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

SECRET = "zebra"


def data(easel: Easel) -> Path:
    return easel.settings.data_dir


def user(person: Scene) -> int:
    return int(person.id)


def pictures(folder: Path) -> dict[str, bytes]:
    """Every stored picture by job and index."""
    found = (folder / "images").glob("*/*/*/[0-9]*.webp")
    return {f"{path.parent.name}_{path.stem}": path.read_bytes() for path in found}


async def exported(person: Scene, **where: Any) -> list[zipfile.ZipFile]:
    """The zips that somebody is brought."""
    press = await person.slash("privacy export", **where)
    await press.ack()
    await person.sandbox.wait_for(
        lambda: press.original and "everything that is kept of you:" in press.original["content"]
    )
    files = [each for each in press.replies if each["attachments"]]
    assert all(each["flags"] & messages.EPHEMERAL for each in files)
    return [zipfile.ZipFile(io.BytesIO(messages.file_of(person.sandbox, each))) for each in files]


def told(archive: zipfile.ZipFile) -> dict[str, Any]:
    return json.loads(archive.read("data.json"))


async def asked_to_delete(person: Scene) -> Message:
    press = await person.slash("privacy delete")
    await press.ack()
    assert press.original is not None
    return press.original


async def deleted(person: Scene, folder: Path) -> None:
    """Returns when nothing is left to be done."""
    await agreed(person)
    await until_done(folder)


async def agreed(person: Scene) -> None:
    """Returns when the wish is written down."""
    press = await person.click(await asked_to_delete(person), "Delete everything")
    await press.ack()
    await person.sandbox.wait_for(
        lambda: any("ended, free of charge" in each["content"] for each in person.private())
    )


async def until_done(folder: Path) -> None:
    left = "SELECT 1 FROM erasures UNION ALL SELECT 1 FROM removals"
    while await asyncio.to_thread(books.rows, folder, left):
        await books.rest()


async def an_upload(easel: Easel, person: Scene, content: bytes = b"what Mia sent") -> str:
    return await easel.core.parts.blobs.put(content, Account(0, user(person)), 0.0)


async def test_an_export_has_every_picture_and_everything_said(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine(f"a {SECRET} --seed 7")
    single = await mia.press(grid, "U2")
    await (await mia.click(single, "❤️")).ack()
    await (await mia.slash("prefer suffix", new_value="--ar 3:2")).ack()
    digest = await an_upload(easel, mia)
    await noah.imagine("a secret of Noah's")
    await easel.settled()
    [archive] = await exported(mia)
    stored = pictures(data(easel))
    jobs = [messages.job_of(each) for each in (grid, single)]
    names = [name for name in archive.namelist() if name.startswith("pictures/")]
    assert len(names) == 5
    for name in names:
        _, _, which = name.removesuffix(".webp").partition("_")
        assert archive.read(name) == stored[which]
        assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
    assert archive.read(f"uploads/{digest}.webp") == b"what Mia sent"
    said = told(archive)
    assert [row["id"] for row in said["jobs"]] == jobs
    assert said["jobs"][0]["request"]["prompt"]["text"] == f"a {SECRET}"
    assert [row["file"] for row in said["images"]] == sorted(names, key=lambda n: n[20:])
    assert [(row["job_id"], row["idx"]) for row in said["likes"]] == [(jobs[1], 1)]
    assert said["preferences"][0]["chosen"]["suffix"] == {"ar": [3, 2]}
    assert {row["kind"] for row in said["ledger"]} == {"hold", "capture"}
    assert [row["message_id"] for row in said["deliveries"]] == [
        int(each["id"]) for each in (grid, single)
    ]
    assert "Noah" not in archive.read("data.json").decode()
    assert "data.json" not in str(noah.private())


async def test_an_export_comes_in_parts_that_fit(
    easel: Easel, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are larger than a part come in pieces, and nothing is left out."""
    monkeypatch.setattr("bot.chat.handing.UPLOAD_LIMIT", 100_000)
    large = os.urandom(150_000)
    digest = await an_upload(easel, mia, large)
    small = [await an_upload(easel, mia, os.urandom(20_000)) for _ in range(3)]
    await mia.imagine("a fox")
    parts = await exported(mia)
    assert len(parts) > 2
    found = {name: part.read(name) for part in parts for name in part.namelist()}
    pieces = sorted(name for name in found if name.startswith(f"uploads/{digest}"))
    assert [name[-4:] for name in pieces] == [".001", ".002"]
    assert b"".join(found[name] for name in pieces) == large
    assert {f"uploads/{each}.webp" for each in small} < found.keys()
    assert sum(name.startswith("pictures/") for name in found) == 4
    while await asyncio.to_thread(lambda: [*(data(easel) / "exports").iterdir()]):
        await books.rest()


async def test_parts_that_discord_refuses_are_made_smaller(
    easel: Easel, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.handing.UPLOAD_LIMIT", 1_000_000)
    content = os.urandom(700_000)
    digest = await an_upload(easel, mia, content)
    easel.sandbox.faults.fail("POST", r"^/webhooks/", 413, code=40005, times=1)
    parts = await exported(mia)
    found = {name: part.read(name) for part in parts for name in part.namelist()}
    pieces = sorted(name for name in found if digest in name)
    assert len(pieces) > 1
    assert b"".join(found[name] for name in pieces) == content


async def test_what_the_token_cannot_bring_any_more_comes_by_direct_message(
    easel: Easel, mia: Scene
) -> None:
    await mia.imagine("a fox")
    easel.sandbox.faults.fail("POST", r"^/webhooks/", 404, code=10015, times=1)
    await (await mia.slash("privacy export")).ack()
    [message] = await easel.sandbox.wait_for(
        lambda: [each for each in mia.person.messages(mia.dm) if each["attachments"]]
    )
    archive = zipfile.ZipFile(io.BytesIO(messages.file_of(easel.sandbox, message)))
    assert len(archive.namelist()) == 5


async def test_one_export_of_a_person_at_a_time(easel: Easel, mia: Scene, noah: Scene) -> None:
    held = easel.sandbox.faults.hold("POST", r"^/webhooks/")
    first = await mia.slash("privacy export")
    await first.ack()
    await held.arrived
    second = await mia.slash("privacy export")
    await easel.sandbox.wait_for(lambda: "is being made" in messages.text_of(second.original))
    held.release()
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(
        lambda: first.original and "kept of you:" in first.original["content"]
    )
    [archive] = await exported(noah, dm=True)
    assert (archive.namelist(), told(archive)["jobs"]) == (["data.json"], [])


async def test_nothing_is_deleted_without_a_yes(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    await easel.settled()
    question = await asked_to_delete(mia)
    for counted in ("4 pictures", "1 prompt\n", "0 likes", "1 message of mine"):
        assert counted in question["content"]
    await (await mia.click(question, "Keep it")).ack()
    assert "Nothing was deleted." in str(mia.private())
    assert len(pictures(data(easel))) == 4
    assert len(mia.results()) == 1


async def test_everything_goes_but_numbers(easel: Easel, mia: Scene, noah: Scene) -> None:
    folder = data(easel)
    grid = await mia.imagine(f"a {SECRET} in the snow --seed 7")
    single = await mia.press(grid, "U2")
    await (await noah.click(single, "❤️")).ack()
    await (await mia.slash("prefer suffix", new_value=f"--no {SECRET}")).ack()
    await (await mia.slash("imagine", prompt=f"a {{red, blue}} {SECRET}")).ack()
    await (await mia.person.context("DM results", grid["id"])).ack()
    await easel.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 4)
    await (await noah.person.context("DM results", single["id"])).ack()
    await easel.sandbox.wait_for(lambda: len(noah.results(noah.dm)) == 1)
    digest = await an_upload(easel, mia)
    other = await noah.imagine("an owl")
    before = pictures(folder)
    await deleted(mia, folder)
    kept = messages.job_of(other)
    assert pictures(folder) == {name: data for name, data in before.items() if kept in name}
    assert await easel.core.parts.blobs.read(digest) is None
    for place, person in (("imagine", mia), (mia.dm, mia), (noah.dm, noah)):
        assert [each["id"] for each in person.results(place)] == (
            [other["id"]] if place == "imagine" else []
        )
    assert SECRET not in everything(folder)
    assert books.spent(folder) == 2
    for table in ("preferences", "proposals", "profiles", "likes", "letters", "blobs"):
        sql = f"SELECT * FROM {table}"
        mine = [row for row in books.rows(folder, sql) if user(noah) not in tuple(row)]
        assert mine == [], table
    assert "Nothing of yours" in messages.text_of(await history(mia))
    assert (await mia.imagine("a fox"))["content"].startswith("**a fox**")


async def test_what_came_by_direct_message_goes_as_well(easel: Easel, mia: Scene) -> None:
    """A copy, and what was hidden from others."""
    await (await mia.slash("prefer auto_dm")).ack()
    await mia.imagine("a fox")
    await (await mia.slash("imagine", prompt="an owl --stealth")).ack()
    await easel.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 2)
    sent = "SELECT 1 FROM deliveries WHERE message_id <> 0"
    while len(await asyncio.to_thread(books.rows, data(easel), sent)) < 3:
        await books.rest()
    await deleted(mia, data(easel))
    assert mia.results(mia.dm) == mia.results() == []


async def history(person: Scene) -> Message | None:
    press = await person.slash("history")
    await press.ack()
    await person.sandbox.wait_for(lambda: press.replies or press.original)
    return press.original


def everything(folder: Path) -> str:
    """All rows of all tables as text."""
    connection = sqlite3.connect(f"file:{folder / 'easel.sqlite3'}?mode=ro", uri=True)
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'prompts_%'"
    ).fetchall()
    said = [str(connection.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in tables]
    connection.close()
    return "\n".join(said)


async def test_children_of_others_lose_words_and_old_pixels(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    folder = data(easel)
    grid = await mia.imagine(f"a {SECRET} in the deep snow")
    varied = await noah.press(grid, "V1")
    taken = await noah.press(grid, "U3")
    zoomed = await noah.press(taken, "Zoom Out 2×")
    again = await noah.press(varied, "🔄")
    own = await noah.imagine("an owl")
    mias = await mia.press(own, "V2")
    of_owl = await noah.press(mias, "V1")
    before = pictures(folder)
    drawn = {each["id"]: messages.picture(easel.sandbox, each) for each in (varied, again)}
    await deleted(mia, folder)
    left = {each["id"]: each for each in noah.results()}
    assert left.keys() == {each["id"] for each in (varied, again, own, of_owl)}
    for each in (varied, again):
        shown = left[each["id"]]
        assert shown["content"].startswith("**…** - Variations by")
        assert SECRET not in shown["attachments"][0]["filename"]
        recipe = messages.recipe(easel.sandbox, shown)
        assert (recipe["prompt"]["text"], SECRET in str(recipe)) == ("…", False)
        now = messages.picture(easel.sandbox, shown)
        assert messages.same_pixels(drawn[each["id"]], now)
        assert "words of this were deleted" in await noah.refused(await noah.click(shown, "V1"))
    assert left[of_owl["id"]]["content"].startswith("**an owl**")
    gone = {messages.job_of(each) for each in (grid, taken, zoomed, mias)}
    assert pictures(folder) == {
        name: data for name, data in before.items() if name.split("_")[0] not in gone
    }
    assert SECRET not in everything(folder)
    single = await noah.press(left[again["id"]], "U1")
    assert single["content"].startswith("**…** - Image #1")


async def test_offers_to_others_with_their_words_are_withdrawn(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine(f"a {SECRET}")
    offer = await offered(noah, grid, f"a {{red, blue}} {SECRET}")
    await deleted(mia, data(easel))
    assert SECRET not in everything(data(easel))
    await (await noah.click(offer, "Draw")).ack()
    await easel.sandbox.wait_for(lambda: "I keep it for a day" in str(noah.private()))


@pytest.mark.parametrize("words", [f"a {SECRET} in the deep deep snow", f"a {SECRET}"])
async def test_offers_under_what_others_made_are_withdrawn(
    easel: Easel, mia: Scene, noah: Scene, words: str
) -> None:
    """Their words hang under a result that is somebody else's own."""
    grid = await mia.imagine(words)
    varied = await noah.press(grid, "V1")
    offer = await offered(noah, varied, f"{words}, {{red, blue}}")
    await deleted(mia, data(easel))
    assert SECRET not in everything(data(easel))
    await (await noah.click(offer, "Draw")).ack()
    await easel.sandbox.wait_for(lambda: "I keep it for a day" in str(noah.private()))
    assert books.states(data(easel)) == ["succeeded"] * 2


async def offered(person: Scene, result: Message, prompt: str) -> Message:
    """What somebody is asked who wants more than one grid under a result."""
    await (await person.slash("prefer remix")).ack()
    form = await person.click(result, "V2")
    await form.ack()
    submit = await person.person.submit(form, {"prompt": prompt})
    await submit.ack()
    [offer] = await person.sandbox.wait_for(
        lambda: [each for each in submit.replies if "Draw" in messages.buttons(each)]
    )
    return offer


async def test_an_upload_that_others_brought_too_stays(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    digest = await an_upload(easel, mia)
    assert await an_upload(easel, noah) == digest
    alone = await an_upload(easel, mia, b"Mia's alone")
    await deleted(mia, data(easel))
    assert await easel.core.parts.blobs.read(digest) == b"what Mia sent"
    assert await easel.core.parts.blobs.read(alone) is None


async def test_what_waits_or_is_drawn_ends_free_of_charge(
    easel: Easel, mia: Scene, noah: Scene, gate: Gate
) -> None:
    folder = data(easel)
    grid = await mia.imagine("a fox")
    for prompt in ("a slow fox", "a slow owl"):
        await (await mia.slash("imagine", prompt=prompt)).ack()
    await (await noah.click(grid, "V1")).ack()
    await mia.until_drawing()
    await deleted(mia, folder)
    assert books.states(folder) == ["succeeded", *["cancelled"] * 3]
    assert (books.spent(folder), books.open_holds(folder)) == (1, 0)
    gate.open()
    await easel.sandbox.wait_for(lambda: not mia.results())
    [stopped] = noah.notices()
    assert stopped["content"].startswith("**…** - Variations by")


async def test_deleting_resets_no_limit(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> None:
    """Neither the allowance, nor the operator's cap, nor what admins set for a member."""
    mia, ada = Scene(sandbox, "Mia"), Scene(sandbox, "Ada")
    settings = settings_for(sandbox, tmp_path, credits=2, credits_max=3)
    async with running(sandbox, settings, quick):
        granted = await ada.slash(
            "quota grant", user=mia.person, amount=5, reason=f"for the {SECRET}"
        )
        await granted.ack()
        for prompt in ("a fox", "an owl", "a cat"):
            await mia.imagine(prompt)
        await deleted(mia, tmp_path)
        assert "Credits exhausted" in await mia.refused(await mia.slash("imagine", prompt="a fox"))
        assert "of today's 2" in messages.text_of(await info(mia))
        assert SECRET not in everything(tmp_path)
        log = await ada.slash("quota log")
        await log.ack()
        assert "+5 lasting" in messages.text_of(log.original)
    assert books.spent(tmp_path) == 3
    [lasting] = books.rows(tmp_path, "SELECT balance FROM buckets WHERE kind = 'lasting'")
    assert lasting["balance"] == 4


async def info(person: Scene) -> Message | None:
    press = await person.slash("info")
    await press.ack()
    return press.original


@pytest.fixture
async def half(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, monkeypatch: pytest.MonkeyPatch
) -> Message:
    """Mia's grid, in the middle of whose deletion the bot ended."""
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        grid = await mia.imagine(f"a {SECRET}")
        await mia.imagine(f"another {SECRET}")
        await noah.press(grid, "V1")
        erasures, held = easel.core.parts.erasures, asyncio.Event()

        async def never(*_: Any, **__: Any) -> None:
            held.set()
            await asyncio.Event().wait()

        monkeypatch.setattr("bot.service.erasing.AT_ONCE", 1)
        blank = erasures.blank

        async def once(jobs: Any, **how: Any) -> None:
            await blank(jobs, **how)
            erasures.blank = never  # type: ignore[method-assign]

        monkeypatch.setattr(erasures, "blank", once)
        await agreed(mia)
        await held.wait()
    return grid


async def test_a_deletion_is_finished_after_a_crash(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, half: Message
) -> None:
    """Half of it is done: files are gone whose rows are not."""
    assert SECRET in everything(tmp_path)
    noah = Scene(sandbox, "Noah")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await until_done(tmp_path)
        assert SECRET not in everything(tmp_path)
        assert len(pictures(tmp_path)) == 4
        [varied] = noah.results()
        assert varied["content"].startswith("**…** - Variations by")
    assert books.spent(tmp_path) == 3


async def test_messages_go_once_discord_is_back(easel: Easel, mia: Scene) -> None:
    await mia.imagine("a fox")
    easel.sandbox.faults.fail("DELETE", r"^/channels/", 403, times=20)
    await agreed(mia)
    tried = "SELECT 1 FROM removals WHERE tries > 1"
    while not await asyncio.to_thread(books.rows, data(easel), tried):
        await books.rest()
    assert len(mia.results()) == 1
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(lambda: not mia.results())


async def test_a_message_that_is_gone_or_out_of_reach_is_no_trouble(
    easel: Easel, mia: Scene
) -> None:
    grid, other = await mia.imagine("a fox"), await mia.imagine("an owl", channel="lobby")
    await mia.person.react(grid, "❌")
    await easel.sandbox.wait_for(lambda: mia.person.message(grid) is None)
    easel.sandbox.world.deny_bot("lobby", "VIEW_CHANNEL")
    await deleted(mia, data(easel))
    assert mia.person.message(other) is not None


async def test_what_is_posted_meanwhile_is_taken_back(easel: Easel, mia: Scene) -> None:
    held = easel.sandbox.faults.hold("POST", r"^/channels/\d+/messages$", after_effect=True)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await agreed(mia)
    while await asyncio.to_thread(books.rows, data(easel), "SELECT 1 FROM erasures"):
        await books.rest()
    assert len(mia.results()) == 1
    held.release()
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(lambda: not mia.results())


async def test_a_picture_that_cannot_be_read_holds_up_no_other_message(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    """Its message loses its words with its picture, at last."""
    folder = data(easel)
    grid = await mia.imagine(f"a {SECRET} in the deep deep snow")
    varied = await noah.press(grid, "V1")
    await easel.settled()
    place = easel.core.parts.files.folder(messages.job_of(varied))
    for picture in place.glob("[0-9]*.webp"):
        picture.unlink()
        picture.mkdir()
    await deleted(mia, folder)
    assert mia.person.message(grid) is None
    shown = noah.person.message(varied)
    assert shown is not None
    assert SECRET not in str(shown)
    assert shown["attachments"] == []


async def test_a_copy_that_loses_its_words_keeps_its_way_to_the_result(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine(f"a {SECRET} in the deep deep snow")
    await (await noah.slash("prefer auto_dm")).ack()
    await noah.press(grid, "V1")
    [copy] = await easel.sandbox.wait_for(lambda: noah.results(noah.dm))
    await easel.settled()
    await deleted(mia, data(easel))
    [now] = noah.results(noah.dm)
    assert SECRET in str(copy)
    assert SECRET not in str(now)
    assert messages.buttons(now).keys() == messages.buttons(copy).keys()
