"""What the buttons under results do, in words that are made from the table of actions."""

from __future__ import annotations

from bot.domain.action import ACTIONS, ActionSpec, Face


def help_lines() -> list[str]:
    """What each button does, one line for those that do the same: under a grid, then under one
    picture."""
    alone: dict[str, list[str]] = {}
    for spec in ACTIONS.values():
        if spec.on_single and not spec.on_single.past:
            alone.setdefault(spec.help, []).append(_named(spec, spec.on_single))
    return [
        *(
            f"{_named(spec, spec.on_grid)} {spec.help}{'' if spec.price else ', free of charge'}."
            for spec in ACTIONS.values()
            if spec.on_grid
        ),
        *(f"{' '.join(names)} {help}." for help, names in alone.items()),
    ]


def _named(spec: ActionSpec, face: Face) -> str:
    if "{}" in face.label:
        return f"**{face.label.format(1)}**–**{face.label.format(4)}**"
    return f"**{face.label}**" if face.label else face.emoji
