"""The options of `easel render`, and the order that they make.

Knows argparse and names, those of the original Stable Diffusion script among them; what an order
means is `bot.commands.subject`'s.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from bot.commands.numbers import number, whole
from bot.commands.subject import Order
from bot.domain import loras, samplers
from bot.domain.errors import InvalidPrompt, UnknownParameter
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import PARAMETERS, SEED_MAX
from bot.domain.request import GRID
from bot.service.choice import COUNT_MAX, SIDE_MAX, SIDE_MIN, STEPS_MAX, Choice

_MODELS_OWN = "reads that in the model's own files"
_ORIGINAL = {
    "from-file": "takes one prompt: call it once for each line of the file",
    "fixed_code": "gives each picture noise of its own, which `--seed` brings again",
    "ddim_eta": "adds no noise by `--sampler ddim`, as 0 does, and all by `--sampler ddpm`, as 1",
    "dpm_solver": 'has that as `--sampler "DPM++ 2M"`',
    "n_rows": "makes a grid as square as it can be",
    "skip_save": "writes each picture into a file",
    "precision": "has the setting DTYPE for that",
    **dict.fromkeys(("C", "f", "config", "laion400m"), _MODELS_OWN),
}
"""Options of the original Stable Diffusion script that are none here, and what there is instead."""


def _parser() -> argparse.ArgumentParser:
    """Knows everything but the prompt, whose own parameters may stand anywhere among these."""
    parser = argparse.ArgumentParser(
        "easel render", "easel render PROMPT [options]", allow_abbrev=False,
        description="PROMPT may have its own parameters, such as --ar 3:2.",
    )  # fmt: skip
    add = parser.add_argument
    side = whole(SIDE_MIN, SIDE_MAX)
    add("--prompt", metavar="TEXT", help="the prompt, as the original script takes it")
    add("--n", "--n_samples", type=whole(1, COUNT_MAX), help=f"pictures (default {GRID})")
    add("--n_iter", type=whole(1, COUNT_MAX), default=1, metavar="N", help="times as many")
    add("--H", "-H", "--height", type=side, help="height in pixels")
    add("--W", "-W", "--width", type=side, help="width in pixels")
    add("--sampler", metavar="NAME", help=", ".join((*samplers.SAMPLERS, samplers.DEFAULT)))
    add("--plms", action="store_const", const="plms", dest="sampler", help="--sampler plms")
    add("--seed", type=whole(0, SEED_MAX), metavar="N", help="the noise to start from")
    add("--steps", "--ddim_steps", type=whole(1, STEPS_MAX), metavar="N", help="drawing steps")
    add("--guidance", "--scale", type=number(0, 100), metavar="X", help="how closely to follow")
    add("--model", "--ckpt", metavar="MODEL", help="instead of the setting MODEL")
    add("--init", "--init-img", type=_path, metavar="FILE", help="start from this picture")
    add("--mask", type=_path, metavar="FILE", help="draw anew where this is white, of the --init")
    add("--strength", type=number(0.01, 1), metavar="X", help="how far to leave it, 0.01 to 1")
    add("--lora", action="append", metavar="NAME[:WEIGHT]", help="draw with it; may be repeated")
    add("--image", action="append", metavar="FILE[:WEIGHT]", help="a picture as a prompt")
    add("--outdir", "--out", type=_path, metavar="FOLDER", default=Order.out,
        help=f"folder for numbered files (default {Order.out})")  # fmt: skip
    add("--grid", action=argparse.BooleanOptionalAction, default=True, help="a picture of all")
    add("--skip_grid", action="store_false", dest="grid", help="--no-grid")
    add("--from-image", type=_path, metavar="FILE", help="draw again what a file of Easel shows")
    return parser


def order_of(arguments: Sequence[str]) -> Order:
    """What was typed behind `easel render`.

    Raises InvalidPrompt for names that do not exist and for what contradicts itself; ends the
    process with status 2 for a wrong value, and without anything to draw.
    """
    parser = _parser()
    options, words = parser.parse_known_args(arguments)
    text = " ".join([*filter(None, [options.prompt]), *words])
    if options.from_image and text:
        raise InvalidPrompt(
            f"`--from-image` brings its own prompt; leave out {quoted(text)}, or the file."
        )
    if options.mask and not options.init:
        raise InvalidPrompt(
            "`--mask` says which part of a picture is drawn anew: name that picture by `--init`."
        )
    if not (options.from_image or text):
        parser.error("the following arguments are required: prompt")
    if text:
        _require_known(text, words, _spelled(parser))
    if text and options.seed is not None:
        text += f" --seed {options.seed}"
    return Order(
        text, options.from_image, options.init, options.model, _choice(options), options.outdir,
        options.grid, options.mask, tuple(map(_image, options.image or ())),
    )  # fmt: skip


def _spelled(parser: argparse.ArgumentParser) -> Collection[str]:
    """The options behind two dashes, in their order."""
    actions = parser._actions
    strings = (each for action in actions for each in action.option_strings)
    return [each.removeprefix("--") for each in strings if each.startswith("--")]


def _path(text: str) -> Path:
    """Shells leave `~` alone behind a `=`, and in quotes."""
    return Path(text).expanduser()


def _image(text: str) -> tuple[Path, float | None]:
    """A file's name may hold a colon, too."""
    if ":" not in text or _path(text).exists():
        return _path(text), None
    name, weight = loras.written(text, "image")
    return _path(name), weight


def _choice(options: argparse.Namespace) -> Choice:
    count = options.n
    if options.n_iter > 1:
        count = (options.n or GRID) * options.n_iter
    if count and count > COUNT_MAX:
        raise InvalidPrompt(f"At most {COUNT_MAX} pictures are drawn at once, not {count}.")
    if options.lora and len(options.lora) > loras.MOST:
        raise InvalidPrompt(f"At most {loras.MOST} LoRAs are drawn with at once.")
    return Choice(
        count=count,
        width=options.W,
        height=options.H,
        seed=options.seed if options.from_image else None,  # a prompt holds its own
        steps=options.steps,
        guidance=options.guidance,
        sampler=options.sampler and samplers.named(options.sampler),
        strength=options.strength,
        loras=options.lora and dict(map(loras.written, options.lora)),
    )


def _require_known(text: str, words: Sequence[str], options: Collection[str]) -> None:
    """A mistyped option is no parameter of the prompt: names what it is near to among both."""
    for word in words:
        name = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and name in _ORIGINAL:
            raise InvalidPrompt(
                f"`--{name}` is the original script's; `easel render` {_ORIGINAL[name]}. Leave it "
                "out."
            )
        if word.startswith("--") and name == "h":
            raise InvalidPrompt("There is no option `--h`; did you mean `--H`, beside `--W`?")
    try:
        Prompt.read_all(text, 1)
    except UnknownParameter as error:
        raise InvalidPrompt(_unknown(error.names[0], options)) from None


def _unknown(name: str, options: Collection[str]) -> str:
    if name in options:
        return f"`--{name}` is no parameter of the prompt: write it outside of the prompt's quotes."
    if name.startswith("negative"):
        return f"There is no option {quoted(f'--{name}')}; did you mean `--no`?"
    spelled = [each for row in PARAMETERS if row.help for each in row.names if len(each) > 1]
    near = difflib.get_close_matches(name, [*options, *spelled], n=1, cutoff=0.6)
    right = f"; did you mean `--{near[0]}`?" if near else ": `easel render --help` lists them."
    return f"There is no option {quoted(f'--{name}')}{right}"
