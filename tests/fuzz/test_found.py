"""What was found: each kind of input that was answered by "Something went wrong", not at all, or
ended the bot, is answered by a sentence of ours.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.chat.replies import OUTDATED
from bot.domain.language import _, speaking
from bot.language import language
from bot.sandbox.world.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from tests.fuzz.corpus import Leaf, corpus, leaves, uploaded
from tests.fuzz.indoors import Indoors
from tests.fuzz.living import Living
from tests.fuzz.taking import copied

OF_ANOTHER = "This form belongs to another version of Easel"
NO_BUTTON = "This button belongs to a version of Easel that knows more"


async def sent(house: Indoors, kind: int, data: Any, *, change: Any = None, **rest: Any) -> str:
    """What is answered to an interaction of the admin."""
    made = house.open(kind, house.people[0], house.rooms[0], data, **rest)
    payload = copied(house.payload(made)) | (change or {})
    await house.hear("INTERACTION_CREATE", payload, spared=change is not None)
    return house.judge(made, must=kind != AUTOCOMPLETE, spared=change is not None)


def leaf_of(house: Indoors, words: str) -> Leaf:
    """A command as Discord has it."""
    root, *rest = words.split()
    commands = house.sandbox.world.commands[None].values()
    definition = next(each for each in commands if each["name"] == root)
    [leaf] = [
        each for each in leaves(definition, (), definition.get("options") or [])
        if [word["name"] for word in each.words] == rest
    ]  # fmt: skip
    return leaf


async def command(
    house: Indoors, words: str, kind: int = COMMAND, *, there: bool = False, **given: Any
) -> str:
    """By a command of these options, each (Discord's number of its type, a value)."""
    leaf = leaf_of(house, words)
    filled = [
        {"name": name, "type": number, "value": value} for name, (number, value) in given.items()
    ]
    files = {value: uploaded(value) for number, value in given.values() if number == 11}
    resolved = {"attachments": files} if there else {}
    return await sent(house, kind, leaf.data(filled, resolved))


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("gallery", {"sort": (3, "²\0")}),  # a choice that is none
        ("gallery", {"search": (3, 7)}),  # of another type
        ("compare", {"first": (4, 1), "second": (3, "x")}),
        ("quota set", {"running": (4, -5)}),  # beyond its bounds
        ("quota set", {"running": (4, True)}),
        ("gift end", {"code": (4, 10**30)}),  # beyond what Discord and SQLite have
        ("moderation roles", {"role": (8, "12345")}),  # gone meanwhile
        ("moderation block", {"file": (11, "12345")}),
        ("imagine", {}),  # without what it needs
        ("imagine", {"prompt": (3, "a fox"), "unheard_of": (3, "x")}),
    ],
)
def test_a_command_of_another_version_is_told_of(living: Living, words: str, given: Any) -> None:
    assert OUTDATED in living.do(lambda house: command(house, words, **given))


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("moderation block", {"file": (11, "12345")}),
        ("moderation allow", {"file": (11, "12345")}),
        ("imagine", {"prompt": (3, " "), "recipe": (11, "12345")}),
    ],
)
def test_a_file_that_cannot_be_had_is_told_of(living: Living, words: str, given: Any) -> None:
    said = living.do(lambda house: command(house, words, there=True, **given))
    assert "This file cannot be had from Discord; send it again." in said


def test_a_command_that_is_no_more_is_told_of(living: Living) -> None:
    gone = {"id": "1", "name": "midjourney", "type": 1}
    assert OUTDATED in living.do(lambda house: sent(house, COMMAND, gone))
    assert OUTDATED in living.do(lambda house: sent(house, COMMAND, {"id": "1", "type": 1}))


def test_suggestions_for_what_is_not_there_are_none(living: Living) -> None:
    said = living.do(lambda house: command(house, "styles", AUTOCOMPLETE))
    assert '"choices": []' in said


def text(name: str, value: object) -> dict[str, Any]:
    return {"type": 18, "id": 1, "component": {"type": 4, "custom_id": name, "value": value}}


