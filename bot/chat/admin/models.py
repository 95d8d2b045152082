"""The page of what can be asked for, and what draws it."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.chat.admin.items import Spot, button, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.chat.wording import escape, shortened
from bot.service import Service
from bot.service.administration import Standing, Worker

PAGE = "models"
_LISTED = 15
_WHY = 150
"""Characters of what went wrong."""


class ModelsPage:
    """Shows, and changes nothing: models are the operator's."""

    title, emoji = "Models", "🧠"
    deeds = frozenset({SHOW})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        found = await self._service.administration.models(press.asker, press.guild)
        lines = [_model(each, len(found.workers)) for each in found.models[:_LISTED]]
        more = len(found.models) - _LISTED
        lines += [f"-# and {more} more"] if more > 0 else []
        refresh = button(Spot(PAGE, SHOW), "Refresh", "🔄")
        workers = text("### Workers", *_workers(found.workers), room=1000)
        return Shown([text("## Models", *lines, room=2900), workers, row(refresh)])

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _model(each: Standing, workers: int) -> str:
    card = each.card
    asked = "the default" if each.default else f"`--model {each.key.replace('`', '')}`"
    size = f"{card.native} × {card.native} pixels, {card.steps} steps"
    return f"**{shortened(card.name, 60)}**: {asked}, {size}\n{_state(each, workers)}"


def _state(each: Standing, workers: int) -> str:
    if each.trouble:
        return f"⚠️ {shortened(each.trouble, _WHY)}"
    if each.loaded:
        return "🟢 in memory" + (f" of {each.loaded} of {workers} workers" if workers > 1 else "")
    if each.loading:
        return "🟡 being loaded"
    return "🟡 not loaded yet" if each.kept else "⚪ loaded when somebody asks for it"


def _workers(workers: Sequence[Worker]) -> list[str]:
    if not workers:
        return ["⚠️ None is running just now; jobs wait until one is."]
    return [_worker(each) for each in workers]


def _worker(worker: Worker) -> str:
    if error := worker.trouble:
        return f"⚠️ {escape(worker.device)}: {shortened(error, _WHY)}"
    state = "drawing" if worker.busy else "ready"
    return f"{escape(worker.device)}: {state if worker.loaded else 'loading'}"
