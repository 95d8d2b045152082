"""Who reads which language: the person, the place or the owner of a job; what discord.py is told of
commands; and how what was said stands in a log."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from discord.app_commands import TranslationContext, locale_str
from discord.app_commands import TranslationContextLocation as Location

from bot.chat import speech
from bot.chat.speech import Translator
from bot.domain.delivery import Kind
from bot.domain.job import Job
from bot.domain.language import ENGLISH, _, counted, in_english, pgettext, speaking
from bot.domain.people import Origin
from bot.domain.usual import HIDDEN
from bot.language import CATALOGUES, language
from tests.kit import jobs

Locale = discord.Locale
PUBLIC, PRIVATE = False, True


def interaction(
    person: str, place: str | None = None, guild: int | None = 1, message: bool | None = None
) -> Any:
    """Of a client and a server in these languages; `message` says whether its is for one alone."""
    flags = SimpleNamespace(ephemeral=message)
    return SimpleNamespace(
        locale=Locale(person), guild_locale=Locale(place) if place else None, guild_id=guild,
        message=None if message is None else SimpleNamespace(flags=flags),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "guild", "said"),
    [
        ("ja", 1, "ja"),
        ("nl", 1, "en-US"),  # of a place that Easel does not speak it is not the person's
        (None, 1, "de"),  # Discord did not say
        ("ja", None, "de"),
        (None, None, "de"),
    ],
)
def test_a_place_is_spoken_to_in_its_own_language(
    place: str | None, guild: int | None, said: str
) -> None:
    asked = interaction("de", place, guild)
    assert speech.of_place(asked).code == said
    assert speech.of_person(asked).code == "de"


@pytest.mark.parametrize(("message", "said"), [(None, "de"), (PRIVATE, "de"), (PUBLIC, "ja")])
def test_a_message_is_changed_in_the_language_of_its_readers(
    message: bool | None, said: str
) -> None:
    assert speech.of_message(interaction("de", "ja", 1, message)).code == said
    # In direct messages both are the same person's.
    assert speech.of_message(interaction("de", None, None, message)).code == "de"


GERMAN_HERE = Origin(1, 2, locale="de")
KNOWN = {1: "ja", 5: "nl"}


def job(origin: Origin = GERMAN_HERE, *, hidden: bool = False) -> Job:
    extra = ((HIDDEN, True),) if hidden else ()
    return replace(jobs.job(request=jobs.request(extra=extra)), origin=origin)


class Client:
    """Knows a Japanese and a Dutch server."""

    def get_guild(self, guild: int) -> Any:
        code = KNOWN.get(guild)
        return SimpleNamespace(preferred_locale=Locale(code)) if code else None


CLIENT = cast(discord.Client, Client())


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        (job(), Kind.RESULT, "ja"),
        (job(), Kind.DM, "de"),
        (job(hidden=True), Kind.RESULT, "de"),
        (job(Origin(0, 2, locale="fr")), Kind.RESULT, "fr"),
        (job(Origin(0, 2)), Kind.RESULT, "en-US"),  # asked for before that was written down
        (job(Origin(1, 2)), Kind.DM, "en-US"),
        (job(Origin(5, 2, locale="de")), Kind.RESULT, "en-US"),
        (job(Origin(9, 2, locale="de")), Kind.RESULT, "en-US"),  # the bot is not there any more
        (job(Origin(9, 2, locale="de")), Kind.DM, "de"),
    ],
)
def test_what_is_posted_later_is_for_who_sees_it(asked: Job, kind: Kind, said: str) -> None:
    assert speech.of_job(CLIENT, asked, kind).code == said


@pytest.mark.parametrize(("guild", "said"), [(1, "ja"), (5, "en-US"), (9, "en-US")])
def test_a_server_is_known_by_its_id(guild: int, said: str) -> None:
    assert speech.of_guild(CLIENT, guild).code == said


@pytest.mark.parametrize(
    ("locale", "guild", "said"),
    [("de", 1, "de"), ("nl", 1, "en-US"), ("", 1, "ja"), ("", 9, "en-US")],
)
def test_a_letter_is_in_the_language_of_who_gets_it_as_far_as_that_is_known(
    locale: str, guild: int, said: str
) -> None:
    assert speech.of_letter(CLIENT, locale, guild).code == said


@pytest.mark.parametrize(("code", "said"), [("ja", "ja"), ("nl", "en-US"), ("en-GB", "en-US")])
def test_what_is_said_unasked_is_for_all_of_a_server(code: str, said: str) -> None:
    guild: Any = SimpleNamespace(preferred_locale=Locale(code))
    with speaking(language("de")):
        assert speech.of_server(guild).code == said


def test_who_is_sent_another_s_job_is_no_owner() -> None:
    assert speech.of_reader(CLIENT, job(), jobs.USER).code == "de"
    assert speech.of_reader(CLIENT, job(), jobs.USER - 1).code == "ja"
    assert speech.of_reader(CLIENT, job(hidden=True), jobs.USER - 1).code == "de"


# Commands


async def picture(interaction: discord.Interaction, message: discord.Message) -> None:
    """A command in a message's menu."""


