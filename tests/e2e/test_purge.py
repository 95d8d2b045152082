"""`/moderation purge`, as admins and everybody else see it."""

from __future__ import annotations

from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene


async def asked(ada: Scene, **given: object) -> Message:
    press = await ada.slash("moderation purge", **given)
    await ada.refused(press)
    return press.replies[-1]


async def test_a_yes_deletes_and_a_no_does_not(easel: Easel, mia: Scene, noah: Scene) -> None:
    ada = Scene(easel.sandbox, "Ada")
    grid, owl = await mia.imagine("a fox"), await noah.imagine("an owl")
    await mia.press(grid, "U1")
    question = await asked(ada, user=mia.id)
    assert question["flags"] & messages.EPHEMERAL
    assert f"Delete **5 pictures** by <@{mia.id}>" in messages.text_of(question)
    await (await ada.click(question, "Keep")).ack()
    await easel.sandbox.wait_for(lambda: "Nothing was deleted" in str(ada.private()))
    assert len(mia.results()) == 3
    question = await asked(ada, user=mia.id, days=7)
    assert "of the last 7 days" in messages.text_of(question)
    await (await ada.click(question, "Delete")).ack()
    await easel.sandbox.wait_for(lambda: "Deleted: 5 pictures" in str(ada.private()))
    await easel.sandbox.wait_for(lambda: [e["id"] for e in mia.results()] == [owl["id"]])
    told = await ada.refused(await ada.slash("moderation purge", user=mia.id))
    assert "no pictures of this member" in told
    log = await ada.refused(await ada.slash("quota log"))
    assert f"<@{mia.id}>: deleted 5 pictures of 7 days" in log
    sql = "SELECT COUNT(*) FROM images WHERE evicted_at IS NULL"
    assert books.rows(easel.settings.data_dir, sql)[0][0] == 4
