"""The notebook in a real kernel, whose bot serves the sandbox with the real embedded model: its
machine is lost with all that was on it, and another goes on; then the kernel alone is lost."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest

from bot.ops.backup import Backups
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.colab import NOTEBOOK, Machine
from tests.kit.scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PATIENCE_S = 120.0
MINUTES = "BACKUP_MINUTES = 2 "


class Kernel:
    """Runs all cells, the last of which ends with the bot."""

    def __init__(self, client: Any, running: asyncio.Task[Any]) -> None:
        self._client = client
        self._running = running
        self.process = psutil.Process(client.km.provisioner.pid)

    @property
    def said(self) -> str:
        """What the cells have printed."""
        outputs = (cell.get("outputs", ()) for cell in self._client.nb.cells)
        return "".join(one.get("text", "") for each in outputs for one in each)

    @property
    def worker(self) -> psutil.Process:
        [found] = [one for one in self.family() if "bot.worker" in one.cmdline()]
        return found

    def family(self) -> list[psutil.Process]:
        """The kernel, the bot and its worker."""
        return [self.process, *self.process.children(recursive=True)]

    async def gone(self, processes: list[psutil.Process]) -> None:
        """Returns when these have ended, and with the kernel the last cell."""
        _, alive = await asyncio.to_thread(psutil.wait_procs, processes, PATIENCE_S)
        assert not alive
        with pytest.raises(Exception, match="died"):
            await self._running


@contextlib.asynccontextmanager
async def kernel(machine: Machine, sandbox: Sandbox) -> AsyncIterator[Kernel]:
    """All cells under way, until the bot serves the sandbox."""
    import nbformat
    from nbclient import NotebookClient

    text = NOTEBOOK.read_text(encoding="utf-8")
    assert MINUTES in text
    text = text.replace(MINUTES, "BACKUP_MINUTES = 0.01 ")
    machine.keep_secrets(DISCORD_TOKEN=sandbox.token)
    environment = machine.environment(
        DISCORD_API_URL=sandbox.api_url,
        MODEL_STEPS="2",
        CPU_ENGINE="torch",
    )
    client = NotebookClient(nbformat.reads(text, as_version=4), timeout=None)
    running = asyncio.create_task(client.async_execute(env=environment, cwd=str(machine.folder)))
    ready = asyncio.create_task(sandbox.bot_ready(PATIENCE_S))
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        await running
    await ready
    try:
        yield Kernel(client, running)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await running


def copied_states(backups: Backups) -> list[str]:
    """The states of all jobs in the newest copy."""
    for copy in backups.copies():
        with contextlib.closing(sqlite3.connect(copy.path)) as connection:
            return [row[0] for row in connection.execute("SELECT state FROM jobs ORDER BY rowid")]
    return []


async def test_the_queue_goes_on_where_it_was(
    sandbox: Sandbox, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(machine.folder / "jupyter"))
    mia, backups = Scene(sandbox, "Mia"), Backups(machine.far / "copies")
    async with kernel(machine, sandbox) as first:
        apple = await mia.imagine("a red apple")
        first.worker.suspend()  # or it would have drawn the next before the machine is lost
        await (await mia.slash("imagine", prompt="a green pear")).ack()
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(copied_states, backups) != ["succeeded", "running"]:
                """The next copy has it."""
        family = first.family()
        for process in family:
            process.kill()
        await first.gone(family)
    machine.lose()
    async with kernel(machine, sandbox) as second:
        pear = await mia.new_result({apple["id"]})
        single = await mia.press(apple, "U1")
        assert "is the database now." in second.said
        assert "1 unfinished jobs are in the queue again" in second.said
        assert sandbox.token not in first.said + second.said
        family = second.family()
        second.process.kill()
        await second.gone(family)  # the bot ends by itself, and makes a last copy
    assert [each["id"] for each in mia.results()] == [apple["id"], pear["id"], single["id"]]
    assert copied_states(backups) == books.states(machine.data) == ["succeeded"] * 3
    assert books.spent(machine.data) == 2
    assert len(list((machine.far / "pictures").glob("images/*/*/*/*.webp"))) > 4
