"""A bot's /metrics as Prometheus reads it, and its other pages."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

PATIENCE_S = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Scrape:
    """The samples of one page."""

    def __init__(self, text: str) -> None:
        families = text_string_to_metric_families(text)
        self.samples: list[Sample] = [each for family in families for each in family.samples]

    def __call__(self, name: str, /, **labels: str) -> float:
        """The sum of all samples of `easel_` and this name that have these labels."""
        return sum(
            each.value
            for each in self.samples
            if each.name == f"easel_{name}" and labels.items() <= each.labels.items()
        )

    def labels(self, name: str) -> list[dict[str, str]]:
        """Those of all samples of this name."""
        return [dict(each.labels) for each in self.samples if each.name == f"easel_{name}"]


async def page(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page."""
    address = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.text()


async def scrape(port: int) -> Scrape:
    status, text = await page(port, "/metrics")
    assert status == 200, text
    return Scrape(text)


async def until(port: int, wanted: Callable[[Scrape], Any]) -> Scrape:
    """The first scrape that is as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await scrape(port)
            if wanted(found):
                return found
