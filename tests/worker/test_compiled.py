"""bot.worker.compiled: which calls of a network get something faster, what becomes of the others,
and that pictures stay what they were. Without a card a graph is a forward from the same buffers."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bot.engine.local import LocalExecutor
from bot.engine.seam import Done
from bot.models.cards import card_for
from bot.worker.compiled import float8, networks
from bot.worker.compiled import forwards as forwards_module
from bot.worker.compiled.calls import Call
from bot.worker.compiled.compilation import Compilation
from bot.worker.compiled.forwards import HastenedForward
from bot.worker.compiled.policy import BUCKETS, Demand, Policy, Recent, bucket_of
from bot.worker.compiled.shop import Shop, shop_of
from bot.worker.converted.store import Store
from bot.worker.diffusion import DiffusionEngine
from tests.kit.pipelines import card, stable_diffusion, stable_diffusion_xl
from tests.kit.runs import drawn_by
from tests.kit.workers import attempt, draw, free_worker, tiny_models
from tests.worker.test_diffusion import psnr

# diffusers' own notes about numpy
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

CPU = torch.device("cpu")
POLICY = Policy(graph_after=2, compile_after=3, graphs=2, compiled=2)
EXACT = 1e-5


# What is worth it


def test_at_most_a_third_of_the_rows_are_in_vain() -> None:
    assert [bucket_of(rows) for rows in (1, 2, 3, 5, 7, 9, 32, 33)] == [1, 2, 4, 6, 8, 12, 32, None]
    buckets = [bucket_of(rows) or 0 for rows in range(1, BUCKETS[-1] + 1)]
    assert all(rows <= bucket <= rows * 3 / 2 for rows, bucket in enumerate(buckets, 1))


def test_demand_counts_and_forgets_what_nobody_asks_for() -> None:
    demand = Demand()
    assert [demand.ask("a") for _ in range(3)] == [1, 2, 3]
    for number in range(1000):
        demand.ask(number)
    assert demand.ask("a") == 1


def test_the_least_recently_used_leaves_before_another_is_made() -> None:
    recent: Recent[str] = Recent(2)
    there: list[int] = []
    for key in ("a", "b"):
        recent.make(key, lambda key=key: key)
    recent.find("a")
    recent.make("c", lambda: there.append(len(recent)) or "c")
    assert there == [1]
    assert [recent.find(key) for key in ("a", "b", "c")] == ["a", None, "c"]


def test_calls_are_alike_once_they_are_filled_up() -> None:
    def call(rows: int, side: int = 8) -> Call:
        made = Call.of((torch.rand(rows, 4, side, side),), {"ids": torch.rand(77, 3), "more": None})
        assert made
        return made

    assert call(3).key(4) == call(4).key(4) != call(4, 16).key(4)
    filled = call(3).filled(4)
    assert [tuple(leaf.shape) for leaf in filled.leaves[:2]] == [(4, 4, 8, 8), (77, 3)]
    assert torch.equal(filled.leaves[0][3], filled.leaves[0][2])
    again = Call.example(filled.described())
    assert again.key(4) == filled.key(4)
    assert again.arguments[1].keys() == {"ids", "more"}
    assert Call.of((torch.rand(2, 4),), {"processor": object()}) is None


# A network


class Bench:
    """A tiny U-Net whose calls are hastened, and what was ordered."""

    def __init__(
        self, policy: Policy = POLICY, backend: str = "eager", make: Any = stable_diffusion
    ) -> None:
        found = networks.networks_of(make())[0]
        self.network = networks.Network("unet", found.owner, found.module, True, policy)
        self.orders: dict[Hashable, dict[str, Any]] = {}
        self.failures: list[Exception] = []
        self.forward = HastenedForward(
            self.network, Shop(Path("nowhere"), CPU, backend), self.orders.__setitem__,
            self.failures.append,
        )  # fmt: skip
        self.network.module.forward = self.forward

    def call(self, rows: int, side: int = 8, seed: int = 0) -> torch.Tensor:
        """Also checks that it is what the network itself gives for these rows."""
        generator = torch.Generator().manual_seed(seed)
        given = (
            torch.randn(rows, 4, side, side, generator=generator),
            torch.randint(1, 999, (rows,), generator=generator).float(),
            torch.randn(rows, 5, 16, generator=generator),
        )
        with torch.no_grad():
            result = self.network.module(*given, return_dict=False)[0]
            expected = self.forward.eager(*given, return_dict=False)[0]
        assert (result - expected).abs().max() <= EXACT * expected.abs().max()
        return result

    @property
    def graphs(self) -> int:
        return len(self.forward._graphs)


def test_what_is_asked_for_often_gets_a_graph_whatever_its_rows() -> None:
    bench = Bench()
    for seed, rows in enumerate((3, 4, 3, 4, 3)):
        bench.call(rows, seed=seed)
        assert bench.graphs == (seed >= 1)
    before = bench.call(4, seed=7)
    bench.call(3, seed=8)
    assert torch.equal(bench.call(4, seed=7), before)


def test_results_are_not_changed_by_later_calls() -> None:
    bench = Bench()
    first = [bench.call(3, seed=seed) for seed in range(4)]
    kept = [each.clone() for each in first]
    bench.call(4, seed=9)
    assert all(map(torch.equal, first, kept))


def test_few_graphs_are_in_memory_and_rare_shapes_have_none() -> None:
    bench = Bench()
    for side in (8, 16, 24):
        bench.call(2, side)
        for _ in range(2):
            bench.call(2, 32)
    assert bench.graphs == 1
    for side in (8, 16, 24):
        bench.call(2, side)
    assert bench.graphs == POLICY.graphs
    for rows in (33, 33, 33):
        bench.call(rows)
    assert bench.graphs == POLICY.graphs


def test_what_is_compiled_draws_once_it_is_adopted() -> None:
    bench = Bench()
    for _ in range(4):
        bench.call(3)
    (key,) = bench.orders
    bench.forward.offer(key)
    bench.forward.fell_back = False
    bench.call(3)
    assert bench.forward.fell_back
    assert bench.forward.due
    bench.forward.adopt()
    assert not bench.forward.due
    bench.forward.fell_back = False
    for seed, rows in enumerate((3, 4, 3)):
        bench.call(rows, seed=seed)
    assert not bench.forward.fell_back
    bench.call(2)
    assert bench.forward.fell_back
    assert not bench.failures


def test_only_so_many_shapes_are_compiled() -> None:
    bench = Bench()
    for side in (8, 16, 24, 32):
        for _ in range(4):
            bench.call(2, side)
    assert len(bench.orders) == POLICY.compiled


def test_a_failure_leaves_the_network_as_it_is() -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no such instruction")

    bench = Bench(backend=broken)  # type: ignore[arg-type]
    for _ in range(4):
        bench.call(2)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    assert len(bench.failures) == 1
    for _ in range(4):
        bench.call(2)
    assert bench.graphs == 0
    assert bench.forward.fell_back


def test_who_rests_leaves_nothing_between() -> None:
    bench = Bench()
    for _ in range(4):
        bench.call(3)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    bench.call(3)
    bench.forward.rest()
    assert bench.network.module.forward == bench.forward.eager
    assert bench.graphs == 0
    bench.network.module.to(torch.float64)  # where a graph would still read what was there before
    assert (
        bench.network.module(
            torch.ones(1, 4, 8, 8, dtype=torch.float64),
            1.0,
            torch.ones(1, 5, 16, dtype=torch.float64),
        ).sample.dtype
        is torch.float64
    )


@pytest.mark.slow
def test_short_memory_costs_the_graphs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(forwards_module, "Graph", short)
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    assert bench.graphs == 0
    assert not bench.failures
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    bench.forward.fell_back = False
    bench.call(2)
    assert not bench.forward.fell_back


def test_a_graph_that_cannot_be_captured_costs_the_graphs_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any) -> Any:
        raise RuntimeError("INTERNAL ASSERT FAILED")

    monkeypatch.setattr(forwards_module, "Graph", refused)
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    bench.forward.fell_back = False
    bench.call(2)
    assert not bench.forward.fell_back
    assert not bench.failures


def test_a_pool_that_the_last_graph_left_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # torch asserts then, and takes the process with it or the network's speed.
    pools: list[int] = []
    made = iter(range(100))
    real = forwards_module.Graph

    def graph(run: Any, call: Any, device: Any, pool: int) -> Any:
        pools.append(pool)
        return real(run, call, device, pool)

    monkeypatch.setattr(forwards_module, "new_pool", lambda _: next(made))
    monkeypatch.setattr(forwards_module, "Graph", graph)
    bench = Bench()
    for side in (8, 16):
        for _ in range(4):
            bench.call(2, side)
    assert pools == [0, 0]
    for key in list(bench.orders):
        bench.forward.offer(key)
    bench.forward.adopt()
    for side in (8, 16):
        bench.call(2, side)
    assert pools == [0, 0, 1, 1]


def test_a_network_that_is_given_up_is_laid_out_as_before() -> None:
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    weight = bench.network.module.conv_in.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    bench.forward._give_up(RuntimeError("a driver's"))
    assert bench.network.module.conv_in.weight.is_contiguous()
    bench.call(2)


def test_there_is_no_graph_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwards_module, "has_room", lambda _: False)
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    assert bench.graphs == 0
    monkeypatch.undo()
    bench.call(2)
    assert bench.graphs == 1


def test_under_adapters_the_network_draws_as_it_is() -> None:
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adapted = True
    for part in bench.network.module.parameters():
        part.data.mul_(1.1)
    assert not bench.forward.due
    bench.forward.adopt()
    bench.forward.fell_back = False
    bench.call(2)
    assert bench.forward.fell_back


def test_aside_the_network_draws_as_it_is_and_goes_on_after_it() -> None:
    bench = Bench()
    for _ in range(4):
        bench.call(2)
    bench.forward.offer(next(iter(bench.orders)))
    bench.forward.adopt()
    for aside in (True, False):
        bench.forward.aside, bench.forward.fell_back = aside, False
        bench.call(2)
        assert bench.forward.fell_back is aside


def test_all_networks_of_a_model_are_aside_whatever_happens(tmp_path: Path) -> None:
    pipeline = stable_diffusion()
    shop = Shop(tmp_path, CPU, "eager")
    compilation = Compilation(shop, pipeline, card(), "torch")
    forwards = [pipeline.unet.forward, pipeline.vae.decoder.forward]
    with contextlib.suppress(ZeroDivisionError), compilation.aside():
        assert all(forward.aside for forward in forwards)
        raise ZeroDivisionError
    assert not any(forward.aside for forward in forwards)


@pytest.mark.parametrize("make", [stable_diffusion, stable_diffusion_xl])
def test_another_process_gets_a_network_of_the_same_code(make: Callable[[], Any]) -> None:
    for network in networks.networks_of(make()):
        like = networks.like(networks.described(network), CPU)
        own, other = network.module.state_dict(), like.module.state_dict()
        assert {name: tensor.shape for name, tensor in own.items()} == {
            name: tensor.shape for name, tensor in other.items()
        }
        assert like.module.training is network.module.training is False


# Where


def test_only_cards_that_can_are_compiled_for() -> None:
    assert shop_of("folder", CPU) is None
    assert shop_of("", CPU, "eager") is None
    assert shop_of("folder", CPU, "eager")


def test_what_other_versions_left_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "for-older").mkdir()
    shop = Shop(tmp_path, CPU, "eager")
    shop.mark({"network": "a"})
    shop.use()
    assert not (tmp_path / "for-older").exists()
    assert shop.is_made({"network": "a"})
    assert not shop.is_made({"network": "b"})
    assert not Shop(tmp_path, CPU, "aot_eager").is_made({"network": "a"})


def test_cards_of_two_kinds_keep_what_is_compiled_for_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops = []
    for name in ("NVIDIA GeForce RTX 3090", "NVIDIA GeForce RTX 4090"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _, name=name: name)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (8, 6))
        monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
        shop = Shop(tmp_path, torch.device("cuda:0"))
        assert not shop.is_made({"network": "a"})
        shop.use()
        shop.mark({"network": "a"})
        shops.append(os.environ["TORCHINDUCTOR_CACHE_DIR"])
    assert shops[0] != shops[1]
    assert marks(tmp_path) == 2


# Eight bits


def test_layers_in_eight_bits_are_about_the_same() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(256, 64)
    given = torch.randn(3, 5, 256)
    small = float8.Float8Linear(linear, CPU)
    with torch.no_grad():
        exact, rough = linear(given), small(given)
    assert rough.shape == exact.shape
    noise = (rough - exact).pow(2).mean() / exact.pow(2).mean()
    assert 0 < noise < 10**-2.5


def test_only_layers_of_repeated_blocks_that_fit_are_converted() -> None:
    pipeline = stable_diffusion()
    assert float8.convert(pipeline.vae, CPU) == 0
    block = torch.nn.Module()
    block.fits, block.narrow = torch.nn.Linear(32, 16), torch.nn.Linear(32, 8)
    block.norm = torch.nn.Linear(32, 32)
    network = torch.nn.Sequential(block)
    network._repeated_blocks = ["Module"]  # type: ignore[assignment]
    assert float8.convert(network, CPU) == 1
    assert type(block.fits) is float8.Float8Linear
    assert not float8.able(CPU, torch.bfloat16)


# A worker


def marks(folder: Path) -> int:
    return len(list(folder.glob("for-*/*/made/*")))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_worker_draws_by_compiled_networks_once_another_process_has_tried(
    studio: LocalExecutor, models: Path, tmp_path: Path
) -> None:
    await free_worker(studio, 240)
    grid = attempt("grid", model="sd", steps=20)
    executor = tiny_models(models, "float32", compiled=str(tmp_path), compiler="eager")
    await executor.start()
    try:
        quick = await draw(executor, await free_worker(executor, 240), grid)
        assert not quick.of(Done)[-1].engine.endswith("compiled")
        async with asyncio.timeout(240):
            while not quick.of(Done)[-1].engine.endswith("float32 compiled"):
                quick = await draw(executor, await free_worker(executor), grid)
    finally:
        await executor.close()
    plain = await draw(studio, await free_worker(studio, 240), grid)
    assert min(psnr(quick.images[index], plain.images[index]) for index in range(4)) > 50
    assert marks(tmp_path) == 2
    assert Store(tmp_path).trouble("sd") == ""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_worker_that_is_idle_takes_over_what_was_compiled(
    models: Path, tmp_path: Path
) -> None:
    """So that nobody waits for that."""
    more = {"compiled": str(tmp_path), "compiler": "eager"}
    known = replace(card_for(str(models / "sd")), id="sd")
    engine = DiffusionEngine({"sd": known}, "cpu", "float32", more=more)

    def drawn() -> str:
        drawn_by(engine, attempt("grid", model="sd", steps=20))
        return engine.drawn_by("sd")

    assert not drawn().endswith("compiled")
    drawn()  # a decoder is compiled when it was asked for twice
    said: list[str] = []
    while engine.idle(said.append):  # noqa: ASYNC110 - nobody could wake us
        await asyncio.sleep(0.2)
    model = engine._models["sd"]
    assert not model.due
    assert not model.coming
    assert set(said) == {"speeding up sd"}
    assert drawn().endswith("float32 compiled")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_cannot_be_compiled_is_drawn_as_before_with_a_word(
    studio: LocalExecutor, models: Path, tmp_path: Path
) -> None:
    await free_worker(studio, 240)
    grid = attempt("grid", model="sd", steps=20)
    executor = tiny_models(models, "float32", compiled=str(tmp_path), compiler="unheard_of")
    await executor.start()
    try:
        drawn = await draw(executor, await free_worker(executor, 240), grid)
        store = Store(tmp_path)
        async with asyncio.timeout(240):
            while not store.trouble("sd"):  # noqa: ASYNC110 - another process cannot wake anybody
                await asyncio.sleep(0.2)
        again = await draw(executor, await free_worker(executor, 240), grid)
    finally:
        await executor.close()
    assert "sd cannot be compiled for the card" in store.trouble("sd")
    assert str(tmp_path) not in store.trouble("sd")
    plain = await draw(studio, await free_worker(studio, 240), grid)
    assert again.images == drawn.images == plain.images
    assert again.of(Done)[-1].engine == plain.of(Done)[-1].engine
