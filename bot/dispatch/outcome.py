"""What can come of an attempt at a job, and what people are told where that is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.errors import new_reference
from bot.domain.job import NEEDS_MEMORY, Failure
from bot.domain.language import N_
from bot.domain.safety import Verdict, Withheld
from bot.domain.size import Size

TAKEN_AWAY = N_("The model, or a LoRA, that this needs was taken away before it was drawn.")

SENTENCES: Mapping[str, str] = {
    "out_of_memory": N_("This picture needs more memory than the machine has; try a squarer --ar."),
    "bad_input": N_("The model cannot draw this request; try other words or parameters."),
    "model_missing": N_("The model is not available just now; the operator has been told."),
    "worker_died": N_("Drawing this stopped the machine twice, so it was given up."),
    "storage": N_("The pictures could not be stored; the operator has been told."),
    "not_finite": N_("The model gave a black picture; the operator has been told."),
    "source_gone": N_("A picture that this needs was cleared away; 🔄 draws the prompt again."),
    "lora_gone": TAKEN_AWAY,
    "blocked": N_("The picture check stopped this, so nothing of it is shown; try other words."),
    "unchecked": N_("The pictures could not be checked, and others are not shown here; try later."),
    "error": N_("Something went wrong while drawing; please try again."),
}


@dataclass(frozen=True)
class Drawn:
    """Every picture is stored."""

    seconds: float
    engine: str


@dataclass(frozen=True)
class Again:
    """It is to be drawn once more, for a reason, a stable word; `strike` when this job is why its
    worker died, `suspect` when it may be, as may others that were drawn then: the next time it is
    drawn alone."""

    reason: str
    why: str = ""
    strike: bool = False
    suspect: bool = False


@dataclass(frozen=True)
class Impossible:
    """It cannot be drawn. `code` is a key of `SENTENCES`; `why` is for the log, and `fits` as in
    `RenderFailed`."""

    code: str
    why: str
    fits: int = 0


@dataclass(frozen=True)
class Blocked:
    """Nobody is to see its pictures."""

    verdict: Verdict

    @property
    def code(self) -> str:
        """A key of `SENTENCES`."""
        return "unchecked" if self.verdict is Verdict.UNSEEN else "blocked"


Outcome = Drawn | Again | Impossible | Blocked


def instead(error: Exception) -> Outcome:
    """What it was instead of drawn: a picture is missing that was stored before, or they may not be
    seen after all."""
    if isinstance(error, Withheld):
        return Blocked(error.verdict)
    return Impossible("error", repr(error))


def word(outcome: Outcome) -> str:
    """A stable word for it."""
    match outcome:
        case Drawn():
            return "drawn"
        case Again(reason=reason):
            return reason
    return outcome.code


def why(outcome: Outcome) -> str:
    """More than a word, for the log, where there is more to be said."""
    match outcome:
        case Drawn():
            return ""
        case Blocked(verdict=verdict):
            return verdict.value
    return outcome.why


def failure(code: str) -> Failure:
    """The sentence for a code, with a new reference."""
    code = code if code in SENTENCES else "error"
    return Failure(SENTENCES[code], new_reference(), code=code)


def failed(outcome: Impossible, size: Size) -> Failure:
    """The same of a drawing of this size: with a smaller one where memory did not suffice."""
    if outcome.code != "out_of_memory":
        return failure(outcome.code)
    smaller = size.within(outcome.fits or size.pixels // 2)
    if smaller is None:
        return failure(outcome.code)
    fits, may = NEEDS_MEMORY
    sentence = (fits if outcome.fits else may).format(size=size, smaller=smaller)
    return Failure(sentence, new_reference(), smaller, outcome.code)
