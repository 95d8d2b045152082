"""LoRAs in a request, and as people write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain import loras
from bot.domain.errors import InvalidPrompt
from bot.domain.infotext import infotext
from bot.domain.request import GenerationRequest
from tests.kit.values import a_request

BOTH = {"add.detail": 0.7, "Fog": -1.0}


def test_a_request_carries_them_to_disk_and_to_the_worker() -> None:
    request = a_request().with_loras(BOTH)
    assert request.loras == request.wire()["loras"] == BOTH
    stored = json.loads(json.dumps(request.to_json()))
    assert stored["extra"] == {"loras": [["add.detail", 0.7], ["Fog", -1.0]]}
    assert GenerationRequest.from_json(stored) == request
    assert request.with_loras({}) == a_request()
    assert a_request().wire()["loras"] == {}


def test_they_stay_with_what_is_made_of_a_request() -> None:
    again = a_request().with_loras(BOTH).reroll(7)
    assert again.loras == BOTH
    assert again.with_loras({"Fog": 1}).loras == {"Fog": 1.0}


@pytest.mark.parametrize(
    "said",
    [
        "fog", 7, {"fog": 1}, [["fog"]], [["fog", "1"]], [["fog", True]], [["fog", 99]],
        [["fog", float("nan")]], [[1, 1]], [["fog", 1]] * 9,
    ],
)  # fmt: skip
def test_what_nobody_could_have_asked_is_unreadable(said: Any) -> None:
    stored = a_request().to_json() | {"extra": {"loras": said}}
    with pytest.raises(ValueError):
        GenerationRequest.from_json(stored)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fog", ("fog", 1.0)),
        ("fog:0.5", ("fog", 0.5)),
        ("fog:-1", ("fog", -1.0)),
        ("a:b:2", ("a:b", 2.0)),
        ("add.detail v2:.7", ("add.detail v2", 0.7)),
    ],
)
def test_a_name_and_perhaps_a_weight(text: str, wanted: tuple[str, float]) -> None:
    assert loras.written(text) == wanted


@pytest.mark.parametrize("text", ["fog:", "fog:much", ":1", "fog:11", "fog:nan", "fog:inf"])
def test_a_slip_is_a_sentence(text: str) -> None:
    with pytest.raises(InvalidPrompt, match="takes a name and a weight from -10 to 10"):
        loras.written(text)


def test_other_tools_read_them_in_the_prompt() -> None:
    said = infotext(a_request().with_loras(BOTH).recipe())
    assert said.startswith("a red fox <lora:add.detail:0.7> <lora:Fog:-1>\n")
