"""What `easel render` is asked for, and what that comes to for a model: a prompt or the recipe in a
file, with what was chosen by hand, and the picture to start from.

Reads files; knows nothing about workers or where pictures go.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from bot import imaging
from bot.commands.shot import Wish
from bot.domain import upscaling
from bot.domain.action import Kind, Tile
from bot.domain.errors import EaselError, InvalidPrompt, Unable
from bot.domain.infotext import PICTURE
from bot.domain.inputs import IMAGE, MASK, STYLE, Input
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.recipe import Recipe
from bot.domain.request import GenerationRequest
from bot.models.cards import ModelCard
from bot.service import references, requests, styles
from bot.service.choice import Choice
from bot.settings import Settings
from bot.storage.files import ImageStore

ENGINE = "engine"
"""The key of a recipe that says what drew it."""
_SIDE = 512
"""Pixels, of a picture that is a prompt; image encoders see 224 or 336."""
_LIGHT = 128
"""Of 255: a mask that is nowhere as light has numbers in it that were never meant to be seen."""


@dataclass(frozen=True)
class Order:
    """What was typed. `text` is the prompt; where it is empty, `recipe` is the file whose pictures
    are drawn again. `model` None leaves it to the settings."""

    text: str = ""
    recipe: Path | None = None
    init: Path | None = None
    model: str | None = None
    choice: Choice = field(default_factory=Choice)
    out: Path = Path("outputs")
    grid: bool = True
    mask: Path | None = None
    images: Sequence[tuple[Path, float | None]] = ()


@dataclass(frozen=True)
class Subject:
    """An order with the files that it names. `stored` is what the recipe's pictures were drawn
    from, as far as that is kept on this machine; `images` are prompts, encoded, with weights."""

    order: Order
    recipe: Mapping[str, Any] | None = None
    init: Image.Image | None = None
    stored: Mapping[Tile, bytes] = field(default_factory=dict)
    mask: Image.Image | None = None
    images: Sequence[tuple[bytes, float | None]] = ()

    @classmethod
    async def of(cls, order: Order, settings: Settings) -> Subject:
        """Raises EaselError for a file that cannot be read or is none of the kind."""
        recipe, stored = None, {}
        if order.recipe is not None:
            recipe = _recipe(order.recipe, await _bytes(order.recipe))
            if order.init is None:
                stored = await _stored(requests.of_recipe(recipe), settings)
        init, mask = order.init and await _picture(order.init), None
        if order.mask and init:
            mask = await _picture(order.mask, imaging.mask)
            _require_fit(mask, init, order.mask)
        images = [(await _seen(path), weight) for path, weight in order.images]
        return cls(order, recipe, init, stored, mask, images)

    def wish(self, card: ModelCard) -> Wish:
        """What this model is asked for. Raises UserError for what it cannot do or nobody could."""
        request = self.order.choice.applied(card, self._basis(card))
        before = [each for each in request.inputs if each.role in (IMAGE, STYLE)]
        others = tuple(each for each in request.inputs if each not in before)
        wish = self._wish(card, replace(request, inputs=others))
        seen = self._seen(before)
        inputs = {_digest(data): data for data, _ in self.images}
        request = replace(wish.request, inputs=(*wish.request.inputs, *seen))
        return replace(wish, request=request, inputs={**wish.inputs, **inputs})

    def _seen(self, before: Sequence[Input]) -> Sequence[Input]:
        """The pictures that are prompts; what a recipe says of their roles and weights holds."""
        named = [(_digest(data), weight) for data, weight in self.images]
        if not before:
            return [
                Input(IMAGE, digest, weight=1.0 if weight is None else weight)
                for digest, weight in named
            ]
        if len(named) != len(before):
            raise Unable(
                "This was drawn with a picture as a prompt: name one by `--image`."
                if len(before) == 1
                else f"This was drawn with {len(before)} pictures as prompts: name as many, in "
                "their order, by `--image`."
            )
        return [
            replace(old, digest=digest, weight=old.weight if weight is None else weight)
            for old, (digest, weight) in zip(before, named, strict=True)
        ]

    def _wish(self, card: ModelCard, request: GenerationRequest) -> Wish:
        if self.init is not None:
            return self._started(card, request, self.init)
        if request.inputs and not self.stored:
            raise Unable(
                "This was drawn from another picture, which is not kept here: name it by `--init`."
            )
        if self.order.choice.strength is not None and not request.inputs:
            raise InvalidPrompt(
                "`--strength` says how far to leave a picture: name that by `--init`."
            )
        digests = {tile: _digest(data) for tile, data in self.stored.items()}
        inputs = {digests[tile]: data for tile, data in self.stored.items()}
        return Wish(request.identified(digests), self._indices(request), inputs)

    def _basis(self, card: ModelCard) -> GenerationRequest:
        if self.recipe is None:
            prompt = _one_prompt(self.order.text)
            made = requests.imagine(card, prompt, styles.chosen(prompt, card, {}))
            if references.links(made.prompt):
                raise Unable("Links are followed in Discord only: name files by `--image`.")
            if self.order.choice.sized and made.prompt.get("ar"):
                raise InvalidPrompt("Give the shape once: by `--ar`, or by `--H` and `--W`.")
            return made
        request = requests.of_recipe(self.recipe)
        if request.model != card.id and self.order.model is None:
            raise Unable(
                f"This was drawn by the model {quoted(request.model)}, and MODEL is "
                f"{quoted(card.id)}: say by `--model` which is to draw it."
            )
        return requests.current(card, request)

    def _started(self, card: ModelCard, request: GenerationRequest, init: Image.Image) -> Wish:
        fixed = self.recipe is not None or self.order.choice.sized or request.prompt.get("ar")
        if not fixed:
            request = requests.shaped(card, request, *init.size)
        if request.frame and self.mask:
            raise InvalidPrompt("This was drawn around a picture: leave out the `--mask`.")
        if not request.frame:  # which says how large it is to be
            init = imaging.fitted(init, _before(request))
        mask = self.mask and imaging.fitted(self.mask, request.size.sides)
        data, mask = (imaging.encode_tile(each) if each else b"" for each in (init, mask))
        if not mask and any(each.role == MASK for each in request.inputs):
            raise Unable("This was drawn with a mask, which no file holds: name it by `--mask`.")
        files = [each for each in (data, mask) if each]
        digests = [_digest(each) for each in files]
        request = requests.started(card, request, *digests)
        return Wish(request, self._indices(request), dict(zip(digests, files, strict=True)))

    def otherwise(self, engine: str) -> Iterator[str]:
        """Why what `engine` drew again is not the same to the bit, in sentences."""
        if self.recipe is None or self.order.choice != Choice():
            return
        before = self.recipe.get(ENGINE)
        if before and before != engine:
            yield f"This was drawn by {before}, and now by {engine}: they differ a little."
        elif self.recipe.get("kind") == Kind.EXTRACT:
            yield "This was drawn in a grid, and now alone: it may differ by a bit here and there."

    def _indices(self, request: GenerationRequest) -> tuple[int, ...]:
        """The one picture that the file shows; empty: all."""
        number = self.recipe.get(PICTURE) if self.recipe else None
        if not isinstance(number, int) or self.order.choice.count is not None:
            return ()
        return (number - 1,) if 1 <= number <= request.count else ()


async def _stored(request: GenerationRequest, settings: Settings) -> dict[Tile, bytes]:
    """The pictures of the bot, or of the sandbox, from which a request was drawn."""
    found = {}
    for folder in (settings.files_dir, settings.sandbox_dir):
        files = ImageStore(folder / "images")
        for each in request.inputs:
            data = await files.read(each.tile) if each.tile else None
            if each.tile and data is not None and each.digest in (None, _digest(data)):
                found[each.tile] = data
    return found


def _require_fit(mask: Image.Image, init: Image.Image, path: Path) -> None:
    if mask.size != init.size:
        sides = ["×".join(map(str, each.size)) for each in (mask, init)]
        raise EaselError(
            f"{path} has {sides[0]} pixels, and the picture {sides[1]}: make them alike."
        )
    if not any(mask.histogram()[_LIGHT:]):
        raise EaselError(f"{path} is black, or nearly: make white in it what is to be drawn anew.")


async def _seen(path: Path) -> bytes:
    """A picture as a prompt, no larger than anybody looks at it."""
    picture = await _picture(path)
    picture.thumbnail((_SIDE, _SIDE))
    return await asyncio.to_thread(imaging.encode_tile, picture)


def _recipe(path: Path, data: bytes) -> Mapping[str, Any]:
    """Of a picture, or of a file that the bot gives for one. Raises EaselError."""
    if data.lstrip().startswith(b"{"):
        file = Recipe.read(data)
        drawn = file.request.recipe() | {ENGINE: file.drawer.engine}
        return drawn | ({PICTURE: file.origins.picture} if file.origins.picture else {})
    recipe = imaging.read_recipe(data)
    if recipe is None:
        raise EaselError(
            f"{path} holds no recipe: name a picture that Easel posted or rendered, or the file "
            "that *Recipe* in the menu of a picture gave."
        )
    return recipe


def _before(request: GenerationRequest) -> tuple[int, int]:
    """The size of what is drawn from: of a picture that grows, as it was."""
    times = upscaling.TIMES if upscaling.of(request) else 1
    width, height = request.size.sides
    return width // times, height // times


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _picture(
    path: Path, read: Callable[[bytes], Image.Image] = imaging.decode
) -> Image.Image:
    data = await _bytes(path)
    try:
        return await asyncio.to_thread(read, data)
    except imaging.PictureError as error:
        raise EaselError(f"{path}: {error}") from error


async def _bytes(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise EaselError(f"{path} cannot be read: {error.strerror}.") from error


def with_model(settings: Settings, model: str | None) -> Settings:
    """The settings for another model; the operator's own values are those of MODEL."""
    if model is None:
        return settings
    return replace(settings, model=model, model_native=0, model_steps=0, model_guidance=-1.0)


def _one_prompt(text: str) -> Prompt:
    """Raises InvalidPrompt for a text that stands for several."""
    (reading,) = Prompt.read_all(text, 1)
    if reading.prompt.get("repeat", 1) > 1:
        raise InvalidPrompt("`--repeat` is for Discord: say by `--n` how many pictures to draw.")
    return reading.prompt
