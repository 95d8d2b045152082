"""/metrics of a whole bot: what people did is what is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.e2e.test_trouble import spend_the_bucket
from tests.kit import books
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.scene import Scene
from tests.kit.scrape import Scrape, free_port, page, scrape, until

FAILED = "failed"


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    """One that can be looked at."""
    settings = settings_for(sandbox, tmp_path, health_port=free_port())
    async with running(sandbox, settings, quick) as one:
        yield one


async def look(easel: Easel) -> Scrape:
    """Once nothing is to be shown any more."""
    await easel.settled()
    return await scrape(easel.settings.health_port)


async def test_jobs_are_counted_from_their_asking_to_their_delivery(
    easel: Easel, mia: Scene, noah: Scene, tmp_path: Path
) -> None:
    grid = await mia.imagine("a red fox")
    await noah.imagine("a blue fox --relax")
    await mia.press(grid, "V1")
    await mia.press(grid, "U2")
    await (await mia.slash("imagine", prompt="a doomed fox")).ack()
    await mia.until_said("⚠️")
    seen = await look(easel)
    assert seen("jobs_accepted_total") == 5
    assert seen("jobs_accepted_total", action="imagine", speed="relax") == 1
    assert seen("jobs_accepted_total", action="vary") == 1
    assert seen("jobs_ended_total", status="succeeded") == 4
    assert seen("jobs_ended_total", status=FAILED, code="bad_input") == 1
    assert seen("job_attempts_total", outcome="drawn") == 3
    assert seen("job_attempts_total", outcome="bad_input") == 1
    assert seen("job_wait_seconds_count", speed="fast") == 3
    assert seen("job_life_seconds_count", status="succeeded") == 4
    assert seen("deliveries_total", kind="result") == 4
    assert seen("delivery_seconds_count") == 4
    assert seen("deliveries_waiting") == seen("queue_jobs") == seen("jobs_drawing") == 0
    assert seen("drawing_seconds_count", model="embedded") == 3
    # Of twelve steps the first has none before it.
    assert seen("step_seconds_count", model="embedded", device="simulated") == 4 * 11
    assert seen("step_company_jobs_sum") == 4 * 11
    assert seen("credits_total", deed="held") == 4
    assert seen("credits_total", deed="captured") == books.spent(tmp_path) == 3
    assert seen("credits_total", deed="released") == 1
    assert seen("credits_held") == 0


async def test_what_waits_is_seen_while_it_waits(easel: Easel, mia: Scene, gate: Gate) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    await (await mia.slash("imagine", prompt="a slow fox --turbo")).ack()
    port = easel.settings.health_port
    seen = await until(port, lambda seen: seen("queue_jobs"))
    assert seen("queue_jobs", speed="turbo") == 1
    assert seen("queue_oldest_seconds", speed="turbo") > 0
    assert seen("queue_oldest_seconds", speed="fast") == 0
    assert seen("jobs_drawing") == 1
    assert seen("workers", state="drawing") == seen("worker_jobs") == 1
    assert seen("worker_pictures") == 4
    assert seen("worker_slots_free") == 0
    assert seen("credits_held") == 3  # turbo costs two
    gate.open()
    await until(port, lambda seen: not seen("credits_held"))


async def test_commands_presses_and_refusals_have_their_names(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a red fox")
    await (await mia.slash("info")).ack()
    await mia.refused(await mia.slash("imagine", prompt="a fox --ar nonsense"))
    await mia.refused(await mia.slash("show"))
    await mia.press(grid, "🔄")
    seen = await look(easel)
    outcomes = {
        (each["kind"], each["name"]): each["outcome"] for each in seen.labels("interactions_total")
    }
    assert outcomes["command", "info"] == "done"
    assert outcomes["command", "show"] == "NotFound"
    assert outcomes["press", "reroll"] == "done"
    assert seen("interactions_total", name="imagine", outcome="InvalidPrompt") == 1
    assert seen("interactions_total") == seen("interaction_answer_seconds_count") == 5
    assert seen("interactions_unanswered_total") == 0


async def test_what_is_unexpected_is_counted_by_its_class(
    easel: Easel, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any) -> Any:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(easel.core.service.drawing, "imagine", broken)
    await mia.refused(await mia.slash("imagine", prompt="a fox"))
    seen = await look(easel)
    assert seen("errors_total", error="ZeroDivisionError", logger="bot.chat.replies") == 1
    assert seen("interactions_total", outcome="ZeroDivisionError") == 1


async def test_a_limit_of_discord_is_counted_by_what_it_limits(
    tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    async with Sandbox(port=0, rate_limits=0.6) as sandbox:
        settings = settings_for(sandbox, tmp_path, health_port=free_port())
        async with running(sandbox, settings, quick) as easel:
            mia = Scene(sandbox, "Mia")
            await (await mia.slash("imagine", prompt="a slow fox")).ack()
            await mia.until_drawing()
            await spend_the_bucket(sandbox, "imagine")
            gate.open()
            await sandbox.wait_for(mia.results)
            seen = await look(easel)
    refused = [each for each in sandbox.log if each.status == 429]
    ours = len(refused) - 1  # the last of who spent it
    assert ours
    assert seen("discord_rate_limited_total", road="message post", scope="user") == ours
    assert seen("discord_requests_total", road="message post", status="429") == ours
    assert seen("discord_requests_total", road="message post", status="200") == 1


async def test_what_discord_does_not_answer_and_refuses_is_counted(
    easel: Easel, mia: Scene
) -> None:
    post = r"^/channels/\d+/messages$"
    easel.sandbox.faults.fail("POST", post, 0, times=1)
    easel.sandbox.faults.answer("POST", post, 403)
    await mia.imagine("a fox")
    seen = await look(easel)
    assert seen("discord_requests_total", road="message post", status="lost") == 1
    assert seen("discord_requests_total", road="message post", status="403") == 1
    assert seen("deliveries_failed_total", kind="result", why="away") == 1
    assert seen("deliveries_failed_total", kind="result", why="unclear") == 1
    assert seen("deliveries_total", kind="result") == 1


async def test_a_loop_that_is_blocked_is_late(easel: Easel) -> None:
    port = easel.settings.health_port
    before = await scrape(port)
    time.sleep(0.6)  # noqa: ASYNC251 - as a mistake of ours would
    count = before("loop_lag_seconds_count")
    after = await until(port, lambda seen: seen("loop_lag_seconds_count") > count)
    late = after("loop_lag_seconds_count") - after("loop_lag_seconds_bucket", le="0.25")
    assert late > before("loop_lag_seconds_count") - before("loop_lag_seconds_bucket", le="0.25")


async def test_a_gateway_that_is_lost_and_found_is_counted(easel: Easel) -> None:
    port = easel.settings.health_port
    seen = await until(port, lambda seen: seen("gateway_latency_seconds"))
    assert seen("gateway_shards_connected") == seen("gateway_shards") == 1
    assert seen("servers") == len(easel.bot.guilds)
    easel.sandbox.gateway.drop()
    seen = await until(port, lambda seen: seen("gateway_events_total", event="lost"))
    seen = await until(port, lambda seen: seen("gateway_shards_connected"))
    assert seen("gateway_events_total", event="resumed") == 1


async def test_nothing_on_the_page_tells_who_and_what(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a very secret fox")
    await mia.press(grid, "U1")
    await mia.refused(await mia.slash("imagine", prompt="a fox --nobody knows"))
    await easel.settled()
    _, text = await page(easel.settings.health_port, "/metrics")
    assert "secret" not in text
    assert "nobody" not in text
    jobs = [row["id"] for row in books.rows(easel.settings.data_dir, "SELECT id FROM jobs")]
    for known in (*jobs, mia.id, easel.sandbox.world.guild.id, easel.sandbox.token):
        assert str(known) not in text


async def test_two_bots_of_one_process_count_for_themselves(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, easel: Easel, mia: Scene
) -> None:
    async with Sandbox(port=0) as other:
        settings = settings_for(other, tmp_path / "other", health_port=free_port())
        async with running(other, settings, quick) as second:
            await Scene(other, "Mia").imagine("a fox")
            first, theirs = await asyncio.gather(look(easel), look(second))
    assert (first("jobs_accepted_total"), theirs("jobs_accepted_total")) == (0, 1)
