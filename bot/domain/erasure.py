"""What is left of a request when somebody's words and pictures are deleted, and of which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain.action import ACTIONS, Action
from bot.domain.prompt import Prompt
from bot.domain.request import PALETTE, GenerationRequest
from bot.domain.usual import HIDDEN

ERASED = "erased"
"""Under which a request's `extra` says that its words were deleted."""
WORDLESS = Prompt("…")
TELLING = 20
"""Characters from which on a text within another one is no coincidence."""
WHOLE: frozenset[Action] = frozenset(
    {Action.UPSCALE} | {spec.code for spec in ACTIONS.values() if spec.capability == "frames"}
)
"""Actions whose pictures hold the very pixels of the one that they were made from."""

Scope = Literal["user", "server"]


@dataclass(frozen=True)
class Erasure:
    """A person, or a server, whose things from before `asked_at` (UTC seconds) are to go."""

    scope: Scope
    owner: int
    asked_at: float


@dataclass(frozen=True)
class Doomed:
    """What an erasure comes to: jobs of which nothing but numbers is left, jobs of others that lose
    the words that they took over, of all these the `unfinished`, and open `offers` to draw more of
    the same."""

    jobs: tuple[str, ...]
    reworded: tuple[str, ...]
    unfinished: tuple[str, ...]
    offers: tuple[str, ...]


def erased(request: GenerationRequest) -> bool:
    """Whether its words were deleted."""
    return bool(dict(request.extra).get(ERASED))


def husk(request: GenerationRequest) -> GenerationRequest:
    """Nothing but whether it is its owner's alone."""
    kept = tuple(pair for pair in request.extra if pair[0] == HIDDEN)
    lost = GenerationRequest.lost(None, "")
    return replace(lost, prompt=WORDLESS, extra=(*kept, (ERASED, True)))


def reworded(request: GenerationRequest) -> GenerationRequest:
    """The same without words, and without the colours of a picture that came with them."""
    made = replace(request, prompt=WORDLESS).meaning(PALETTE, "")
    return made.meaning(ERASED, True)


def words(request: GenerationRequest) -> frozenset[str]:
    """What somebody wrote: the text, and addresses of pictures."""
    prompt = request.prompt
    said = {prompt.text, *(address for address, _ in prompt.images)}
    return frozenset(said - {"", WORDLESS.text})


def repeats(request: GenerationRequest, others: Iterable[str]) -> bool:
    """Whether a request says again what others wrote."""
    own = words(request)
    return any(
        each in own or (len(each) >= TELLING and each in request.prompt.text) for each in others
    )
