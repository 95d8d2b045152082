"""/compare: two results side by side, with exactly what differs in their recipes."""

from __future__ import annotations

import io

from PIL import Image

from tests.e2e.test_history import close
from tests.e2e.test_more import opened
from tests.kit import messages
from tests.kit.easel import Easel
from tests.kit.messages import Message
from tests.kit.scene import Scene

SIDE, GAP = 448, 16


async def compared(person: Scene, first: str, second: str, **where: object) -> Message:
    asked = await person.slash("compare", first=first, second=second, **where)
    await asked.ack()
    [said] = await person.sandbox.wait_for(lambda: [e for e in asked.replies if e["attachments"]])
    assert said["flags"] & messages.EPHEMERAL
    return said


def differing(said: Message) -> dict[str, str]:
    """What each of the two has, by name."""
    return {field["name"]: field["value"] for field in said["embeds"][0].get("fields", [])}


async def refused(person: Scene, first: str, second: str) -> str:
    """What is said instead."""
    asked = await person.slash("compare", first=first, second=second)
    await asked.ack()
    [said] = await person.sandbox.wait_for(lambda: [e for e in asked.replies if e["embeds"]])
    assert said["flags"] & messages.EPHEMERAL
    assert not said["attachments"]
    return messages.text_of(said)


def link(message: Message) -> str:
    return f"https://discord.com/channels/1/{message['channel_id']}/{message['id']}"


async def test_exactly_what_differs_is_named_and_both_are_shown(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    one = await mia.imagine("a fox --seed 7 --ar 3:2")
    other = await noah.imagine("a fox --seed 8 --ar 3:2 --stop 50 --no hats")
    await easel.settled()
    said = await compared(mia, messages.job_of(one), link(other))
    assert differing(said) == {
        "Left out": "**1** —\n**2** hats",
        "Seed": "**1** 7\n**2** 8",
        "Stop": "**1** —\n**2** 50%",
    }
    text = said["embeds"][0]["description"]
    assert f"**1** **a fox --ar 3\\:2 --seed 7** · {mia.mention} · [message](" in text
    assert f"**2** **a fox --ar 3\\:2 --seed 8 --no hats --stop 50** · {noah.mention} · " in text
    shown = Image.open(io.BytesIO(messages.file_of(easel.sandbox, said))).convert("RGB")
    for number, posted in enumerate((one, other)):
        whole = messages.picture(easel.sandbox, posted)
        small = whole.resize((min(SIDE, whole.width), whole.height * SIDE // whole.width))
        if whole.width < SIDE:
            small = whole
        left = GAP + number * (SIDE + GAP) + (SIDE - small.width) // 2
        top = GAP + (SIDE - small.height) // 2
        assert close(shown.crop((left, top, left + small.width, top + small.height)), small)
    alt = said["attachments"][0]["description"]
    assert "what differs: left out, seed, stop" in alt
    same = await compared(noah, messages.job_of(one), one["id"])
    assert differing(same) == {}
    assert "Nothing differs" in messages.text_of(same)
    # A picture and what was drawn from it.
    single = await mia.press(one, "U2")
    varied = await mia.press(one, "V2")
    await easel.settled()
    names = set(differing(await compared(mia, link(single), link(varied))))
    assert {"Pictures", "Seed", "Drawn from", "Leaves it by"} <= names
    assert "Prompt" not in names


async def test_nobody_compares_what_they_may_not_see(
    easel: Easel, mia: Scene, noah: Scene
) -> None:  # fmt: skip
    public = await mia.imagine("a fox")
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt="a hare --stealth")).ack()
    hidden = await mia.new_result(known, mia.dm)
    job = messages.job_of(hidden)
    for first, second in ((job, public["id"]), (public["id"], job), (public["id"], hidden["id"])):
        text = await refused(noah, first, second)
        assert "not here" in text or "leads to no result of mine" in text
        assert "hare" not in text
    assert "Prompt" in differing(await compared(mia, job, public["id"]))
    easel.sandbox.world.deny("lobby", "Noah", "VIEW_CHANNEL")
    elsewhere = await mia.imagine("an owl", channel="lobby")
    assert "not here" in await refused(noah, messages.job_of(elsewhere), public["id"])
    for typed in ("fox", "https://example.org/1", "0" * 31):
        assert "32 letters" in await refused(noah, typed, public["id"])
    assert "leads to no result of mine" in await refused(noah, "1" * 19, public["id"])


async def test_ones_own_are_offered_by_their_words_and_spoilers_stay_covered(
    easel: Easel, mia: Scene
) -> None:
    fox = await mia.imagine("a red fox")
    owl = await mia.imagine("an owl")
    offered = await mia.person.autocomplete("compare", focused="first", first="fo", second="x")
    job = messages.job_of(fox)
    assert offered == [{"name": f"a red fox · {job[-6:]}", "value": job}]
    both = await mia.person.autocomplete("compare", focused="second", first="x", second="")
    assert [each["value"] for each in both] == [messages.job_of(owl), job]
    menu = await opened(mia, fox)
    await (await mia.click(menu, "Spoiler")).ack()
    await mia.sandbox.wait_for(
        lambda: "Show it" in messages.buttons(mia.person.message(menu) or {"components": []})
    )
    said = await compared(mia, job, messages.job_of(owl))
    assert said["attachments"][0]["filename"].startswith("SPOILER_")
