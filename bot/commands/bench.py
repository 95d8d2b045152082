"""`easel bench`: the whole run that writes BENCHMARKS.md, with --shapes models in the size of
well-known ones, with --cluster a cluster alone, with --capacity what one process sustains, with
--soak whether anything grows, or with --model one model's figures.

Parses and prints; what is measured is `bot.bench`'s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.bench import bench as whole_bench
from bot.commands.bars import bar
from bot.commands.numbers import number, whole
from bot.commands.subject import with_model
from bot.domain.errors import InvalidPrompt
from bot.domain.request import GRID
from bot.service.choice import SIDE_MAX, SIDE_MIN, STEPS_MAX, Choice
from bot.settings import Settings

_OF_ONE = ("W", "H", "steps", "n", "price_per_hour", "json")
_PRICE_MAX = 100_000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "easel bench", allow_abbrev=False,
        description="Measures this machine and writes BENCHMARKS.md; with --model, a model alone.",
    )  # fmt: skip
    add = parser.add_argument
    add("--quick", action="store_true", help="only see that everything works")
    add("--out", type=Path, metavar="FILE", help="another file than BENCHMARKS.md of the project")
    add("--shapes", action="store_true", help="only models in the size of well-known ones; prints")
    add(
        "--card",
        nargs="*",
        metavar="NAME",
        help="the same on an NVIDIA card, of all or some; prints",
    )
    minutes = number(0.05, 10_000)
    add(
        "--minutes",
        type=minutes,
        metavar="N",
        help="with --card: so long at most; prints what came",
    )
    add("--cluster", action="store_true", help="only a cluster of this machine; prints")
    add("--capacity", action="store_true", help="only what one bot process sustains; prints")
    soak = number(0.05, 10_000)
    add("--soak", type=soak, metavar="MINUTES", help="only whether anything grows; prints")
    one = parser.add_argument_group("one model, as users get it; prints a table to paste")
    add = one.add_argument
    add("--model", nargs="?", const="", metavar="MODEL", help="without a name that of MODEL")
    side = whole(SIDE_MIN, SIDE_MAX)
    add("--W", "-W", type=side, help="width in pixels (default: the model's own)")
    add("--H", "-H", type=side, help="height in pixels (default: the model's own)")
    add("--steps", type=whole(1, STEPS_MAX), metavar="N", help="default: the model's own")
    add("--n", type=whole(1, GRID), help=f"pictures of a job (default {GRID})")
    add("--price-per-hour", type=number(0, _PRICE_MAX), metavar="X", help="of this machine")
    add("--json", action="store_const", const=True, help="print JSON instead")
    return parser


def bench(settings: Settings, arguments: Sequence[str]) -> int:
    """Run what is asked for; returns the exit status.

    Raises InvalidPrompt for options that do not go together, EaselError for what cannot be
    measured; ends the process with status 2 for a wrong value.
    """
    options = _parser().parse_args(arguments)
    if options.minutes and options.card is None:
        raise InvalidPrompt("`--minutes` is for `--card`.")
    if options.shapes or options.card is not None:
        _refuse_beside_shapes(options)
        return asyncio.run(_shapes(options))
    if options.cluster or options.capacity or options.soak:
        return asyncio.run(_alone(options))
    if options.model is None:
        _refuse_of_one(options)
        return whole_bench(options.out, quick=options.quick)
    if options.out:
        raise InvalidPrompt(
            "`--out` is for the whole run; with `--model` redirect what is printed."
        )
    return asyncio.run(_one(with_model(settings, options.model or None), options))


def _refuse_beside_shapes(options: argparse.Namespace) -> None:
    others = options.model is not None or options.quick or options.out or options.cluster
    others = others or options.capacity or options.soak
    if others or (options.shapes and options.card is not None):
        name = "--shapes" if options.shapes else "--card"
        raise InvalidPrompt(f"`{name}` measures and prints alone: leave the others out.")
    _refuse_of_one(options)


def _refuse_of_one(options: argparse.Namespace) -> None:
    for name in _OF_ONE:
        if getattr(options, name) is not None:
            option = name.replace("_", "-")
            raise InvalidPrompt(
                f"`--{option}` is for one model: name it by `--model NAME`, or write `--model` "
                "alone for that of the setting MODEL."
            )


async def _shapes(options: argparse.Namespace) -> int:
    from bot.bench import card, report, shapes

    if options.card is None:
        section = await shapes.measure()
    else:
        section = await card.measure(options.card, options.minutes)
    sys.stdout.write(report.of_section(section))
    return 0 if section.figures else 1


async def _alone(options: argparse.Namespace) -> int:
    from bot.bench import capacity, cluster, report, soak

    named = [name for name in ("cluster", "capacity", "soak") if getattr(options, name)]
    if options.model is not None or options.out or len(named) > 1:
        raise InvalidPrompt(f"`--{named[0]}` measures and prints alone: leave the others out.")
    _refuse_of_one(options)
    if options.soak:
        section = await soak.measure(options.soak)
    else:
        module = cluster if options.cluster else capacity
        section = await module.measure(options.quick)
    sys.stdout.write(report.of_section(section))
    return 0


async def _one(settings: Settings, options: argparse.Namespace) -> int:
    from bot.bench.model.program import Wanted, measure

    choice = Choice(options.n, options.W, options.H, steps=options.steps)
    wanted = Wanted(choice, options.price_per_hour, options.quick)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with bar(*columns) as shown:
        task = shown.add_task("")

        def say(what: str) -> None:
            shown.update(task, description=what)
            if shown.disable:
                sys.stderr.write(f"{what}\n")

        report = await measure(settings, wanted, say)
    told = json.dumps(report.plain(), indent=2, ensure_ascii=False) if options.json else None
    sys.stdout.write(f"{told}\n" if told else report.table())
    return 0
