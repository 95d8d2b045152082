"""The till and the shop's window: what is listed, taken and consumed however Discord answers, and
what its buyers read of that."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat import goods, till
from bot.chat.pace import Pauses
from bot.chat.till import PAGE, UNKNOWN_ENTITLEMENT, Till
from bot.domain.language import speaking
from bot.domain.shop import Assortment, Pack, Possession, Span, Stock
from bot.language import language
from bot.service.rules import Rules
from bot.service.shop import Counter
from bot.storage.entitlements import Owed
from tests.kit.app import ANNA_ASKS, House
from tests.kit.channels import refusal
from tests.kit.values import ANNA, BERT, GUILD, MORNING

PACK, LASTING, PLAN, CLUB = 101, 104, 102, 103
ASSORTMENT = Assortment({PACK: Pack(5, Span(12)), LASTING: Pack(1)}, {PLAN: "Patron", CLUB: "Club"})
CONSUMABLE, DURABLE, SUBSCRIPTION, GROUP = 3, 2, 5, 6
AVAILABLE, OF_A_SERVER = 4, 128
PAUSES = Pauses(rest=2.0, longest=100.0, poll=30.0)
SQL = "SELECT id, consumed, deleted, bucket_id IS NOT NULL AS granted FROM entitlements ORDER BY id"


def sku(id: int, name: str, kind: int = CONSUMABLE, flags: int = AVAILABLE) -> discord.SKU:
    told: Any = {
        "id": id, "type": kind, "application_id": 1, "name": name, "slug": "", "flags": flags,
    }  # fmt: skip
    return discord.SKU(state=cast(Any, None), data=told)


SKUS = [
    sku(PACK, "5 *grids*"), sku(LASTING, "One"), sku(PLAN, "Patron plan", SUBSCRIPTION),
    sku(CLUB, "Club", SUBSCRIPTION, AVAILABLE | OF_A_SERVER),
]  # fmt: skip


class Cashier:
    """Discord's side of buying. `refuse` holds what consuming an entitlement meets each next time,
    and `unreadable` what looking one up meets."""

    def __init__(self) -> None:
        self.application_id = 1
        self.http = self
        self._connection: Any = None
        self.skus = SKUS
        self.owned: dict[int, dict[str, Any]] = {}
        self.refuse: dict[int, list[Exception]] = {}
        self.unreadable: dict[int, Exception] = {}
        self.lists: list[int] = []
        self.told: list[int] = []
        self.looked_up: list[int] = []
        self.events: list[tuple[Any, ...]] = []

    def sell(self, id: int, sku: int = PACK, user: int | None = ANNA, **more: Any) -> Any:
        """An entitlement as an event has it."""
        self.owned[id] = {
            "id": id, "sku_id": sku, "application_id": 1, "user_id": user, "type": 1,
            "deleted": False, "consumed": False, **more,
        }  # fmt: skip
        return self.read(id)

    def read(self, id: int) -> discord.Entitlement:
        return discord.Entitlement(self._connection, cast(Any, self.owned[id]))

    async def fetch_skus(self) -> list[discord.SKU]:
        return self.skus

    async def fetch_entitlement(self, id: int) -> discord.Entitlement:
        self.looked_up.append(id)
        if id in self.unreadable:
            raise self.unreadable[id]
        return self.read(id)

    async def get_entitlements(self, _: int, *, after: int, limit: int, **asked: Any) -> list[Any]:
        assert asked == {
            "sku_ids": ASSORTMENT.skus, "exclude_ended": False, "exclude_deleted": False
        }  # fmt: skip
        self.lists.append(after)
        return [self.owned[each] for each in sorted(self.owned) if each > after][:limit]

    async def consume_entitlement(self, _: int, id: int) -> None:
        self.told.append(id)
        if answers := self.refuse.get(id):
            raise answers.pop(0)
        self.owned[id]["consumed"] = True

    def dispatch(self, *event: Any) -> None:
        self.events.append(event)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, rules=Rules(assortment=ASSORTMENT)) as opened:
        await opened.service.shop.begin()
        await opened.service.shop.counter(ANNA_ASKS, GUILD)  # packs go there
        yield opened


@pytest.fixture
def discord_() -> Cashier:
    return Cashier()


@pytest.fixture
def closed(house: House, discord_: Cashier, monkeypatch: pytest.MonkeyPatch) -> Till:
    """Before it runs."""
    monkeypatch.setattr(till, "A_SECOND", 1e6)
    return Till(cast(Any, discord_), house.service, PAUSES)


@pytest.fixture
def open_(closed: Till) -> Till:
    """Running; a test takes its rounds one by one."""
    closed._open = True
    return closed


async def rows(house: House) -> list[tuple[int, int, int, int]]:
    return await house.database.read(lambda c: [tuple(row) for row in c.execute(SQL)])


# Lists


@pytest.mark.parametrize(
    ("count", "lists"), [(0, [0]), (1, [0]), (2, [0, 1002]), (5, [0, 1002, 1004])]
)
async def test_a_list_goes_on_behind_the_last_of_a_full_page(
    open_: Till, house: House, discord_: Cashier, monkeypatch: pytest.MonkeyPatch,
    count: int, lists: list[int],
) -> None:  # fmt: skip
    assert PAGE == 100  # what Discord gives at most
    monkeypatch.setattr(till, "PAGE", 2)
    sold = range(1001, 1001 + count)
    for id in sold:
        discord_.sell(id)
    assert await open_._round() == PAUSES.poll
    assert discord_.lists == lists
    assert discord_.told == [*sold]
    assert await rows(house) == [(id, 1, 0, 1) for id in sold]
    # Nothing is listed or told again before something is new, or a day is over.
    await open_._round()
    assert (discord_.lists, discord_.told) == (lists, [*sold])
    monkeypatch.setattr(till, "DAY_S", -1.0)
    await open_._round()
    assert discord_.lists == lists * 2
    assert discord_.told == [*sold]


async def test_nothing_is_taken_before_it_runs(
    closed: Till, house: House, discord_: Cashier
) -> None:
    bought = discord_.sell(1001)
    await closed.hear(bought)
    await closed.arrive(interaction(entitlements=[bought]))
    assert await rows(house) == []
    assert discord_.events == []
    running = asyncio.create_task(closed.run())
    try:
        while not await rows(house) or not discord_.told:
            await asyncio.to_thread(lambda: None)
        # It waits now, for longer than this test may take, and news wake it.
        await closed.hear(discord_.sell(1002))
        while discord_.told != [1001, 1002]:
            await asyncio.to_thread(lambda: None)
        await a_while()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert discord_.lists == [0]


async def test_told_listed_and_met_at_once_is_one_pack(
    open_: Till, house: House, discord_: Cashier
) -> None:
    bought = discord_.sell(1001)
    met = interaction(entitlements=[bought])
    await asyncio.gather(
        open_._round(), *(open_.hear(bought) for _ in range(5)),
        *(open_.arrive(met) for _ in range(5)),
    )  # fmt: skip
    await open_._round()
    assert await rows(house) == [(1001, 1, 0, 1)]
    assert discord_.told == [1001]
    assert await house.credits() == (30, 0)


# Events


async def test_what_is_deleted_says_so_once_or_twice(
    open_: Till, house: House, discord_: Cashier
) -> None:
    for id, inside in ((1001, False), (1002, True)):
        await open_.hear(discord_.sell(id))
        await open_.hear(discord_.sell(id, deleted=inside), deleted=True)
    assert await rows(house) == [(1001, 0, 1, 1), (1002, 0, 1, 1)]
    assert await house.credits() == (25, 0)
    assert discord_.events == [("easel_sold", ANNA)] * 4
    del discord_.owned[1001]
    await open_._round()
    assert discord_.told == []


async def test_what_nobody_is_named_for_is_a_server_s_plan_and_no_pack(
    open_: Till, house: House, discord_: Cashier
) -> None:
    begins = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    span = {"starts_at": begins.isoformat(), "ends_at": (begins + dt.timedelta(60)).isoformat()}
    await open_.hear(discord_.sell(1001, CLUB, None, guild_id=GUILD, **span))
    await open_.hear(discord_.sell(1002, PACK, None, guild_id=GUILD))
    assert [row[3] for row in await rows(house)] == [0, 0]
    assert discord_.events == [("easel_sold", None)] * 2
    has = (await house.service.shop.counter(ANNA_ASKS, GUILD)).possession
    assert has.plans == {"Club": begins.timestamp() + 60 * 86_400}
    assert (await house.service.shop.counter(ANNA_ASKS, GUILD + 1)).possession.plans == {}


async def test_what_the_database_refuses_is_listed_by_the_next_round(
    open_: Till, house: House, discord_: Cashier
) -> None:
    await open_._round()
    faulty: Any = house.database
    faulty.refuse("locked", "EntitlementRepository.take")
    bought = discord_.sell(1001)
    await open_.hear(bought)
    await open_.arrive(interaction(entitlements=[bought]))
    assert discord_.events == []  # an open shop has nothing new to show
    # A list that is refused in the middle is begun anew, after growing rests.
    assert [await open_._round() for _ in range(2)] == [2.0, 4.0]
    faulty.calm()
    assert await open_._round() == PAUSES.poll
    assert discord_.lists == [0] * 4
    assert await rows(house) == [(1001, 1, 0, 1)]


async def test_who_only_types_brings_nothing_in(
    open_: Till, house: House, discord_: Cashier
) -> None:
    typing = interaction(discord.InteractionType.autocomplete, [discord_.sell(1001)])
    await open_.arrive(typing)
    assert await rows(house) == []
    await open_.arrive(interaction(guild=None, user=BERT))
    await open_.arrive(interaction(entitlements=[discord_.read(1001)], guild=None))
    # The shop was opened on a server: a command elsewhere does not change where packs go.
    assert await house.credits() == (30, 0)


def interaction(
    kind: discord.InteractionType = discord.InteractionType.application_command,
    entitlements: Any = (), guild: int | None = GUILD, user: int = ANNA,
) -> Any:  # fmt: skip
    return SimpleNamespace(
        type=kind, entitlements=entitlements, user=SimpleNamespace(id=user), guild_id=guild
    )


# Consuming


async def test_while_discord_is_away_nothing_counts_as_a_try(
    open_: Till, house: House, discord_: Cashier
) -> None:
    discord_.sell(1001)
    away = [refusal(503), OSError("no route"), TimeoutError()]
    discord_.refuse[1001] = [*away]
    assert [await open_._round() for _ in away] == [2.0, 4.0, 8.0]
    assert await house.service.shop.due() == Owed(1001, 0)
    assert discord_.looked_up == []
    assert await open_._round() == PAUSES.poll
    assert await rows(house) == [(1001, 1, 0, 1)]
    discord_.sell(1002)
    discord_.refuse[1002] = [refusal(500)]
    open_.look()
    assert await open_._round() == 2.0  # rests are short again


async def test_what_is_refused_without_a_reason_waits_longer_each_time(
    open_: Till, house: House, discord_: Cashier
) -> None:
    discord_.sell(1001)
    discord_.refuse[1001] = [refusal(400)] * 5
    for tries, pause in enumerate([2.0, 8.0, 32.0, 100.0, 100.0], 1):
        assert await open_._round() == PAUSES.poll
        assert discord_.told == [1001] * tries
        house.clock.now += pause - 0.5
        await open_._round()
        assert discord_.told == [1001] * tries
        house.clock.now += 0.5
        assert await house.service.shop.due() == Owed(1001, tries)
    await open_._round()
    assert await house.service.shop.due() is None
    assert await rows(house) == [(1001, 1, 0, 1)]


async def test_what_discord_does_not_know_any_more_is_over(
    open_: Till, house: House, discord_: Cashier
) -> None:
    discord_.sell(1001)
    discord_.refuse[1001] = [refusal(404, UNKNOWN_ENTITLEMENT)]
    await open_._round()
    assert await rows(house) == [(1001, 1, 0, 1)]
    assert discord_.looked_up == []
    assert await house.credits() == (30, 0)


@pytest.mark.parametrize(
    ("found", "row", "left"),
    [
        ({"consumed": True}, (1001, 1, 0, 1), 30),
        ({"deleted": True}, (1001, 1, 1, 1), 25),
        ({}, (1001, 0, 0, 1), 30),
    ],
)
async def test_after_a_refusal_it_is_looked_up_how_it_stands(
    open_: Till, house: House, discord_: Cashier, found: dict[str, bool],
    row: tuple[int, ...], left: int,
) -> None:  # fmt: skip
    await open_.hear(discord_.sell(1001))
    await open_._round()
    await open_.hear(discord_.sell(1002))
    discord_.owned.pop(1001)
    discord_.refuse[1002] = [refusal(403, 50001)]
    discord_.owned[1002] |= found
    await open_._round()
    assert discord_.looked_up == [1002]
    assert (await rows(house))[1][1:] == row[1:]
    assert await house.credits() == (left + 5, 0)


async def test_one_that_cannot_even_be_looked_up_holds_no_other_up(
    open_: Till, house: House, discord_: Cashier
) -> None:
    for id in (1001, 1002):
        discord_.sell(id)
    discord_.refuse[1001] = [refusal(403, 50001)] * 9
    discord_.unreadable[1001] = refusal(403, 50001)
    for _ in range(3):
        await open_._round()
        house.clock.now += 1.0
    assert discord_.owned[1002]["consumed"]


async def test_it_ends_when_it_is_told_to_whatever_comes_at_that_moment(
    closed: Till, discord_: Cashier
) -> None:
    swallowed = []
    for turns in range(6):
        running = asyncio.create_task(closed.run())
        await a_while()  # it has listed, and waits
        assert len(discord_.lists) == turns + 1
        closed.look()
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await a_while()
        if not running.done():
            swallowed.append(turns)
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        discord_.lists = [0] * (turns + 1)
    assert swallowed == []


async def a_while() -> None:
    """What the database was asked is answered by then."""
    for _ in range(20):
        await asyncio.to_thread(lambda: None)


# What can be bought


@pytest.mark.parametrize(
    ("kind", "flags", "as_pack", "as_plan"),
    [
        (CONSUMABLE, AVAILABLE, True, False),
        (DURABLE, AVAILABLE, False, True),
        (SUBSCRIPTION, AVAILABLE, False, True),
        (SUBSCRIPTION, AVAILABLE | OF_A_SERVER, False, True),
        (GROUP, AVAILABLE, False, False),
        (CONSUMABLE, 0, False, False),
        (SUBSCRIPTION, OF_A_SERVER, False, False),
    ],
)
async def test_what_fits_and_is_available_is_offered(
    closed: Till, discord_: Cashier, kind: int, flags: int, as_pack: bool, as_plan: bool
) -> None:
    discord_.skus = [sku(each, "It", kind, flags) for each in (999, PLAN, PACK)]
    offered = [*([PACK] if as_pack else []), *([PLAN] if as_plan else [])]
    assert list(await closed.offers()) == offered
    assert set(closed.skus) == {999, PLAN, PACK}  # also what is not sold (any more) has a name


async def test_offers_stand_as_the_operator_listed_them_until_the_next_list(
    open_: Till, discord_: Cashier
) -> None:
    assert list(await open_.offers()) == [PACK, LASTING, PLAN, CLUB]
    discord_.skus = SKUS[1:]
    assert PACK in await open_.offers()
    await open_._round()
    assert list(await open_.offers()) == [LASTING, PLAN, CLUB]


# The window


def counter(guild: int = GUILD, place: bool = True, **has: Any) -> Counter:
    nothing: dict[str, Any] = {"packs": (), "elsewhere": 0, "waiting": (), "plans": {}}
    return Counter(guild, ASSORTMENT, Possession(**nothing | has), place)


def shown(counter: Counter, offers: list[discord.SKU] = SKUS) -> tuple[str, str]:
    """What is for sale, and what one has."""
    window = goods.window(
        counter, {each.id: each for each in offers}, {each.id: each for each in SKUS}
    )
    return window.description or "", window.fields[0].value or ""


def test_what_is_for_sale_neither_formats_nor_misleads() -> None:
    assert shown(counter())[0].splitlines() == [
        "**5 \\*grids\\***: 5 grids that last 1 year",
        "**One**: 1 grid that stays",
        "**Patron plan**: the plan Patron, wherever you are",
        "**Club**: the plan Club, for everybody on one server",
        "-# Packs that you buy now go to your account on this server.",
    ]
    assert shown(counter(), [])[0].startswith("Nothing is for sale just now.\n-# ")
    assert [each.to_component_dict()["sku_id"] for each in buttons([PLAN, PACK])] == [
        str(PLAN), str(PACK),
    ]  # fmt: skip


def buttons(ids: list[int]) -> list[Any]:
    return goods.buttons({each.id: each for id in ids for each in SKUS if each.id == id}).children


@pytest.mark.parametrize(
    ("guild", "place", "words"),
    [
        (GUILD, True, "on this server"),
        (0, True, "in direct messages; for one on a server, open the shop there"),
        (0, False, "Nothing is drawn in direct messages"),
    ],
)
def test_where_packs_go(guild: int, place: bool, words: str) -> None:
    assert words in shown(counter(guild, place))[0]


def test_who_sells_plans_alone_says_nothing_of_packs() -> None:
    sold = Assortment({}, {PLAN: "Patron"})
    window = goods.window(Counter(GUILD, sold, counter().possession, True), {PLAN: SKUS[2]}, {})
    assert window.description == "**Patron plan**: the plan Patron, wherever you are"


def some(count: int, ends: float | None = None) -> tuple[Stock, ...]:
    return tuple(Stock(PACK, number + 1, ends) for number in range(count))


@pytest.mark.parametrize(
    ("has", "said"),
    [
        ({}, ["Nothing so far."]),
        ({"packs": some(1)}, ["1 grid of 5 \\*grids\\*"]),
        ({"packs": some(1, MORNING)}, [f"1 grid of 5 \\*grids\\* until <t:{MORNING:.0f}:D>"]),
        ({"packs": (Stock(77, 3, None),)}, ["3 grids"]),  # Discord has no name for it any more
        ({"packs": some(10)}, ["10 grids of 5 \\*grids\\*"]),
        ({"packs": some(12)}, ["10 grids of 5 \\*grids\\*", "23 grids of 2 more packs"]),
        ({"elsewhere": 1}, ["1 grid of packs on other servers"]),
        ({"waiting": (PACK, LASTING)}, ["6 grids that wait: use any command on a server"]),
        (
            {"plans": {"*Gold*": None, "Patron": MORNING + 0.4}},
            ["The plan \\*Gold\\*", f"The plan Patron until <t:{MORNING:.0f}:D>"],
        ),
    ],
)
def test_what_one_has(has: dict[str, Any], said: list[str]) -> None:
    assert shown(counter(**has))[1].splitlines()[-len(said) :] == said


def test_however_much_one_has_discord_takes_it() -> None:
    """As many packs as are listed, of a name as in the settings' example, and every plan."""
    known = {PACK: sku(PACK, "115 grids")}
    packs = tuple(Stock(PACK, 115, MORNING) for _ in range(40))
    plans: dict[str, float] = {f"Plan {number}": MORNING for number in range(10)}
    has = counter(packs=packs, elsewhere=1, waiting=(PACK,), plans=plans)
    assert len(goods.window(has, {}, known).fields[0].value or "") <= 1024


