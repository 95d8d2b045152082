"""`easel models fetch`: a model of the Hugging Face hub into MODELS_DIR, with only what it needs.

It comes into a hidden folder beside the models, and gets its name when it is whole: nobody takes
half a model for one, and a fetch that was interrupted goes on from where it was.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from bot.commands.bars import bar
from bot.commands.hub import Repository
from bot.domain.errors import EaselError
from bot.models import addons, facts, repository
from bot.models.addons import Addon
from bot.models.repository import Haul, NothingFits, Remote
from bot.models.shelf import Shelf, Unused
from bot.settings import Settings

_PLACE = ".fetching"
_SPARE_BYTES = 256 << 20
"""Left free on the disk, where pictures and a database may lie as well."""


def fetch(settings: Settings, id: str, file: str = "", *, full: bool = False) -> int:
    """Fetch a repository's pipeline, or one file of it. Raises EaselError."""
    id, named = repository.meant(id)
    hub = Repository(id, settings.hf_token.reveal())
    haul = _haul(hub, file or named, half=not full and settings.dtype != "float32")
    goal = settings.models_dir / haul.name
    if goal.exists():
        raise EaselError(f"{goal} is there already; remove it to fetch it again.")
    place = settings.models_dir / _PLACE / _slug(id, haul)
    _require_room(settings.models_dir, haul, place)
    try:
        _fetch_all(hub, haul.files, place)
    except KeyboardInterrupt:
        sys.stderr.write("What has come so far is kept; the same command goes on from there.\n")
        raise
    _put(haul, place, goal)
    _print(settings, haul, hub)
    return 0


def _slug(id: str, haul: Haul) -> str:
    """Each file of a repository has a place of its own."""
    return "--".join((id if haul.is_folder else f"{id}/{haul.files[0].path}").split("/"))


def _haul(hub: Repository, file: str, *, half: bool) -> Haul:
    try:
        index = {} if file else hub.read(facts.INDEX)
        if index:
            return repository.pipeline(hub.id, hub.files, index, half=half)
        return repository.single(hub.id, hub.files, file)
    except NothingFits as error:
        raise EaselError(f"{hub.id} {error}") from None


def _require_room(folder: Path, haul: Haul, place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EaselError(f"MODELS_DIR {folder} cannot be written: {error.strerror}.") from error
    there = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    missing, free = max(0, haul.size - there), shutil.disk_usage(folder).free
    if free < missing + _SPARE_BYTES:
        raise EaselError(
            f"{haul.name} needs {decimal(missing)} more on the disk of {folder}, which has "
            f"{decimal(free)} free: make room, or set MODELS_DIR to another disk."
        )


def _fetch_all(hub: Repository, files: Sequence[Remote], place: Path) -> None:
    with bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ) as shown:
        task = shown.add_task(hub.id, total=sum(file.size for file in files))
        done = 0
        for file in files:
            shown.update(task, description=file.path)
            hub.fetch(
                file,
                place / file.path,
                lambda there, done=done: shown.update(task, completed=done + there),
            )
            done += file.size


def _put(haul: Haul, place: Path, goal: Path) -> None:
    whole = place if haul.is_folder else place / haul.files[0].path
    wanted = {place / file.path for file in haul.files}
    try:
        for left in (path for path in place.rglob("*") if path.is_file() and path not in wanted):
            left.unlink()  # of an earlier try, which wanted other files
        whole.rename(goal)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.rmdir()
    except OSError as error:
        if not goal.exists():
            raise EaselError(f"{goal} cannot be written: {error.strerror}.") from error


def _print(settings: Settings, haul: Haul, hub: Repository) -> None:
    sys.stdout.write(
        f"{settings.models_dir / haul.name}: {decimal(haul.size)}, licence: {hub.licence}\n"
        f"{_of_use(Shelf(settings.models_dir), haul.name)}\n"
    )


def _of_use(shelf: Shelf, name: str) -> str:
    """What can be done with what came, in a sentence."""
    stem = facts.name_of(name)
    for one in shelf.everything(lambda there: there == name):
        match one:
            case Addon(kind=addons.LORA):
                return f"It is a {one.kind}: `--lora {one.said}` draws with it."
            case Addon():
                return f"It is no model, but what models are drawn with ({one.kind})."
            case Unused():
                return f"It is not used: {one.name} {one.why}."
    return f"MODEL={stem} draws with it; `easel models check {stem}` tries it."
