"""Something a person asked of the application, and what came of it.

Knows how to show the answers to that person; does not know how the asking is done.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.rules.errors import NotResponding
from bot.sandbox.world.bus import Bus
from bot.sandbox.world.interaction import Interaction
from bot.sandbox.world.message import StoredMessage
from bot.sandbox.world.shapes import Renderer

Payload = dict[str, Any]
ACK_TIMEOUT = 10.0


class Invocation:
    """One interaction, seen by the person who started it: a command, a press, a form sent."""

    def __init__(self, interaction: Interaction, bus: Bus, renderer: Renderer) -> None:
        self.interaction = interaction
        self._bus = bus
        self._renderer = renderer

    @property
    def id(self) -> str:
        return self.interaction.id

    @property
    def token(self) -> str:
        """What the application answers with, in webhook routes."""
        return self.interaction.token

    @property
    def acknowledged(self) -> bool:
        """Whether the application has given its first answer."""
        return self.interaction.callback is not None

    @property
    def modal(self) -> Payload | None:
        """The form the application answered with: {"custom_id", "title", "components"}."""
        return self.interaction.modal

    @property
    def original(self) -> Payload | None:
        """The first answer as this person sees it now; None when there is none or it is gone."""
        message = self.interaction.original
        return self._shown(message) if message is not None else None

    @property
    def replies(self) -> list[Payload]:
        """The messages of this interaction as they are now: the first answer and follow-ups."""
        sent = [self.interaction.original, *self.interaction.replies]
        shown = [self._shown(each) for each in sent if each is not None]
        return [each for each in shown if each is not None]

    def _shown(self, message: StoredMessage) -> Payload | None:
        if not self._renderer.exists(message):
            return None
        return self._renderer.for_person(message, self.interaction.user_id)

    async def ack(self, timeout: float = ACK_TIMEOUT) -> Payload:
        """The application's first answer, {"type", "data"}.

        Raises NotResponding when Discord would show that, TimeoutError when neither came.
        """
        it = self.interaction
        await self._bus.until(lambda: it.callback is not None or it.failed is not None, timeout)
        if it.callback is None:
            raise NotResponding
        return it.callback