@pytest.mark.parametrize(
    "form", ["words:blocked", "words:all", "from_picture:", "describe:", "appeal:", "report:"]
)
def test_a_form_whose_fields_had_other_names_is_told_of(living: Living, form: str) -> None:
    async def tried(house: Indoors) -> str:
        custom_id = f"easel:form:{form}"
        data = {"custom_id": custom_id, "components": [text("of_old", "a fox"), 7]}
        return await sent(house, MODAL_SUBMIT, data)

    said = living.do(tried)
    assert OF_ANOTHER in said or "Not" in said


def test_a_form_with_fields_of_another_is_told_of(living: Living) -> None:
    data = {"custom_id": "easel:form:style:", "components": [text("prompt", "a fox")]}
    assert OF_ANOTHER in living.do(lambda house: sent(house, MODAL_SUBMIT, data))
    data = {"custom_id": "easel:form:words:all", "components": [text("words", "a fox")]}
    assert OF_ANOTHER in living.do(lambda house: sent(house, MODAL_SUBMIT, data))


def test_a_form_of_whatever_was_here_before_is_told_of(living: Living) -> None:
    data = {"custom_id": "feedback", "components": []}
    assert OF_ANOTHER in living.do(lambda house: sent(house, MODAL_SUBMIT, data))


async def pressed(house: Indoors, custom_id: str, kind: int = 2, values: Any = None) -> str:
    data = {"component_type": kind, "custom_id": custom_id}
    data |= {} if values is None else {"values": values}
    return await sent(house, COMPONENT, data, message=house.shown(data))


@pytest.mark.parametrize(
    "custom_id", ["persistent_view:green", "easel:u:123:1", "easel:", "x" * 100]
)
def test_a_button_of_whatever_was_here_before_is_told_of(living: Living, custom_id: str) -> None:
    assert NO_BUTTON in living.do(lambda house: pressed(house, custom_id))


@pytest.mark.parametrize(
    "custom_id", ["easel:panel:panel:go", "easel:pick:user:model", "easel:panel:setup:preset"]
)
def test_a_menu_of_which_nothing_was_chosen_is_answered(living: Living, custom_id: str) -> None:
    assert living.do(lambda house: pressed(house, custom_id, 3, []))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("GUILD_CREATE", {"id": None}), ("GUILD_UPDATE", []), ("GUILD_DELETE", None),
        ("MESSAGE_REACTION_ADD", {}), ("CHANNEL_UPDATE", {"guild_id": "x"}), ("READY", {}),
        ("ENTITLEMENT_CREATE", {"id": {}}), ("INTERACTION_CREATE", {}), ("INTERACTION_CREATE", 5),
    ],
)  # fmt: skip
def test_a_dispatch_that_nobody_can_read_does_not_end_the_bot(
    living: Living, event: str, payload: object
) -> None:
    async def tried(house: Indoors) -> str:
        await house.hear(event, payload, spared=True)
        return await command(house, "help")

    assert "imagine" in living.do(tried)


@pytest.mark.parametrize("change", [{"data": None}, {"data": 7}, {"member": {}}, {"user": 5}])
def test_who_sent_what_nobody_can_read_is_told_so(living: Living, change: Any) -> None:
    async def tried(house: Indoors) -> str:
        leaf = (await corpus(house)).leaves[0]
        return await sent(house, COMMAND, leaf.data([], {}), change=change)

    assert living.do(tried)


def test_they_are_told_so_in_their_language(living: Living) -> None:
    async def tried(house: Indoors) -> str:
        leaf = (await corpus(house)).leaves[0]
        change = {"member": {}, "locale": "de"}
        return await sent(house, COMMAND, leaf.data([], {}), change=change)

    with speaking(language("de")):
        words = _(OUTDATED)
    assert words != OUTDATED
    assert words in living.do(tried)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (COMPONENT, {"component_type": 2, "custom_id": "easel:set:user:ping"}),
        (COMPONENT, {"component_type": 2, "custom_id": "easel:page:own"}),
        (COMPONENT, {"component_type": 2, "custom_id": f"easel:upscale:{'0' * 32}:1"}),
        (MODAL_SUBMIT, {"custom_id": "easel:remix:1", "components": []}),
    ],
)
@pytest.mark.parametrize("locale", [5, {"de": 1}, None])
def test_a_language_that_is_none_leaves_nobody_without_an_answer(
    living: Living, kind: int, data: Any, locale: Any
) -> None:
    async def press(house: Indoors) -> str:
        rest = {"message": house.shown(data)} if kind == COMPONENT else {}
        return await sent(house, kind, data, change={"locale": locale}, **rest)

    assert living.do(press)


