"""Recipes as files: written for who owns a picture, and drawn again for whoever sends one.

What a picture was made from is never in the file. It is named by the hash of its content, so it has
to be kept here still, and whoever sends the recipe has to be somebody who may draw from it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from bot.domain import samplers, upscaling
from bot.domain.action import Action, Kind
from bot.domain.errors import InvalidRecipe, NotFound, Unable
from bot.domain.inputs import Input
from bot.domain.job import Job, JobStatus
from bot.domain.language import N_, _
from bot.domain.people import Asker, Origin
from bot.domain.prompt.parameter import quoted
from bot.domain.recipe import LINEAGE, Drawer, Origins, Recipe
from bot.domain.request import GenerationRequest
from bot.domain.soundness import require_sound
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.models.fingerprint import fingerprint
from bot.service import effects, requests, tariff
from bot.service.drawing import Asked, Drawings
from bot.service.plan import Plan
from bot.service.preferences import Habits
from bot.service.rules import DIRECT, may_look, require_use
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository

log = logging.getLogger(__name__)

_TYPED = frozenset({Action.IMAGINE, Action.EDIT, Action.VARY_SUBTLE, Action.VARY_STRONG})
"""What is done to a picture that somebody sends."""
_SAME = N_("`/imagine prompt:same recipe:` with this file draws the same pixels again.")
_FROM_PICTURES = N_(
    "It draws from a picture that is not in it: that one has to be kept here still, and whoever"
    " sends the recipe has to see the result, or to have brought that picture."
)
_NEVER = N_("This one cannot be drawn again from its recipe: it was made in a way of its own.")
_GONE = N_(
    "This recipe draws from a picture that is not kept here (any more), or is not yours to draw"
    " from; nothing else can draw the same."
)
_OTHER_FILES = N_("The files of the model are others than the recipe's, so the pixels may differ.")


class Recipes:
    """Both ways; `version` is Easel's."""

    def __init__(
        self,
        jobs: JobRepository,
        pictures: PictureRepository,
        files: ImageStore,
        blobs: Blobs,
        catalogue: Catalogue,
        habits: Habits,
        drawing: Drawings,
        version: str,
    ) -> None:
        self._jobs = jobs
        self._pictures = pictures
        self._files = files
        self._blobs = blobs
        self._catalogue = catalogue
        self._habits = habits
        self._drawing = drawing
        self._version = version

    async def written(self, asker: Asker, origin: Origin, job: Job) -> tuple[bytes, str]:
        """The file for a result, and sentences about what it is good for. A picture that was taken
        out of its grid is drawn again with all of it: alone it would be rounded otherwise."""
        drawn, picture = await self._grid(job)
        request = drawn.request if drawn.request.kind is Kind.DRAW else drawn.request.restored()
        card = self._catalogue.card(request.model)
        marks = await self._marks(card) if card else ""
        lineage = await self._lineage(asker, origin, drawn)
        recipe = Recipe(
            request,
            Origins(drawn.id, picture, lineage),
            Drawer(
                card.name if card else request.model, Path(card.source).name if card else "", marks,
                drawn.engine, self._version,
            ),
        )  # fmt: skip
        return recipe.file(), _use(card, request)

    async def draw(self, asker: Asker, origin: Origin, data: bytes) -> Asked:
        """Have the pictures of a file drawn again. Raises InvalidRecipe, NotFound for a model or a
        picture that is not here, NotAllowed for a model that is for others, and what
        `Drawings.take` does."""
        recipe = await asyncio.to_thread(Recipe.read, data)
        card, notes = await self._card(recipe)
        require_use(asker, origin, card)
        request = replace(recipe.request, model=card.id)
        _require_fit(card, request)
        await self._require_inputs(asker, origin, recipe)
        await self._require_enlarged(request)
        taste = await self._habits.taste(asker, origin)
        alone = origin.guild == DIRECT
        made = requests.wanted(_again(request), taste.own.usual, alone=alone, own=False)
        plan = Plan(
            asker, origin, (made,), (tariff.price(card, made),), notes, usual=tariff.grid(made)
        )
        return await self._drawing.take(plan.posted_as(taste.holding.file))

    async def _grid(self, job: Job) -> tuple[Job, int]:
        """What is drawn to draw a result, and which picture of it that is; 0: all."""
        source = job.request.source
        if job.request.kind is not Kind.EXTRACT or source is None:
            return job, 0
        grid = await self._jobs.get(source.job)
        whole = grid is not None and grid.request.kind is Kind.DRAW
        return (grid, source.index) if grid and whole else (job, 0)

    async def _lineage(self, asker: Asker, origin: Origin, job: Job) -> tuple[tuple[str, str], ...]:
        """As far as whoever wants it may see them."""
        found: list[tuple[str, str]] = []
        above = job.parent and await self._jobs.get(job.parent)
        while above and len(found) < LINEAGE and may_look(asker, origin, above):
            found.append((above.id, above.action.value))
            above = above.parent and await self._jobs.get(above.parent)
        return tuple(found)

    async def _marks(self, card: ModelCard) -> str:
        return await asyncio.to_thread(fingerprint, card.source, card.revision)

    async def _card(self, recipe: Recipe) -> tuple[ModelCard, tuple[str, ...]]:
        """The model that draws it: of that id, else of these files under whatever name."""
        wanted = recipe.drawer
        if card := self._catalogue.card(recipe.request.model):
            same = not wanted.fingerprint or await self._marks(card) == wanted.fingerprint
            return card, () if same else (_(_OTHER_FILES),)
        for card in self._catalogue.cards if wanted.fingerprint else ():
            if await self._marks(card) == wanted.fingerprint:
                return card, ()
        raise NotFound(
            _(
                "This recipe is for the model {model}, which is not here.",
                model=quoted(wanted.model or recipe.request.model),
            )
        )

    async def _require_inputs(self, asker: Asker, origin: Origin, recipe: Recipe) -> None:
        """Raises NotFound unless all that it draws from is kept as it was, and whoever sends the
        recipe may draw from it: pictures that they may see, and what they brought themselves; and
        what a result was drawn from that they may see, as 🔄 draws from it again."""
        inputs = recipe.request.inputs
        if not inputs:
            return
        job = await self._jobs.get(recipe.origins.job)
        known: tuple[Input, ...] = ()
        if job and job.status is JobStatus.SUCCEEDED and may_look(asker, origin, job):
            known = job.request.inputs
        for each in inputs:
            free = any((one.digest, one.tile) == (each.digest, each.tile) for one in known)
            if not (await self._kept(each) and (free or await self._own(asker, origin, each))):
                raise NotFound(_(_GONE))

    async def _require_enlarged(self, request: GenerationRequest) -> None:
        """Raises InvalidRecipe where a picture was not made as much larger as is said."""
        if upscaling.of(request) is None or request.source is None:
            return
        before = await self._jobs.get(request.source.job)
        if before and not upscaling.follows(before.request, request):
            raise InvalidRecipe(
                _(
                    "This recipe is of a picture of {size}, which upscaling does not make of the"
                    " one that it draws from.",
                    size=request.size,
                )
            )

    async def _kept(self, each: Input) -> bool:
        if each.tile is None:
            return each.digest is not None and await self._blobs.exists(each.digest)
        image = (await self._pictures.of_job(each.tile.job)).get(each.tile.index)
        same = image is not None and not image.evicted and image.sha256 == each.digest
        return same and await self._files.exists(each.tile)

    async def _own(self, asker: Asker, origin: Origin, each: Input) -> bool:
        if each.tile is None:
            return each.digest is not None and await self._blobs.used_by(each.digest, asker.user)
        job = await self._jobs.get(each.tile.job)
        return job is not None and may_look(asker, origin, job)


