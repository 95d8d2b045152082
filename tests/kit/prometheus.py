"""A real Prometheus on loopback: Debian's `prometheus`, started for one test and ended with it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.kit.scrape import free_port

PATIENCE_S = 60.0
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")


@dataclass
class Prometheus:
    """Speaks its HTTP API."""

    address: str

    async def ask(self, path: str, **parameters: Any) -> Any:
        """The data of an answer, which must be a good one."""
        url = f"{self.address}/api/v1/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, params=parameters) as answer,
        ):
            said = await answer.json()
        assert said["status"] == "success", f"{parameters}: {said.get('error')}"
        return said["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Its value now."""
        return (await self.ask("query", query=expression))["result"]

    async def until(self, expression: str, wanted: Callable[[float], bool] = bool) -> None:
        """Return once its only value is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.query(expression)
                if found and wanted(float(found[0]["value"][1])):
                    return
                await asyncio.sleep(0.1)


@asynccontextmanager
async def prometheus(folder: Path, target: int, rules: str) -> AsyncIterator[Prometheus]:
    """Scrapes the port `target` as job "easel" five times a second, with these rules."""
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    scrape = {"job_name": "easel", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    config = {
        "global": {
            "scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "1s",
        },
        "rule_files": ["rules.yaml"],
        "scrape_configs": [scrape],
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    assert PROMETHEUS is not None
    process = await asyncio.create_subprocess_exec(
        PROMETHEUS,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        one = Prometheus(f"http://127.0.0.1:{port}")
        await _ready(one)
        yield one
    finally:
        process.terminate()
        await process.wait()


async def _ready(one: Prometheus) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await one.query("vector(1)")
                return
            except (aiohttp.ClientError, AssertionError):
                await asyncio.sleep(0.1)
