"""Nothing that an admin is shown gives away what is its owner's alone: no words, no whole ids."""

from __future__ import annotations

import csv
import io
import sqlite3

from bot.sandbox import Refused
from bot.storage.statements import COLUMNS, exported
from tests.e2e.test_chronicle import chosen, settled
from tests.e2e.test_panel import Panel
from tests.e2e.test_show_job import brought
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.scene import Scene

SECRET = "quixote"
ASKED: dict[str, dict[str, object]] = {
    "quota log": {}, "quota usage": {}, "quota show": {}, "quota pool": {"amount": 5},
    "admin jobs": {}, "reports": {}, "moderation show": {}, "gift list": {}, "plan list": {},
    "statement": {}, "safety show": {}, "operator servers": {}, "history": {"search": SECRET},
    "gallery": {"search": SECRET},
}  # fmt: skip
PAGES = {
    "jobs": "## Jobs", "log": "## Log", "words": "## Words", "plans": "## Plans",
    "models": "## Models", "places": "## Channels", "overview": "jobs ended",
}  # fmt: skip


def seen(person: Scene) -> str:
    """All that somebody sees anywhere, with what stands behind buttons, and files."""
    found = []
    for channel in list(person.sandbox.world.channels.values()):
        try:
            shown = person.person.messages(channel.id)
        except Refused:
            continue
        for each in shown:
            files = [person.sandbox.files[file["id"]] for file in each["attachments"]]
            found += [str(each), *(data.decode("latin-1") for data in files)]
    return "\n".join(found)


async def hidden_ones(easel: Easel, mia: Scene) -> list[str]:
    """Ids of one that is drawn, one taken out of it, and one that is being drawn."""
    await (await mia.slash("imagine", prompt=f"a {SECRET} --stealth")).ack()
    grid = await mia.new_result(set(), mia.dm)
    await mia.press(grid, "U1")
    await (await mia.slash("imagine", prompt=f"a slow {SECRET} --stealth")).ack()
    await easel.sandbox.wait_for(lambda: "(33%)" in str(mia.private()))
    sql = "SELECT id FROM jobs WHERE json_extract(request, '$.extra.stealth') ORDER BY rowid"
    return [row["id"] for row in books.rows(easel.settings.data_dir, sql)]


async def test_an_admin_is_shown_neither_words_nor_ids_of_what_is_hidden(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    ada, data = Scene(easel.sandbox, "Ada"), easel.settings.data_dir
    easel.sandbox.world.add_channel("changes")
    await chosen(ada)
    public = messages.job_of(await mia.imagine("an owl"))
    hidden = await hidden_ones(easel, mia)
    assert len(hidden) == 3
    for command, given in ASKED.items():
        asked = await ada.slash(command, **given)
        await asked.ack()
    for command in ("quota explain", "moderation purge"):
        await ada.refused(await ada.slash(command, user=mia.id))
    panel = await Panel.open(ada)
    for page, words in PAGES.items():
        await panel.go(page, words)
    asked = await ada.slash("quota export")
    [answer] = await easel.sandbox.wait_for(
        lambda: [each for each in asked.replies if each["attachments"]]
    )
    question = next(each for each in ada.private() if "Keep" in messages.buttons(each))
    await (await ada.click(question, "Delete")).ack()
    await easel.sandbox.wait_for(lambda: "Deleted: " in str(ada.private()))
    await settled(easel)
    shown = seen(ada)
    assert SECRET not in shown
    assert [job for job in hidden if job in shown] == []
    assert "*stealth*" in shown
    assert "deleted 8 pictures" in shown
    _matches(messages.file_of(easel.sandbox, answer), hidden, public, data / "easel.sqlite3")


def _matches(data: bytes, hidden: list[str], public: str, path: object) -> None:
    """Each entry of an export is found in the operator's by its number, and a public result by the
    id of its job."""
    rows = {row["entry"]: row for row in csv.DictReader(io.StringIO(data.decode()))}
    with sqlite3.connect(str(path)) as connection:
        whole = [dict(zip(COLUMNS, row, strict=True)) for row in exported(connection)]
    connection.close()
    jobs = {row["job"] for row in rows.values() if row["job"]}
    drawn = {hidden[0], hidden[2], public}  # what was taken out of a grid cost nothing
    assert jobs == {public, *(job[-8:] for job in drawn - {public})}
    assert {row["job"] for row in whole if row["job"]} == drawn
    for each in whole:
        said = rows.get(str(each["entry"]))
        if said is not None:
            assert str(each["job"] or "").endswith(said["job"])
            assert int(said["amount"]) == each["amount"]


async def test_the_id_of_an_export_brings_a_public_result(
    easel: Easel, mia: Scene
) -> None:  # fmt: skip
    ada = Scene(easel.sandbox, "Ada")
    grid = await mia.imagine("an owl")
    asked = await ada.slash("quota export")
    [answer] = await easel.sandbox.wait_for(
        lambda: [each for each in asked.replies if each["attachments"]]
    )
    text = messages.file_of(easel.sandbox, answer).decode()
    [job] = {row["job"] for row in csv.DictReader(io.StringIO(text)) if row["job"]}
    found = await brought(ada, job)
    assert messages.job_of(found) == messages.job_of(grid)
