"""What is said of preferences: the text of panels, lists of options, who said what. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.chat import wording
from bot.domain.layers import Layer, Taste
from bot.domain.plain import Pairs
from bot.domain.preferences import FileFormat, Preferences
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import written
from bot.service.preferences import Explanation, Panel

ROOM = 4000
"""Characters of an answer; Discord takes 4096 in an embed."""
_SHOWN = 120
_BY = {
    Layer.PROMPT: "the prompt",
    Layer.SUFFIX: "your suffix",
    Layer.SETTINGS: "your settings",
    Layer.SERVER: "this server",
    Layer.OPERATOR: "the operator of this bot",
}
_FILES = {FileFormat.WEBP: "WebP", FileFormat.PNG: "PNG", FileFormat.JPEG: "JPEG"}


def panel(shown: Panel) -> str:
    """What stands above the buttons."""
    if shown.whose == "server":
        return (
            "For everybody here, where neither a prompt nor their own settings say otherwise."
            " Green is on; press it again to leave it open."
        )
    own, server = shown.taste.own, shown.taste.server
    lines = [
        "What your prompts leave open is drawn like this. Green is on; press it again to leave it"
        " open.",
        *([f"⚠️ {shown.taste.note}"] if shown.taste.note else []),
        f"Suffix: {suffix(own) if own.suffix else 'none; `/prefer suffix` sets one'}",
        f"Own options: {_names(own) or 'none; `/prefer option set` makes one'}",
    ]
    if server != Preferences():
        lines.append(f"This server: {defaults(server)}")
    return "\n".join(lines)


def suffix(own: Preferences) -> str:
    """The parameters behind every prompt."""
    return _typed(own.suffix, 1000) or "none"


def defaults(of: Preferences) -> str:
    """Every shared choice in one line."""
    parameters = tuple(pair for pair in of.parameters if pair[1] is not False)
    said = [_typed(parameters, 200)] if parameters else []
    said += [f"{of.variation} variations"] if of.variation else []
    said += [f"{_FILES[of.file]} files"] if of.file else []
    return ", ".join(said) or "nothing"


def options(own: Preferences) -> str:
    """Every own option and what it stands for, as far as there is room."""
    lines = [f"{quoted(f'--{name}')} {quoted(text, 150)}" for name, text in own.options]
    return _cut("\n".join(lines)) or "You have none; `/prefer option set` makes one."


def remix(own: Preferences) -> str:
    """What becomes of presses now."""
    if own.remix:
        return "Remix is on: V1–V4, Vary and 🔄 show you the prompt first, to be changed."
    return "Remix is off: V1–V4, Vary and 🔄 draw at once."


def copies(own: Preferences) -> str:
    """Where results come now."""
    if own.auto_dm:
        return "Your results come by direct message, too, beside where you ask for them."
    return "Your results come where you ask for them, and not by direct message as well."


def explanation(told: Explanation) -> str:
    """Each parameter and who said it, then what no parameter says."""
    lines = [wording.quoted(told.prompt.wording, 1000)]
    for row in told.parameters:
        by = ", ".join(_BY[layer] for layer in row.layers)
        lines.append(f"{quoted(written(row.name, row.value), _SHOWN)} by {by}")
    lines += _beside(told.taste)
    if told.more:
        lines.append(f"-# This is the first of {told.more + 1} prompts.")
    return _cut("\n".join(lines))


def _beside(taste: Taste) -> Iterator[str]:
    for name, said in (("variation", "Variations"), ("file", "Files")):
        own, server = getattr(taste.own, name), getattr(taste.server, name)
        if own is not None or server is not None:
            by = Layer.SERVER if own is None else Layer.SETTINGS
            value = server if own is None else own
            yield f"{said}: {_FILES.get(value, value)} by {_BY[by]}"
    for on, said in ((taste.own.remix, "Remix"), (taste.own.auto_dm, "Direct messages")):
        if on:
            yield f"{said}: on by {_BY[Layer.SETTINGS]}"


def changes(detail: Mapping[str, Any]) -> str:
    """What an admin changed, from the audit trail."""
    said = (f"{name} {'open' if value is None else value}" for name, value in detail.items())
    return wording.escape(", ".join(said)) or "nothing"


def _names(own: Preferences) -> str:
    return " ".join(quoted(f"--{name}") for name, _ in own.options)


def _typed(options: Pairs, room: int) -> str:
    text = " ".join(written(name, value) for name, value in options)
    return quoted(text, room) if text else ""


def _cut(text: str) -> str:
    return text if len(text) <= ROOM else text[:ROOM].rpartition("\n")[0] + "\n…"
