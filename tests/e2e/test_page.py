"""A person's whole visit to the sandbox's page, in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit import masks
from tests.kit.browser import chromium, needs_chromium, visiting
from tests.kit.easel import Easel, Gate

pytestmark = needs_chromium


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, easel: Easel) -> AsyncIterator[Page]:
    """The page as Mia sees it; an error in the page's own code fails the test."""
    async with visiting(browser, easel.sandbox.url) as opened:
        yield opened


async def shoot(page: Page, name: str) -> None:
    """Keep a picture for people where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def imagine(page: Page, prompt: str) -> None:
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type(f"/imagine {prompt}")
    await page.keyboard.press("Enter")


def button(page: Page, name: str):
    return page.get_by_role("log").get_by_role("button", name=name, exact=True)


async def test_a_visit_with_grid_and_buttons(page: Page) -> None:
    await imagine(page, "an astronaut in the desert --ar 3:2")
    await expect(button(page, "V2")).to_be_visible()
    await shoot(page, "grid")
    await button(page, "V2").click()
    # Its last report and the grid that follows may stand together for a moment: hence the last.
    await expect(page.get_by_text("Variations by").last).to_be_visible()
    await expect(button(page, "U3")).to_have_count(2)
    await button(page, "U3").first.click()
    await expect(page.get_by_text("Image #3")).to_be_visible()
    await button(page, "🔄").first.click()
    await expect(button(page, "U1")).to_have_count(3)
    await shoot(page, "buttons")
    await button(page, "U3").first.click()
    await expect(page.get_by_text("Image #3 is here already")).to_be_visible()
    await expect(page.get_by_text("Only you can see this")).to_be_visible()


async def test_a_picture_opens_full_size_and_closes(page: Page) -> None:
    await imagine(page, "a fox")
    await expect(button(page, "U1")).to_be_visible()
    await page.get_by_role("log").get_by_role("button", name="Open picture a fox").click()
    await expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    await shoot(page, "lightbox")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Picture")).to_be_hidden()


async def test_errors_are_private_and_say_what_is_right(page: Page) -> None:
    await imagine(page, "a fox --aspct 3:2")
    await expect(page.get_by_text("did you mean")).to_be_visible()
    await expect(page.get_by_text("Only you can see this")).to_be_visible()
    await shoot(page, "error")


async def test_the_picker_completes_by_keyboard(page: Page) -> None:
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/im")
    await expect(page.get_by_role("option", name="imagine")).to_be_visible()
    await shoot(page, "picker")
    await page.keyboard.press("Tab")
    await page.keyboard.type("a castle at night")
    await page.keyboard.press("Enter")
    await expect(button(page, "V4")).to_be_visible()


async def test_an_admin_sets_a_quota_that_a_member_meets(page: Page) -> None:
    await switch(page, "Ada")
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/quota set")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("option", name="credits Grids")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.type("1")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 grid a day")).to_be_visible()
    await shoot(page, "admin")
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/quota show")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Without a setting")).to_be_visible()
    await switch(page, "Mia")
    await imagine(page, "one fox")
    await expect(button(page, "U1")).to_be_visible()
    await imagine(page, "another fox")
    await expect(page.get_by_text("you have 0")).to_be_visible()
    await shoot(page, "quota")


async def test_direct_messages_draw_too(page: Page) -> None:
    await page.get_by_role("navigation", name="Channels").get_by_text("Easel").last.click()
    await page.get_by_role("combobox", name="Message").click()
    await page.keyboard.type("/imagine a private owl")
    await page.keyboard.press("Enter")
    await expect(button(page, "V1")).to_be_visible()
    await shoot(page, "dm")


@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_several_grids_are_told_and_shown_by_one_message(
    page: Page, gate: Gate, device: str
) -> None:
    if device == "phone":
        await page.set_viewport_size({"width": 360, "height": 740})
    await imagine(page, "a {red, blue, black, white, slow green, slow grey} fox --ar 3:2")
    await expect(page.get_by_text("This draws 6 grids for 6 credits")).to_be_visible()
    await shoot(page, f"offer-{device}")
    await button(page, "Draw").click()
    await expect(button(page, "✖️ Cancel all")).to_be_visible()
    await expect(page.get_by_text("4 of 6 grids drawn")).to_be_visible()
    await expect(button(page, "U1")).to_have_count(4)
    # Each edit makes the message anew, so what is found may not stay long enough to be waited for.
    await page.get_by_text("4 of 6 grids drawn").evaluate("it => it.scrollIntoView()")
    await shoot(page, f"batch-{device}")
    assert await overflow(page) <= 0
    await button(page, "✖️ Cancel all").click()
    await expect(page.get_by_text("4 of 6 grids drawn, 2 stopped")).to_be_visible()
    await shoot(page, f"stopped-{device}")


@pytest.mark.parametrize(("width", "height"), [(1200, 860), (360, 740)], ids=["desktop", "phone"])
async def test_a_panel_of_settings_is_used_in_its_place(
    page: Page, width: int, height: int
) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/settings")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Your settings")).to_be_visible()
    high = page.get_by_role("log").get_by_role("button", name=re.compile(r"Style high$"))
    await high.click()
    await expect(high).to_have_class(re.compile("success"))
    await page.get_by_role("log").get_by_text("Files: as usual").click()
    await expect(page.get_by_role("option", name="Files: PNG")).to_be_visible()
    await shoot(page, f"settings-menu-{width}")
    await page.get_by_role("option", name="Files: PNG").click()
    await expect(page.get_by_role("log").get_by_text("Files: PNG")).to_be_visible()
    await shoot(page, f"settings-{width}")
    assert await overflow(page) <= 0


@pytest.mark.parametrize(("width", "height"), [(1200, 860), (360, 740)], ids=["desktop", "phone"])
async def test_a_copy_comes_by_direct_message(page: Page, width: int, height: int) -> None:
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/prefer auto_dm")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("beside where you ask for them")).to_be_visible()
    await imagine(page, "a fox in the snow --ar 3:2")
    await expect(button(page, "V2")).to_be_visible()
    await page.get_by_role("navigation", name="Channels").get_by_text("Easel").last.click()
    await page.set_viewport_size({"width": width, "height": height})
    way = page.get_by_role("log").get_by_text("Where it was asked for")
    await expect(way).to_be_visible()
    await shoot(page, f"copy-{width}")
    assert await overflow(page) <= 0


@pytest.mark.parametrize(("width", "height"), [(1200, 860), (360, 740)], ids=["desktop", "phone"])
async def test_a_remix_is_typed_into_a_form(page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/prefer remix")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Remix is on")).to_be_visible()
    await imagine(page, "a fox in the snow --ar 3:2")
    await button(page, "V2").click()
    form = page.get_by_role("dialog", name="Vary picture 2")
    field = form.get_by_role("textbox", name="Prompt")
    await expect(field).to_have_value("a fox in the snow --ar 3:2")
    await shoot(page, f"remix-{width}")
    assert await overflow(page) <= 0
    await field.fill("an owl in the snow --arr 3:2")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("did you mean")).to_be_visible()
    await shoot(page, f"remix-draft-{width}")
    await button(page, "✏️ Change it").click()
    await expect(field).to_have_value("an owl in the snow --arr 3:2")
    await field.fill("an owl in the snow --ar 3:2")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("Asked for with this change.").first).to_be_visible()
    await expect(button(page, "V2")).to_have_count(2)
    await shoot(page, f"remixed-{width}")
    assert await overflow(page) <= 0


async def test_a_part_is_said_by_a_file_and_fields(page: Page) -> None:
    """On a desktop and on a phone."""
    await imagine(page, "a fox in the snow")
    await button(page, "U1").click()
    await button(page, "🖌️ Vary (Region)").click()
    form = page.get_by_role("dialog", name="Vary (Region)")
    await expect(form.get_by_role("textbox", name="Prompt")).to_have_value("a fox in the snow")
    mask = {"name": "mask.png", "mimeType": "image/png", "buffer": masks.white((0, 0, 64, 64))}
    await form.locator("input[type=file]").set_input_files([mask])  # type: ignore[list-item]
    await expect(form.get_by_text("mask.png")).to_be_visible()
    await form.get_by_role("button", name="Or fields").click()
    for field in ("Top left", "Middle"):
        await page.get_by_role("option", name=field, exact=True).click()
    await shoot(page, "region-fields")
    await page.keyboard.press("Escape")  # which closes the list alone
    await expect(page.get_by_role("option", name="Middle")).to_be_hidden()
    await expect(form.get_by_text("Top left, Middle")).to_be_visible()
    for width, height in ((1200, 860), (360, 740)):
        await page.set_viewport_size({"width": width, "height": height})
        await shoot(page, f"region-{width}")
        assert await overflow(page) <= 0
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("Variations (Region) by").last).to_be_visible()
    await expect(button(page, "U1")).to_have_count(2)
    await shoot(page, "region-drawn")


@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_looks_are_listed_in_pictures(page: Page, device: str) -> None:
    if device == "phone":
        await page.set_viewport_size({"width": 360, "height": 740})
    await page.get_by_role("combobox", name="Message #imagine").click()
    await page.keyboard.type("/styles")
    await page.keyboard.press("Enter")
    sheet = page.get_by_role("log").get_by_role("img", name="photo, oil-painting")
    await expect(sheet).to_be_visible()
    await expect(page.get_by_text("still to be drawn")).to_be_hidden()
    await sheet.scroll_into_view_if_needed()
    await shoot(page, f"styles-{device}")
    assert await overflow(page) <= 0


async def test_nothing_overflows_on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await imagine(page, "a very " + "long" * 60 + " prompt --ar 3:1")
    await expect(button(page, "V4")).to_be_visible()
    await shoot(page, "phone")
    assert await overflow(page) <= 0


async def overflow(page: Page) -> int:
    """Pixels that lie beyond the side of the window."""
    return await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


async def switch(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Switch user").click()
    await page.get_by_role("menuitemradio", name=name).click()
    await expect(page.get_by_role("button", name=f"You are {name}")).to_be_visible()