@pytest.mark.parametrize(
    ("name", "plans"), [("n" * 80, 1), ("115 grids", 20)], ids=["names", "plans"]
)
def test_long_names_and_many_plans_fit_a_field(name: str, plans: int) -> None:
    packs = tuple(Stock(PACK, 115, MORNING) for _ in range(10))
    has = counter(
        packs=packs, plans={f"{number:02}" + "p" * 30: MORNING for number in range(plans)}
    )
    assert len(goods.window(has, {}, {PACK: sku(PACK, name)}).fields[0].value or "") <= 1024


@pytest.mark.parametrize(
    ("code", "sold", "had"),
    [
        (
            "de", "**5 \\*grids\\***: 5 Raster, die 1 Jahr halten",
            [
                f"1.150 Raster aus 5 \\*grids\\* bis <t:{MORNING:.0f}:D>",
                "1.000 Raster aus Paketen auf anderen Servern", "Der Plan Patron",
            ],
        ),
        (
            "ja", "**5 \\*grids\\***：1年有効なグリッド5枚",
            [
                f"5 \\*grids\\* のグリッド1,150枚（<t:{MORNING:.0f}:D>まで）",
                "ほかのサーバーのパックのグリッド1,000枚", "プラン Patron",
            ],
        ),
        (
            "pt-BR", "**5 \\*grids\\***: 5 grades que duram 1 ano",
            [
                f"1.150 grades de 5 \\*grids\\* até <t:{MORNING:.0f}:D>",
                "1.000 grades de pacotes em outros servidores", "O plano Patron",
            ],
        ),
    ],
)  # fmt: skip
def test_the_shop_speaks_as_its_reader_does(code: str, sold: str, had: list[str]) -> None:
    packs = (Stock(PACK, 1150, MORNING),)
    with speaking(language(code)):
        offered, has = shown(counter(packs=packs, elsewhere=1000, plans={"Patron": None}))
    assert offered.splitlines()[0] == sold
    assert has.splitlines() == had
