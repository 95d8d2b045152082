"""What a user or an admin can ask for: the use cases, in terms of the domain."""

from bot.service.service import Service

__all__ = ["Service"]
