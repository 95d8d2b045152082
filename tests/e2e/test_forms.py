"""The second trap of discord.py: forms live in memory only."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import Sandbox
from tests.kit.easel import SharedExecutor, running, settings_for
from tests.kit.scene import Scene


async def test_a_form_of_before_a_restart_is_answered(
    sandbox: Sandbox, tmp_path: Path, simulated_worker
) -> None:
    executor = SharedExecutor(simulated_worker[0])
    settings = settings_for(sandbox, tmp_path)
    with_form = settings_for(
        sandbox, tmp_path, extensions=(*settings.extensions, "tests.kit.forms")
    )
    mia = Scene(sandbox, "Mia")
    async with running(sandbox, with_form, executor):
        press = await mia.slash("form")
        await press.ack()
        assert press.modal is not None
    async with running(sandbox, settings, executor) as easel:
        # The trap itself: discord.py knows nothing of the form any more.
        assert "easel:form:1" not in easel.bot._connection._view_store._modals
        submitted = await mia.person.submit(press, {"word": "fox"})
        await submitted.ack()
        [answer] = submitted.replies
        assert answer["flags"] & 64
        assert "press its button anew" in answer["embeds"][0]["description"]
