"""Plans, prices, gifts and the pool, as the people of a server meet them."""

from __future__ import annotations

import re

import pytest

from bot.sandbox import Invocation, Refused
from tests.kit import books, messages
from tests.kit.easel import Easel
from tests.kit.scene import Scene


@pytest.fixture
def ada(easel: Easel) -> Scene:
    return Scene(easel.sandbox, "Ada")


async def said(person: Scene, command: str, **options: object) -> str:
    """The private answer to a command."""
    return messages.text_of(await answered(person, await person.slash(command, **options)))


async def answered(person: Scene, asked: Invocation) -> messages.Message:
    await asked.ack()
    [answer, *_] = await person.sandbox.wait_for(
        lambda: [each for each in asked.replies if messages.text_of(each)]
    )
    assert answer["flags"] & messages.EPHEMERAL
    return answer


async def refusal(person: Scene, prompt: str) -> str:
    return await person.refused(await person.slash("imagine", prompt=prompt))


async def test_plans_are_made_given_and_taken_back(easel: Easel, ada: Scene, mia: Scene) -> None:
    patron = easel.sandbox.world.find_role("Patron").id
    assert "There are none so far" in await said(ada, "plan list")
    made = await said(
        ada, "plan set", name="Free", credits=2, running=1, batch=2, speeds="fast and relaxed"
    )
    assert "2 grids a day, 1 at once, 2 grids by one command, fast and relaxed" in made
    assert "everybody: the plan Free" in await said(ada, "plan give", name="free")
    await said(ada, "plan set", name="Rich", credits=900, period="month", rollover=True)
    assert f"<@&{patron}>: the plan Rich" in await said(ada, "plan give", name="Rich", role=patron)
    listed = await said(ada, "plan list")
    assert f"**Rich** — <@&{patron}>" in listed
    assert "900 grids a month, carried over once" in listed
    assert "`--fast` and `--relax`, and this is `--turbo`" in await refusal(mia, "a fox --turbo")
    assert "2 grids by one command at most" in await refusal(mia, "a fox --repeat 3")
    await mia.imagine("a fox")
    why = await said(ada, "quota explain", user=mia.id)
    assert "1 of 2 a day from the plan Free of everybody here" in why
    assert "No turbo: the plan Free of everybody here allows fast and relaxed." in why
    easel.sandbox.world.give_role("Mia", "Patron")
    assert "900 a month from the plan Rich of the role" in await said(
        ada, "quota explain", user=mia.id
    )
    assert "no plan any more" in await said(ada, "plan give", role=patron)
    assert "1 of 2 a day" in await said(ada, "quota explain", user=mia.id)
    assert "Free" in await said(ada, "plan remove", name="Free")
    assert "24 of 25 a day from the operator" in await said(ada, "quota explain", user=mia.id)
    log = await said(ada, "quota log")
    for line in ("Plan Free removed", "everybody: plan Free", f"<@&{patron}>: no plan any more"):
        assert line in log


async def test_a_preset_is_a_start(easel: Easel, ada: Scene, mia: Scene) -> None:
    text = await said(ada, "plan preset", like="midjourney")
    assert "25 grids to try it" in text
    assert "**Trial** — everybody" in text
    assert "**Pro** — nobody so far" in text
    assert "25 at first use" in await said(mia, "statement")
    assert "The plan `Trial` allows you `--fast`" in await refusal(mia, "a fox --relax")
    await mia.imagine("a fox")
    text = await said(mia, "statement")
    assert "+24 at first use" in text
    assert re.search(r"\*\*-1\*\* spent on job `\w{8}`", text)
    assert "**+25** at first use" in text


async def test_prices_are_told_before_they_are_charged(
    easel: Easel, ada: Scene, mia: Scene
) -> None:
    assert "As usual. A grid costs 1 credit" in await said(ada, "plan prices")
    assert "imagine: 3 credits" in await said(ada, "plan price", action="imagine", credits=3)
    assert "turbo: × 4" in await said(ada, "plan price", speed="turbo", times=4)
    await mia.imagine("a fox")
    asked = await mia.slash("imagine", prompt="a fox --hd")
    question = await answered(mia, asked)
    assert "7 credits" in messages.text_of(question)
    assert books.states(easel.settings.data_dir) == ["succeeded"]
    assert "22 of 25" in await said(ada, "quota explain", user=mia.id)
    assert "As usual" in await said(ada, "plan price", usual=True)
    for wrong, words in (
        ({"action": "vary"}, "go together"),
        ({"speed": "turbo"}, "go together"),
        ({}, "Say what is to cost"),
        ({"action": "upscale", "credits": 1}, "no such action"),
        ({"model": "nix", "times": 2}, "no model"),
    ):
        assert words in await said(ada, "plan price", **wrong)


