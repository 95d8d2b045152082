"""What discord.py makes of dispatches, where it would lose somebody or the whole bot: payloads that
it cannot read, presses that nobody hears, and views that it would hold for nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import discord
from discord import ui
from discord.state import ConnectionState
from discord.ui.view import BaseView, ViewStore
from discord.webhook.async_ import async_context, interaction_response_params

from bot.chat.replies import OUTDATED, reference
from bot.chat.trouble import TROUBLE
from bot.domain.language import _, speak
from bot.language import language

log = logging.getLogger(__name__)

Parse = Callable[[Any], None]
_ANSWERED = (2, 3, 5)
"""Types of interactions that somebody waits for, and who is to see something."""
_MESSAGE = 4
_EPHEMERAL = 1 << 6


class Unread:
    """Takes its place in the state of a client that has not connected yet."""

    def __init__(self, state: ConnectionState[Any]) -> None:
        self._state = state
        self._answering: set[asyncio.Task[None]] = set()
        state.parsers = {event: self._guard(event, each) for event, each in state.parsers.items()}
        # Instead of its own, which it calls for every message that has buttons.
        state.store_view = partial(keep_view, state._view_store)

    def _guard(self, event: str, parse: Parse) -> Parse:
        """One that raises nothing: discord.py would end the bot for one dispatch that it cannot
        read."""

        def parsed(payload: Any) -> None:
            try:
                if event == "INTERACTION_CREATE" and "data" in payload:
                    payload["data"] = without_nul(payload["data"])
                parse(payload)
            except Exception:
                number = reference()
                log.exception("reference %s: a dispatch %s cannot be read", number, event)
                if event == "INTERACTION_CREATE":
                    task = asyncio.create_task(self._answer(payload), name="easel-unread")
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)

        return parsed

    async def _answer(self, payload: Any) -> None:
        """Tell whoever waits for an interaction that it cannot be read; never raises."""
        try:
            number, token, kind = int(payload["id"]), str(payload["token"]), payload["type"]
        except (KeyError, TypeError, ValueError):
            return
        if kind not in _ANSWERED:
            return
        speak(language(str(payload.get("locale"))))
        data = {"content": _(OUTDATED), "flags": _EPHEMERAL}
        http: Any = self._state.http
        try:
            await async_context.get().create_interaction_response(
                number, token, session=http._HTTPClient__session,
                params=interaction_response_params(type=_MESSAGE, data=data),
                proxy=http.proxy, proxy_auth=http.proxy_auth,
            )  # fmt: skip
        except TROUBLE as error:
            log.warning("interaction %d could not be answered: %s", number, error)


def without_nul(said: Any) -> Any:
    """What somebody filled in, without the character at which SQLite and others take a text for
    ended. No client of Discord lets anybody write it; a program may send it."""
    if isinstance(said, str):
        return said.replace("\0", "")
    if isinstance(said, dict):
        return {
            key: value if key == "custom_id" else without_nul(value) for key, value in said.items()
        }
    if isinstance(said, list):
        return [without_nul(value) for value in said]
    return said


def is_heard(interaction: discord.Interaction, custom_id: str) -> bool:
    """Whether discord.py knows whom to tell of a press, or of a form that was sent."""
    store = interaction.client._connection._view_store
    if interaction.type is discord.InteractionType.modal_submit:
        return custom_id in store._modals
    if any(pattern.fullmatch(custom_id) for pattern in store._dynamic_items):
        return True
    key = ((interaction.data or {}).get("component_type"), custom_id)
    message = interaction.message.id if interaction.message else None
    return any(key in store._views.get(each, ()) for each in (message, None))


def keep_view(store: ViewStore, view: BaseView, message_id: int | None = None) -> None:
    """Keep what discord.py needs to hear of a press. Of buttons that are made anew from their ids
    and of forms that do nothing themselves it needs nothing, and would hold those of a private
    message, with a task for each, for 15 minutes."""
    if type(view) is ui.Modal or (not isinstance(view, ui.Modal) and _is_dynamic(view)):
        return
    store.add_view(view, message_id)


def _is_dynamic(view: BaseView) -> bool:
    """Whether all that can be pressed is made anew from its id."""
    items = (each for each in view.walk_children() if each.is_dispatchable())
    return all(isinstance(each, ui.DynamicItem) for each in items)
