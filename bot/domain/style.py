"""Looks that have a name: words around those of a prompt, what is not to be seen, and LoRAs.

A request keeps the style itself and not its name alone, so that it draws the same after somebody
changed the style. Knows prompts; not who may change a style, or where it is kept.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import loras
from bot.domain.errors import InvalidPrompt, UserError
from bot.domain.language import _
from bot.domain.plain import Pairs
from bot.domain.prompt import Prompt
from bot.domain.prompt.marks import visible, words
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import STYLES
from bot.domain.vocabulary import Vocabulary

KEY = "style"
"""Where it stands in the `extra` of a request."""
RAW = "raw"
"""The one that is no look, and nobody's to change."""
NAME_MAX = 32
TEXT_MAX = 300
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{NAME_MAX - 1}}}")
_NO_WORDS = re.compile(r"--\w|::|https?://")
_CODES = re.compile(r"(?:(?:raw|random(?:-\d+)?|(?=[a-z]*\d)[a-z0-9]{8,})(?:-(?=.)|\Z))+")

Loras = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Style:
    """`before` and `after` are put around a prompt, the latter behind a comma; `negative` is what
    is not to be seen, separated by commas."""

    name: str
    before: str = ""
    after: str = ""
    negative: str = ""
    loras: Loras = ()

    @classmethod
    def typed(
        cls, name: str, before: str = "", after: str = "", negative: str = "", loras: str = ""
    ) -> Style:
        """One that somebody made up. Raises UserError with what is wrong."""
        called = name.strip().lower().replace(" ", "-")
        if not _NAME.fullmatch(called):
            raise UserError(
                _(
                    "A style's name has letters, digits, - and _, at most {most}, not {typed}.",
                    most=NAME_MAX,
                    typed=quoted(name),
                )
            )
        if called == RAW:
            raise UserError(_("`raw` is no look: it draws the prompt alone. Choose another name."))
        front, behind, unwanted = map(_worded, (before, after, negative))
        style = cls(called, front, behind, unwanted, _loras(loras))
        if style == cls(called):
            raise UserError(_("A style without any words or LoRA changes nothing; give it some."))
        return style

    @property
    def worn_loras(self) -> str:
        """Its LoRAs as one types them."""
        return ", ".join(f"{name}:{weight:g}" for name, weight in self.loras)

    def around(self, text: str) -> str:
        """The text with the words of the style."""
        return ", ".join(filter(None, (f"{self.before} {text}".strip(), self.after)))

    def known_to(self, vocabulary: Vocabulary | None) -> bool:
        """Whether a model with that vocabulary knows all its words."""
        return vocabulary is None or not vocabulary.unknown(f"{self.before} {self.after}")


def _worded(text: str) -> str:
    plain = words(visible(text))
    _require_short(plain)
    if found := _NO_WORDS.search(plain):
        raise UserError(
            _(
                "A style holds words alone, no parameters, weights or links: leave out {typed}.",
                typed=quoted(found[0]),
            )
        )
    return plain


def _require_short(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise UserError(
            _(
                "A style's text has at most {most} characters, not {length}.",
                most=TEXT_MAX,
                length=len(text),
            )
        )


def _loras(text: str) -> Loras:
    _require_short(text)
    found = [loras.written(each) for each in re.split(r"[\s,]+", text) if each]
    if len(found) > loras.MOST:
        raise UserError(_("At most {most} LoRAs are drawn with at once.", most=loras.MOST))
    return tuple(dict(found).items())


BUILT_IN: dict[str, Style] = {
    style.name: style
    for style in (
        Style("photo", "photo of"),
        Style("cinematic", "cinematic film still of", "shallow depth of field, film grain"),
        Style("oil-painting", "expressive oil painting of"),
        Style("watercolour", "watercolour painting of"),
        Style("sketch", "pencil sketch of"),
        Style("line-art", "line art of", "black ink on white paper", "colour, shading"),
        Style("pixel-art", "pixel art of"),
        Style("neon", "neon art of"),
        Style("illustration", "illustration of"),
        Style("anime", "anime artwork of", "cel shading, clean lines"),
        Style("comic", "comic book panel of", "bold outlines, flat colours, halftone"),
        Style("3d", "3D render of", "soft studio light, smooth materials"),
        Style("low-poly", "low poly render of", "faceted, isometric"),
        Style("clay", "clay figure of", "stop motion, fingerprints in the clay"),
        Style("paper", "paper cut-out of", "layered coloured paper, soft shadows"),
        Style("woodblock", "ukiyo-e woodblock print of", "flat colours, fine outlines"),
        Style("noir", "film noir photo of", "black and white, hard shadows", "colour"),
        Style("stained-glass", "stained glass window of", "leaded, luminous colours"),
    )
}
"""By name; in words that large models know, some of which the embedded one knows, too."""


def in_extra(extra: Pairs, style: Style | None) -> Pairs:
    """`extra` with this style instead of another."""
    kept = tuple(pair for pair in extra if pair[0] != KEY)
    if style is None:
        return kept
    said = (style.name, style.before, style.after, style.negative, style.loras)
    return (*kept, (KEY, said))


def of_extra(extra: Pairs) -> Style | None:
    """The style in the `extra` of a request. Raises ValueError for what is none."""
    said = dict(extra).get(KEY)
    if said is None:
        return None
    if not (isinstance(said, tuple) and len(said) == 5 and all(map(_text, said[:4]))):
        raise ValueError(f"no style: {said!r}")
    weights = loras.of_extra(((loras.KEY, said[4]),))
    return Style(*said[:4], tuple(weights.items()))


def _text(value: Any) -> bool:
    return isinstance(value, str)


def worn(prompt: Prompt, extra: Pairs) -> Prompt:
    """The prompt as it is drawn: of several parts each that is to be seen has the words of the
    style, so that their weights say the same with and without it."""
    style = of_extra(extra)
    if style is None:
        return prompt
    parts = tuple(
        (style.around(text) if share > 0 else text, share) for text, share in prompt.parts
    )
    dressed = replace(prompt, text=style.around(prompt.text), parts=parts)
    unwanted = [each.strip() for each in style.negative.split(",") if each.strip()]
    return dressed.setting("no", tuple(dict.fromkeys((*prompt.get("no", ()), *unwanted))) or None)


def is_midjourneys(name: str) -> bool:
    """Whether it is a style of Midjourney's models, or a code that its tuner gave out."""
    return name in STYLES or bool(_CODES.fullmatch(name))


def nearest(name: str, names: Iterable[str]) -> InvalidPrompt:
    """The refusal of a style that is not there, with the one that may be meant."""
    there = list(names)
    holding = [each for each in there if name in each or each in name]
    near = holding or difflib.get_close_matches(name, there, n=1, cutoff=0.5)
    typed = quoted(name)
    if near:
        return InvalidPrompt(
            _("There is no style {typed}; did you mean `--style {near}`?",
              typed=typed, near=near[0])
        )  # fmt: skip
    return InvalidPrompt(
        _("There is no style {typed}; `/styles` shows those that are.", typed=typed)
    )
