"""The page of plans, and the forms in which they are written."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.errors import NotFound, UserError
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.service.quotas import Whom
from tests.chat.admin.conftest import Pages
from tests.kit.app import ADMIN_ASKS
from tests.kit.values import GUILD

FULL = QuotaSetting(
    50, Period.WEEK, 2, 5, 7, True, False, True, None, frozenset({Speed.FAST}), 4, 1024
)  # fmt: skip


async def plan(pages: Pages, name: str = "Gold", gives: QuotaSetting = FULL) -> None:
    await pages.house.service.plans.save(ADMIN_ASKS, GUILD, name, gives)


async def kept(pages: Pages, name: str = "Gold") -> QuotaSetting:
    return (await pages.house.service.plans.book(ADMIN_ASKS, GUILD)).plans[name]


def values(field: Any) -> Any:
    part = field["component"]
    if "options" in part:
        return [each["value"] for each in part["options"] if each.get("default")]
    return part.get("value", "")


async def test_nothing_yet(pages: Pages) -> None:
    shown = await pages.show("plans")
    assert "There are none so far" in shown.text
    assert shown.labels == ["New plan…", "Refresh"]
    assert len(shown.items["plans:preset"]["options"]) == len(PRESETS)
    assert "plans:pick" not in shown.items


async def test_a_plan_that_is_looked_at(pages: Pages) -> None:
    await plan(pages)
    await pages.house.service.plans.give(ADMIN_ASKS, GUILD, Whom(role=5), "Gold")
    await pages.house.service.plans.give(ADMIN_ASKS, GUILD, Whom(user=7), "Gold")
    shown = await pages.show("plans", "pick", chosen=("Gold",))
    assert "### Gold\n50 grids a week" in shown.text
    assert shown.chosen("plans:pick") == ["Gold"]
    assert shown.chosen("plans:roles:Gold") == ["5"]
    assert shown.chosen("plans:people:Gold") == ["7"]
    assert shown.labels[:4] == ["Credits…", "Limits…", "Give to everybody", "Remove"]
    again = await pages.show("plans", "everybody", "Gold")
    assert "Give to everybody" not in again.labels


async def test_all_that_a_server_may_have_fits(pages: Pages) -> None:
    for number in range(25):
        await plan(pages, f"{'*' * 30}{number:02}", FULL)
    name = f"{'*' * 30}24"
    for number in range(30):
        whom = Whom(user=10**18 + number)
        await pages.house.service.plans.give(ADMIN_ASKS, GUILD, whom, name)
    shown = await pages.show("plans", "show", name)
    assert len(shown.items["plans:pick"]["options"]) == 25
    assert len(shown.chosen(f"plans:people:{name}")) == 25
    assert "…" in shown.text


async def test_who_stands_in_the_menu_and_is_not_chosen_has_it_no_more(pages: Pages) -> None:
    await plan(pages)
    await plan(pages, "Other")
    plans = pages.house.service.plans
    for user in range(1, 31):
        await plans.give(ADMIN_ASKS, GUILD, Whom(user=user), "Gold")
    await plans.give(ADMIN_ASKS, GUILD, Whom(user=99), "Other")
    before = tuple((await pages.show("plans", "show", "Gold")).chosen("plans:people:Gold"))
    chosen = (*before[1:24], "77")
    await pages.show("plans", "people", "Gold", chosen=chosen, before=before)
    assigned = (await plans.book(ADMIN_ASKS, GUILD)).assigned
    have = {target for (_, target), name in assigned.items() if name == "Gold"}
    assert have == {*range(2, 25), *range(26, 31), 77}
    assert assigned["user", 99] == "Other"


async def test_who_was_given_it_meanwhile_keeps_it(pages: Pages) -> None:
    """A menu that was shown before takes it only from who stood in it."""
    await plan(pages)
    plans = pages.house.service.plans
    await plans.give(ADMIN_ASKS, GUILD, Whom(role=5), "Gold")
    await pages.show("plans", "roles", "Gold", chosen=("6",))
    assert set((await plans.book(ADMIN_ASKS, GUILD)).assigned) == {("role", 5), ("role", 6)}
    await plans.give(ADMIN_ASKS, GUILD, Whom(role=6), "")
    await pages.show("plans", "roles", "Gold", chosen=("6", "7"), before=("5", "6"))
    assert set((await plans.book(ADMIN_ASKS, GUILD)).assigned) == {("role", 7)}


async def test_a_new_plan_is_none_that_is_there(pages: Pages) -> None:
    await plan(pages)
    fields = {"name": (" gOLD ",), "credits": ("1",), "welcome": ("",)}
    with pytest.raises(UserError, match="plan of that name already; choose it to change it"):
        await pages.show("plans", "new", fields=fields)
    assert (await pages.house.service.plans.book(ADMIN_ASKS, GUILD)).plans == {"Gold": FULL}


@pytest.mark.parametrize(
    ("deed", "given"),
    [
        ("limits", {"fields": {"running": ("3",)}}), ("terms", {"fields": {"credits": ("3",)}}),
        ("models", {"chosen": ("other",)}), ("roles", {"chosen": ("5",)}),
        ("people", {"chosen": ("5",)}), ("everybody", {}),
    ],
)  # fmt: skip
async def test_a_plan_that_is_gone_meanwhile_stays_gone(
    pages: Pages, deed: str, given: dict[str, Any]
) -> None:
    await plan(pages, "Other")
    await pages.house.service.plans.give(ADMIN_ASKS, GUILD, Whom(role=5), "Other")
    with pytest.raises(NotFound, match="no plan of this name"):
        await pages.show("plans", deed, "Gold", **given)
    book = await pages.house.service.plans.book(ADMIN_ASKS, GUILD)
    assert (book.plans, book.assigned) == ({"Other": FULL}, {("role", 5): "Other"})


async def test_everyones_role_is_everybody(pages: Pages) -> None:
    await plan(pages)
    await pages.show("plans", "roles", "Gold", chosen=(str(GUILD), "5"))
    book = await pages.house.service.plans.book(ADMIN_ASKS, GUILD)
    assert set(book.assigned) == {("server", GUILD), ("role", 5)}


async def test_a_form_says_what_holds(pages: Pages) -> None:
    await plan(pages)
    terms = await pages.form("plans", "terms", "Gold")
    assert terms[""]["custom_id"] == "easel:form:panel:plans:terms:Gold"
    assert {name: values(field) for name, field in terms.items() if name} == {
        "credits": "50", "period": ["week"], "welcome": "7", "switches": ["lapse", "relaxed"],
    }  # fmt: skip
    limits = await pages.form("plans", "limits", "gold")
    assert {name: values(field) for name, field in limits.items() if name} == {
        "running": "2", "waiting": "5", "batch": "4", "side": "1024", "speeds": ["fast"],
    }  # fmt: skip
    new = await pages.form("plans", "new")
    assert list(new) == ["name", "credits", "period", "welcome", "switches", ""]
    assert values(new["period"]) == ["day"]


async def test_forms_that_come_back_unchanged_change_nothing(pages: Pages) -> None:
    await plan(pages)
    for deed in ("terms", "limits"):
        form = await pages.form("plans", deed, "Gold")
        said = {name: values(field) for name, field in form.items() if name}
        fields = {n: tuple(v) if isinstance(v, list) else (v,) for n, v in said.items()}
        await pages.show("plans", deed, "Gold", fields=fields)
        assert await kept(pages) == FULL


async def test_an_empty_line_is_silent_and_a_switch_that_was_on_is_off(pages: Pages) -> None:
    await plan(pages)
    fields = {"credits": ("",), "welcome": ("1,000",), "period": (), "switches": ("pool",)}
    await pages.show("plans", "terms", "Gold", fields=fields)
    found = await kept(pages)
    assert (found.credits, found.period, found.welcome) == (None, None, 1000)
    assert (found.lapse, found.relaxed, found.pool, found.rollover) == (False, False, True, False)
    fields = {"running": ("9",), "waiting": ("",), "batch": ("",), "side": ("0",), "speeds": ()}
    await pages.show("plans", "limits", "Gold", fields=fields)
    found = await kept(pages)
    assert (found.running, found.waiting, found.batch, found.side) == (9, None, None, 0)
    assert found.speeds is None


async def test_a_switch_that_nobody_spoke_of_stays_unsaid(pages: Pages) -> None:
    fields = {"name": ("  Silver  plan ",), "credits": ("9",), "switches": ("rollover",)}
    shown = await pages.show("plans", "new", fields=fields)
    assert "### Silver plan" in shown.text
    assert await kept(pages, "Silver plan") == QuotaSetting(9, Period.DAY, rollover=True)


@pytest.mark.parametrize(
    ("deed", "fields", "words"),
    [
        ("terms", {"credits": ("-1",)}, "Grids each period: give a whole number from 0"),
        ("terms", {"welcome": ("²",)}, "Grids at first use"),
        ("limits", {"running": ("0",)}, "drawn at once: give a whole number from 1 to 100"),
        ("limits", {"side": ("9000",)}, "from 0 to 8,192"),
        ("new", {"name": (" ",), "credits": ("1",)}, "1 to 32 characters"),
        ("new", {"name": ("Silver",)}, "at least one thing"),
    ],
)
async def test_what_makes_no_sense(
    pages: Pages, deed: str, fields: dict[str, tuple[str, ...]], words: str
) -> None:
    await plan(pages)
    with pytest.raises(UserError, match=words):
        await pages.show("plans", deed, "Gold", fields=fields)
    book = await pages.house.service.plans.book(ADMIN_ASKS, GUILD)
    assert book.plans == {"Gold": FULL}


async def test_models_that_a_plan_allows(pages: Pages) -> None:
    await plan(pages)
    shown = await pages.show("plans", "models", "Gold", chosen=("other",))
    assert shown.chosen("plans:models:Gold") == ["other"]
    assert (await kept(pages)).models == {"other"}
    shown = await pages.show("plans", "models", "Gold", chosen=("tiny",))
    assert (await kept(pages)).models == {"other", "tiny"}  # as two admins chose
    before = tuple(shown.chosen("plans:models:Gold"))
    shown = await pages.show("plans", "models", "Gold", chosen=(), before=before)
    assert shown.chosen("plans:models:Gold") == []
    assert await kept(pages) == FULL


async def test_a_plan_goes_after_a_question(pages: Pages) -> None:
    await plan(pages)
    asked = await pages.show("plans", "ask", "Gold")
    assert "Remove **Gold**?" in asked.text
    assert asked.labels == ["Remove it", "Keep it", "New plan…", "Refresh"]
    assert "### Gold" in (await pages.show("plans", "show", "Gold")).text
    assert "There are none" in (await pages.show("plans", "remove", "Gold")).text
    with pytest.raises(NotFound, match="no plan of this name"):
        await pages.show("plans", "remove", "Gold")
    # A panel that shows a plan of before is shown without it.
    assert "There are none" in (await pages.show("plans", "ask", "Gold")).text
    with pytest.raises(NotFound, match="another version"):
        await pages.form("plans", "terms", "Gold")


async def test_a_preset_is_taken_over(pages: Pages) -> None:
    shown = await pages.show("plans", "preset", chosen=("midjourney",))
    assert "**Trial** — everybody" in shown.text
    with pytest.raises(NotFound, match="no such preset"):
        await pages.show("plans", "preset", chosen=("gold",))
