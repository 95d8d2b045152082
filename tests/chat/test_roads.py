"""Every request of Discord's API that the bot makes is of a class with a name."""

from __future__ import annotations

import secrets

import pytest

from bot.chat.roads import OTHER, ROADS, road

TOKEN = secrets.token_urlsafe(96)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", f"/interactions/71/{TOKEN}/callback", "interaction answer"),
        ("POST", f"/webhooks/71/{TOKEN}", "interaction followup"),
        ("PATCH", f"/webhooks/71/{TOKEN}/messages/@original", "interaction message"),
        ("DELETE", f"/webhooks/71/{TOKEN}/messages/5", "interaction message"),
        ("POST", "/channels/5/messages", "message post"),
        ("GET", "/channels/5/messages", "message read"),
        ("GET", "/channels/5/messages/6", "message read"),
        ("PATCH", "/channels/5/messages/6", "message edit"),
        ("DELETE", "/channels/5/messages/6", "message delete"),
        ("PUT", "/channels/5/messages/6/reactions/%F0%9F%91%8D/@me", "reaction"),
        ("POST", "/channels/5/threads", "thread"),
        ("GET", "/channels/5", "channel"),
        ("POST", "/users/@me/channels", "direct message"),
        ("GET", "/users/@me", "user"),
        ("PUT", "/applications/71/commands", "commands"),
        ("PUT", "/applications/71/guilds/9/commands", "commands"),
        ("GET", "/applications/71/entitlements", "shop"),
        ("GET", "/oauth2/applications/@me", "application"),
        ("GET", "/guilds/9/roles", "server"),
        ("GET", "/gateway/bot", "gateway"),
        ("GET", "/attachments/5/6/grid.webp", "attachment"),
    ],
)
@pytest.mark.parametrize("base", ["/api/v10", ""])
def test_a_request_is_of_one_class(base: str, method: str, path: str, name: str) -> None:
    assert road(method, base + path)[0] == name
    assert name in ROADS


def test_the_answer_to_an_interaction_says_to_which() -> None:
    assert road("POST", f"/api/v10/interactions/71/{TOKEN}/callback")[1] == 71
    assert road("POST", f"/api/v10/webhooks/71/{TOKEN}")[1] == 0


@pytest.mark.parametrize("path", ["/", "/api/v10/what/is/this", f"/{TOKEN}", "/api/v99"])
def test_whatever_else_is_one_class(path: str) -> None:
    assert road("GET", path) == (OTHER, 0)