@pytest.mark.parametrize("button", ["V1", "🔄"])
async def test_prices_of_buttons_are_told_before_they_are_charged(
    easel: Easel, ada: Scene, mia: Scene, button: str
) -> None:
    grid = await mia.imagine("a fox")
    for action in ("vary", "reroll"):
        await said(ada, "plan price", action=action, credits=20)
    question = await answered(mia, await mia.click(grid, button))
    assert "**1 grid for 20 credits**" in messages.text_of(question)
    assert books.spent(easel.settings.data_dir) == 1
    await (await mia.click(question, "Draw")).ack()
    await mia.new_result({grid["id"]})
    assert books.spent(easel.settings.data_dir) == 21


async def test_what_is_made_of_a_dear_grid_is_told_first(easel: Easel, mia: Scene) -> None:
    offer = await answered(mia, await mia.slash("imagine", prompt="a fox --hd"))
    await (await mia.click(offer, "Draw")).ack()
    grid = await mia.new_result(set())
    question = await answered(mia, await mia.click(grid, "V2"))
    assert "**1 grid for 3 credits**" in messages.text_of(question)
    assert books.spent(easel.settings.data_dir) == 3


async def test_gifts_offers_and_the_pool(easel: Easel, ada: Scene, mia: Scene) -> None:
    noah, patron = Scene(easel.sandbox, "Noah"), easel.sandbox.world.find_role("Patron").id
    await said(ada, "quota set", credits=0)
    told = await said(ada, "gift code", amount=2, uses=2, days=30, note="fair")
    code = re.search(r"`([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})`", told)
    assert code
    assert "You have 2 grids more, for 30 days" in await said(mia, "redeem", code=code[1].lower())
    assert "used this code before" in await said(mia, "redeem", code=code[1])
    assert "no gift code" in await said(noah, "redeem", code="ABCD-EFGH")
    assert "Everybody with Patron gets 3 grids" in await said(
        ada, "quota grant", amount=3, role=patron, days=10
    )
    easel.sandbox.world.give_role("Noah", "Patron")
    assert "**3 grids** to spend" in await said(noah, "statement")
    assert "+5: there are 5 grids in it now" in await said(ada, "quota pool", amount=5)
    assert "+5 in the server's pool" in await said(mia, "statement")
    for _ in range(3):
        await mia.imagine("a fox")
    text = await said(mia, "statement")
    assert "**4 grids** to spend: +4 in the server's pool" in text
    assert "**-1** from the pool spent on job" in text
    listed = await said(ada, "gift list")
    assert "In the server's pool: **4 grids**" in listed
    assert f"Offer 1: 3 grids to <@&{patron}>" in listed
    assert "Code 1: 2 grids, for 30 days, used 1 of 2 times (fair)" in listed
    listed = await said(ada, "gift end", code=1, offer=1)
    assert "Code" not in listed
    assert "no gift code" in await said(noah, "redeem", code=code[1])
    for line in ("Code 1: +2 for 2 (fair)", "Pool: +5", f"<@&{patron}>: +3 for each"):
        assert line in await said(ada, "quota log")


async def test_the_book_comes_as_a_file(easel: Easel, ada: Scene, mia: Scene) -> None:
    await mia.imagine("a fox")
    await said(ada, "quota grant", user=mia.id, amount=4, reason="prize")
    asked = await ada.slash("quota export")
    await asked.ack()
    [answer] = await easel.sandbox.wait_for(
        lambda: [each for each in asked.replies if each["attachments"]]
    )
    [file] = answer["attachments"]
    assert file["filename"].endswith(".csv")
    lines = messages.file_of(easel.sandbox, answer).decode().splitlines()
    assert [line.split(",")[4:6] for line in lines] == [
        ["kind", "amount"], ["hold", "-1"], ["capture", "0"], ["grant", "4"],
    ]  # fmt: skip
    assert all(line.split(",")[3] == mia.id for line in lines[1:])


async def test_members_find_no_admins_commands(easel: Easel, mia: Scene) -> None:
    for command in ("plan list", "gift list", "quota explain"):
        with pytest.raises(Refused):
            await mia.slash(command)


async def test_relaxed_for_free_is_told(easel: Easel, ada: Scene, mia: Scene) -> None:
    await said(ada, "plan preset", like="open")
    await said(ada, "plan set", name="Everybody", credits=1)
    await mia.imagine("a fox")
    asked = await mia.slash("imagine", prompt="a hare")
    await asked.ack()
    result = await mia.new_result({mia.results()[0]["id"]})
    assert "(relaxed)" in result["content"]
    told = await easel.sandbox.wait_for(
        lambda: [
            each
            for each in asked.replies
            if "Your credits do not suffice" in messages.text_of(each)
        ]
    )
    assert told
    rows = books.rows(easel.settings.data_dir, "SELECT cost FROM jobs ORDER BY rowid")
    assert [row["cost"] for row in rows] == [1, 0]
