"""Registering application commands, with Discord's rules."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import MovableClock, Sandbox
from bot.sandbox.world.first import BOT_ID
from tests.kit.components import command, option
from tests.kit.robots import Api

COMMANDS = f"/applications/{BOT_ID}/commands"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "Imagine"}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "n" * 33}, "name"),
        ({"description": ""}, "description"),
        ({"description": "d" * 101}, "description"),
        ({"type": 9}, "type"),
        ({"options": [option(name=f"o{n}") for n in range(26)]}, "options"),
        ({"options": [option(), option(name="x", required=True)]}, "options.1"),
        ({"options": [option(), option()]}, "options.1.name"),
        ({"options": [option(type=12)]}, "options.0.type"),
        ({"options": [option(max_length=6001)]}, "options.0.max_length"),
        ({"options": [option(type=1), option(name="x")]}, "options"),
        ({"options": [option(choices=[{"name": "n", "value": "v"}] * 26)]}, "options.0.choices"),
        (
            {"options": [option(choices=[{"name": "n", "value": "v"}], autocomplete=True)]},
            "options.0.choices",
        ),
        ({"options": [option(choices=[{"name": "", "value": "v"}])]}, "options.0.choices.0.name"),
        ({"type": 3, "name": "Cancel job"}, "description"),
    ],
)
async def test_wrong_commands(api: Api, change: dict[str, Any], path: str) -> None:
    one = await api("POST", COMMANDS, command(**change))
    many = await api("PUT", COMMANDS, [command(**change)])
    assert one.error == many.error == (400, 50035)
    first, second = one.body["errors"], many.body["errors"]["0"]
    for part in path.split("."):
        first, second = first[part], second[part]
    assert first["_errors"] == second["_errors"]


async def test_a_command_that_is_too_large(api: Api) -> None:
    big = [{"name": "n" * 100, "value": "v" * 100}] * 25
    options = [option(name=f"o{n}", choices=big) for n in range(2)]
    assert (await api("POST", COMMANDS, command(options=options))).error == (400, 50035)


async def test_putting_keeps_ids_and_counts_what_is_new(api: Api, clock: MovableClock) -> None:
    first = (await api("PUT", COMMANDS, [command(), command(name="info")])).body
    again = (await api("PUT", COMMANDS, [command(), command(name="info", description="!")])).body
    assert [each["id"] for each in first] == [each["id"] for each in again]
    assert first[0]["version"] == again[0]["version"]
    assert first[1]["version"] != again[1]["version"]
    assert (await api("GET", COMMANDS)).body == again
    hundred = [command(name=f"c{n}") for n in range(100)]
    assert (await api("PUT", COMMANDS, [*hundred, command()])).error == (400, 30032)
    assert (await api("PUT", COMMANDS, hundred)).status == 200
    more = [command(name=f"d{n}") for n in range(99)]
    assert (await api("PUT", COMMANDS, more)).error == (400, 30034)
    clock.advance(24 * 3600 + 1)
    assert (await api("PUT", COMMANDS, more)).status == 200
    duplicate = await api("PUT", COMMANDS, [command(), command()])
    assert duplicate.error == (400, 50035)
    menus = [{"name": f"m{n}", "type": 3} for n in range(16)]
    assert (await api("PUT", COMMANDS, menus)).error == (400, 30032)


async def test_single_commands_and_guild_commands(sandbox: Sandbox, api: Api) -> None:
    guild = f"/applications/{BOT_ID}/guilds/{sandbox.world.guild.id}/commands"
    made = await api("POST", guild, command(default_member_permissions=32))
    assert made.status == 201
    assert made.body["default_member_permissions"] == "32"
    assert made.body["guild_id"] == sandbox.world.guild.id
    assert (await api("POST", guild, command(description="Paint"))).status == 200
    one = f"{guild}/{made.body['id']}"
    assert (await api("PATCH", one, {"description": "Sketch"})).body["description"] == "Sketch"
    assert (await api("GET", one)).body["description"] == "Sketch"
    mia = sandbox.person("Mia")
    assert [each["name"] for each in mia.commands("imagine")] == ["imagine"]
    assert mia.commands("dm") == []
    assert (await api("DELETE", one)).status == 204
    assert (await api("GET", one)).error == (404, 10063)
    assert (await api("GET", "/applications/1/commands")).error == (403, 20012)
    assert (await api("GET", f"/applications/{BOT_ID}/guilds/1/commands")).error == (403, 50001)