def _again(request: GenerationRequest) -> GenerationRequest:
    """As something that its sender asks for; what was done to a picture that somebody sent is done
    to it again."""
    if request.sampling.strength is None:
        return replace(request, action=Action.IMAGINE)
    sent = request.source is None and request.action in _TYPED
    return request if sent else replace(request, action=Action.REROLL)


def _require_fit(card: ModelCard, request: GenerationRequest) -> None:
    """Raises InvalidRecipe and Unable for what this model does not draw."""
    size, steps = request.size, request.sampling.steps
    whole = not any(side % card.multiple for side in size.sides)
    if not whole or size.pixels > _most(card, request):
        raise InvalidRecipe(
            _("The model {model} does not draw pictures of {size}.",
              model=quoted(card.name), size=size)
        )  # fmt: skip
    if steps > max(effects.STEPS_MAX, card.steps_for(effects.QUALITY_MAX)):
        raise InvalidRecipe(
            _("The model {model} does not draw in {steps} steps.",
              model=quoted(card.name), steps=steps)
        )  # fmt: skip
    if not card.samplers and request.sampling.sampler != samplers.DEFAULT:
        raise Unable(_("The model {model} draws by its own sampler only.", model=quoted(card.name)))
    starts = request.source is not None or request.sampling.strength is not None
    parts = request.frame is not None or request.partly
    if (starts and not card.variations) or (parts and not card.frames):
        raise Unable(_("The model {model} cannot start from a picture.", model=quoted(card.name)))


def _most(card: ModelCard, request: GenerationRequest) -> float:
    """Pixels of a picture: two steps more along its sides than `--hd` has, as not every shape can
    be met."""
    if upscaling.of(request):
        return upscaling.PIXELS
    return (card.native * effects.HD + 2 * card.multiple) ** 2


def _use(card: ModelCard | None, request: GenerationRequest) -> str:
    """What a recipe is good for, of a model that may be gone."""
    try:
        require_sound(request)
        if card:
            _require_fit(card, request)
    except (InvalidRecipe, Unable):
        return _(_NEVER)
    return f"{_(_SAME)} {_(_FROM_PICTURES)}" if request.inputs else _(_SAME)
