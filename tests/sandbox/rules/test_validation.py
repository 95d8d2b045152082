"""The body of a message: lengths at the edge and beyond, and what excludes what."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.rules import validation
from bot.sandbox.rules.errors import ApiError
from bot.sandbox.rules.flags import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_NOTIFICATIONS,
)
from tests.kit.components import Json, text, v2
from tests.kit.refusals import Paths, refusal

BAD_LENGTH, MAX_LENGTH, REQUIRED = (
    "BASE_TYPE_BAD_LENGTH",
    "BASE_TYPE_MAX_LENGTH",
    "BASE_TYPE_REQUIRED",
)
LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
SUPPRESS_EMBEDS, CROSSPOSTED, VOICE = 1 << 2, 1 << 0, 1 << 13


def problems(payload: Json, allowed: int = validation.CREATE_FLAGS) -> Paths:
    flags = payload.get("flags") or 0
    flags = flags if isinstance(flags, int) else 0
    return refusal(lambda: validation.check_message(payload, flags, allowed))


def of_embed(**embed: Any) -> Paths:
    found = problems({"embeds": [embed]})
    return {path.removeprefix("embeds.0."): codes for path, codes in found.items()}


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        ({}, {}),
        ({"content": "x" * 2000}, {}),
        ({"content": "x" * 2001}, {"content": [MAX_LENGTH]}),
        ({"content": None}, {}),
        ({"content": ["x"]}, {"content": ["STRING_TYPE_CONVERT"]}),
        ({"nonce": "n" * 25}, {}),
        ({"nonce": "n" * 26}, {"nonce": [MAX_LENGTH]}),
        ({"nonce": 1 << 62}, {}),
        ({"embeds": [{"title": "t"}] * 10}, {}),
        ({"embeds": [{"title": "t"}] * 11}, {"embeds": [MAX_LENGTH]}),
        ({"embeds": {"title": "t"}}, {"embeds": [REQUIRED]}),
        ({"embeds": None, "components": None, "allowed_mentions": None}, {}),
        ({"components": "x"}, {"components": ["LIST_TYPE_CONVERT"]}),
    ],
)
def test_a_message(payload: Json, wrong: Paths) -> None:
    assert problems(payload) == wrong


@pytest.mark.parametrize(
    ("embed", "wrong"),
    [
        ({"title": "t" * 256}, {}),
        ({"title": "t" * 257}, {"title": [MAX_LENGTH]}),
        ({"description": "d" * 4096}, {}),
        ({"description": "d" * 4097}, {"description": [MAX_LENGTH]}),
        ({"footer": {"text": "f" * 2048}}, {}),
        ({"footer": {"text": "f" * 2049}}, {"footer.text": [MAX_LENGTH]}),
        ({"author": {"name": "a" * 256}}, {}),
        ({"author": {"name": "a" * 257}}, {"author.name": [MAX_LENGTH]}),
        ({"fields": [{"name": "n" * 256, "value": "v" * 1024}]}, {}),
        ({"fields": [{"name": "n" * 257, "value": "v"}]}, {"fields.0.name": [BAD_LENGTH]}),
        ({"fields": [{"name": "n", "value": "v" * 1025}]}, {"fields.0.value": [BAD_LENGTH]}),
        ({"fields": [{"name": "n", "value": ""}]}, {"fields.0.value": [BAD_LENGTH]}),
        ({"fields": [{"name": "n"}]}, {"fields.0.value": [REQUIRED]}),
        ({"fields": [{"name": "n", "value": "v"}] * 25}, {}),
        ({"fields": [{"name": "n", "value": "v"}] * 26}, {"fields": [MAX_LENGTH]}),
        ({"image": {"url": "attachment://a.png"}}, {}),
        ({"thumbnail": {"url": "https://x.y/a.png"}}, {}),
        ({"image": {"url": "data:image/png,x"}}, {"image.url": ["URL_TYPE_INVALID_SCHEME"]}),
        ({"thumbnail": {"url": "a.png"}}, {"thumbnail.url": ["URL_TYPE_INVALID_SCHEME"]}),
    ],
)
def test_an_embed(embed: Json, wrong: Paths) -> None:
    assert of_embed(**embed) == wrong


def test_all_embeds_together_have_6000_characters_of_every_kind_of_text() -> None:
    first = {"title": "t" * 200, "description": "d" * 4000, "author": {"name": "a" * 100}}
    field = {"name": "n" * 100, "value": "v" * 600}
    second = {"footer": {"text": "f" * 1000}, "fields": [field]}
    assert problems({"embeds": [first, second]}) == {}
    for more in ({"title": "!"}, {"footer": {"text": "!"}}, {"author": {"name": "!"}}):
        wrong = problems({"embeds": [first, second, more]})
        assert wrong == {"embeds": ["MAX_EMBED_SIZE_EXCEEDED"]}


@pytest.mark.parametrize(
    ("flags", "create", "callback", "edit"),
    [
        (0, True, True, True),
        (SUPPRESS_EMBEDS, True, True, True),
        (SUPPRESS_NOTIFICATIONS, True, True, False),
        (VOICE, True, True, False),
        (EPHEMERAL, False, True, False),
        (LOADING, False, False, False),
        (CROSSPOSTED, False, False, False),
        (EPHEMERAL | LOADING, False, False, False),
        ("64", False, False, False),
    ],
)
def test_flags_by_the_way_a_message_is_written(
    flags: Any, create: bool, callback: bool, edit: bool
) -> None:
    ways = validation.CREATE_FLAGS, validation.CALLBACK_FLAGS, validation.EDIT_FLAGS
    wrong = {"flags": ["MESSAGE_FLAGS_INVALID"]}
    for allowed, fine in zip(ways, (create, callback, edit), strict=True):
        assert problems({"flags": flags}, allowed) == ({} if fine else wrong)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"content": "both"}, "content"),
        ({"embeds": [{"title": "both"}]}, "embeds"),
        ({"poll": {"question": {"text": "?"}}}, "poll"),
        ({"sticker_ids": ["1"]}, "poll"),
    ],
)
def test_components_v2_stand_alone(more: Json, path: str) -> None:
    assert problems(v2(text()) | more) == {path: [LEGACY]}
    assert problems(v2(text()) | dict.fromkeys(more)) == {}


def test_emptied_fields_go_with_components_v2() -> None:
    """This is how a legacy message becomes one of components."""
    assert problems(v2(text(), content="", embeds=[])) == {}
    assert problems(v2(text(), content="")) == {}


def test_the_flag_of_the_message_counts_and_not_that_of_the_body() -> None:
    def edit(payload: Json, flags: int) -> Paths:
        return refusal(lambda: validation.check_message(payload, flags, validation.EDIT_FLAGS))

    assert edit({"content": "x"}, COMPONENTS_V2) == {"content": [LEGACY]}
    assert edit({"components": [text()]}, COMPONENTS_V2) == {}
    assert edit({"components": [text()]}, 0) == {"components.0.type": ["BASE_TYPE_CHOICES"]}


def test_every_problem_is_told_at_once() -> None:
    wrong = problems(
        {
            "content": "x" * 2001,
            "embeds": [{"title": "t"}, {"title": "t" * 257, "fields": [{}]}],
            "components": [{"type": 1, "components": [{"type": 2, "style": 1}]}],
            "allowed_mentions": {"parse": ["all"]},
        }
    )
    assert set(wrong) == {
        "content",
        "embeds.1.title",
        "embeds.1.fields.0.name",
        "embeds.1.fields.0.value",
        "components.0.components.0",
        "components.0.components.0.custom_id",
        "allowed_mentions.parse.0",
    }


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "limit", "fine"),
    [
        ([], 10 * MIB, True),
        ([10 * MIB], 10 * MIB, True),
        ([10 * MIB + 1], 10 * MIB, False),
        ([1, 10 * MIB + 1], 10 * MIB, False),
        ([10 * MIB, 10 * MIB, 5 * MIB], 10 * MIB, True),
        ([10 * MIB, 10 * MIB, 5 * MIB + 1], 10 * MIB, False),
        ([25 * MIB], 50 * MIB, True),
        ([25 * MIB + 1], 50 * MIB, False),
    ],
)
def test_a_file_has_its_limit_and_a_request_25_mib(
    sizes: list[int], limit: int, fine: bool
) -> None:
    if fine:
        validation.check_sizes(sizes, limit)
        return
    with pytest.raises(ApiError) as caught:
        validation.check_sizes(sizes, limit)
    assert (caught.value.status, caught.value.code) == (413, 40005)
    assert caught.value.body() == {"message": "Request entity too large", "code": 40005}


def test_a_message_has_ten_files() -> None:
    assert refusal(lambda: validation.check_count(10)) == {}
    assert refusal(lambda: validation.check_count(11)) == {"attachments": [MAX_LENGTH]}
