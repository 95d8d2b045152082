"""The composition root: builds every part from the settings, in order, and closes in reverse.

With `bot.executors` the only module that chooses implementations.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import __version__
from bot.dispatch.dispatcher import Dispatcher
from bot.dispatch.loading import Loader
from bot.domain.errors import EaselError, SettingsError, UserError
from bot.domain.news import Tell
from bot.domain.period import Period
from bot.domain.quota import Caps, Quota
from bot.domain.safety import Reaction, SafetyPolicy, Stance
from bot.domain.shop import Assortment
from bot.engine.seam import Executor
from bot.executors import converted_folder, executor_of
from bot.filtering.wordfilter import rule_of
from bot.house import floor_of, keep_house, keep_room, keeper, open_database
from bot.links.fetcher import Fetcher
from bot.links.hosts import Hosts
from bot.models import classifier
from bot.models.cards import EMBEDDED_CARD
from bot.models.catalogue import Catalogue
from bot.models.facts import UnfitFile
from bot.models.shelf import Model, Shelf
from bot.models.watch import Watch
from bot.ops.disk import GIB, Floor
from bot.ops.lock import lock_folder
from bot.ops.supervision import Supervisor
from bot.service import Service
from bot.service.assembly import service_of
from bot.service.errand import Errands
from bot.service.rules import Rules
from bot.service.serving import Serving
from bot.settings import Settings
from bot.storage.repositories import Repositories
from bot.watching import Watching

log = logging.getLogger(__name__)

DAY_S = 86_400


@dataclass(frozen=True)
class Core:
    """Everything but Discord."""

    settings: Settings
    parts: Repositories
    executor: Executor
    dispatcher: Dispatcher
    service: Service
    supervisor: Supervisor
    watching: Watching
    fetcher: Fetcher
    floor: Floor

    def apply(self, new: Settings, rules: Rules) -> None:
        """What may change while all this runs."""
        self.service.tuning.apply(rules)
        self.fetcher.allow(Hosts.of(new.image_hosts, self.settings.discord_api_url))
        self.floor.floor_bytes = new.disk_floor_gb * GIB


def model_of(settings: Settings) -> Model:
    """The model of the MODEL setting with the operator's own values."""
    return Shelf(settings.models_dir).model(settings.model, own_values(settings))


def catalogue_of(settings: Settings) -> Catalogue:
    """The models that are drawn with, with the operator's own values. Raises EaselError for what
    is on this disk and no model."""
    if why := Shelf(settings.models_dir).refusal(settings.model):
        raise EaselError(why)
    model = model_of(settings)
    for trouble in model.troubles:
        log.warning("%s Until then the file has no effect.", trouble)
    return Catalogue(model.card, fixed=model.own)


def watch_of(settings: Settings) -> Watch:
    """Looks at MODELS_DIR, and at the model of the MODEL setting wherever it lies."""
    return Watch(Shelf(settings.models_dir), settings.model, own_values(settings))


def own_values(settings: Settings) -> dict[str, Any]:
    """The fields of the model's card that the operator has set."""
    values = {
        "native": settings.model_native or None,
        "steps": settings.model_steps or None,
        "guidance": None if settings.model_guidance < 0 else settings.model_guidance,
    }
    return {name: value for name, value in values.items() if value is not None}


def database_of(settings: Settings) -> Path:
    """The file that holds everything but pictures."""
    return settings.data_dir / "easel.sqlite3"


def rules_of(settings: Settings) -> Rules:
    running, waiting = settings.running_limit, settings.waiting_limit
    return Rules(
        quota=Quota(settings.credits, Period(settings.credits_period), running, waiting),
        dm_quota=Quota(settings.dm_credits, Period.DAY, running, waiting),
        caps=Caps(settings.credits_max, settings.running_max, settings.waiting_max),
        guilds=settings.guilds,
        queue_limit=settings.queue_limit,
        images_max_bytes=int(settings.images_max_gb * (1 << 30)),
        images_max_age_s=settings.images_max_days * DAY_S,
        left_age_s=settings.guild_left_days * DAY_S,
        versions=settings.versions,
        assortment=assortment_of(settings),
        stance=stance_of(settings),
        operators=settings.operators,
        blocked_words=_blocked(settings.blocked_words),
    )


