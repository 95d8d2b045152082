"""`easel render`: draw a prompt on this machine, without Discord, queue or credits."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from bot import imaging
from bot.app import catalogue_of, local_executor
from bot.commands.shot import Shot, shoot
from bot.domain.errors import EaselError, EngineError
from bot.service import requests
from bot.settings import Settings

# Large enough for any grid to stay lossless.
_NO_LIMIT = 1 << 30


async def render(settings: Settings, text: str, out: Path) -> int:
    """Draw `text` and write `<slug>-<seed>.webp` and its four pictures into `out`.

    Raises InvalidPrompt for the prompt, EaselError when the model cannot draw.
    """
    catalogue = catalogue_of(settings)
    requests.imagine(catalogue.default, text)  # a wrong prompt is said before anything is loaded
    executor = local_executor(settings, catalogue.default)
    await executor.start()
    try:
        shot = await shoot(executor, catalogue, lambda card: requests.imagine(card, text))
    except EngineError as error:
        raise EaselError(f"{catalogue.default.name} could not draw this: {error}") from error
    finally:
        await executor.close()
    for path in await asyncio.to_thread(_write, shot, out):
        sys.stdout.write(f"{path}\n")
    request = shot.request
    sys.stderr.write(f"{request.size}, seed {request.seed}, {shot.drawing:.1f} s\n")
    return 0


def _write(shot: Shot, out: Path) -> list[Path]:
    request = shot.request
    words = re.sub(r"[^a-z0-9]+", "-", request.prompt.text.lower())[:48].strip("-") or "picture"
    stem = f"{words}-{request.seed}"
    recipe = request.recipe()
    pictures = [imaging.decode(shot.tiles[index]) for index in sorted(shot.tiles)]
    wanted = {"": imaging.compose(pictures)} | {
        f"-{number}": picture for number, picture in enumerate(pictures, 1)
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = []
        for suffix, picture in wanted.items():
            encoded = imaging.encode(picture, _NO_LIMIT, recipe)
            path = out / f"{stem}{suffix}.{encoded.extension}"
            path.write_bytes(encoded.data)
            paths.append(path)
    except OSError as error:
        raise EaselError(f"{out} cannot be written: {error.strerror}.") from error
    return paths
