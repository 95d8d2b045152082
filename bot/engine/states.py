"""How the models of a worker stand: what it says now, with the times of what it said before. Pure.

All times are monotonic seconds of the bot's process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.engine.seam import Failed, Loaded, Loading, ModelState

States = Mapping[str, ModelState]


def followed(before: States, said: Mapping[str, Any], now: float, retry_s: float) -> States:
    """The states after a worker's "state" frame; what failed just now is worth a new try in
    `retry_s`. Raises KeyError for a frame without one of its three parts."""
    failed = {
        id: _failed(before.get(id), text, now + retry_s) for id, text in said["failed"].items()
    }
    sizes = said.get("sizes", {})
    loaded = {
        id: replace(_loaded(before.get(id), card, now), size_mb=sizes.get(id, 0))
        for id, card in said["loaded"].items()
    }
    loading = {id: _loading(before.get(id), text, now) for id, text in said["loading"].items()}
    return {**failed, **loaded, **loading}


def _failed(before: ModelState | None, text: str, retry_at: float) -> Failed:
    if isinstance(before, Failed) and before.text == text:
        return before
    return Failed(text, retry_at)


def _loaded(before: ModelState | None, card: Mapping[str, Any], now: float) -> Loaded:
    match before:
        case Loaded(since=since, took_s=took_s):
            return Loaded(card, since, took_s)
        case Loading(since=since):
            return Loaded(card, now, now - since)
    return Loaded(card, now)


def _loading(before: ModelState | None, text: str, now: float) -> Loading:
    return Loading(text, before.since if isinstance(before, Loading) else now)
