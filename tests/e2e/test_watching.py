"""Who watches changes nothing: the bot goes on whatever they do."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.domain.news import Accepted, News, Planned
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.watching import Watching
from tests.kit.easel import running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scene import Scene
from tests.kit.scrape import free_port
from tests.kit.values import a_job


def test_everybody_hears_whatever_another_raises(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[News] = []

    def deaf(news: News) -> None:
        raise ZeroDivisionError("mine")

    watching = Watching(Settings(), [deaf, heard.append], environ={})
    with caplog.at_level(logging.ERROR):
        watching.tell(Planned(0.1))
    assert heard == [Planned(0.1)]
    assert "Planned was not heard" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("port", "counted"), [(0, 0), (8080, 1)])
def test_nothing_is_counted_where_nobody_can_look(port: int, counted: int) -> None:
    watching = Watching(Settings(health_port=port), environ={})
    watching.tell(Accepted(a_job(), 0.1))
    assert watching.counts.accepted.total == counted


def test_jobs_are_logged_in_any_case(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Watching(Settings(), environ={}).tell(Accepted(a_job(), 0.1))
    assert "accepted" in caplog.text


async def test_a_watcher_that_always_fails_costs_nobody_a_picture(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    def deaf(news: News) -> None:
        raise KeyError("mine")

    executor = FakeExecutor(1, automatic=True)
    async with running(sandbox, settings_for(sandbox, tmp_path), executor, [deaf]) as easel:
        mia = Scene(sandbox, "Mia")
        await mia.press(await mia.imagine("a fox"), "U1")
        await easel.settled()
        assert len(mia.results()) == 2


async def test_a_port_that_is_taken_is_said(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    port = free_port()
    settings = settings_for(sandbox, tmp_path / "one", health_port=port)
    async with running(sandbox, settings, quick):
        other = settings_for(sandbox, tmp_path / "two", health_port=port)
        with pytest.raises(SettingsError, match=f"HEALTH_PORT {port} cannot be opened"):
            async with running(sandbox, other, FakeExecutor(1)):
                raise AssertionError


TO = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


async def test_where_traces_go_may_be_said_wrongly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watching = Watching(Settings(), environ=TO | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert "traces are sent by http/protobuf" in caplog.text
    await watching._closing.aclose()
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")  # less than a batch
    with pytest.raises(SettingsError, match="OTEL_ variables say"):
        Watching(Settings(), environ=TO)
