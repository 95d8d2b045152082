"""The table of prompt parameters: names, spellings, help, and what each does here.

Parsing, error sentences, canonical text, autocomplete, help and the README's table are all made
from `PARAMETERS`; a new parameter is a new row. Knows nothing about models or Discord.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from bot.domain.language import N_, counted, spoken
from bot.domain.plain import Plain
from bot.domain.prompt import values
from bot.domain.prompt.parameter import Kind, Parameter, quoted
from bot.domain.prompt.values import SEED_MAX

__all__ = ["PARAMETERS", "SEED_MAX", "known", "unknown", "written"]


def _flag(name: str, help: str, *aliases: str) -> Parameter:
    return Parameter(name, aliases, Kind.FLAG, help=help, example=f"--{name}")


def _past(why: str, *names: str) -> list[Parameter]:
    """Flags of an earlier time, that old prompts are full of."""
    return [Parameter(name, (), Kind.FLAG, example=f"--{name}", past=why) for name in names]


_STYLES = ("raw", "cute", "expressive", "scenic", "original", "4a", "4b", "4c")
_UPSCALER = N_("chose an upscaler that is no more; U1–U4 and their buttons do that now")
_OLD_MODEL = N_("chose a model of 2022")
_SHAPE = N_("chose a shape or size of 2022; `--ar` does that now")
_VIDEO = N_("is for moving pictures, which Easel does not draw")

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "ar", ("aspect",), Kind.VALUE, values.ratio(),
        N_("two numbers such as 3:2, between 1:3 and 3:1"),
        "1:1", N_("Shape of the pictures, width to height"), "--ar 3:2",
        suggests=("3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "4:5", "2:1", "1:1"),
    ),
    Parameter(
        "seed", (), Kind.VALUE, values.seed(), N_("a whole number from 0 to 4294967295"),
        N_("random"),
        N_("Start from this noise: the same seed draws the same pictures"), "--seed 7",
    ),
    Parameter(
        "quality", ("q",), Kind.VALUE, values.share(0.05, 5), N_("a number from 0.25 to 5"), "1",
        N_("Share of the usual number of drawing steps; more than 2 counts as 2"), "--quality 0.5",
        suggests=("0.5", "0.25", "2"),
    ),
    Parameter(
        "no", (), Kind.TEXT, None, N_("what to leave out, separated by commas"),
        N_("nothing"), N_("Things that should not be in the pictures"), "--no cars, people",
    ),
    Parameter(
        "stylize", ("s",), Kind.VALUE, values.whole(0, 1000, most=60_000),
        N_("a whole number from 0 to 1000"), "100", N_("How far the model follows its own taste"),
        "--stylize 250",
        suggests=("250", "50", "750", "1000", "0"),
    ),
    Parameter(
        "chaos", ("c",), Kind.VALUE, values.whole(0, 100), N_("a whole number from 0 to 100"), "0",
        N_("How much the four pictures differ"), "--chaos 30",
        suggests=("25", "50", "100", "10"),
    ),
    Parameter(
        "weird", ("w",), Kind.VALUE, values.whole(0, 3000),
        N_("a whole number from 0 to 3000"), "0",
        N_("How far from the usual"), "--weird 500",
        suggests=("500", "250", "1000", "3000"),
    ),
    Parameter(
        "stop", (), Kind.VALUE, values.whole(10, 100), N_("a whole number from 10 to 100"), "100",
        N_("Per cent of the way after which to stop: softer"), "--stop 80",
        suggests=("80", "50", "90"),
    ),
    _flag("tile", N_("A picture that repeats without seams")),
    _flag("raw", N_("The prompt alone, without anything that makes pictures prettier")),
    _flag("draft", N_("A sketch: half the steps, for half the price, rounded up")),
    Parameter(
        "repeat", ("r",), Kind.VALUE, values.whole(1, 40), N_("a whole number from 1 to 40"), "1",
        N_("So many grids of it at once"), "--repeat 3",
        suggests=("2", "3", "4"),
    ),
    Parameter(
        "style", ("styles",), Kind.VALUE, values.look(),
        N_("the name of a style, such as photo or raw"), N_("none"), N_("A look, by its name"),
        "--style photo",
        suggests=("raw",),
    ),
    Parameter(
        "version", ("v",), Kind.VALUE, values.version(), N_("the number of a version, such as 6.1"),
        N_("the newest"), N_("The model, by the number that Midjourney's have"), "--version 7",
        suggests=("7", "6.1", "6"),
    ),
    Parameter(
        "niji", (), Kind.OPTIONAL, values.version(), N_("nothing, or the number of a version"),
        N_("off"), N_("The model for anime"), "--niji 6",
        suggests=("6", "5"),
    ),
    Parameter(
        "model", (), Kind.VALUE, values.word(), N_("the name of a model"), "",
        N_("The model, by its name"), "--model sdxl",
    ),
    Parameter(
        "lora", (), Kind.EACH, values.word(), N_("the name of a LoRA and perhaps a weight"),
        N_("none"), N_("A LoRA with its weight"), "--lora detail:0.7",
    ),
    Parameter(
        "steps", (), Kind.VALUE, values.whole(1, 1000), N_("a whole number from 1 on"),
        N_("the model's"), N_("Number of drawing steps"), "--steps 20",
    ),
    Parameter(
        "cfg", ("guidance", "scale"), Kind.VALUE, values.share(0, 50), N_("a number from 0 to 50"),
        N_("the model's"), N_("How strictly the prompt is followed"), "--cfg 5",
        suggests=("5", "3", "7.5"),
    ),
    Parameter(
        "sampler", (), Kind.VALUE, values.word(), N_("the name of a sampler"), N_("the model's"),
        N_("How noise becomes a picture"), "--sampler euler",
    ),
    Parameter(
        "iw", (), Kind.VALUE, values.share(0, 3), N_("a number from 0 to 3"), "1",
        N_("How far to go in the direction of a picture in the prompt"), "--iw 1.5",
        suggests=("1.5", "0.5", "2", "3"),
    ),
    Parameter(
        "sref", (), Kind.LIST, values.references(),
        N_("numbers of looks, `random`, or links to pictures"), N_("none"),
        N_("The look of a picture"),
        "--sref 7",
        suggests=("random", "7"),
    ),
    Parameter(
        "sw", (), Kind.VALUE, values.whole(0, 1000), N_("a whole number from 0 to 1000"), "100",
        N_("How far to go in the direction of a look"), "--sw 200",
        suggests=("200", "50", "500"),
    ),
    Parameter(
        "sv", (), Kind.VALUE, values.whole(1, 9), N_("a whole number from 1 to 9"), "",
        past=N_("chooses one of Midjourney's ways to read a look; Easel has one"),
    ),
    Parameter(
        "cref", (), Kind.LIST, values.links(), N_("links to pictures of somebody"), N_("none"),
        N_("Somebody out of a picture"), "--cref https://…",
    ),
    Parameter(
        "cw", (), Kind.VALUE, values.whole(0, 100), N_("a whole number from 0 to 100"), "100",
        N_("How much of somebody"), "--cw 60",
        suggests=("50", "0"),
    ),
    Parameter(
        "oref", (), Kind.LIST, values.links(), N_("a link to a picture of something"), N_("none"),
        N_("Something out of a picture"), "--oref https://…",
    ),
    Parameter(
        "ow", (), Kind.VALUE, values.whole(0, 1000), N_("a whole number from 0 to 1000"), "100",
        N_("How much of something"), "--ow 300",
        suggests=("200", "50", "400"),
    ),
    Parameter(
        "exp", (), Kind.VALUE, values.whole(0, 100), N_("a whole number from 0 to 100"), "0",
        N_("More contrast and detail than asked for"), "--exp 25",
        suggests=("25", "50", "100"),
    ),
    _flag("hd", N_("Half as wide and high again, for three times the price")),
    _flag("fast", N_("Before those who are not in a hurry, which is usual")),
    _flag("relax", N_("After those who are in a hurry, though not for ever"), "relaxed"),
    _flag("turbo", N_("Before all others and more at once, for twice the price")),
    _flag("public", N_("Everybody in the channel may see it, which is usual")),
    _flag("stealth", N_("Nobody else sees it: it comes by direct message"), "private"),
    Parameter(
        "profile", ("p", "personalize"), Kind.CODES, values.codes(),
        N_("nothing, or codes of profiles"),
        past=N_(
            "is the taste that Midjourney learnt of you; Easel has a style or `--sref` for that"
        ),
    ),
    Parameter(
        "sameseed", (), Kind.VALUE, values.seed(), N_("a whole number"),
        past=N_("is the same noise for all four pictures, of the models of 2022"),
    ),
    Parameter(
        "motion", (), Kind.VALUE, values.one_of("low", "high"), N_("`low` or `high`"), past=_VIDEO,
    ),
    Parameter("end", (), Kind.LIST, values.links(), N_("a link"), past=_VIDEO),
    Parameter(
        "bs", (), Kind.VALUE, values.whole(1, 4), N_("a whole number from 1 to 4"), past=_VIDEO,
    ),
    *_past(_VIDEO, "video", "loop"),
    *_past(_OLD_MODEL, "test", "testp", "creative", "beta", "vibe", "hq", "newclip", "old"),
    *_past(_UPSCALER, "upbeta", "uplight", "upanime", "nostretch"),
    *_past(_SHAPE, "wallpaper", "sl", "ml", "ll", "sp", "mp", "lp"),
    *(
        Parameter(
            name, aliases, Kind.VALUE, values.whole(1, 100_000), "",
            gone=N_("Sizes in pixels are gone; say the shape, such as `--ar 3:2`."),
        )
        for name, aliases in (("width", ()), ("height", ("h",)))
    ),
    Parameter(
        "zoom", (), Kind.VALUE, values.share(0, 10), "",
        gone=N_("`--zoom` is for the button Custom Zoom, under a picture."),
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
    shown = spoken().listed([quoted(f"--{name}", 40) for name in names[:3]])
    count = len(names)
    spelled = [each for row in PARAMETERS if row.help for each in row.names if len(each) > 1]
    near = difflib.get_close_matches(names[0].lower(), [*own, *spelled], n=1, cutoff=0.6)
    if near:
        return counted(
            "There is no parameter {names}; did you mean `--{near}`?",
            "There are no parameters {names}; did you mean `--{near}`?",
            count, names=shown, near=near[0],
        )  # fmt: skip
    return counted(
        "There is no parameter {names}; `/help` lists the known ones.",
        "There are no parameters {names}; `/help` lists the known ones.",
        count, names=shown,
    )  # fmt: skip