def assortment_of(settings: Settings) -> Assortment:
    """What Discord sells for the operator. Raises SettingsError for an SKU that is two things, and
    for more than fit under a message."""
    assortment = Assortment(settings.shop_packs, settings.shop_plans)
    assortment.require_sound()
    return assortment


def stance_of(settings: Settings) -> Stance:
    """What the operator wants of unsafe pictures; says so where none can be found."""
    policy = SafetyPolicy(Reaction(settings.safety), settings.safety_threshold)
    off = classifier.is_off(settings.safety_model)
    checked = not off and unchecked(settings) == ""
    return Stance(policy, settings.safety_may_be_off, checked, chosen=off)


def unchecked(settings: Settings) -> str:
    """Why pictures are not checked although they should be, in a sentence; empty where they are, as
    far as this disk tells, or are not meant to be."""
    if classifier.is_off(settings.safety_model):
        return ""
    try:
        classifier.require_there(settings.safety_model)
    except UnfitFile as unfit:
        name = f"SAFETY_MODEL {settings.safety_model}" if settings.safety_model else "open_nsfw"
        return f"Pictures are not checked: {name} {unfit}."
    return ""


def _blocked(words: tuple[str, ...]) -> tuple[str, ...]:
    """As they are compared. Raises SettingsError for what cannot be."""
    try:
        return tuple(rule_of(word).text for word in words)
    except UserError as wrong:
        raise SettingsError(f"BLOCKED_WORDS: {wrong}") from None


@contextlib.asynccontextmanager
async def core(
    settings: Settings, executor: Executor | None = None, errands: Errands | None = None,
    hears: Sequence[Tell] = (),
) -> AsyncIterator[Core]:  # fmt: skip
    """Database, executor, dispatcher and service, running; unfinished jobs are in the queue.

    An executor that is given is closed in the end, errands are not. `hears` hear what happens.

    Raises SettingsError when the data folder or the database cannot be used.
    """
    catalogue, began = Catalogue(EMBEDDED_CARD), time.time()
    watching = Watching(settings, hears)
    if why := unchecked(settings):
        log.warning(why)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(lock_folder(settings.data_dir))
        database = await open_database(settings, database_of(settings))
        stack.push_async_callback(database.close)
        if copies := keeper(settings, database.path):
            stack.push_async_callback(copies.make)  # when everything has come to rest
        serving = Serving(watch_of(settings), catalogue)
        await serving.begin()
        parts = Repositories.of(database, settings.files_dir)
        executor = executor or executor_of(settings, catalogue.cards, converted_folder(settings))
        await executor.start()
        rules = rules_of(settings)
        dispatcher = Dispatcher(
            executor, parts.jobs, parts.pictures, parts.files, parts.blobs, stance=rules.stance,
            tell=watching.tell,
        )  # fmt: skip
        stack.push_async_callback(dispatcher.close)
        hosts = Hosts.of(settings.image_hosts, settings.discord_api_url)
        fetcher = await stack.enter_async_context(Fetcher(hosts))
        service = service_of(
            parts,
            dispatcher,
            executor,
            catalogue,
            rules,
            __version__,
            errands or await stack.enter_async_context(Errands()),
            fetch=fetcher.fetch,
            tell=watching.tell,
        )
        await service.levers.load()
        if resumed := await service.drawing.resume():
            log.info("%d unfinished jobs are in the queue again", resumed)
        await service.shop.begin()
        supervisor = Supervisor()
        stack.push_async_callback(supervisor.close)
        loader = Loader(executor, lambda: catalogue.kept, catalogue.confirm)
        supervisor.start("dispatcher", dispatcher.run)
        supervisor.start("positions", dispatcher.tell_places)
        supervisor.start("loading", loader.keep)
        supervisor.start("models", lambda: serving.keep(executor, service.drawing))
        supervisor.start("samples", service.gallery.keep)
        supervisor.start("erasures", service.privacy.keep)
        supervisor.start("purges", service.purging.keep)
        supervisor.start("housekeeping", lambda: keep_house(service, began))
        floor = floor_of(settings)
        supervisor.start("disk", lambda: keep_room(floor, service, supervisor))
        if copies:
            supervisor.start("backup", copies.keep)
        seen = watching.opened(executor, supervisor, dispatcher, database, parts.measures)
        await stack.enter_async_context(seen)
        yield Core(
            settings, parts, executor, dispatcher, service, supervisor, watching, fetcher, floor
        )
        await service.levers.rest()
