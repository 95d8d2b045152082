"""What messages say of the check of pictures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting
from bot.service.safety import SafetyView

WIDE = (
    "A program looks at every picture, and is wrong at times: a net with wide meshes. It cannot"
    " stand in for moderators."
)
_BECOMES = {
    Reaction.SPOILER: "posted as a spoiler, which stays one",
    Reaction.BLOCK: "not shown to anybody, deleted and not charged",
    Reaction.OFF: "posted like any other",
}


def view(view: SafetyView) -> str:
    """What holds, where that is from, and what is short of it."""
    lines = [_holds(view.policy, view.setting)]
    if not view.stance.checked:
        lines.append(_unchecked(view))
    elif view.policy.looks:
        lines.append(f"-# {WIDE}")
    return "\n".join(lines)


def changes(detail: Mapping[str, Any]) -> str:
    """What an admin decided, from the audit trail."""
    parts = []
    if "reaction" in detail:
        parts.append(_BECOMES[Reaction(detail["reaction"])])
    if "threshold" in detail:
        parts.append(f"from {detail['threshold']:.0%} on")
    if "spares_adults" in detail:
        parts.append(_adults(detail["spares_adults"]))
    return ", ".join(parts)


def _holds(policy: SafetyPolicy, setting: SafetySetting) -> str:
    by = "decided here" if setting.reaction else "as the operator of this bot wants it"
    said = f"An unsafe picture is **{_BECOMES[policy.reaction]}** ({by})."
    if not policy.looks:
        return said
    return (
        f"{said}\nUnsafe is what the check is sure of by **{policy.threshold:.0%}** or more; one"
        f" such picture is enough for a grid.\n{_adults(policy.spares_adults).capitalize()}."
    )


def _unchecked(view: SafetyView) -> str:
    if view.stance.chosen:
        return "The operator of this bot switched the check off, so no picture is looked at."
    if view.policy.blocks:
        return (
            "The check does not work just now, so **nothing is drawn here**: only checked pictures"
            " may be shown. The operator of this bot can mend it."
        )
    return "The check does not work just now, so no picture is looked at."


def _adults(spared: bool) -> str:
    if spared:
        return "in channels with an age limit nothing is done"
    return "channels with an age limit are no exception"
