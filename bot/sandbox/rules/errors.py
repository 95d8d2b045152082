"""Discord's error codes and the JSON body that carries them.

    SandboxError                  the root
    ├── ApiError                  an answer to a REST request: status, code, message, errors
    └── InteractionFailed         what a person is told about an interaction
        ├── NotResponding         the application did not respond within the time allowed
        └── Refused               the Discord client would not have let the person do that

Knows which HTTP status belongs to which code; does not know when a rule is broken.
"""

from __future__ import annotations

from typing import Any

_CODES: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (404, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10027: (404, "Unknown SKU"),
    10029: (404, "Unknown entitlement"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30034: (400, "Maximum number of daily application command creates has been reached (200)"),
    40005: (413, "Request entity too large"),
    40019: (403, "You can only delete sandbox entitlements."),
    40060: (400, "Interaction has already been acknowledged."),
    40074: (400, "An entitlement has already been granted for this resource"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50046: (400, "Invalid Asset"),
    50057: (400, "Invalid SKU"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (400, "Cannot reply without permission to read message history"),
}


class SandboxError(Exception):
    """The root of this package's errors."""


class ApiError(SandboxError):
    """An error answer of the REST API; `errors` is Discord's nested form-error object.

    `status` is given where Discord has another than the usual one for this code.
    """

    def __init__(
        self, code: int, *, errors: dict[str, Any] | None = None, status: int | None = None
    ) -> None:
        usual, self.message = _CODES[code]
        self.status = usual if status is None else status
        self.code = code
        self.errors = errors
        super().__init__(f"{self.message} ({code})")

    def body(self) -> dict[str, Any]:
        """Discord's JSON for it."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class InteractionFailed(SandboxError):
    """An interaction came to nothing; the text is what the person sees."""


class NotResponding(InteractionFailed):
    """The application did not respond."""

    def __init__(self) -> None:
        super().__init__("The application did not respond")


class Refused(InteractionFailed):
    """The client refuses before anything is sent: the text says what would be right."""


class Problems:
    """Collects form errors by path and raises them as one 50035."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}

    def add(self, path: str, code: str, message: str) -> None:
        """Note a problem at `path`, dotted as in Discord's answer: `embeds.0.title`."""
        node = self.tree
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: object, low: int, high: int) -> bool:
        """Whether `value` is a string or list of `low` to `high` items; else it is noted."""
        if not isinstance(value, (str, list)):
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
            return False
        if low <= len(value) <= high:
            return True
        if low == 0:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        else:
            text = f"Must be between {low} and {high} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", text)
        return False

    def number(self, path: str, value: object, low: int, high: int) -> bool:
        """Whether `value` is an integer from `low` to `high`; else it is noted."""
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return True
        text = f"Must be an integer between {low} and {high}."
        self.add(path, "NUMBER_TYPE_RANGE", text)
        return False

    def choice(self, path: str, value: object, allowed: tuple[int, ...]) -> bool:
        """Whether `value` is one of `allowed`; else it is noted."""
        if value in allowed and not isinstance(value, bool):
            return True
        text = f"Value must be one of {{{', '.join(map(str, allowed))}}}."
        self.add(path, "BASE_TYPE_CHOICES", text)
        return False

    def kind(self, path: str, it: object, allowed: tuple[int, ...]) -> bool:
        """Whether `it` is an object whose type is one of `allowed`; else it is noted."""
        if isinstance(it, dict):
            return self.choice(f"{path}.type", it.get("type"), allowed)
        if it is None:
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        else:
            self.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return False

    def finish(self) -> None:
        """Raise ApiError 50035 if anything was noted."""
        if self.tree:
            raise ApiError(50035, errors=self.tree)
