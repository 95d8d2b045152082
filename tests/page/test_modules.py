"""The page's modules, tested where they run.

Each `*.test.js` here is a module that Chromium loads beside the page's own, from the sandbox's own
server and under the page's own security policy; each of its tests is a test of pytest.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Page, Route

from bot.sandbox import Sandbox
from tests.kit.browser import chromium, needs_chromium

pytestmark = needs_chromium

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "bot" / "sandbox" / "page"
FILES = sorted(path.name for path in HERE.glob("*.test.js"))
POLICY = re.search(r'content="(default-src [^"]+)"', (PAGE / "index.html").read_text("utf-8"))


def names_in(file: str) -> list[str]:
    """The tests of a module, read from its text: pytest must know them before a browser runs."""
    text = (HERE / file).read_text(encoding="utf-8")
    quoted = re.findall(r'^test\(\s*("(?:[^"\\]|\\.)+")', text, flags=re.MULTILINE)
    return [json.loads(each) for each in quoted]


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
async def page(sandbox: Sandbox, browser: Browser) -> AsyncIterator[Page]:
    """An empty document on the sandbox's origin, with the files of this folder under /tests/."""
    context = await browser.new_context(locale="en-GB", timezone_id="UTC")
    await context.route(f"{sandbox.url}/tests/*", serve)
    page = await context.new_page()
    await page.goto(f"{sandbox.url}/tests/")
    yield page
    await context.close()


async def serve(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    if name:
        await route.fulfill(path=HERE / name, content_type="text/javascript")
        return
    assert POLICY is not None
    headers = {"Content-Security-Policy": POLICY[1]}
    await route.fulfill(body="<!doctype html>", content_type="text/html", headers=headers)


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file in FILES for name in names_in(file)]
)
async def test_module(page: Page, file: str, name: str) -> None:
    script = """async ([file, name]) => {
      await import(`/tests/${file}`);
      await (await import("/tests/harness.js")).run(name);
    }"""
    try:
        await page.evaluate(script, [file, name])
    except Error as error:
        problem = f"{file}: {name}\n{error.message}"
    else:
        return
    pytest.fail(problem, pytrace=False)


async def test_no_test_is_overlooked(page: Page) -> None:
    """A name that is computed would not be found in the text."""
    script = """async (files) => {
      for (const file of files) await import(`/tests/${file}`);
      return (await import("/tests/harness.js")).names();
    }"""
    run = await page.evaluate(script, FILES)
    assert sorted(run) == sorted(name for file in FILES for name in names_in(file))
