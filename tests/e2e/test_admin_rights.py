"""Who may use which command of those who run a server or the bot: the table in the README is what
people find when they try, though the server lets everybody try."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from discord import Permissions

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.e2e.test_audience import COMMANDS, Hidden
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.scene import Scene

README = Path(__file__).parents[2] / "README.md"
REFUSED = re.compile(
    r"Only members with (the )?Manage|Only who operates|can do this\.|see what was reported"
)
_SUBCOMMAND, _GROUP = 1, 2
# What a command needs where `COMMANDS` gives it too little to be done at all.
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "plan set": {"name": "P", "credits": 50},
    "gift end": {},
    "quota explain": {"user": "Noah"},
    "settings": {"server": True},
}


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    """A bot that is operated by Olga, who is nothing else."""
    olga = sandbox.world.add_user("Olga", roles=[])
    settings = settings_for(sandbox, tmp_path, operators=frozenset({int(olga.id)}))
    async with running(sandbox, settings, quick) as one:
        yield one


@pytest.fixture
def people(easel: Easel) -> dict[str, tuple[Scene, str]]:
    """Whom rights could tell apart, and where they try."""
    world = easel.sandbox.world
    for name, right in (
        ("Max", Permissions(manage_messages=True)),
        ("Sue", Permissions(manage_guild=True)),
    ):
        world.add_role(name, right.value)
        world.add_user(name, roles=[name])
    other = world.add_guild("Other")
    world.add_role("Boss", Permissions(administrator=True).value, guild=other)
    world.add_user("Eve", roles=["Boss"], guild=other)

    def scene(name: str) -> Scene:
        return Scene(easel.sandbox, name)

    return {
        "a member": (scene("Noah"), "lobby"),
        "Manage Messages": (scene("Max"), "lobby"),
        "Manage Server": (scene("Sue"), "lobby"),
        "an admin elsewhere": (scene("Eve"), "other"),
        "who operates the bot": (scene("Olga"), "lobby"),
    }


def names(command: Mapping[str, Any]) -> Iterator[str]:
    """Of a command, or of all that are in its group."""
    inner = [o for o in command.get("options", ()) if o["type"] in (_SUBCOMMAND, _GROUP)]
    if not inner:
        yield command["name"]
    for option in inner:
        for name in names(option):
            yield f"{command['name']} {name}"


def restricted(easel: Easel) -> list[str]:
    """All commands that are not for everybody, which everybody may try from now on."""
    found = []
    for command in easel.sandbox.world.commands[None].values():
        if command["default_member_permissions"] or command["name"] == "operator":
            command["default_member_permissions"] = None
            found += names(command)
    return sorted(found)


def changed(easel: Easel, guild: str) -> tuple[object, ...]:
    """Everything that those commands could do to a server."""
    tables = (
        "audit", "plans", "quota_settings", "tariffs", "offers", "codes", "styles",
        "safety_settings", "switches",
    )  # fmt: skip
    counts = (f"(SELECT COUNT(*) FROM {table} WHERE guild_id = ?1)" for table in tables)
    [row] = books.rows(easel.settings.data_dir, f"SELECT {', '.join(counts)}", guild)
    return tuple(row)


async def may(easel: Easel, who: Scene, channel: str, command: str) -> bool:
    """Whether it was done, or a form for it came; else it was refused for want of a right."""
    options = GIVEN.get(command) or COMMANDS[command](Hidden("0", "0", "0"), who)
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(given.get("user"), str):
        given["user"] = Scene(easel.sandbox, given["user"]).id
    asked = await who.slash(command, channel=channel, **given)
    await asked.ack()

    def answer() -> str:
        return "\n".join(messages.text_of(each) for each in asked.replies)

    await easel.sandbox.wait_for(lambda: asked.modal or answer().strip())
    assert all(each["flags"] & messages.EPHEMERAL for each in asked.replies)
    return REFUSED.search(answer()) is None


async def test_the_readme_says_who_may_use_which_command(
    easel: Easel, people: dict[str, tuple[Scene, str]], chartless: None
) -> None:
    here = easel.sandbox.world.find_channel("lobby").guild_id
    assert here is not None
    verdicts: dict[tuple[bool, ...], list[str]] = {}
    for command in restricted(easel):
        row = []
        for title, (who, channel) in people.items():
            before = changed(easel, here)
            allowed = await may(easel, who, channel, command)
            if title == "an admin elsewhere":  # what is theirs there is nothing here
                assert changed(easel, here) == before or command.startswith("operator")
                allowed = False
            elif not allowed:
                assert changed(easel, here) == before, command
            row.append(allowed)
        verdicts.setdefault(tuple(row), []).append(command)
    lines = [
        f"| command | {' | '.join(people)} |",
        f"|---|{':---:|' * len(people)}",
        *(
            f"| {', '.join(f'`/{name}`' for name in found)} |"
            f" {' | '.join('yes' if each else '–' for each in row)} |"
            for row, found in verdicts.items()
        ),
    ]
    _, _, rest = README.read_text(encoding="utf-8").partition("<!-- admin rights -->\n")
    assert rest.partition("\n<!-- /admin rights -->")[0].splitlines() == lines


async def test_what_is_offered_while_typing_tells_admins_alone(
    easel: Easel, people: dict[str, tuple[Scene, str]]
) -> None:
    restricted(easel)
    who, channel = people["Manage Server"]
    for command, given in (("plan set", {"name": "Gold", "credits": 5}),
                           ("moderation block", {"word": "scum"})):  # fmt: skip
        await (await who.slash(command, channel=channel, **given)).ack()
    for title, (who, channel) in people.items():
        for command, focused, known in (
            ("plan give", "name", "Gold"), ("plan remove", "name", "Gold"),
            ("plan set", "name", "Gold"), ("moderation unblock", "word", "scum"),
        ):  # fmt: skip
            typed = {focused: known[:2]}
            found = await who.person.autocomplete(
                command, focused=focused, channel=channel, **typed
            )
            offered = [known] if title == "Manage Server" else []
            assert [each["value"] for each in found] == offered, (title, command)
