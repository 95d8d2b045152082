"""The README's way from one PC to ten cards, typed as it stands there, on this machine."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.__main__ import _parser
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.cluster import ROOT, Machine, Town
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

CHAPTER = "### From one PC to ten cards"


def commands() -> list[tuple[dict[str, str], list[str]]]:
    """What is to be typed, in order: variables in front, and the words behind `easel`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    chapter = text.partition(CHAPTER)[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", chapter, flags=re.DOTALL)
    lines = [line.partition("#")[0].split() for block in blocks for line in block.splitlines()]
    found = []
    for line in filter(None, lines):
        at = line.index("easel")
        found.append((dict(word.split("=", 1) for word in line[:at]), line[at + 1 :]))
    return found


def test_what_is_to_be_typed_is_understood() -> None:
    typed = [_parser().parse_args(words) for _, words in commands()]
    deeds = [(each.command, getattr(each, "deed", "")) for each in typed]
    assert deeds == [
        ("cluster", "up"), ("cluster", "join"), ("run", ""), ("cluster", "status"),
        ("cluster", "drain"),
    ]  # fmt: skip


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    town = Town()
    yield town
    await town.__aexit__()


async def table(town: Town, words: list[str]) -> list[list[str]]:
    """Rows of `easel cluster status`."""
    status = await town.type("bot", *words, told="machine")
    assert status.process.stdout
    rest = (await status.process.stdout.read()).decode()
    assert await status.process.wait() == 0
    return [re.split(r"  +", line) for line in rest.splitlines()]


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_three_machines_of_the_readme_draw_for_one_bot(
    town: Town, sandbox: Sandbox, tmp_path: Path
) -> None:
    (_, up), (token, join), (setting, run), (_, status), (_, drain) = commands()
    await town.type("bot", *up, "--port", str(town.port), told="On every other machine")
    assert token.keys() == {"CLUSTER_TOKEN"}

    async def joined(name: str) -> Machine:
        here = [word.replace("192.168.1.5:6379", town.address) for word in join]
        own = {
            "DATA_DIR": str(tmp_path / name), "CLUSTER_TOKEN_FILE": "",
            "CLUSTER_TOKEN": town.token_file.read_text(encoding="ascii"),
        }  # fmt: skip
        # Without NVIDIA cards, and on one machine that has a name and the ports already.
        more = ["--cards", "1", "--name", name, "--port", str(town.port + 100)]
        return await town.type(name, *here, *more, told="draws for the cluster", **own)

    await joined("gpu1")
    leaving = await joined(drain[-1])
    assert setting == {"CLUSTER_ADDRESS": "127.0.0.1:6379"}
    bot = BotProcess(
        sandbox, tmp_path / "data", ["bot", *run], CLUSTER_ADDRESS=town.address, DEVICE="none",
        CLUSTER_TOKEN_FILE=str(town.token_file), MODEL_STEPS="2",
    )  # fmt: skip
    await bot.start()
    try:
        people = [Scene(sandbox, "Mia"), Scene(sandbox, "Noah")]
        for person, channel in zip(people, ("imagine", "lobby"), strict=True):
            await (await person.slash("imagine", prompt="a fox", channel=channel)).ack()
        for person, channel in zip(people, ("imagine", "lobby"), strict=True):
            assert (await person.new_result(set(), channel))["attachments"]
        rows = await table(town, status)
        assert [(row[0], row[1]) for row in rows[1:]] == [("gpu1", "card:0"), ("gpu2", "card:0")]
        assert {row[3] for row in rows[1:]} == {"embedded"}
        await town.type("bot", *drain, told="has left")
        assert await leaving.process.wait() == 0
        assert [row[0] for row in (await table(town, status))[1:]] == ["gpu1"]
        assert books.states(bot.data) == ["succeeded"] * 2
        assert await bot.terminate() == 0
    finally:
        await bot.close()
