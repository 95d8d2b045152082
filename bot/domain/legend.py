"""What the buttons under results do, in words that are made from the table of actions."""

from __future__ import annotations

from bot.domain.action import ACTIONS, ActionSpec, Face
from bot.domain.language import _, pgettext


def help_lines() -> list[str]:
    """What each button does, one line for those that do the same: under a grid, then under one
    picture."""
    alone: dict[str, list[str]] = {}
    for spec in ACTIONS.values():
        if spec.on_single and not spec.on_single.past:
            alone.setdefault(spec.help, []).append(_named(spec, spec.on_single))
    return [
        *(
            _("{buttons} {help}.", buttons=_named(spec, spec.on_grid), help=_(spec.help))
            if spec.price
            else _(
                "{buttons} {help}, free of charge.",
                buttons=_named(spec, spec.on_grid),
                help=_(spec.help),
            )
            for spec in ACTIONS.values()
            if spec.on_grid
        ),
        *(
            _("{buttons} {help}.", buttons=" ".join(names), help=_(help))
            for help, names in alone.items()
        ),
    ]


def _named(spec: ActionSpec, face: Face) -> str:
    if "{}" in face.label:
        return f"**{face.label.format(1)}**–**{face.label.format(4)}**"
    return f"**{pgettext('button', face.label)}**" if face.label else face.emoji
