"""The house around the service: its database opened, copied and kept in order.

Belongs to the composition root, which says when.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bot.ops.backup import Backups, Keeper
from bot.ops.disk import GIB, Floor
from bot.ops.supervision import Supervisor
from bot.ops.upgrading import copy_before
from bot.service import Service
from bot.settings import Settings
from bot.storage.database import Database, newest

HOUSEKEEPING_S = 3600.0
ROOM_S = 30.0
"""Between two looks at how much room there is."""
GRAIN_S = 60.0
"""How far the times of files may be off the clock."""


async def open_database(settings: Settings, path: Path) -> Database:
    """Of any version, copied before it is brought to this one's. Raises SettingsError."""
    if settings.update_copy:
        folder = Path(settings.backup_dir) if settings.backup_dir else path.parent
        await asyncio.to_thread(copy_before, path, folder, newest(), time.time())
    return await Database.open(path)


def keeper(settings: Settings, database: Path) -> Keeper | None:
    """Who copies the database while the bot runs; None where nobody is to."""
    if not settings.backup_dir:
        return None
    backups = Backups(Path(settings.backup_dir))
    return Keeper(backups, database, 60 * settings.backup_minutes, time.time)


def floor_of(settings: Settings) -> Floor:
    """What is watched so that no disk is filled to the last."""
    folders = settings.data_dir, settings.files_dir
    return Floor(folders, settings.disk_floor_gb * GIB)


async def keep_room(floor: Floor, service: Service, supervisor: Supervisor) -> None:
    """While there is too little room nothing new is taken; first what may go is cleared away."""
    while True:
        said = await asyncio.to_thread(floor.look)
        if floor.low:
            await service.pictures.housekeeping()
            said = await asyncio.to_thread(floor.look)
        service.levers.full = floor.low
        supervisor.say("disk", said)
        await asyncio.sleep(ROOM_S)


async def keep_house(service: Service, began: float) -> None:
    """Every hour, clear away what is too old or too much; first what crashes have left."""
    await service.pictures.housekeeping()
    await service.pictures.sweep(began - GRAIN_S)
    while True:
        await service.proposals.housekeeping()
        await service.privacy.departures.housekeeping()
        await service.gifts.housekeeping()
        await asyncio.sleep(HOUSEKEEPING_S)
        await service.pictures.housekeeping()
