"""Whether Discord would take a message's components or a form, asked of the sandbox's own rules."""

from __future__ import annotations

from bot.sandbox.rules import components, modals
from bot.sandbox.rules.errors import Problems
from tests.kit.messages import Message


def require_taken(message: Message) -> None:
    """As Discord does. Raises ApiError."""
    if "title" in message:
        modals.accept(message)
        return
    problems = Problems()
    components.check_message(message["components"], True, problems)
    problems.finish()
