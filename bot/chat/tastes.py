"""What is said of preferences: the text of panels, lists of options, who said what. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.chat import wording
from bot.domain.language import N_, _, counted, pgettext
from bot.domain.layers import Layer, Taste
from bot.domain.plain import Pairs
from bot.domain.preferences import FileFormat, Preferences, Variation
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import written
from bot.service.preferences import Explanation, Panel

ROOM = 4000
"""Characters of an answer; Discord takes 4096 in an embed."""
_SHOWN = 120
_BY = {
    Layer.PROMPT: N_("the prompt"),
    Layer.SUFFIX: N_("your suffix"),
    Layer.SETTINGS: N_("your settings"),
    Layer.SERVER: N_("this server"),
    Layer.OPERATOR: N_("the operator of this bot"),
}
_VARIATIONS = {
    Variation.SUBTLE: N_("subtle variations"),
    Variation.STRONG: N_("strong variations"),
}
_FILES = {FileFormat.WEBP: "WebP", FileFormat.PNG: "PNG", FileFormat.JPEG: "JPEG"}


def panel(shown: Panel) -> str:
    """What stands above the buttons."""
    if shown.whose == "server":
        return _(
            "For everybody here, where neither a prompt nor their own settings say otherwise."
            " Green is on; press it again to leave it open."
        )
    own, server = shown.taste.own, shown.taste.server
    lines = [
        _(
            "What your prompts leave open is drawn like this. Green is on; press it again to leave"
            " it open."
        ),
        *([f"⚠️ {shown.taste.note}"] if shown.taste.note else []),
        _("Suffix: {suffix}", suffix=suffix(own))
        if own.suffix
        else _("Suffix: none; `/prefer suffix` sets one"),
        _("Own options: {options}", options=_names(own))
        if own.options
        else _("Own options: none; `/prefer option set` makes one"),
    ]
    if server != Preferences():
        lines.append(_("This server: {defaults}", defaults=defaults(server)))
    return "\n".join(lines)


def suffix(own: Preferences) -> str:
    """The parameters behind every prompt."""
    return _typed(own.suffix, 1000) or _("none")


def defaults(of: Preferences) -> str:
    """Every shared choice in one line."""
    parameters = tuple(pair for pair in of.parameters if pair[1] is not False)
    said = [_typed(parameters, 200)] if parameters else []
    said += [_(_VARIATIONS[of.variation])] if of.variation else []
    said += [_("{format} files", format=_FILES[of.file])] if of.file else []
    return ", ".join(said) or _("nothing")


def options(own: Preferences) -> str:
    """Every own option and what it stands for, as far as there is room."""
    lines = [f"{quoted(f'--{name}')} {quoted(text, 150)}" for name, text in own.options]
    return _cut("\n".join(lines)) or _("You have none; `/prefer option set` makes one.")


def remix(own: Preferences) -> str:
    """What becomes of presses now."""
    if own.remix:
        return _("Remix is on: V1–V4, Vary and 🔄 show you the prompt first, to be changed.")
    return _("Remix is off: V1–V4, Vary and 🔄 draw at once.")


def copies(own: Preferences) -> str:
    """Where results come now."""
    if own.auto_dm:
        return _("Your results come by direct message, too, beside where you ask for them.")
    return _("Your results come where you ask for them, and not by direct message as well.")


def explanation(told: Explanation) -> str:
    """Each parameter and who said it, then what no parameter says."""
    lines = [wording.quoted(told.prompt.wording, 1000)]
    for row in told.parameters:
        by = ", ".join(_(_BY[layer]) for layer in row.layers)
        value = quoted(written(row.name, row.value), _SHOWN)
        lines.append(_("{value} by {whom}", value=value, whom=by))
    lines += _beside(told.taste)
    if told.more:
        first = counted(
            "This is the first of {n} prompt.", "This is the first of {n} prompts.", told.more + 1
        )
        lines.append(f"-# {first}")
    return _cut("\n".join(lines))


def _beside(taste: Taste) -> Iterator[str]:
    for name, said in (
        ("variation", N_("Variations: {value} by {whom}")),
        ("file", N_("Files: {value} by {whom}")),
    ):
        own, server = getattr(taste.own, name), getattr(taste.server, name)
        if own is not None or server is not None:
            by = Layer.SERVER if own is None else Layer.SETTINGS
            value = server if own is None else own
            shown = _FILES.get(value) or pgettext("choice", str(value))
            yield _(said, value=shown, whom=_(_BY[by]))
    for on, said in (
        (taste.own.remix, N_("Remix: on by {whom}")),
        (taste.own.auto_dm, N_("Direct messages: on by {whom}")),
    ):
        if on:
            yield _(said, whom=_(_BY[Layer.SETTINGS]))


def changes(detail: Mapping[str, Any]) -> str:
    """What an admin changed, from the audit trail."""
    nothing = _("open")
    said = (f"{name} {nothing if value is None else value}" for name, value in detail.items())
    return wording.escape(", ".join(said)) or _("nothing")


def _names(own: Preferences) -> str:
    return " ".join(quoted(f"--{name}") for name, _ in own.options)


def _typed(options: Pairs, room: int) -> str:
    text = " ".join(written(name, value) for name, value in options)
    return quoted(text, room) if text else ""


def _cut(text: str) -> str:
    return text if len(text) <= ROOM else text[:ROOM].rpartition("\n")[0] + "\n…"
