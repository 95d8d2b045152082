"""What each kind of refusal means for a later try."""

from __future__ import annotations

import aiohttp
import discord
import pytest

from bot.chat.trouble import Verdict, has_code, judge, token_is_dead
from tests.kit.channels import refusal

AWAY, FINAL, TOO_LARGE, UNCLEAR = Verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (OSError("no route"), AWAY),
        (TimeoutError(), AWAY),
        (aiohttp.ClientConnectionError(), AWAY),
        (refusal(500), AWAY),
        (refusal(503, 50013), AWAY),
        (refusal(401), AWAY),
        (refusal(408), AWAY),
        (refusal(413), TOO_LARGE),
        (refusal(400, 40005), TOO_LARGE),
        (refusal(400, 50045), TOO_LARGE),
        (refusal(403, 50013), FINAL),
        (refusal(403, 50001), FINAL),
        (refusal(404, 10003), FINAL),
        (refusal(400, 50035), FINAL),
        (refusal(403, 50278), FINAL),
        (refusal(400, 160005), FINAL),
        (refusal(403), UNCLEAR),
        (refusal(404), UNCLEAR),
        (refusal(400, 99999), UNCLEAR),
        (refusal(429), UNCLEAR),
        (discord.RateLimited(90), UNCLEAR),
    ],
)
def test_refusals(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict


def test_only_discord_has_codes() -> None:
    assert has_code(refusal(404, 10062), 1, 10062)
    assert not has_code(refusal(404, 10062), 10008)
    assert not has_code(OSError(10062), 10062)


@pytest.mark.parametrize(("code", "dead"), [(10015, True), (50027, True), (10008, False)])
def test_a_dead_token_has_a_code_of_its_own(code: int, dead: bool) -> None:
    assert token_is_dead(refusal(404, code)) is dead
