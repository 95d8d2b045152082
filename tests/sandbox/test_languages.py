"""A person's client and a server in other languages: what the bot is told, what the page shows."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.sandbox import Sandbox
from bot.sandbox.rules import localisation
from bot.sandbox.rules.errors import Refused
from bot.sandbox.world.first import BOT_ID
from tests.kit.components import command, option
from tests.kit.robots import Api, Robot, Running
from tests.sandbox.test_page_socket import open_page

COMMANDS = f"/applications/{BOT_ID}/commands"


class German(app_commands.Translator):
    """Says what it is asked in capitals or small letters of another word."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        said = {"imagine": "zeichne", "Draw": "Zeichne ein Bild", "prompt": "wort"}
        return said.get(string.message) if locale is discord.Locale.german else None


@pytest.fixture
async def robot(run: Running) -> Robot:
    made = Robot()

    @made.tree.command(description="Draw")
    async def imagine(interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.send_message(f"{interaction.locale} {interaction.guild_locale}")

    await made.tree.set_translator(German())
    return made


async def test_the_bot_is_told_both_languages(sandbox: Sandbox, run: Running, robot: Robot) -> None:
    mia, ada = sandbox.person("Mia"), sandbox.person("Ada")
    await run(robot)
    told = await mia.slash("imagine", prompt="a fox")
    assert (await told.ack())["data"]["content"] == "en-US en-US"
    mia.speak("de")
    ada.keep_server_in("ja")
    await robot.until("guild_update")
    told = await mia.slash("imagine", prompt="a fox")
    assert (await told.ack())["data"]["content"] == "de ja"
    told = await mia.slash("imagine", prompt="a fox", dm=True)
    assert (await told.ack())["data"]["content"] == "de None"
    told = await ada.slash("imagine", prompt="a fox")
    assert (await told.ack())["data"]["content"] == "en-US ja"
    assert robot.guilds[0].preferred_locale is discord.Locale.japanese
    with pytest.raises(Refused, match="may not change"):
        mia.keep_server_in("de")
    with pytest.raises(Refused, match="no language 'tlh'"):
        mia.speak("tlh")


async def test_a_page_is_in_the_language_of_its_person(
    sandbox: Sandbox, run: Running, robot: Robot, session: aiohttp.ClientSession
) -> None:
    await run(robot)
    async with open_page(sandbox, session, "Mia") as mia, open_page(sandbox, session, "Ada") as ada:
        ready = await mia.until("ready")
        assert (ready["locale"], ready["server_locale"]) == ("en-US", "en-US")
        assert {"locale": "de", "name": "Deutsch"} in ready["languages"]
        assert "name_localized" not in ready["commands"][0]
        await mia.send("language", locale="de")
        ready = await mia.until("ready")
        [imagine] = ready["commands"]
        assert ready["locale"] == "de"
        assert (imagine["name"], imagine["name_localized"]) == ("imagine", "zeichne")
        assert imagine["description_localized"] == "Zeichne ein Bild"
        assert imagine["options"][0]["name_localized"] == "wort"
        await ada.send("server_language", locale="fr")
        assert (await mia.until("ready"))["server_locale"] == "fr"
        await mia.send("server_language", locale="ko")
        assert "may not change" in (await mia.until("error"))["error"]


NAMES, TEXTS = "name_localizations", "description_localizations"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({NAMES: {"de": "Zeichne"}}, f"{NAMES}.de"),
        ({NAMES: {"de": "zeichne mir"}}, f"{NAMES}.de"),
        ({NAMES: {"ja": ""}}, f"{NAMES}.ja"),
        ({NAMES: {"fr": "n" * 33}}, f"{NAMES}.fr"),
        ({NAMES: {"tlh": "nagh"}}, f"{NAMES}.tlh"),
        ({NAMES: ["zeichne"]}, NAMES),
        ({TEXTS: {"de": "d" * 101}}, f"{TEXTS}.de"),
        ({TEXTS: {"de": ""}}, f"{TEXTS}.de"),
        ({"options": [option(**{NAMES: {"ko": "두 말"}})]}, f"options.0.{NAMES}.ko"),
        ({"options": [option(**{TEXTS: {"ko": "말" * 101}})]}, f"options.0.{TEXTS}.ko"),
        (
            {"options": [option(), option(name="x", **{NAMES: {"de": "prompt"}})]},
            f"options.1.{NAMES}.de",
        ),
        (
            {"options": [option(choices=[{"name": "n", "value": "v", NAMES: {"de": "x" * 101}}])]},
            f"options.0.choices.0.{NAMES}.de",
        ),
    ],
)
async def test_wrong_translations(api: Api, change: dict[str, Any], path: str) -> None:
    told = await api("PUT", COMMANDS, [command(**change)])
    assert told.error == (400, 50035)
    found = told.body["errors"]["0"]
    for part in path.split("."):
        found = found[part]
    assert found["_errors"]


async def test_names_of_every_script_are_taken_once(api: Api) -> None:
    spoken = {"de": "zeichne", "ja": "生成", "ko": "그리기", "zh-CN": "想象", "fr": "décris"}
    told = await api("PUT", COMMANDS, [command(**{NAMES: spoken}), command(name="info")])
    assert told.status == 200
    assert told.body[0][NAMES] == spoken
    told = await api("PUT", COMMANDS, [command(**{NAMES: spoken}), command(name="zeichne")])
    assert told.error == (400, 50035), "a name that another has by default"
    menus = [{"name": "Quote", "type": 3, NAMES: {"de": "Zitat Nr. 1"}}]
    assert (await api("PUT", COMMANDS, menus)).status == 200


async def test_the_longest_language_counts(api: Api) -> None:
    choices = [{"name": "n", "value": "v" * 70} for _ in range(25)]
    options = [option(name=f"o{number}", choices=choices) for number in range(4)]
    assert (await api("PUT", COMMANDS, [command(options=options)])).status == 200
    choices[:] = [each | {NAMES: {"de": "x" * 20}} for each in choices]
    assert (await api("PUT", COMMANDS, [command(options=options)])).error == (400, 50035)


@pytest.mark.parametrize(
    ("locale", "shown"), [("de", "zeichne"), ("es-419", "imagina"), ("sv-SE", None)]
)
def test_what_a_client_shows(locale: str, shown: str | None) -> None:
    """Latin America reads what Spain reads, where it has nothing of its own."""
    it = command(**{NAMES: {"de": "zeichne", "es-ES": "imagina"}})
    assert localisation.localised(it, locale).get("name_localized") == shown
