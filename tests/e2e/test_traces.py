"""A job of a whole bot as one trace: in memory, and sent to a real collector."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.collector import collecting
from tests.kit.easel import Gate, running, settings_for
from tests.kit.launcher import STEPS
from tests.kit.scene import Scene
from tests.kit.scrape import free_port
from tests.kit.spans import Spans, about

STAGES = ["waiting", "drawing", "encoding", "posting"]


async def test_from_the_click_to_the_picture(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    spans, mia = Spans(), Scene(sandbox, "Mia")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick, [spans.traces]) as easel:
        grid = await mia.imagine("a very secret fox")
        await mia.press(grid, "V2")
        await easel.settled()
    first, second = spans.all("job")
    for whole, name in ((first, "command imagine"), (second, "press vary")):
        assert spans.under(whole) == STAGES
        asked = spans.one(name)
        assert whole.parent is not None
        assert whole.parent.span_id == asked.context.span_id
        assert spans.under(asked) == ["plan", "submit", "job"]
        assert [event.name for event in asked.events] == ["first answer"]
    jobs = [row["id"] for row in books.rows(tmp_path, "SELECT id FROM jobs ORDER BY rowid")]
    assert [about(span)["job"] for span in (first, second)] == jobs
    assert about(spans.all("drawing")[0])["steps"] == STEPS
    assert first.context.trace_id != second.context.trace_id
    assert spans.traces._lives == {} == spans.traces._interactions
    assert "secret" not in "".join(span.to_json() for span in spans.ended)


async def test_what_a_restart_goes_on_with_names_its_job(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    before, after, mia = Spans(), Spans(), Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick, [before.traces]):
        await (await mia.slash("imagine", prompt="a slow fox")).ack()
        await mia.until_drawing()
    await before.traces.close()
    gate.open()
    async with running(sandbox, settings, quick, [after.traces]) as easel:
        await mia.new_result(set())
        await easel.settled()
    [first], [second] = before.all("job"), after.all("job")
    assert about(first)["job"] == about(second)["job"]
    assert (about(first)["after_start"], about(second)["after_start"]) == (False, True)
    assert after.under(second) == STAGES


async def test_they_are_sent_where_the_environment_says(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=easel")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
            await Scene(sandbox, "Mia").imagine("a red fox")
            await easel.settled()
        spans = collector.spans  # whatever had ended was handed over by then
    assert {"command imagine", "plan", "submit", "job", *STAGES} <= spans.keys()
    assert collector.service == "easel"
    assert collector.headers["x-team"] == "easel"
    assert spans["drawing"].parent_span_id == spans["job"].span_id
    assert spans["job"].trace_id == spans["command imagine"].trace_id


async def test_a_collector_that_is_not_there_loses_nothing_but_traces(
    sandbox: Sandbox,
    tmp_path: Path,
    quick: Executor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await Scene(sandbox, "Mia").imagine("a red fox")
    assert books.states(tmp_path) == ["succeeded"]
    assert "was not heard" not in caplog.text


async def test_without_what_sends_them_there_is_one_line_in_the_log(
    sandbox: Sandbox,
    tmp_path: Path,
    quick: Executor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with caplog.at_level(logging.WARNING):
        async with running(sandbox, settings_for(sandbox, tmp_path), quick):
            await Scene(sandbox, "Mia").imagine("a red fox")
    assert "pip install 'easel-bot[traces]'" in caplog.text
