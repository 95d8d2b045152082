"""Which requests are spoiled, how often, and when all is well again."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.rest.faults import PROXY_PAGE, RequestFaults

PATH = "/channels/1/messages"


@pytest.fixture
def faults() -> RequestFaults:
    return RequestFaults()


def test_failures_hit_so_many_matching_requests(faults: RequestFaults) -> None:
    faults.fail("POST", r"/messages$", 500, times=2)
    assert faults.failure("GET", PATH) is None
    assert faults.failure("POST", "/channels/1/messages/2") is None
    hit = [faults.failure("POST", PATH) for _ in range(3)]
    assert [each.status if each else None for each in hit] == [500, 500, None]


def test_failures_that_fit_come_in_the_order_they_were_asked_for(faults: RequestFaults) -> None:
    faults.fail("*", "", 403, 50013, after_effect=True)
    faults.answer("POST", "messages", 429)
    first, second = faults.failure("POST", PATH), faults.failure("POST", PATH)
    assert first is not None
    assert second is not None
    assert (first.status, first.code, first.after_effect, first.page) == (403, 50013, True, None)
    assert (second.status, second.page) == (429, PROXY_PAGE)


def test_delays_add_up_until_they_are_cleared(faults: RequestFaults) -> None:
    faults.latency("*", "", 1)
    faults.latency("POST", "messages", 0.5)
    assert (faults.delay("POST", PATH), faults.delay("GET", PATH)) == (1.5, 1)
    faults.fail("*", "", 500)
    faults.clear()
    assert faults.delay("POST", PATH) == 0
    assert faults.failure("POST", PATH) is None


@pytest.mark.parametrize("dropped", [True, False])
async def test_held_requests_go_on_or_are_cut(faults: RequestFaults, dropped: bool) -> None:
    held = faults.hold("POST", "messages")
    assert faults.held("POST", PATH, after_effect=True) is None
    assert faults.held("GET", PATH, after_effect=False) is None
    assert faults.held("POST", PATH, after_effect=False) is held
    waiting = [asyncio.create_task(held.pass_through()) for _ in range(2)]
    await held.arrived
    (held.drop if dropped else held.release)()
    assert await asyncio.gather(*waiting) == [not dropped] * 2
    assert held.count == 2
    assert faults.held("POST", PATH, after_effect=False) is None


def test_a_429_that_nothing_foretold_says_for_whom_it_is(faults: RequestFaults) -> None:
    faults.slow_down("POST", "messages", 0.5, "global", times=2)
    hit = [faults.failure("POST", PATH) for _ in range(3)]
    assert [(each.status, each.retry_after, each.scope) for each in hit if each] == [
        (429, 0.5, "global"), (429, 0.5, "global"),
    ]  # fmt: skip
