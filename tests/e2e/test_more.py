"""⋯ under results: what their owners can do with them, and nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from bot.chat.buttons import COVER, DELETE, MAKING, MORE, PNG, RECIPE, UNCOVER
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import PATIENCE_S, Scene


async def opened(person: Scene, result: Message) -> Message:
    """The menu that ⋯ brings."""
    press = await person.click(result, "⋯")
    await press.ack()
    [menu] = await person.sandbox.wait_for(lambda: [e for e in press.replies if e["embeds"]])
    assert menu["flags"] & messages.EPHEMERAL
    return menu


async def pressed(person: Scene, menu: Message, button: str) -> Message:
    """What a button of the menu brings beside it."""
    press = await person.click(menu, button)
    await press.ack()
    said = await person.sandbox.wait_for(
        lambda: [each for each in press.replies if each["id"] != menu["id"]]
    )
    return said[0]


async def changed(person: Scene, message: Message, button: str, *, of: Message) -> Message:
    """What a message is after a button of another was pressed."""
    await (await person.click(of, button)).ack()
    before = [file["id"] for file in message["attachments"]]

    def now() -> Message | None:
        shown = person.person.message(message)
        return shown if shown and [f["id"] for f in shown["attachments"]] != before else None

    found = await person.sandbox.wait_for(now)
    assert found is not None
    return found


def folder_of(easel: Easel, job: str):
    return easel.settings.files_dir / "images" / job[:2] / job[2:4] / job


async def test_the_menu_says_what_a_picture_was_made_of(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a *red* fox::2 snow --seed 7 --ar 3:2 --no hats")
    menu = await opened(mia, grid)
    said = messages.text_of(menu)
    job = messages.job_of(grid)
    request = (await easel.core.service.drawing.job(job)).request  # type: ignore[union-attr]
    for words in ("a \\*red\\* fox", "Easel embedded", str(request.size), "hats", "simulated"):
        assert words in said, words
    for number, seed in enumerate(request.seeds, 1):
        assert f"**{number}** {seed}" in said
    assert menu["embeds"][0]["footer"]["text"] == f"job {job}"
    assert list(messages.buttons(menu)) == [
        "Spoiler", "Recipe", "PNG", "How it came to be", "Delete",
    ]  # fmt: skip
    single = await mia.press(grid, "U2")
    alone = messages.text_of(await opened(mia, single))
    assert str(request.seed_of(1)) in alone
    assert "Seeds of the pictures" not in alone


async def test_nobody_else_gets_anything_of_it(easel: Easel, mia: Scene, noah: Scene) -> None:
    grid = await mia.imagine("a fox")
    job = messages.job_of(grid)
    stored = easel.sandbox.world.messages[grid["channel_id"]][grid["id"]]
    for code in (MORE, COVER, UNCOVER, RECIPE, PNG, MAKING, DELETE):
        stored.components[-1]["components"][-1]["custom_id"] = f"easel:{code}:{job}:0"
        for person in (noah, Scene(easel.sandbox, "Ada")):  # who moderates
            said = await person.refused(await person.click(grid, "⋯"))
            assert said.strip() == (
                "Not allowed\nThis menu is for whoever asked for the picture; yours stand under"
                " your own."
            )
    now = mia.person.message(grid)
    assert now is not None
    assert now["attachments"][0]["id"] == grid["attachments"][0]["id"]
    assert folder_of(easel, job).is_dir()


async def test_a_spoiler_is_one_wherever_it_is_shown_until_its_owner_shows_it(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine("a fox")
    before, menu = messages.picture(sandbox, grid), await opened(mia, grid)
    hidden = await changed(mia, grid, "Spoiler", of=menu)
    [file] = hidden["attachments"]
    assert file["filename"].startswith("SPOILER_easel_")
    assert messages.same_pixels(messages.picture(sandbox, hidden), before)
    assert hidden["content"] == grid["content"]
    assert list(messages.buttons(hidden)) == list(messages.buttons(grid))
    menu = await mia.sandbox.wait_for(
        lambda: (now := mia.person.message(menu)) and "Show it" in messages.buttons(now) and now
    )
    single = await mia.press(hidden, "U1")  # of a spoiler is one
    assert single["attachments"][0]["filename"].startswith("SPOILER_")
    for button in ("Upscale (Subtle)", "Zoom Out 2×"):
        drawn = await mia.press(single, button)
        assert drawn["attachments"][0]["filename"].startswith("SPOILER_")
    shown = await noah.slash("show", job=messages.job_of(grid))
    await shown.ack()
    [brought] = await sandbox.wait_for(lambda: list(filter(messages.is_result, shown.replies)))
    assert brought["attachments"][0]["filename"].startswith("SPOILER_")
    await noah.refused(await noah.person.context("DM results", hidden["id"]))
    for sent in await sandbox.wait_for(lambda: noah.results(noah.dm)):
        assert sent["attachments"][0]["filename"].startswith("SPOILER_")
    [row, *_] = books.rows(easel.settings.data_dir, "SELECT spoiler FROM results ORDER BY number")
    assert row["spoiler"] == 1
    plain = await changed(mia, hidden, "Show it", of=menu)
    assert plain["attachments"][0]["filename"].startswith("easel_")
    await sandbox.wait_for(
        lambda: "Spoiler" in messages.buttons(mia.person.message(menu) or {"components": []})
    )
    [row, *others] = books.rows(
        easel.settings.data_dir, "SELECT spoiler FROM results ORDER BY number"
    )
    assert [each["spoiler"] for each in (row, *others)] == [0, 1, 1, 1]


async def test_a_spoiler_whose_message_is_gone_is_one_when_it_comes_again(
    easel: Easel, mia: Scene
) -> None:
    grid = await mia.imagine("a fox")
    menu = await opened(mia, grid)
    await Scene(easel.sandbox, "Ada").person.delete(grid)
    await (await mia.click(menu, "Spoiler")).ack()
    await mia.sandbox.wait_for(
        lambda: "Show it" in messages.buttons(mia.person.message(menu) or {"components": []})
    )
    shown = await mia.slash("show", job=messages.job_of(grid))
    await shown.ack()
    [brought] = await mia.sandbox.wait_for(lambda: list(filter(messages.is_result, shown.replies)))
    assert brought["attachments"][0]["filename"].startswith("SPOILER_")


TABLES = ("images", "results", "prompts", "likes", "job_inputs")


async def test_what_is_deleted_leaves_nothing_but_the_books(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    data = easel.settings.data_dir
    grid = await mia.imagine("an unmistakable fox")
    single = await noah.press(grid, "U3")
    await (await noah.click(single, "❤️")).ack()
    job = messages.job_of(grid)
    page = await mia.slash("history")
    await page.ack()
    [history] = await mia.sandbox.wait_for(lambda: [e for e in page.replies if e["components"]])
    assert easel.core.parts.files.previews._path(job).is_file()
    said = await opened(mia, grid)
    await (await mia.click(said, "Delete")).ack()
    await mia.sandbox.wait_for(lambda: mia.person.message(grid) is None)
    after = await mia.sandbox.wait_for(
        lambda: (now := mia.person.message(said)) and "Deleted" in now["content"] and now
    )
    assert (after["embeds"], after["components"]) == ([], [])
    assert not folder_of(easel, job).exists()
    assert not easel.core.parts.files.previews._path(job).exists()
    for table in TABLES:
        column = "rowid" if table == "prompts" else "job_id"
        wanted = "(SELECT number FROM results WHERE job_id = ?)" if table == "prompts" else "?"
        assert not books.rows(data, f"SELECT 1 FROM {table} WHERE {column} = {wanted}", job), table
    [row] = books.rows(data, "SELECT * FROM jobs WHERE id = ?", job)
    assert "unmistakable" not in str(tuple(row))
    assert books.spent(data) == 1
    # What somebody else took out of it is theirs.
    shown = noah.person.message(single)
    assert shown is not None
    assert folder_of(easel, messages.job_of(single)).is_dir()
    for asked in (await mia.slash("show", job=job), await mia.click(history, "1")):
        await asked.ack()
        refused = await mia.sandbox.wait_for(
            lambda asked=asked: [e for e in asked.replies if e["id"] != history["id"]]
        )
        assert "not here" in messages.text_of(refused[0])


async def test_all_copies_go_and_a_hidden_one_too(easel: Easel, mia: Scene) -> None:
    await (await mia.slash("prefer auto_dm")).ack()
    grid = await mia.imagine("a fox")
    [copy] = await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    await easel.settled()
    await (await mia.click(await opened(mia, grid), "Delete")).ack()
    await mia.sandbox.wait_for(lambda: not mia.results(mia.dm) and not mia.results())
    assert mia.person.message(copy) is None
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    [hidden] = await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    menu = await opened(mia, hidden)
    covered = await changed(mia, hidden, "Spoiler", of=menu)
    assert covered["attachments"][0]["filename"].startswith("SPOILER_")
    await (await mia.click(menu, "Delete")).ack()
    await mia.sandbox.wait_for(lambda: not mia.results(mia.dm))


async def test_a_spoiler_that_was_asked_for_while_the_picture_was_on_its_way(
    easel: Easel, mia: Scene
) -> None:
    held = easel.sandbox.faults.hold("POST", rf"^/channels/{mia.dm}/messages$", after_effect=True)
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    await asyncio.wait_for(held.arrived, PATIENCE_S)
    [hidden] = mia.results(mia.dm)
    menu = await opened(mia, hidden)
    await (await mia.click(menu, "Spoiler")).ack()
    await easel.sandbox.wait_for(
        lambda: "Show it" in messages.buttons(mia.person.message(menu) or menu)
    )
    held.release()
    easel.sandbox.faults.clear()

    def covered() -> bool:
        [shown] = mia.results(mia.dm)
        return shown["attachments"][0]["filename"].startswith("SPOILER_")

    await easel.sandbox.wait_for(covered)


async def test_a_picture_is_taken_out_anew_when_it_was_deleted(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    single = await mia.press(grid, "U1")
    await (await mia.click(await opened(mia, single), "Delete")).ack()
    await mia.sandbox.wait_for(lambda: mia.person.message(single) is None)
    again = await mia.press(grid, "U1")
    assert messages.job_of(again) != messages.job_of(single)
    assert messages.same_pixels(
        messages.picture(easel.sandbox, again),
        messages.picture(easel.sandbox, grid).crop((0, 0, 128, 128)),
    )
    varied = await mia.press(grid, "V1")
    await (await mia.click(await opened(mia, grid), "Delete")).ack()
    await mia.sandbox.wait_for(lambda: mia.person.message(grid) is None)
    # Its own children can still be looked at, and drawn anew without it.
    assert "Seed" in messages.text_of(await opened(mia, varied))
    assert "Variations" not in (await mia.press(varied, "🔄"))["content"]


async def test_a_button_of_what_was_deleted_says_so(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    shown = await mia.slash("show", job=messages.job_of(grid))
    await shown.ack()
    [kept] = await mia.sandbox.wait_for(lambda: list(filter(messages.is_result, shown.replies)))
    menu = await opened(mia, grid)
    await (await mia.click(menu, "Delete")).ack()
    await mia.sandbox.wait_for(lambda: mia.person.message(grid) is None)
    for button in ("U1", "V2", "🔄"):
        said = await mia.refused(await mia.click(kept, button))
        assert "Who asked for this deleted it" in said
    assert "no pictures of this" in await mia.refused(await mia.click(kept, "⋯"))


async def recipe_of(person: Scene, result: Message) -> tuple[bytes, str]:
    """The file that the menu gives, and what is said with it."""
    said = await pressed(person, await opened(person, result), "Recipe")
    [file] = said["attachments"]
    assert file["filename"] == f"recipe_{messages.job_of(result)}.json"
    assert said["flags"] & messages.EPHEMERAL
    return messages.file_of(person.sandbox, said), said["content"]


async def sent(person: Scene, data: bytes, prompt: str = "same", name: str = "a.json") -> Any:
    file = await person.person.upload(name, data)
    return await person.slash("imagine", prompt=prompt, recipe=file)


def edited(data: bytes, **values: Any) -> bytes:
    """A recipe that somebody changed who knows how its sum is made."""
    said = {**json.loads(data), **values}
    del said["check"]
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return json.dumps({**said, "check": hashlib.sha256(plain.encode()).hexdigest()}).encode()


async def test_what_is_no_recipe_is_refused_in_a_sentence_and_costs_nothing(
    easel: Easel, mia: Scene
) -> None:
    data, _ = await recipe_of(mia, await mia.imagine("a fox --q 0.5"))
    told = json.loads(data)

    def request(**values: Any) -> bytes:
        return edited(data, request={**told["request"], **values})

    other = {**told["model"], "name": "Dreamer", "fingerprint": "0" * 16}
    for wrong, said in (
        (b"\x89PNG\r\n\x1a\n", "is no recipe of Easel's"),
        (b"{" + b" " * (300 << 10) + b"}", "a recipe at most 256"),
        (data.replace(b'"steps": ', b'"steps": 1'), "changed since it was written"),
        (edited(data, version=2, easel="9.1"), "written by a newer Easel ('9.1')"),
        (request(kind="extract", action="upscale"), "what is drawn makes no sense"),
        (request(size=[4096, 4096]), "does not draw pictures of 4096×4096"),
        (request(size=[130, 128]), "does not draw pictures of 130×128"),
        (
            edited(request(model="dreamer"), model=other),
            "This recipe is for the model `Dreamer`, which is not here.",
        ),
    ):
        text = await mia.refused(await sent(mia, wrong))
        assert said in text, text
        assert "Invalid recipe" in text or "Not found" in text
    file = await mia.person.upload("a.json", data)
    offered = await mia.person.autocomplete("imagine", focused="prompt", prompt="s", recipe=file)
    assert offered == [{"name": "same", "value": "same"}]
    assert "type `same`" in await mia.refused(await sent(mia, data, prompt="a green apple"))
    assert len(mia.results()) == 1
    assert books.spent(easel.settings.data_dir) == 1
    assert books.open_holds(easel.settings.data_dir) == 0


async def delete(person: Scene, result: Message) -> None:
    """Returns when it is said that it is deleted."""
    menu = await opened(person, result)
    await (await person.click(menu, "Delete")).ack()
    await person.sandbox.wait_for(
        lambda: (now := person.person.message(menu)) and "Deleted" in now["content"]
    )


async def until_removed(easel: Easel) -> None:
    """Returns when nothing is to be shown, and no message is to go, any more."""
    await easel.settled()
    while await asyncio.to_thread(books.rows, easel.settings.data_dir, "SELECT 1 FROM removals"):
        await books.rest()


async def deleted_under_way(
    easel: Easel, owner: Scene, reader: Scene, sent: Callable[[], Awaitable[Message]]
) -> None:
    """A result is deleted while a message with it arrives with somebody, which goes again then.
    `sent` returns the result once the message is on its way."""

    def shown() -> bool:
        return "zebra" in str(reader.person.messages(reader.dm))

    post = rf"^/channels/{reader.dm}/messages$"
    held = easel.sandbox.faults.hold("POST", post, after_effect=True)
    grid = await sent()
    await asyncio.wait_for(held.arrived, PATIENCE_S)
    await delete(owner, grid)
    assert shown()
    held.release()
    easel.sandbox.faults.clear()
    await easel.sandbox.wait_for(lambda: not shown())
    await until_removed(easel)


async def test_a_copy_that_arrives_after_its_result_was_deleted_goes_again(
    easel: Easel, mia: Scene
) -> None:
    await (await mia.slash("prefer auto_dm")).ack()
    await mia.imagine("an owl")
    await easel.sandbox.wait_for(lambda: mia.results(mia.dm))
    await easel.settled()
    await deleted_under_way(easel, mia, mia, lambda: mia.imagine("a zebra"))
    assert len(mia.results(mia.dm)) == 1


async def test_a_letter_that_arrives_after_its_result_was_deleted_goes_again(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    grid = await mia.imagine("a zebra")

    async def sent() -> Message:
        await (await noah.person.context("DM results", grid["id"])).ack()
        return grid

    await deleted_under_way(easel, mia, noah, sent)
    assert books.rows(easel.settings.data_dir, "SELECT * FROM letters") == []
