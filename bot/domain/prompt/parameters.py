"""The table of prompt parameters: names, spellings, help, and what each does here.

Parsing, error sentences, canonical text, autocomplete, help and the README's table are all made
from `PARAMETERS`; a new parameter is a new row. Knows nothing about models or Discord.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from bot.domain.plain import Plain
from bot.domain.prompt import values
from bot.domain.prompt.parameter import Kind, Parameter, quoted
from bot.domain.prompt.values import SEED_MAX
from bot.domain.size import WIDEST

__all__ = ["PARAMETERS", "SEED_MAX", "known", "unknown", "written"]


def _flag(name: str, help: str, *aliases: str) -> Parameter:
    return Parameter(name, aliases, Kind.FLAG, help=help, example=f"--{name}")


def _past(why: str, *names: str) -> list[Parameter]:
    """Flags of an earlier time, that old prompts are full of."""
    return [Parameter(name, (), Kind.FLAG, example=f"--{name}", past=why) for name in names]


_STYLES = ("raw", "cute", "expressive", "scenic", "original", "4a", "4b", "4c")
_UPSCALER = "chose an upscaler that is no more; U1–U4 and their buttons do that now"
_OLD_MODEL = "chose a model of 2022"
_SHAPE = "chose a shape or size of 2022; `--ar` does that now"
_VIDEO = "is for moving pictures, which Easel does not draw"
_NEAR = "in the direction of a picture"

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "ar", ("aspect",), Kind.VALUE, values.ratio(),
        f"two numbers such as 3:2, between 1:{WIDEST} and {WIDEST}:1",
        "1:1", "Shape of the pictures, width to height", "--ar 3:2",
        suggests=("3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "4:5", "2:1", "1:1"),
    ),
    Parameter(
        "seed", (), Kind.VALUE, values.seed(), f"a whole number from 0 to {SEED_MAX}",
        "random", "Start from this noise: the same seed draws the same pictures", "--seed 7",
    ),
    Parameter(
        "quality", ("q",), Kind.VALUE, values.share(0.05, 5), "a number from 0.25 to 5", "1",
        "Share of the usual number of drawing steps; more than 2 counts as 2", "--quality 0.5",
        suggests=("0.5", "0.25", "2"),
    ),
    Parameter(
        "no", (), Kind.TEXT, None, "what to leave out, separated by commas",
        "nothing", "Things that should not be in the pictures", "--no cars, people",
    ),
    Parameter(
        "stylize", ("s",), Kind.VALUE, values.whole(0, 1000, most=60_000),
        "a whole number from 0 to 1000", "100", "How far the model follows its own taste",
        "--stylize 250",
        suggests=("250", "50", "750", "1000", "0"),
    ),
    Parameter(
        "chaos", ("c",), Kind.VALUE, values.whole(0, 100), "a whole number from 0 to 100", "0",
        "How much the four pictures differ", "--chaos 30",
        suggests=("25", "50", "100", "10"),
    ),
    Parameter(
        "weird", ("w",), Kind.VALUE, values.whole(0, 3000), "a whole number from 0 to 3000", "0",
        "How far from the usual", "--weird 500",
        suggests=("500", "250", "1000", "3000"),
    ),
    Parameter(
        "stop", (), Kind.VALUE, values.whole(10, 100), "a whole number from 10 to 100", "100",
        "Per cent of the way after which to stop: softer", "--stop 80",
        suggests=("80", "50", "90"),
    ),
    _flag("tile", "A picture that repeats without seams"),
    _flag("raw", "The prompt alone, without anything that makes pictures prettier"),
    _flag("draft", "A sketch: half the steps, for half the price, rounded up"),
    Parameter(
        "repeat", ("r",), Kind.VALUE, values.whole(1, 40), "a whole number from 1 to 40", "1",
        "So many grids of it at once", "--repeat 3",
        suggests=("2", "3", "4"),
    ),
    Parameter(
        "style", ("styles",), Kind.VALUE, values.look(),
        "the name of a style, such as photo or raw", "none", "A look, by its name",
        "--style photo",
        suggests=("raw",),
    ),
    Parameter(
        "version", ("v",), Kind.VALUE, values.version(), "the number of a version, such as 6.1",
        "the newest", "The model, by the number that Midjourney's have", "--version 7",
        suggests=("7", "6.1", "6"),
    ),
    Parameter(
        "niji", (), Kind.OPTIONAL, values.version(), "nothing, or the number of a version",
        "off", "The model for anime", "--niji 6",
        suggests=("6", "5"),
    ),
    Parameter(
        "model", (), Kind.VALUE, values.word(), "the name of a model", "",
        "The model, by its name", "--model sdxl",
    ),
    Parameter(
        "lora", (), Kind.EACH, values.word(), "the name of a LoRA and perhaps a weight",
        "none", "A LoRA with its weight", "--lora detail:0.7",
    ),
    Parameter(
        "steps", (), Kind.VALUE, values.whole(1, 1000), "a whole number from 1 on",
        "the model's", "Number of drawing steps", "--steps 20",
    ),
    Parameter(
        "cfg", ("guidance", "scale"), Kind.VALUE, values.share(0, 50), "a number from 0 to 50",
        "the model's", "How strictly the prompt is followed", "--cfg 5",
        suggests=("5", "3", "7.5"),
    ),
    Parameter(
        "sampler", (), Kind.VALUE, values.word(), "the name of a sampler", "the model's",
        "How noise becomes a picture", "--sampler euler",
    ),
    Parameter(
        "iw", (), Kind.VALUE, values.share(0, 3), "a number from 0 to 3", "1",
        f"How far to go {_NEAR} in the prompt", "--iw 1.5",
        suggests=("1.5", "0.5", "2", "3"),
    ),
    Parameter(
        "sref", (), Kind.LIST, values.references(),
        "numbers of looks, `random`, or links to pictures", "none", "The look of a picture",
        "--sref 7",
        suggests=("random", "7"),
    ),
    Parameter(
        "sw", (), Kind.VALUE, values.whole(0, 1000), "a whole number from 0 to 1000", "100",
        "How far to go in the direction of a look", "--sw 200",
        suggests=("200", "50", "500"),
    ),
    Parameter(
        "sv", (), Kind.VALUE, values.whole(1, 9), "a whole number from 1 to 9", "",
        past="chooses one of Midjourney's ways to read a look; Easel has one",
    ),
    Parameter(
        "cref", (), Kind.LIST, values.links(), "links to pictures of somebody", "none",
        "Somebody out of a picture", "--cref https://…",
    ),
    Parameter(
        "cw", (), Kind.VALUE, values.whole(0, 100), "a whole number from 0 to 100", "100",
        "How much of somebody", "--cw 60",
        suggests=("50", "0"),
    ),
    Parameter(
        "oref", (), Kind.LIST, values.links(), "a link to a picture of something", "none",
        "Something out of a picture", "--oref https://…",
    ),
    Parameter(
        "ow", (), Kind.VALUE, values.whole(0, 1000), "a whole number from 0 to 1000", "100",
        "How much of something", "--ow 300",
        suggests=("200", "50", "400"),
    ),
    Parameter(
        "exp", (), Kind.VALUE, values.whole(0, 100), "a whole number from 0 to 100", "0",
        "More contrast and detail than asked for", "--exp 25",
        suggests=("25", "50", "100"),
    ),
    _flag("hd", "Half as wide and high again, for three times the price"),
    _flag("fast", "Before those who are not in a hurry, which is usual"),
    _flag("relax", "After those who are in a hurry, though not for ever", "relaxed"),
    _flag("turbo", "Before all others and more at once, for twice the price"),
    _flag("public", "Everybody in the channel may see it, which is usual"),
    _flag("stealth", "Nobody else sees it: it comes by direct message", "private"),
    Parameter(
        "profile", ("p", "personalize"), Kind.CODES, values.codes(),
        "nothing, or codes of profiles",
        past="is the taste that Midjourney learnt of you; Easel has a style or `--sref` for that",
    ),
    Parameter(
        "sameseed", (), Kind.VALUE, values.seed(), "a whole number",
        past="is the same noise for all four pictures, of the models of 2022",
    ),
    Parameter(
        "motion", (), Kind.VALUE, values.one_of("low", "high"), "`low` or `high`", past=_VIDEO,
    ),
    Parameter("end", (), Kind.LIST, values.links(), "a link", past=_VIDEO),
    Parameter("bs", (), Kind.VALUE, values.whole(1, 4), "a whole number from 1 to 4", past=_VIDEO),
    *_past(_VIDEO, "video", "loop"),
    *_past(_OLD_MODEL, "test", "testp", "creative", "beta", "vibe", "hq", "newclip", "old"),
    *_past(_UPSCALER, "upbeta", "uplight", "upanime", "nostretch"),
    *_past(_SHAPE, "wallpaper", "sl", "ml", "ll", "sp", "mp", "lp"),
    *(
        Parameter(
            name, aliases, Kind.VALUE, values.whole(1, 100_000), "",
            gone="Sizes in pixels are gone; say the shape, such as `--ar 3:2`.",
        )
        for name, aliases in (("width", ()), ("height", ("h",)))
    ),
    Parameter(
        "zoom", (), Kind.VALUE, values.share(0, 10), "",
        gone="`--zoom` is for the button Custom Zoom, under a picture.",
    ),
)  # fmt: skip

STYLES = frozenset(_STYLES)
"""Styles that Midjourney's models had, whatever is offered here."""

_BY_NAME = {name: parameter for parameter in PARAMETERS for name in parameter.names}


def known(name: str) -> Parameter | None:
    """The row for a typed name, whatever its case."""
    return _BY_NAME.get(name.lower())


def written(name: str, value: Plain) -> str:
    """A parameter as one types it, of one that this version does not know as well."""
    parameter = _BY_NAME.get(name)
    return f"--{name} {value}" if parameter is None else parameter.write(value)


def unknown(names: Sequence[str], own: Iterable[str] = ()) -> str:
    """The sentence about names that no parameter has, with what is nearest to the first, also of
    somebody's `own` options."""
    shown = " and ".join(quoted(f"--{name}", 40) for name in names[:3])
    there = "There is no parameter" if len(names) == 1 else "There are no parameters"
    spelled = [each for row in PARAMETERS if row.help for each in row.names if len(each) > 1]
    near = difflib.get_close_matches(names[0].lower(), [*own, *spelled], n=1, cutoff=0.6)
    if near:
        return f"{there} {shown}; did you mean `--{near[0]}`?"
    return f"{there} {shown}; `/help` lists the known ones."
