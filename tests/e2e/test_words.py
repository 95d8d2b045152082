"""What people type and what the bot says: prompts, refusals, /info, /help, ideas."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.prompt import Prompt
from bot.domain.prompt.parameters import PARAMETERS
from bot.engine.local import LocalExecutor
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, SharedExecutor, running, settings_for
from tests.kit.scene import Scene

HOSTILE = (
    "@everyone @here <@1200000000000000013> <@&1200000000000000102> **bold** __under__ ~~gone~~"
    " ||spoiler|| `code` ```block``` # head > quote [link](https://example.com) https://example.com"
    r" <#1200000000000000201> :smile: <t:0:R> \* _it_"
)


def literal(content: str) -> str:
    """What Discord shows of an escaped text."""
    return re.sub(r"\\([^a-zA-Z0-9\s])", r"\1", content)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a fox --arr 3:2", "did you mean `--ar`"),
        ("a fox --ar 9:0", "between 1:3 and 3:1"),
        ("a fox --seed 99999999999", "from 0 to 4294967295"),
        ("a fox --zzz", "There is no parameter `--zzz`"),
        ("a fox --aspekt 3:2", "did you mean `--aspect`"),
        ("--ar 3:2", "The prompt is empty"),
        ("a fox --seed @everyone", "not `@everyone`"),
    ],
)
async def test_a_wrong_prompt_is_refused_privately_in_a_sentence(
    easel: Easel, prompt: str, words: str, mia: Scene
) -> None:
    said = await mia.refused(await mia.slash("imagine", prompt=prompt)
    )  # fmt: skip
    assert words in said
    assert books.states(easel.settings.data_dir) == []
    assert books.rows(easel.settings.data_dir, "SELECT * FROM ledger") == []
    assert mia.notices() == []


async def test_mentions_and_markdown_are_shown_as_typed_and_ping_nobody(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    sandbox = easel.sandbox
    press = await mia.slash("imagine", prompt=f"slow {HOSTILE}")
    await press.ack()
    under_way = await mia.until_drawing()
    gate.open()
    grid = await mia.new_result(set())
    single = await mia.press(grid, "U1")
    varied = await mia.press(grid, "V1")
    assert press.original is None
    for message in (under_way, grid, single, varied):
        assert message["mentions"] == []
        assert message["mention_roles"] == []
        assert message["mention_everyone"] is False
        assert message["embeds"] == []
        assert literal(message["content"]).startswith(f"**slow {HOSTILE}** - ")
    assert sandbox.world.pings == []


async def test_a_prompt_of_4000_characters(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    prompt = "*" * 3987 + " --seed 12345"
    grid = await mia.imagine(prompt)
    assert len(grid["content"]) <= 2000
    assert grid["content"].endswith(f"…** - {mia.mention}")
    assert str(Prompt.from_json(messages.recipe(sandbox, grid)["prompt"])) == prompt
    assert len(grid["attachments"][0]["description"]) <= 1024
    varied = await mia.press(grid, "V1")
    assert len(varied["content"]) <= 2000


async def test_an_emoji_prompt_of_4000_characters(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("\N{FOX FACE}" * 2000)
    assert len(grid["content"]) <= 2000


async def test_info_tells_credits_limits_jobs_and_the_model(
    easel: Easel, gate: Gate, mia: Scene
) -> None:
    sandbox = easel.sandbox
    await mia.imagine("an owl")
    await (await mia.slash("imagine", prompt="a slow *fox*")).ack()
    under_way = await mia.until_drawing()
    await (await mia.slash("imagine", prompt="a hare")).ack()
    press = await mia.slash("info", channel="lobby")
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    said = messages.text_of(press.original)
    assert "**22** grids left" in said
    assert "22 of today's 25" in said
    assert "2 held for jobs under way" in said
    assert "3 drawn at once, 10 waiting" in said
    assert "Running jobs (1)" in said
    assert "Queued jobs (1)" in said
    assert "**a slow \\*fox\\***" in said
    place = f"{sandbox.world.guild.id}/{under_way['channel_id']}/{under_way['id']}"
    assert f"[show](https://discord.com/channels/{place})" in said
    assert "1 grids, 4 pictures" in said
    assert "Easel embedded, 128×128 px, 12 steps" in said
    assert "simulated: drawing" in said
    gate.open()
    await sandbox.wait_for(lambda: len(mia.results()) == 3 and not mia.notices())


async def test_help_names_every_parameter_and_button(easel: Easel, mia: Scene) -> None:
    press = await mia.slash("help")
    await press.ack()
    assert press.original is not None
    assert press.original["flags"] & messages.EPHEMERAL
    said = messages.text_of(press.original)
    for parameter in PARAMETERS[:12]:
        assert parameter.example in said
        assert parameter.help in said
    assert "/help topic:parameters" in said
    listing = await mia.slash("help", topic="parameters")
    await listing.ack()
    await easel.sandbox.wait_for(lambda: mia.private()[-1]["attachments"])
    assert [file["filename"] for file in mia.private()[-1]["attachments"]] == [
        "sheet1.webp", "sheet2.webp", "sheet3.webp",
    ]  # fmt: skip
    listed = "".join(map(messages.text_of, mia.private()))
    for parameter in PARAMETERS:
        assert not parameter.help or f"--{parameter.name}" in listed
        assert parameter.help in listed
    for button in ("U1", "V1", "🔄", "/imagine", "Ideas"):
        assert button in said


async def test_unknown_words_are_explained_once_and_privately(easel: Easel) -> None:
    sandbox, mia, noah = easel.sandbox, Scene(easel.sandbox, "Mia"), Scene(easel.sandbox, "Noah")
    await mia.imagine("a cat in the desert, photo")
    assert mia.private() == []
    await mia.imagine("a violinist in the desert")
    said = [messages.text_of(message) for message in mia.private()]
    assert len(said) == 1
    assert "here **violinist**." in said[0]
    await mia.imagine("a cellist in the desert")
    assert len(mia.private()) == 1
    await noah.imagine("a cellist at night")
    await sandbox.wait_for(lambda: len(noah.private()) == 1)
    assert "here **cellist**." in messages.text_of(noah.private()[0])


async def test_what_a_model_does_not_heed_is_said_privately_with_the_answer(
    sandbox: Sandbox, tmp_path: Path, simulated_worker: tuple[LocalExecutor, Gate]
) -> None:
    settings = settings_for(sandbox, tmp_path / "data", model_guidance=0)
    async with running(sandbox, settings, SharedExecutor(simulated_worker[0])):
        mia = Scene(sandbox, "Mia")
        grid = await mia.imagine("a cat --no snow --uplight")
        assert "--no snow --uplight" in grid["content"]
        [said] = mia.private()
        assert "`--uplight` has no effect here: it " in messages.text_of(said)
        assert "`--no`" not in messages.text_of(said)
        await mia.press(grid, "🔄")
        await sandbox.wait_for(lambda: len(mia.private()) == 2)
        await mia.imagine("a cat")
        assert len(mia.private()) == 2


async def test_help_lists_what_a_small_model_knows(easel: Easel) -> None:
    press = await Scene(easel.sandbox, "Mia").slash("help")
    await press.ack()
    said = messages.text_of(press.original)
    for words in ("What this model can draw", "astronaut", "desert", "watercolour"):
        assert words in said


async def test_ideas_while_typing(easel: Easel, mia: Scene) -> None:
    offered = await mia.person.autocomplete("imagine", focused="prompt", prompt="")
    assert 1 <= len(offered) <= 25
    word = offered[-1]["value"].split()[-1]
    found = await mia.person.autocomplete("imagine", focused="prompt", prompt=word)
    assert found
    assert all(word.lower() in each["value"].lower() for each in found)
    assert await mia.person.autocomplete("imagine", focused="prompt", prompt="qqqq zzzz") == []


async def test_parameters_values_and_own_prompts_while_typing(easel: Easel, mia: Scene) -> None:
    async def offered(typed: str) -> list[str]:
        found = await mia.person.autocomplete("imagine", focused="prompt", prompt=typed)
        return [each["value"] for each in found]

    assert "a fox --chaos 25" in await offered("a fox --ch")
    assert (await offered("a fox --ar 1"))[0] == "a fox --ar 16:9"
    assert "a fox --sampler euler" in await offered("a fox --sampler eu")
    assert await offered("x" * 98 + " --ch") == []
    await (await mia.slash("prefer option set", option="mystyle", value="ink, --ar 3:2")).ack()
    assert "a fox --mystyle" in await offered("a fox --my")
    await mia.imagine("a marmot on a moped --ar 3:2")
    assert (await offered("moped"))[0] == "a marmot on a moped --ar 3:2"
    noah = Scene(easel.sandbox, "Noah")
    assert await noah.person.autocomplete("imagine", focused="prompt", prompt="moped") == []
