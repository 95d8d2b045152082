"""The hello and the panel on the sandbox's page, in a real browser, wide and narrow."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit.browser import chromium, needs_chromium, visiting
from tests.kit.easel import Easel
from tests.kit.scene import Scene

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(params=["desktop", "phone"])
async def page(
    browser: Browser, easel: Easel, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """The page as Ada sees it, who owns the server; an error in its own code fails the test."""
    ada = easel.sandbox.person("Ada").id
    address = f"{easel.sandbox.url}?user={ada}"
    async with visiting(browser, address, phone=request.param == "phone") as opened:
        yield opened


async def shoot(page: Page, name: str) -> None:
    """Keep a picture for people where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        await page.screenshot(path=Path(folder) / f"panel-{name}-{width}.png")


async def beyond(page: Page) -> int:
    """Pixels that lie beyond the side of the window."""
    return await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


async def command(page: Page, text: str) -> None:
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def choose(page: Page, spot: str, name: str) -> None:
    """In a menu of the panel that is shown."""
    await page.locator(f'[data-custom-id="easel:panel:{spot}"]').click()
    await page.get_by_role("option", name=name).click()


async def test_a_first_hour_and_the_panel(page: Page, easel: Easel) -> None:
    await command(page, "/setup")
    await expect(page.get_by_text("Hello, I am Easel")).to_be_visible()
    await expect(page.get_by_text("Choose plans to begin with")).to_be_visible()
    await shoot(page, "hello")
    await Scene(easel.sandbox, "Mia").imagine("a fox")
    await command(page, "/admin panel")
    await expect(page.get_by_text("1 job ended")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause drawing")).to_be_visible()
    await shoot(page, "overview")
    assert await beyond(page) <= 0
    for name, words in (
        ("Plans", "There are none so far"), ("Jobs", "Nothing waits here"),
        ("Models", "Easel embedded"), ("Channels and roles", "Who may draw"),
        ("Words", "For age-restricted channels only"), ("Log", "Nothing was changed"),
    ):  # fmt: skip
        await choose(page, "panel:go", name)
        await expect(page.get_by_text(words).last).to_be_visible()
        await shoot(page, name.split()[0].lower())
        assert await beyond(page) <= 0


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("de", "Hallo, ich bin Easel"),
        ("ja", "こんにちは、Easelです"),
        ("fr", "Bonjour, je suis Easel"),
    ],
)
async def test_a_first_hour_in_ones_own_language(
    page: Page, easel: Easel, locale: str, words: str
) -> None:
    ada = easel.sandbox.person("Ada")
    ada.speak(locale)
    await ada.slash("setup")
    await expect(page.get_by_text(words)).to_be_visible()
    await shoot(page, f"hello-{locale}")
    assert await beyond(page) <= 0


async def test_a_plan_is_chosen_and_written(page: Page) -> None:
    await command(page, "/admin panel")
    await choose(page, "panel:go", "Plans")
    await choose(page, "plans:preset", "Midjourney style")
    await expect(page.get_by_text("— nobody so far").first).to_be_visible()
    await choose(page, "plans:pick", "Standard")
    log = page.get_by_role("log")
    await expect(log.get_by_role("button", name="Give to everybody")).to_be_visible()
    await shoot(page, "plan")
    assert await beyond(page) <= 0
    await log.get_by_role("button", name="Credits…").click()
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Grids each period")).to_have_value("900")
    await shoot(page, "credits")
    await form.get_by_label("Grids each period").fill("950")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("950 grids a month").last).to_be_visible()
