"""What messages say of the check of pictures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.language import N_, _, spoken
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting
from bot.service.safety import SafetyView

WIDE = N_(
    "A program looks at every picture, and is wrong at times: a net with wide meshes. It cannot"
    " stand in for moderators."
)
_BECOMES = {
    Reaction.SPOILER: N_("posted as a spoiler, which stays one"),
    Reaction.BLOCK: N_("not shown to anybody, deleted and not charged"),
    Reaction.OFF: N_("posted like any other"),
}
"""What becomes of an unsafe picture, in a list."""
_DECIDED_HERE = {
    Reaction.SPOILER: N_(
        "An unsafe picture is **posted as a spoiler, which stays one** (decided here)."
    ),
    Reaction.BLOCK: N_(
        "An unsafe picture is **not shown to anybody, deleted and not charged** (decided here)."
    ),
    Reaction.OFF: N_("An unsafe picture is **posted like any other** (decided here)."),
}
_OPERATORS = {
    Reaction.SPOILER: N_(
        "An unsafe picture is **posted as a spoiler, which stays one** (as the operator of this"
        " bot wants it)."
    ),
    Reaction.BLOCK: N_(
        "An unsafe picture is **not shown to anybody, deleted and not charged** (as the operator"
        " of this bot wants it)."
    ),
    Reaction.OFF: N_(
        "An unsafe picture is **posted like any other** (as the operator of this bot wants it)."
    ),
}


def view(view: SafetyView) -> str:
    """What holds, where that is from, and what is short of it."""
    # What nobody looks at because the check is broken, nobody decided.
    broken = not (view.stance.checked or view.stance.chosen or view.policy.blocks)
    lines = [] if broken else [_holds(view.policy, view.setting)]
    if not view.stance.checked:
        lines.append(_unchecked(view))
    elif view.policy.looks:
        lines.append(f"-# {_(WIDE)}")
    return "\n".join(lines)


def changes(detail: Mapping[str, Any]) -> str:
    """What an admin decided, from the audit trail."""
    parts = []
    if "reaction" in detail:
        parts.append(_(_BECOMES[Reaction(detail["reaction"])]))
    if "threshold" in detail:
        parts.append(_("from {threshold} on", threshold=spoken().percent(detail["threshold"])))
    if "spares_adults" in detail:
        spared = _("in channels with an age limit nothing is done")
        meant = _("channels with an age limit are no exception")
        parts.append(spared if detail["spares_adults"] else meant)
    return ", ".join(parts)


def _holds(policy: SafetyPolicy, setting: SafetySetting) -> str:
    # The operator may overrule what was decided here.
    here = setting.reaction is policy.reaction
    said = _((_DECIDED_HERE if here else _OPERATORS)[policy.reaction])
    if not policy.looks:
        return said
    unsafe = _(
        "Unsafe is what the check is sure of by **{threshold}** or more; one such picture is enough"
        " for a grid.",
        threshold=spoken().percent(policy.threshold),
    )
    spared = _("In channels with an age limit nothing is done.")
    meant = _("Channels with an age limit are no exception.")
    return "\n".join([said, unsafe, spared if policy.spares_adults else meant])


def _unchecked(view: SafetyView) -> str:
    if view.stance.chosen:
        return _("The operator of this bot switched the check off, so no picture is looked at.")
    if view.policy.blocks:
        return _(
            "The check does not work just now, so **nothing is drawn here**: only checked pictures"
            " may be shown. The operator of this bot can mend it."
        )
    return _("The check does not work just now, so no picture is looked at.")
