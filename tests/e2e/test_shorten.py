"""/shorten, as people meet it: which words matter, and shorter prompts to draw."""

from __future__ import annotations

from pathlib import Path

from bot.chat import shorter, wording
from bot.domain.prompt import Prompt
from bot.domain.shortening import Analysis, pieces
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from bot.service.shortening import Shortened
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

WORDS = "a beautiful photo of a red astronaut in the snow, highly detailed, soft light"
LONG = f"{WORDS} --ar 3:2 --seed 7"


async def shortened(person: Scene, prompt: str = LONG) -> Message:
    """The private answer."""
    await (await person.slash("shorten", prompt=prompt)).ack()
    [said] = await person.sandbox.wait_for(person.private)
    return said


def prompts(message: Message) -> list[str]:
    return [field["value"].strip("`") for field in message["embeds"][0]["fields"]]


async def test_words_are_weighed_and_each_button_draws(easel: Easel, mia: Scene) -> None:
    said = await shortened(mia)
    found = prompts(said)
    assert len(found) == 5
    assert all("astronaut" in each and each.endswith("--ar 3:2 --seed 7") for each in found)
    assert [len(each) for each in found] == sorted(map(len, found), reverse=True)
    words = said["embeds"][0]["description"]
    assert "**astronaut**" in words
    assert "~~a~~" in words
    assert not books.rows(easel.settings.data_dir, "SELECT * FROM jobs")
    known = {each["id"] for each in mia.results()}
    await (await mia.click(said, "5️⃣")).ack()
    grid = await mia.new_result(known)
    assert grid["content"].startswith(f"**{wording.escape(found[4])}**")
    assert messages.recipe(easel.sandbox, grid)["prompt"]["text"] == found[4].split(" --")[0]
    [job] = books.rows(easel.settings.data_dir, "SELECT * FROM jobs")
    assert str(job["user_id"]) == mia.id


async def test_details_are_bars_and_the_buttons_stay(easel: Easel, mia: Scene) -> None:
    said = await shortened(mia)
    assert "Show details" in messages.buttons(said)
    await (await mia.click(said, "Show details")).ack()
    [told] = await mia.sandbox.wait_for(
        lambda: [each for each in mia.private() if "█" in each["embeds"][0]["description"]]
    )
    first, *others = told["embeds"][0]["description"].strip("`\n").splitlines()
    assert first.startswith("██████████ 1.00 ")
    assert "█" not in others[-1]
    assert prompts(told) == prompts(said)
    assert "Show details" not in messages.buttons(told)
    await mia.press(told, "1️⃣")


async def test_buttons_draw_after_a_restart(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick):
        said = await shortened(mia)
    async with running(sandbox, settings, quick):
        grid = await mia.press(said, "2️⃣")
        assert grid["content"].startswith(f"**{wording.escape(prompts(said)[1])}**")


async def test_what_cannot_be_shortened_is_said(easel: Easel, mia: Scene) -> None:
    for prompt, why in (
        ("a red fox", "short already"),
        ("a {red, blue} fox in the snow", "several prompts"),
        ("a red fox in the snow --chaos 900", "chaos"),
    ):
        assert why in await mia.refused(await mia.slash("shorten", prompt=prompt))


async def test_a_hidden_one_stays_hidden(easel: Easel, mia: Scene, noah: Scene) -> None:
    said = await shortened(mia, f"{LONG} --stealth")
    await (await mia.click(said, "3️⃣")).ack()
    await mia.sandbox.wait_for(lambda: mia.results(mia.dm))
    assert noah.results() == noah.notices() == noah.private() == []


async def test_others_go_on_while_a_prompt_is_read(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
        await (await noah.slash("shorten", prompt=LONG)).ack()
        gate.open()
        await mia.new_result(set())
        [said] = await sandbox.wait_for(noah.private)
        assert len(prompts(said)) == 5


def test_nothing_typed_ends_the_code_or_the_marks() -> None:
    odd = "a `fox` with **stars** and ~~lines~~ of_code \\ at night"
    words = tuple(odd.split())
    analysis = Analysis(words, tuple(1 / (1 + place) for place in range(len(words))))
    made = shorter.embed(Shortened(Prompt.parse("x y"), analysis))

    class Said:
        embeds = (made,)

    assert shorter.words_of(Said()) == odd  # type: ignore[arg-type]
    assert shorter.prompt_of(Said(), 1) == odd.removesuffix(" at night")  # type: ignore[arg-type]


def test_an_embed_is_never_too_long() -> None:
    for text in (
        "word_* " * 900,
        "a very long phrase of many words, " * 170,
        "x" * 3000 + " y" * 9,
    ):
        cut = pieces(text)
        shortened_one = Shortened(Prompt.parse("a b"), Analysis(cut, (0.5,) * len(cut)))
        for details in (False, True):
            made = shorter.embed(shortened_one, details)
            assert len(made) <= 6000
            assert len(made.description or "") <= 4096
            assert all(0 < len(field.value or "") <= 1024 for field in made.fields)
            assert shorter.view(made, details)
