"""Interactions without an answer, which only a fault may explain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.chaos.stage import ACK_S, Stage, now

MARGIN_S = 1.0


def unanswered(stage: Stage) -> list[str]:
    """Those that no fault explains, and answers that still say that somebody is thinking."""
    return [*_silent(stage), *_thinking(stage)]


def _silent(stage: Stage) -> Iterator[str]:
    offset = now() - stage.sandbox.clock()
    for it in stage.sandbox.interactions.all:
        if (
            it.failed is not None
            and _there(stage, it)
            and not _explained(stage, it.created_at + offset)
        ):
            what = it.name or it.data.get("custom_id")
            near = _nearest(stage, it.created_at + offset)
            yield f"silence: {what!r} of {it.user_id} got no answer; {near}"


def _there(stage: Stage, it: Any) -> bool:
    """In a channel that was deleted nobody can be answered."""
    return it.channel.id in stage.sandbox.world.channels


def _explained(stage: Stage, at: float) -> bool:
    """Whether a fault was at work while the bot had its time to answer."""
    return any(
        each.silent and each.began - ACK_S <= at <= (each.well or now()) + MARGIN_S
        for each in stage.windows
    )


def _nearest(stage: Stage, at: float) -> str:
    before = [each for each in stage.windows if each.began <= at]
    if not before:
        return "nothing had happened yet"
    last = before[-1]
    return (
        f"{at - last.began:.1f} s after {last.fault} began, {at - last.ended:.1f} s after it ended"
    )


def _thinking(stage: Stage) -> Iterator[str]:
    offset = now() - stage.sandbox.clock()
    for it in stage.sandbox.interactions.all:
        message = it.original
        if message is None or not message.loading:
            continue
        if stage.sandbox.world.message(message.id) is None:
            continue
        if not _explained(stage, it.created_at + offset):
            yield f"silence: the answer to {it.name!r} of {it.user_id} is still thinking"