@pytest.mark.parametrize("whose", ["the gate", "who came"])
def test_what_goes_wrong_before_a_press_is_answered(
    living: Living, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    data = {"component_type": 2, "custom_id": "easel:set:user:ping"}

    def fail(*_: object) -> None:
        raise RuntimeError("nobody thought of it")

    async def press(house: Indoors) -> str:
        if whose == "the gate":
            monkeypatch.setattr(house.easel.core.service.accounts, "require_served", fail)
        else:
            monkeypatch.setattr(house.bot.till, "arrive", fail)
        return await sent(house, COMPONENT, data, change={}, message=house.shown(data))

    said = living.do(press)
    assert re.search(r"the reference `[0-9A-F]{6}`.*Something went wrong", said)


def test_a_text_is_read_to_its_end(living: Living) -> None:
    """SQLite takes a text for ended where it has a NUL."""
    said = living.do(lambda house: command(house, "plan set", name=(3, " \0"), credits=(4, 5)))
    assert "The name of a plan has 1 to 32 characters" in said
    said = living.do(lambda house: command(house, "plan set", name=(3, "a\0b"), credits=(4, 5)))
    assert "Plan ab" in said


def test_a_style_of_endless_text_is_refused_in_a_sentence(living: Living) -> None:
    async def send(house: Indoors) -> str:
        [form] = [
            each for each in (await corpus(house)).forms if each["custom_id"].endswith("style:")
        ]
        components = copied(form["components"])
        for label in components:
            field = label["component"]
            field["value"] = "x" * 12_000 if field["custom_id"] == "loras" else "old"
        return await sent(house, MODAL_SUBMIT, {**form, "components": components})

    assert "at most 300 characters, not 12000" in living.do(send)


def test_a_form_under_a_message_that_brings_a_job_is_answered(living: Living) -> None:
    written = {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}}
    data = {"custom_id": "easel:form:from_picture:", "components": [written]}

    async def send(house: Indoors) -> str:
        return await sent(house, MODAL_SUBMIT, data, message=house.results[0])

    assert "a fox" in living.do(send)


def test_a_file_of_which_discord_tells_no_size_is_not_taken(living: Living) -> None:
    async def send(house: Indoors) -> str:
        leaf = leaf_of(house, "moderation allow")
        resolved = {"attachments": {"5": uploaded("5") | {"size": {"a": 1}}}}
        return await sent(
            house, COMMAND, leaf.data([{"name": "file", "type": 11, "value": "5"}], resolved)
        )

    assert OUTDATED in living.do(send)


@pytest.mark.parametrize("typed", ["9" * 19, str(2**63), str(2**64), "9" * 40])
def test_an_id_that_nobody_has_is_refused_in_a_sentence(living: Living, typed: str) -> None:
    said = living.do(lambda house: command(house, "operator block", server=(3, typed)))
    assert "Give the server's id" in said


@pytest.mark.parametrize("values", [1e308, "abc", {"a": 1}, True])
def test_a_form_whose_choices_are_no_list_is_answered(living: Living, values: Any) -> None:
    async def send(house: Indoors) -> str:
        [form] = [
            each for each in (await corpus(house)).forms if ":vary_region:" in each["custom_id"]
        ]
        components = copied(form["components"])
        for label in components:
            field = label["component"]
            field |= {"value": "a fox"} if field["type"] == 4 else {"values": values}
        custom_id = form["custom_id"].format(job=house.jobs[1])
        return await sent(house, MODAL_SUBMIT, {"custom_id": custom_id, "components": components})

    assert living.do(send)
