"""What messages say of styles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.chat.forms import Field
from bot.chat.wording import escape
from bot.domain.language import NP_, _
from bot.domain.style import BUILT_IN, NAME_MAX, TEXT_MAX, Style


def fields(style: Style | None) -> list[Field]:
    """The form of a style, of a new one where there is none yet."""
    one = style or Style("")
    most = TEXT_MAX
    return [
        Field(
            "name", NP_("field", "Name"), NP_("hint", "Small letters, digits, - and _"), one.name,
            NAME_MAX, required=True,
        ),
        Field(
            "before", NP_("field", "Before the prompt"), NP_("hint", "Such as: oil painting of"),
            one.before, most,
        ),
        Field(
            "after", NP_("field", "After the prompt"),
            NP_("hint", "Such as: thick paint, warm light"), one.after, most,
        ),
        Field(
            "negative", NP_("field", "Not to be seen"), NP_("hint", "Separated by commas"),
            one.negative, most,
        ),
        Field(
            "loras", NP_("field", "LoRAs"), NP_("hint", "Such as: detail:0.7, film"),
            one.worn_loras, most,
        ),
    ]  # fmt: skip


def described(style: Style) -> str:
    """What it puts around a prompt, in one line."""
    return line(
        style.name, before=style.before, after=style.after, negative=style.negative,
        loras=style.worn_loras,
    )  # fmt: skip


def line(name: str, *, before: str, after: str, negative: str, loras: str) -> str:
    """The same of the parts."""
    around = ", ".join(filter(None, (f"{escape(before)} …".strip(), escape(after))))
    without = "; " + _("without {things}", things=escape(negative)) if negative else ""
    return f"`{name}`: {around}{without}" + (f"; LoRA {escape(loras)}" if loras else "")


def deed(name: str, detail: Mapping[str, Any]) -> str:
    """What an admin did to one, from the audit trail."""
    if name == "style remove":
        return _("style `{name}` removed", name=detail["name"])
    return _("style {style}", style=line(**detail))


def listed(styles: Iterable[Style]) -> str:
    """Their names: a server's own, then those that are everywhere."""
    own, common = [], []
    for style in styles:
        (common if BUILT_IN.get(style.name) == style else own).append(f"`{style.name}`")
    groups = [(_("**Of this server:**") + " ", own), ("", common)]
    return "\n".join(f"{head}{' '.join(names)}" for head, names in groups if names)
