"""The page for Prometheus, parsed by Prometheus' own parser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics

from bot.domain.delivery import Kind
from bot.domain.errors import StoreUnavailable
from bot.domain.measures import Spread, Tally
from bot.domain.snapshots import Census, Front, Owed, Standing, Stored
from bot.domain.speed import Speed
from bot.engine.seam import Loaded
from bot.ops.faults import Faults
from bot.ops.metrics.counts import Counts
from bot.ops.metrics.page import Page, Sources
from bot.ops.supervision import Supervisor
from tests.kit.executor import Clock, FakeExecutor
from tests.kit.scrape import Scrape
from tests.kit.values import MORNING

Read = Callable[[float], Awaitable[Stored]]


async def stored(now: float) -> Stored:
    assert now == MORNING
    owed = {Kind.RESULT: Owed(3, 12.5), Kind.END: Owed()}
    return Stored(owed, {"granted": 50, "captured": 20}, held=4, bytes=8192)


def census(now: float) -> Census:
    waiting = dict.fromkeys(Speed, 0) | {Speed.FAST: 7}
    return Census(waiting, dict.fromkeys(Speed, 0.0) | {Speed.FAST: 60.0}, aside=2, drawing=1)


def page(read: Read = stored, **more: object) -> Page:
    executor = FakeExecutor(1)
    executor.alter("w1", models={"tiny": Loaded()})
    commits = Spread((0.01, 0.1))
    commits.add(0.02)
    sources = Sources(
        version="1.2.3", counts=Counts(), executor=executor, supervisor=Supervisor(),
        census=census, stored=read, commit_seconds=commits, commit_sizes=Spread(),
        refusals=Tally(), faults=Faults(), **more,
    )  # fmt: skip
    return Page(sources, Clock(MORNING), patience_s=0.05)


async def seen(page: Page) -> Scrape:
    body, kind = await page.render()
    assert kind.startswith("text/plain; version=0.0.4")
    return Scrape(body.decode())


async def test_snapshots_are_on_the_page() -> None:
    found = await seen(page())
    assert found("queue_jobs", speed="fast") == 7
    assert found("queue_oldest_seconds", speed="fast") == 60
    assert (found("queue_paused_jobs"), found("jobs_drawing")) == (2, 1)
    assert found("workers", state="ready") == 1
    assert found("deliveries_waiting", kind="result") == 3
    assert found("deliveries_oldest_seconds", kind="result") == 12.5
    assert found("credits_total", deed="granted") == 50
    assert (found("credits_held"), found("database_bytes")) == (4, 8192)
    assert found("build_info", version="1.2.3") == 1
    assert found("database_commit_seconds_bucket", le="0.01") == 0
    assert found("database_commit_seconds_bucket", le="0.1") == 1
    assert found("database_commit_seconds_bucket", le="+Inf") == 1
    assert found("database_commit_seconds_sum") == 0.02


async def test_a_client_is_told_of_once_there_is_one() -> None:
    assert "gateway_shards" not in {each.name for each in (await seen(page())).samples}
    now = Standing(3, frozenset({0, 2}), {0: 0.04}, servers=9, posting=1, wait_s=0.5)
    found = await seen(page(standing=lambda: now))
    assert (found("gateway_shards"), found("gateway_shards_connected")) == (3, 2)
    assert found.labels("gateway_latency_seconds") == [{"shard": "0"}]
    assert (found("servers"), found("deliveries_in_progress")) == (9, 1)
    assert found("post_wait_seconds") == 0.5


async def test_processes_in_front_are_told_of() -> None:
    lags = Spread((0.001, 0.01))
    lags.add(0.0005)
    front = Front(3, 3, 1, {0: 7, 1: 0}, lags)
    now = Standing(2, frozenset({0, 1}), {}, servers=9, posting=0, wait_s=0, front=front)
    found = await seen(page(standing=lambda: now))
    assert (found("gateway_processes"), found("gateway_processes_wanted")) == (3, 3)
    assert found("gateway_processes_spare") == 1
    assert found("gateway_dispatches_total", shard="0") == 7
    assert found("gateway_relay_seconds_bucket", le="0.001") == 1


async def refused(now: float) -> Stored:
    raise StoreUnavailable("io", "disk I/O error")


async def hanging(now: float) -> Stored:
    await asyncio.Event().wait()
    raise AssertionError


async def mistaken(now: float) -> Stored:
    raise KeyError("ours")


@pytest.mark.parametrize("read", [refused, hanging, mistaken])
async def test_all_else_is_told_where_the_database_says_nothing(
    read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        found = await seen(page(read))
    assert found("database_readable") == 0
    assert found("queue_jobs") == 7
    assert found.labels("credits_held") == []
    assert ("KeyError" in caplog.text) is (read is mistaken)


async def test_who_wants_it_as_openmetrics_gets_it_so() -> None:
    body, kind = await page().render("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    names = {family.name for family in open_metrics(body.decode())}
    assert {"easel_queue_jobs", "easel_credits", "easel_build"} <= names


async def test_every_metric_says_what_it_is() -> None:
    body, _ = await page().render()
    said = [line.split(" ", 3) for line in body.decode().splitlines() if line.startswith("# HELP")]
    assert len(said) > 40
    for line in said:
        assert line[3], line
    names = [line[2] for line in said]
    assert len(names) == len(set(names))
    assert all(name.startswith(("easel_", "process_")) for name in names)
