"""What would be drawn and what it costs, before anything is stored."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain import style
from bot.domain.action import ACTIONS, Kind, Press, Target, Tile
from bot.domain.errors import NotFound, Unable
from bot.domain.job import Job, JobStatus
from bot.domain.language import N_, _
from bot.domain.layers import Taste
from bot.domain.news import Planned, Tell, nobody
from bot.domain.people import Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.prompt import Reading
from bot.domain.request import GenerationRequest
from bot.domain.style import Style
from bot.domain.usual import Usual
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import editing, references, remixing, requests, tariff
from bot.service.admission import Admission
from bot.service.aiming import Aims
from bot.service.choosing import Choosing
from bot.service.holding import Inputs
from bot.service.plan import Plan
from bot.service.preferences import Habits
from bot.service.readings import read, read_form
from bot.service.references import Attached, Canvas
from bot.service.rules import DIRECT, require_use, require_visible
from bot.service.sight import Sight, View
from bot.service.standing import usable
from bot.service.styles import Styles
from bot.service.wearing import require_loras
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository, StoredImage

NOTHING = Attached()
LOST = N_("A picture that this was made from is not kept any more, so it is drawn without it.")


@dataclass(frozen=True)
class _Under:
    """A job whose button was pressed, by whom and where, and what they want of their prompts."""

    parent: Job
    asker: Asker
    origin: Origin
    taste: Taste


class Planner:
    """Reads what a press refers to, and looks at pictures; the rest is `bot.service.requests`.
    Writes nothing but these pictures."""

    def __init__(
        self,
        jobs: JobRepository,
        pictures: PictureRepository,
        files: ImageStore,
        blobs: Blobs,
        catalogue: Catalogue,
        sight: Sight,
        aims: Aims,
        habits: Habits,
        styles: Styles,
        admission: Admission,
        versions: Mapping[str, str] | None = None,
        tell: Tell = nobody,
    ) -> None:
        self._jobs = jobs
        self._inputs = Inputs(pictures, files, blobs)
        self._catalogue = catalogue
        self._sight = sight
        self._aims = aims
        self._habits = habits
        self._styles = styles
        self._admission = admission
        self._choosing = Choosing(catalogue, versions)
        self._tell = tell

    async def plan(
        self, asker: Asker, origin: Origin, asked: str | Press, model: str | None = None,
        attached: Attached = NOTHING,
    ) -> Plan:  # fmt: skip
        """A text is drawn by `model` (None: the default) and from what is `attached`, a press by
        what drew its parent; either as the asker prefers where the prompt does not say.

        Raises InvalidPrompt and InvalidLink for a text, NotFound for a model or a press, Unable
        for a press, NotAllowed for a model that is not for the asker and for who may not draw
        there, BlockedWords for what is not drawn there, Draining while nothing new is begun.
        """
        began = time.perf_counter()
        plan = await self._plan(asker, origin, asked, model, attached)
        self._tell(Planned(time.perf_counter() - began))
        return plan

    async def _plan(
        self, asker: Asker, origin: Origin, asked: str | Press, model: str | None,
        attached: Attached,
    ) -> Plan:  # fmt: skip
        self._admission.require_open(origin)
        await self._admission.require_welcome(asker, origin)
        if isinstance(asked, str):
            taste = await self._habits.taste(asker, origin)
            named = taste.holding.model if model is None else model
            attached = attached.preferring(taste.holding.variation)
            readings = await read(asked, taste, attached.count)
            await self._admission.require_words(asker, origin, readings)
            plan = await self._typed(asker, origin, readings, named, attached, taste.own.usual)
            return plan.posted_as(taste.holding.file)
        parent = await self.parent(asker, origin, asked)
        card = self.card_of(parent)
        if asked.region:  # a model may be asked for its word, and a mask is kept
            fresh = await read_form(asked, await self._habits.taste(asker, origin))
            word = asked.region.word
            await self._admission.require_words(asker, origin, fresh, parent, [word])
        press = await self._aims.aimed(asker, origin, card, parent.request, asked)
        return await self.under(parent, asker, origin, press)

    async def _typed(
        self, asker: Asker, origin: Origin, readings: Sequence[Reading], model: str | None,
        attached: Attached, usual: Usual,
    ) -> Plan:  # fmt: skip
        view = self._sight.of(asker, origin)
        plans = []
        for prompt, notes in readings:
            card, chosen = self._choosing.card(asker, origin, prompt, model)
            require_use(asker, origin, card)
            look = await self._styles.meant(origin.guild, card, prompt)
            # Each grid is one of that prompt, and pressing or typing it again makes one.
            single = attached.with_prompt(prompt.without("repeat"))
            for _again in range(prompt.get("repeat", 1)):
                made, said = await _drawn(card, single, view, look, attached.canvas)
                require_loras(self._catalogue, card, made)
                plan = _plan(card, asker, origin, made, usual)
                plans.append(plan.noting((*notes, *chosen, *said)))
        return Plan.together(plans)

    async def parent(self, asker: Asker, origin: Origin, press: Press) -> Job:
        """The ended job whose button was pressed. Raises NotFound."""
        job = require_visible(asker, origin, await self._jobs.get(press.tile.job))
        job = usable(job, press.action)
        if ACTIONS[press.action].on_failure:
            if job.status is not JobStatus.FAILED:
                raise NotFound(_("This job did not fail, so nothing is to be drawn instead."))
            return job
        if job.status is not JobStatus.SUCCEEDED:
            raise NotFound(_("This job has no pictures yet; wait until it is done."))
        of_all = ACTIONS[press.action].target is Target.JOB
        if not of_all and not 1 <= press.tile.index <= job.request.count:
            raise NotFound(_("This job has no picture {number}.", number=press.tile.index))
        return job

    async def under(self, parent: Job, asker: Asker, origin: Origin, press: Press) -> Plan:
        """What a press under `parent` comes to. Raises NotFound, Unable and NotAllowed, and for
        another prompt what a text does."""
        taste = await self._habits.taste(asker, origin)
        under = _Under(parent, asker, origin, taste)
        if press.prompt is None:
            return await self._pressed(under, press, self.card_of(parent), parent.request)
        readings = await read_form(press, taste)
        await self._admission.require_words(asker, origin, readings, parent)
        view = self._sight.of(asker, origin)
        plans = []
        for prompt, notes in readings:
            for _again in range(prompt.get("repeat", 1)):
                plan = await self._remixed(under, press, prompt.without("repeat"), view)
                plans.append(plan.noting(notes))
        return Plan.together(plans)

    async def _remixed(self, under: _Under, press: Press, prompt: Prompt, view: View) -> Plan:
        """A press that draws another prompt, unless it is the same."""
        parent, asker, origin = under.parent, under.asker, under.origin
        card, before = self.card_of(parent), parent.request
        offered = remixing.offered(parent, asker)
        if prompt == offered:
            return await self._pressed(under, replace(press, prompt=None), card, before)
        chosen: tuple[str, ...] = ()
        if not remixing.same_model(prompt, offered):
            model = under.taste.holding.model
            card, chosen = self._choosing.card(asker, origin, prompt, model)
        require_use(asker, origin, card)
        look = style.of_extra(before.extra)
        if not remixing.same_look(prompt, offered):
            look = await self._styles.meant(origin.guild, card, prompt)
        prompt, said = references.settled(prompt)
        if remixing.same_pictures(prompt, offered):
            made = remixing.reworded(card, before, prompt, look)
        else:
            fresh, more = await _drawn(card, prompt, view, look)
            made, said = remixing.repictured(fresh, before), (*said, *more)
        plan = await self._pressed(under, press, card, made)
        return plan.noting((*chosen, *said))

    async def _pressed(
        self, under: _Under, press: Press, card: ModelCard, before: GenerationRequest
    ) -> Plan:
        """What a press makes of what was drawn `before`."""
        parent, wanted = under.parent, under.taste.holding
        pressed = requests.pressed(card, before, press, wanted.variation, parent.request.size)
        _require_kept(press, self.card_of(parent), parent, pressed)
        if pressed.kind is Kind.DRAW:
            require_loras(self._catalogue, card, pressed)
        request = await self._inputs.held(card, pressed)
        lost = {each for each in pressed.inputs if each.tile is None} - {*request.inputs}
        own = press.prompt is not None or parent.user == under.asker.user
        usual = under.taste.own.usual
        plan = _plan(card, under.asker, under.origin, request, usual, parent, own=own)
        return plan.noting((_(LOST),) if lost else ()).posted_as(wanted.file)

    def require_drawable(self, asker: Asker, origin: Origin, request: GenerationRequest) -> None:
        """What was planned before may still be drawn as it is. Raises NotFound where its model is
        not served any more, NotAllowed where it is for others now."""
        card = self._catalogue.card(request.model)
        if card is None:
            raise NotFound(
                _("The model that was to draw this is not here any more; ask for it anew.")
            )
        require_use(asker, origin, card)

    def resumed(self, request: GenerationRequest) -> GenerationRequest:
        """See `requests.resumed`."""
        return requests.resumed(self._catalogue, request)

    def card_of(self, job: Job) -> ModelCard:
        """The card of the job's model, or today's default where it is no longer served."""
        return self._catalogue.card(job.request.model) or self._catalogue.default

    async def require_not_taken_down(self, job: Job) -> None:
        """Raises NotFound for what moderators deleted."""
        await self._inputs.require_not_taken_down(job.id)

    async def stored(self, tile: Tile) -> StoredImage:
        """The row of a picture whose file is kept. Raises NotFound."""
        if (image := await self._inputs.stored(tile)) is None:
            raise await self._inputs.why(tile)
        return image


async def _drawn(
    card: ModelCard, prompt: Prompt, view: View, look: Style | None, canvas: Canvas | None = None
) -> tuple[GenerationRequest, tuple[str, ...]]:
    """The request for a prompt with its pictures, and what is to be said of them."""
    prompt, said = references.settled(prompt)
    made = requests.imagine(card, prompt, look)
    seen = await view.look(references.links(prompt))
    request, blend, notes = references.pictured(card, made, seen)
    if canvas:
        notes = () if canvas.varied else (_(editing.IGNORED),) if blend else notes
        request = await editing.drawn_on(card, request, canvas, view)
    elif blend:
        request = requests.started(card, request, await view.blend(blend, request.size))
    return request, (*said, *notes)


def _require_kept(
    press: Press, card: ModelCard, parent: Job, made: GenerationRequest
) -> None:  # fmt: skip
    """Raises Unable where another prompt asks for another size than a press can draw."""
    if ACTIONS[press.action].keeps and made.size != requests.current(card, parent.request).size:
        raise Unable(
            _(
                "A part is drawn in the size of its picture, so leave `--ar`, `--hd` and `--model`"
                " as they were."
            )
        )


def _plan(
    card: ModelCard,
    asker: Asker,
    origin: Origin,
    request: GenerationRequest,
    usual: Usual,
    parent: Job | None = None,
    own: bool = True,
) -> Plan:
    request = requests.wanted(request, usual, alone=origin.guild == DIRECT, own=own)
    if request.kind is Kind.DRAW:
        require_use(asker, origin, card)
    return Plan(
        asker, origin, (request,), (tariff.price(card, request),),
        tuple(requests.warnings(card, request)), parent, tariff.grid(request),
    )  # fmt: skip