def asked(where: Location, data: Any = None) -> TranslationContext[Any, Any]:
    return TranslationContext(location=cast(Any, where), data=cast(Any, data))


IN_MENU = asked(Location.command_name, app_commands.ContextMenu(name="Any", callback=picture))


@pytest.mark.parametrize(
    ("message", "context", "locale", "said"),
    [
        ("imagine", asked(Location.command_name), Locale.german, "zeichne"),
        ("Square", asked(Location.choice_name), Locale.german, "Quadrat"),
        ("image1", asked(Location.parameter_name), Locale.german, "bild1"),
        ("Cancel job", IN_MENU, Locale.german, "Auftrag abbrechen"),
        # A word of one context is none of another.
        ("Cancel job", asked(Location.command_name), Locale.german, None),
        ("imagine", IN_MENU, Locale.german, None),
        ("Square", asked(Location.command_description), Locale.german, None),
        # The same in both languages, not translated at all, and not spoken.
        ("prompt", asked(Location.parameter_name), Locale.german, None),
        ("nobody's", asked(Location.command_name), Locale.german, None),
        ("imagine", asked(Location.command_name), Locale.dutch, None),
        ("imagine", asked(Location.command_name), Locale.american_english, None),
        ("imagine", asked(Location.command_name), Locale.british_english, None),
    ],
)
async def test_what_discord_is_told_of_a_command(
    message: str, context: TranslationContext[Any, Any], locale: Locale, said: str | None
) -> None:
    assert await Translator().translate(locale_str(message), locale, context) == said


async def test_descriptions_are_looked_up_without_a_context() -> None:
    text = locale_str("Draw a part of a picture anew")
    wheres = (
        Location.command_description, Location.group_description, Location.parameter_description,
    )  # fmt: skip
    for where in wheres:
        assert speech.context_of(asked(where)) == ""
        for code in CATALOGUES:
            told = await Translator().translate(text, Locale(code), asked(where))
            assert told == language(code).gettext(text.message) != text.message
    assert speech.context_of(asked(Location.group_name)) == "command"


async def test_the_language_of_now_does_not_matter_to_what_discord_is_told() -> None:
    with speaking(language("ja")):
        told = await Translator().translate(
            locale_str("imagine"), Locale.german, asked(Location.command_name)
        )
    assert told == "zeichne"


# What was said, and what a log has of it


@pytest.mark.parametrize("code", ["en-US", *CATALOGUES])
def test_lists_of_nothing_one_and_two(code: str) -> None:
    one = language(code)
    assert one.listed([]) == ""
    assert one.listed(["{a}"]) == "{a}"
    both = one.listed(["{a}", "b, c"])
    assert both.startswith("{a}")
    assert both.endswith("b, c")
    assert len(both) > len("{a}b, c")


@pytest.mark.parametrize("code", ["en-US", *CATALOGUES])
@pytest.mark.parametrize(("value", "digits"), [(0, 0), (0.0, 1), (-3, 0), (2.25, 2), (999, 0)])
def test_small_numbers_read_alike(code: str, value: float, digits: int) -> None:
    plain = ENGLISH.number(value, digits)
    assert language(code).number(value, digits).replace(",", ".") == plain


def test_what_is_said_twice_is_formatted_once() -> None:
    """A value with braces, of a translated text that stands in another."""
    with speaking(language("de")):
        inner = _("There is no sampler {typed}; did you mean `{near}`?", typed="{near}", near="x")
        outer = _("{failure} Nothing was charged.", failure=inner)
    assert "{near}" in outer
    assert in_english(outer) == (
        "There is no sampler {near}; did you mean `x`? Nothing was charged."
    )
    # What was put together by other means is as it stands.
    assert in_english(f"{inner}!") == f"{inner}!"


def test_a_sentence_that_is_alike_in_both_languages_keeps_the_english_of_its_parts() -> None:
    with speaking(language("de")):
        said = _("`--{name}` {why}.", name="ar", why=_("It was withdrawn."))
    assert said == "`--ar` Es wurde zurückgezogen.."
    assert in_english(said) == "`--ar` It was withdrawn.."


def test_a_log_has_numbers_as_english_has_them() -> None:
    with speaking(language("de")):
        said = counted("{n} credit", "{n} credits", 1234)
    assert said == "1.234 Credits"
    assert in_english(said) == "1,234 credits"


def test_a_button_s_text_is_known_in_english_too() -> None:
    with speaking(language("de")):
        said = pgettext("menu", "Cancel job")
    assert said == "Auftrag abbrechen"
    assert in_english(said) == "Cancel job"
    assert pgettext("menu", "Cancel job") == "Cancel job"
