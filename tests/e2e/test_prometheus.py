"""Every query of the dashboard and every rule, run by a real Prometheus that scrapes a real bot."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit.easel import Gate, running, settings_for
from tests.kit.prometheus import PROMETHEUS, PROMTOOL, Prometheus, prometheus
from tests.kit.scene import Scene
from tests.kit.scrape import free_port

pytestmark = pytest.mark.slow

FILES = resources.files("bot.ops.metrics")
BOARD: dict[str, Any] = json.loads(FILES.joinpath("dashboard.json").read_text(encoding="utf-8"))
RULES = FILES.joinpath("alerts.yaml").read_text(encoding="utf-8")
CHOSEN = {"$__rate_interval": "5m", "$job": ".+", "$instance": ".+"}
# What did not happen to this bot, or is refused by nobody here.
SILENT = {
    "Rate limits", "Refusals of the database", "Tries in vain", "Long-lived tasks that died",
    "Room", "Wait for a post's turn", "Invalid requests", "Starts of the bot",
    "Gateway processes", "Events of shards", "From a process to the bot",
}  # fmt: skip
_VARIABLE = re.compile(r"label_values\((?P<series>.+), (?P<label>\w+)\)")


def queries() -> Iterator[tuple[str, str]]:
    """(title, expression) of each, as Grafana would send it."""
    for panel in BOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], chosen(target["expr"])
    for note in BOARD["annotations"]["list"]:
        if "expr" in note:
            yield note["name"], chosen(note["expr"])


def chosen(text: str) -> str:
    for name, value in CHOSEN.items():
        text = text.replace(name, value)
    assert "$" not in text
    return text


async def busy(sandbox: Sandbox, gate: Gate) -> None:
    """A little of everything that people do."""
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    grid = await mia.imagine("a red fox")
    await mia.press(grid, "V1")
    await mia.press(grid, "U1")
    await (await mia.slash("imagine", prompt="a doomed fox")).ack()
    await mia.until_said("⚠️")
    await mia.refused(await mia.slash("imagine", prompt="a fox --ar nonsense"))
    await (await noah.slash("imagine", prompt="a slow fox")).ack()
    await noah.until_drawing()
    await (await noah.slash("imagine", prompt="another slow fox")).ack()
    sandbox.gateway.drop()


@pytest.mark.skipif(PROMETHEUS is None, reason="Debian's prometheus is not installed")
async def test_every_query_and_rule_is_one(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, gate: Gate
) -> None:
    port = free_port()
    settings = settings_for(sandbox, tmp_path / "data", health_port=port)
    async with running(sandbox, settings, quick), prometheus(tmp_path, port, RULES) as one:
        await one.until("easel_gateway_shards_connected", lambda value: value == 1)
        await busy(sandbox, gate)
        await one.until('easel_gateway_events_total{event="resumed"}')
        await one.until("sum(easel_queue_jobs)")
        await one.until("count_over_time(easel_queue_jobs{speed='fast'}[1m])", lambda n: n > 9)
        silent = {title async for title in unanswered(one)}
        await the_variables_have_values(one)
        await the_rules_are_well(one)
    assert silent <= SILENT


async def unanswered(one: Prometheus) -> Any:
    """The titles of panels of which a query gives nothing."""
    end = time.time()
    for title, expression in queries():
        span = {"start": end - 60, "end": end, "step": "1s"}
        found = await one.ask("query_range", query=expression, **span)
        if not found["result"]:
            yield title


async def the_variables_have_values(one: Prometheus) -> None:
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = _VARIABLE.fullmatch(chosen(variable["query"]["query"]))
            assert found is not None
            values = await one.ask(f"label/{found['label']}/values", **{"match[]": found["series"]})
            assert len(values) == 1


async def the_rules_are_well(one: Prometheus) -> None:
    [group] = (await one.ask("rules"))["groups"]
    await one.until("count(up)")
    async with asyncio.timeout(30):
        while any(rule["health"] == "unknown" for rule in group["rules"]):
            await asyncio.sleep(0.2)
            [group] = (await one.ask("rules"))["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    assert [rule["name"] for rule in group["rules"] if rule["state"] == "firing"] == []


# Each alarm: what Prometheus sees (a series each minute), and when it fires.
BOT = 'job="easel", instance="bot"'
FIRING = {
    "EaselDown": ({f"up{{{BOT}}}": "0x60"}, "3m"),
    "EaselNotConnected": (
        {f"easel_gateway_shards{{{BOT}}}": "2x60",
         f"easel_gateway_shards_connected{{{BOT}}}": "1x60"}, "6m"),
    "EaselGatewayProcessGone": (
        {f"easel_gateway_processes{{{BOT}}}": "2x60",
         f"easel_gateway_processes_wanted{{{BOT}}}": "3x60"}, "6m"),
    "EaselNoWorker": ({f"easel_build_info{{{BOT}}}": "1x60"}, "6m"),
    "EaselStandsStill": (
        {f'easel_queue_jobs{{{BOT}, speed="fast"}}': "3x60",
         f"easel_jobs_drawing{{{BOT}}}": "0x60"}, "11m"),
    "EaselLongWait": ({f'easel_queue_oldest_seconds{{{BOT}, speed="fast"}}': "0+300x60"}, "40m"),
    "EaselJobsFail": (
        {f'easel_jobs_ended_total{{{BOT}, status="failed", code="error"}}': "0+1x60",
         f'easel_jobs_ended_total{{{BOT}, status="succeeded", code=""}}': "0+1x60"}, "16m"),
    "EaselWorkerRestarts": (
        {f'easel_worker_starts_total{{{BOT}, node="n", device="cuda:0"}}': "0+1x60"}, "16m"),
    "EaselDeliveryLate": (
        {f'easel_deliveries_oldest_seconds{{{BOT}, kind="result"}}': "0+60x60"}, "17m"),
    "EaselAnswersLate": ({f"easel_interactions_unanswered_total{{{BOT}}}": "0+1x60"}, "11m"),
    "EaselRateLimited": (
        {f'easel_discord_rate_limited_total{{{BOT}, road="message post", scope="user"}}':
         "0+5x60"}, "11m"),
    "EaselInvalidRequests": (
        {f'easel_discord_requests_total{{{BOT}, road="message post", status="403"}}':
         "0+700x60"}, "11m"),
    "EaselDatabaseRefuses": ({f"easel_database_readable{{{BOT}}}": "0x60"}, "6m"),
    "EaselHoldsStay": (
        {f"easel_credits_held{{{BOT}}}": "4x60", f"easel_jobs_drawing{{{BOT}}}": "0x60",
         f"easel_queue_paused_jobs{{{BOT}}}": "0x60",
         f'easel_queue_jobs{{{BOT}, speed="fast"}}': "0x60"}, "16m"),
    "EaselLoopLag": (
        {f'easel_loop_lag_seconds_bucket{{{BOT}, le="0.25"}}': "0+1x60",
         f'easel_loop_lag_seconds_bucket{{{BOT}, le="0.5"}}': "0+240x60",
         f'easel_loop_lag_seconds_bucket{{{BOT}, le="+Inf"}}': "0+240x60"}, "16m"),
    "EaselTaskDies": ({f'easel_task_up{{{BOT}, task="pump"}}': "0x60"}, "6m"),
    "EaselErrors": (
        {f'easel_errors_total{{{BOT}, error="KeyError", logger="bot.x"}}': "0+1x60"}, "16m"),
    "EaselFilesRunOut": (
        {f"process_open_fds{{{BOT}}}": "900x60", f"process_max_fds{{{BOT}}}": "1000x60"}, "11m"),
}  # fmt: skip
WELL = {
    f"up{{{BOT}}}": "1x60",
    f"easel_build_info{{{BOT}}}": "1x60",
    f'easel_workers{{{BOT}, state="drawing"}}': "1x60",
    f"easel_gateway_shards{{{BOT}}}": "1x60",
    f"easel_gateway_shards_connected{{{BOT}}}": "1x60",
    f"easel_gateway_processes{{{BOT}}}": "3x60",
    f"easel_gateway_processes_wanted{{{BOT}}}": "3x60",
    f'easel_queue_jobs{{{BOT}, speed="fast"}}': "3x60",
    f"easel_jobs_drawing{{{BOT}}}": "1x60",
    f"easel_credits_held{{{BOT}}}": "4x60",
    f'easel_jobs_ended_total{{{BOT}, status="failed", code="blocked"}}': "0+1x60",
    f'easel_jobs_ended_total{{{BOT}, status="succeeded", code=""}}': "0+9x60",
    f"easel_database_readable{{{BOT}}}": "1x60",
    f'easel_task_up{{{BOT}, task="pump"}}': "1x60",
}


def case(series: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    """A test of promtool's: these series, and when which alarms fire."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": fires}],
            }
            for name, when in names.items()
            for at, fires in ((when or "50m", 1 if when else 0), ("0m", 0))
        ],
    }


@pytest.mark.skipif(PROMTOOL is None, reason="Debian's prometheus is not installed")
async def test_every_alarm_fires_when_it_should_and_none_of_a_bot_that_is_well(
    tmp_path: Path,
) -> None:
    rules = yaml.safe_load(RULES)["groups"][0]["rules"]
    assert FIRING.keys() == {rule["alert"] for rule in rules}
    (tmp_path / "alerts.yaml").write_text(RULES, encoding="utf-8")
    tests = [case(series, {name: when}) for name, (series, when) in FIRING.items()]
    tests.append(case(WELL, dict.fromkeys(FIRING, "")))
    written = {"rule_files": ["alerts.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    for arguments in (("check", "rules", "alerts.yaml"), ("test", "rules", "tests.yaml")):
        assert PROMTOOL is not None
        process = await asyncio.create_subprocess_exec(
            PROMTOOL, *arguments, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
