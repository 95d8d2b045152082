"""The page of what can be asked for, and what draws it."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.chat.admin.items import Spot, refresh, row, text
from bot.chat.admin.page import SHOW, Press, Shown, stale
from bot.chat.wording import escape, shortened
from bot.domain.language import N_, _, counted
from bot.service import Service
from bot.service.administration import Standing, Worker

PAGE = "models"
_LISTED = 15
_WHY = 150
"""Characters of what went wrong."""


class ModelsPage:
    """Shows, and changes nothing: models are the operator's."""

    title, emoji = N_("Models"), "🧠"
    deeds = frozenset({SHOW})
    forms: frozenset[str] = frozenset()

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, press: Press) -> Shown:
        found = await self._service.administration.models(press.asker, press.guild)
        lines = [_model(each, len(found.workers)) for each in found.models[:_LISTED]]
        more = len(found.models) - _LISTED
        lines += ["-# " + counted("and {n} more", "and {n} more", more)] if more > 0 else []
        workers = text("### " + _("Workers"), *_workers(found.workers), room=1000)
        models = text(f"## {_(self.title)}", *lines, room=2900)
        return Shown([models, workers, row(refresh(Spot(PAGE, SHOW)))])

    async def form(self, press: Press) -> ui.Modal:
        raise stale()


def _model(each: Standing, workers: int) -> str:
    card = each.card
    values = {
        "name": shortened(card.name, 60),
        "side": card.native,
        "key": each.key.replace("`", ""),
    }
    if each.default:
        said = counted(
            "**{name}**: the default, {side} × {side} pixels, {n} step",
            "**{name}**: the default, {side} × {side} pixels, {n} steps",
            card.steps,
            **values,
        )
    else:
        said = counted(
            "**{name}**: `--model {key}`, {side} × {side} pixels, {n} step",
            "**{name}**: `--model {key}`, {side} × {side} pixels, {n} steps",
            card.steps,
            **values,
        )
    return f"{said}\n{_state(each, workers)}"


def _state(each: Standing, workers: int) -> str:
    if each.trouble:
        return f"⚠️ {shortened(_(each.trouble), _WHY)}"
    if each.loaded and workers > 1:
        loaded = {"loaded": each.loaded, "workers": workers}
        return "🟢 " + _("in memory of {loaded} of {workers} workers", **loaded)
    if each.loaded:
        return "🟢 " + _("in memory")
    if each.loading:
        return "🟡 " + _("being loaded")
    if each.kept:
        return "🟡 " + _("not loaded yet")
    return "⚪ " + _("loaded when somebody asks for it")


def _workers(workers: Sequence[Worker]) -> list[str]:
    if not workers:
        return ["⚠️ " + _("None is running just now; jobs wait until one is.")]
    return [_worker(each) for each in workers]


def _worker(worker: Worker) -> str:
    device = escape(worker.device)
    if error := worker.trouble:
        return f"⚠️ {device}: {shortened(_(error), _WHY)}"
    if not worker.loaded:
        return _("{device}: loading", device=device)
    if worker.busy:
        return _("{device}: drawing", device=device)
    return _("{device}: ready", device=device)
