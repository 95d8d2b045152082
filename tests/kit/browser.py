"""Debian's Chromium, headless, for the tests of the sandbox's page."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

PATIENCE_MS = 30_000

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS])
        yield browser
        await browser.close()


@contextlib.asynccontextmanager
async def visiting(browser: Browser, address: str, *, phone: bool = False) -> AsyncIterator[Page]:
    """The sandbox's page, once the bot is there; an error in the page's own code fails the test."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 780} if phone else {"width": 1200, "height": 860},
        color_scheme="dark", reduced_motion="reduce", has_touch=phone,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(address)
    await expect(page.get_by_text("Easel is online")).to_be_visible()
    yield page
    await context.close()
    assert errors == []
