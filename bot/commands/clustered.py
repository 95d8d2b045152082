"""What `easel check` says of the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.commands.finding import Finding
from bot.engine.cluster import ask, refuse_open
from bot.executors import access_of
from bot.settings import Settings


async def look(settings: Settings) -> AsyncIterator[Finding]:
    """It is reached, and has cards. Raises SettingsError where the bot would not use it."""
    if not settings.cluster_address:
        yield Finding(True, "CLUSTER_ADDRESS is empty: this machine alone")
        return
    access = access_of(settings)
    if not access.open:
        await refuse_open(access)
    said = await ask("standing", access)
    if "error" in said:
        yield Finding(False, said["error"])
        return
    machines = [node for node in said["nodes"] if node["cards"]]
    cards = sum(len(node["cards"]) for node in machines)
    if not cards:
        yield Finding(None, "it has no cards yet: `easel cluster join` on other machines")
        return
    names = ", ".join(node["name"] for node in machines)
    yield Finding(True, f"{cards} cards of {len(machines)} machines ({names})")
