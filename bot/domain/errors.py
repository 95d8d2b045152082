"""Every error that Easel raises on purpose.

    EaselError
    ├── SettingsError            a setting is missing or wrong; said at start
    ├── StoreUnavailable         the database refuses just now; nothing was written, try again
    ├── Withheld                 pictures that nobody is to see (bot.domain.safety)
    ├── UserError                one sentence for the person who asked; nothing stored or charged
    │   ├── InvalidPrompt        the prompt or one of its parameters
    │   │   └── UnknownParameter a name that no parameter has
    │   ├── InvalidRecipe        a file that was sent as a recipe cannot be drawn by
    │   ├── InvalidLink          what is linked to is no picture that can be had
    │   ├── BlockedWords         the prompt has what is not drawn there
    │   ├── OutOfCredits         the account cannot pay
    │   ├── QueueFull            too many jobs waiting, of this user or in all
    │   ├── NotAllowed           the right to do this is missing
    │   ├── Draining             nothing new is begun before an update
    │   ├── TooQuick             one person asks more often than a person does
    │   ├── MissingPermissions   the bot may not post where it was asked to
    │   ├── NotFound             no such job, picture or setting (any more)
    │   ├── TooLarge             a file has more bytes than are kept
    │   └── Unable               the model of today cannot do this
    └── EngineError              raised behind the executor seam
        ├── WorkerLost           process, node or engine gone or silent: not the user's fault
        ├── Cancelled            the worker confirmed that it stopped
        ├── RenderFailed         this request cannot be drawn; carries a code and `retryable`
        │   └── UnknownModel     the worker has no such model
        └── Busy                 the slot was taken meanwhile: choose again

The text of a `UserError` is shown as it stands: one clear sentence that names what is wrong and
what would be right.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from bot.domain.language import in_english


class EaselError(Exception):
    """Root of the tree above."""


class SettingsError(EaselError):
    """A setting is missing or has an unusable value."""


class StoreUnavailable(EaselError):
    """The database cannot be read or written just now; nothing was written. Never an outcome of a
    job: whoever wrote one tries again.

    `code` is a stable word: "locked", "full", "read_only", "io" or "damaged"; the text is for the
    log.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class UserError(EaselError):
    """Something the asking person can understand and mend; the text is shown to them, in their
    language. By the id of an `appeal` they may ask moderators to look at it again."""

    appeal: str = ""

    @property
    def english(self) -> str:
        """The same for the log."""
        return in_english(self.args[0]) if self.args else ""


class InvalidPrompt(UserError):
    """The prompt or one of its parameters is wrong."""


class UnknownParameter(InvalidPrompt):
    """The prompt has `names` behind dashes that no parameter has."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        super().__init__(text)
        self.names = names


class InvalidRecipe(UserError):
    """A file that was sent as a recipe is none, or asks for what cannot be drawn."""


class InvalidLink(UserError):
    """What is linked to, or uploaded, is no picture that can be had."""


class BlockedWords(UserError):
    """The prompt has a word or phrase that is not drawn there."""


class OutOfCredits(UserError):
    """The account's balance does not cover the price."""


class QueueFull(UserError):
    """The limit of waiting jobs is reached."""


class NotAllowed(UserError):
    """The person lacks the right to do this."""


class Draining(UserError):
    """The operator is about to update: nothing new is begun."""


class TooQuick(UserError):
    """One person asked more often than a person does."""


class MissingPermissions(UserError):
    """The bot itself lacks permissions in the channel."""


class NotFound(UserError):
    """The job, picture or setting does not exist (any more)."""


class TooLarge(UserError):
    """The file has more bytes than are kept of one."""


class Unable(UserError):
    """The model of today cannot do what is asked for."""


class EngineError(EaselError):
    """Raised by an executor."""


class WorkerLost(EngineError):
    """The worker's process, node or engine is gone or silent: requeue, not the user's fault.

    `begun` says that the worker had everything loaded and was drawing this job, so that this job
    may have been the cause; `alone` that no other was drawn then, so that no other can have been;
    `drawn` that its pictures were drawn already while the worker was busy with another's, so that
    it cannot have been.
    """

    def __init__(
        self, text: str, *, begun: bool = False, drawn: bool = False, alone: bool = True
    ) -> None:
        super().__init__(text)
        self.begun = begun
        self.drawn = drawn
        self.alone = alone


class Cancelled(EngineError):
    """The worker confirmed that it stopped drawing."""


class RenderFailed(EngineError):
    """This request failed while the engine lives on.

    `code` is a stable word: "out_of_memory", "bad_input", "model_missing", "not_finite",
    "source_gone", "lora_gone" or "error". `retryable` says whether another attempt could succeed;
    the text is for the log. Where memory ran out, `fits` are the pixels of the largest smaller
    picture that this model is known to have drawn there, 0 where none is known.
    """

    def __init__(self, code: str, text: str, *, retryable: bool = False, fits: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.retryable = retryable
        self.fits = fits


class UnknownModel(RenderFailed):
    """The worker was never told of this model: the request is at fault, not the worker."""

    def __init__(self, text: str) -> None:
        super().__init__("model_missing", text)


class Busy(EngineError):
    """The worker's slot was taken meanwhile: choose again."""


def new_reference() -> str:
    """A short word that a user can quote and an operator can search the log for."""
    return secrets.token_hex(3).upper()
