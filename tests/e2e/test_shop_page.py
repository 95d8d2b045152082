"""Buying on the sandbox's page, in a real browser, with a bot that sells."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.domain.shop import Pack, Span
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.browser import chromium, needs_chromium, visiting
from tests.kit.easel import Easel, running, settings_for

PACK, PLAN = 1200000000000000301, 1200000000000000304

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    sold = {"shop_packs": {PACK: Pack(115, Span(12))}, "shop_plans": {PLAN: "Patron"}}
    async with running(sandbox, settings_for(sandbox, tmp_path, **sold), quick) as one:
        yield one


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(params=["desktop", "phone"])
async def page(
    browser: Browser, easel: Easel, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """The page as Mia sees it; an error in the page's own code fails the test."""
    async with visiting(browser, easel.sandbox.url, phone=request.param == "phone") as opened:
        yield opened


async def shoot(page: Page, name: str) -> None:
    """Keep a picture for people where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        await page.screenshot(path=Path(folder) / f"shop-{name}-{width}.png")


async def beyond(page: Page) -> int:
    """Pixels that lie beyond the side of the window."""
    return await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


async def test_a_visit_to_the_shop(page: Page, easel: Easel, tmp_path: Path) -> None:
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/shop")
    await page.keyboard.press("Enter")
    premium = page.get_by_role("log").get_by_role("button", name="115 grids $14.99")
    await expect(premium).to_be_visible()
    await expect(page.get_by_text("115 grids that last 1 year")).to_be_visible()
    await shoot(page, "command")
    await premium.click()
    shop = page.get_by_role("dialog", name="Easel’s shop")
    await expect(shop.get_by_role("button", name="Buy 115 grids")).to_be_focused()
    await shoot(page, "open")
    assert await beyond(page) == 0
    await page.keyboard.press("Enter")
    await expect(shop.get_by_text("taken in by the bot")).to_be_visible()
    await shop.get_by_role("button", name="Buy Patron", exact=True).click()
    await expect(shop.get_by_text("renews on")).to_be_visible()
    await shop.get_by_role("button", name="Buy Patron", exact=True).click()
    await expect(shop.get_by_role("alert")).to_have_text("you are subscribed to that already")
    await shop.get_by_role("button", name="Cancel: Patron").click()
    await expect(shop.get_by_text("cancelled, ends on")).to_be_visible()
    await shoot(page, "bought")
    await shop.get_by_role("button", name="End its month: Patron").click()
    await expect(shop.get_by_text("ended on")).to_be_visible()
    await shop.get_by_role("button", name="Money back: 115 grids").click()
    await expect(shop.get_by_text("money back")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(shop).to_be_hidden()
    await easel.settled()
    while [row["balance"] for row in books.rows(tmp_path, "SELECT balance FROM buckets")] != [0]:
        await easel.sandbox.bus.until(lambda: True, 1)


async def test_the_owner_sees_the_sales(page: Page, easel: Easel) -> None:
    easel.sandbox.person("Noah").customer.buy("115 grids")
    await page.goto(f"{easel.sandbox.url}/?user={easel.sandbox.person('Ada').id}")
    await page.get_by_role("button", name="Open the shop").click()
    sales = page.get_by_role("region", name="What everybody bought")
    await expect(sales.get_by_text("Noah: 115 grids")).to_be_visible()
    easel.sandbox.person("Mia").customer.buy("Patron server")
    await expect(sales.get_by_text("Mia: Patron server")).to_be_visible()
    await shoot(page, "sales")
