"""The table in the README: made from the parameters, and nothing of Midjourney's is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import Prompt, listing

README = Path(__file__).parents[2] / "README.md"

MIDJOURNEYS = (
    "aspect ar chaos c stylize s weird w quality q seed sameseed stop tile repeat r no iw sref sw"
    " sv cref cw oref ow style raw version v niji test testp creative hd beta upbeta uplight"
    " upanime draft exp profile p fast relax turbo stealth public video motion loop end bs zoom"
    " width height h wallpaper sl ml ll sp mp lp vibe hq newclip nostretch old"
)
"""Every parameter that Midjourney ever documented, by all of its names."""
REFUSED = ("width", "height", "h", "zoom")
VALUES = {
    "aspect": "3:2", "ar": "3:2", "no": "cats", "style": "raw", "motion": "low", "sref": "7",
    **dict.fromkeys(("cref", "oref", "end"), "https://cdn.example/a.png"),
    **dict.fromkeys(
        ("chaos", "c", "stylize", "s", "weird", "w", "seed", "sameseed", "stop", "cw", "ow", "sw",
         "exp", "width", "height", "h"), "50",
    ),
    **dict.fromkeys(("quality", "q", "repeat", "r", "iw", "sv", "bs", "zoom", "version", "v"), "2"),
}  # fmt: skip


def test_the_readme_holds_the_table() -> None:
    text = README.read_text(encoding="utf-8")
    _, _, rest = text.partition("<!-- parameters -->\n")
    assert rest.partition("\n<!-- /parameters -->")[0] == listing.markdown()


@pytest.mark.parametrize("name", MIDJOURNEYS.split())
def test_every_parameter_of_midjourneys_is_read_or_refused_with_a_reason(name: str) -> None:
    assert f"--{name}" in listing.markdown().replace("`", " ").split()
    typed = f"a fox --{name} {VALUES.get(name, '')}".strip()
    if name in REFUSED:
        with pytest.raises(InvalidPrompt, match=r"is for the button|are gone"):
            Prompt.parse(typed)
        return
    prompt = Prompt.parse(typed)
    assert prompt.text == "a fox"
    assert len(prompt.options) == 1
