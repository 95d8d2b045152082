"""The whole road: /imagine → waiting → progress → grid → buttons."""

from __future__ import annotations

from tests.e2e.conftest import Easel


def posted(person, channel="imagine"):
    """Results: messages of the bot with a picture and buttons, progress messages excluded."""
    return [
        message
        for message in person.messages(channel)
        if message["attachments"]
        and any("easel_" in file["filename"] for file in message["attachments"])
    ]


async def test_a_grid_comes_back(easel: Easel) -> None:
    mia = easel.sandbox.person("Mia")
    press = await mia.slash("imagine", prompt="an astronaut in the desert --ar 3:2")
    await press.ack()
    [grid] = await easel.sandbox.wait_for(lambda: posted(mia))
    assert grid["content"].startswith("**an astronaut in the desert")
    labels = [
        button.get("label") or button["emoji"]["name"]
        for row in grid["components"]
        for button in row["components"]
    ]
    assert labels == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
    await easel.sandbox.wait_for(lambda: len(mia.messages("imagine")) == 1)
