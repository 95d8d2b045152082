"""Larger pictures: tiles and their borders, what is kept of a drawing, networks that upscale, and
the run over models of every kind."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed
from bot.domain.upscaling import Detail
from bot.engine.seam import Preview
from bot.models import addons
from bot.models.addons import Addon
from bot.models.cards import EMBEDDED_CARD
from bot.models.facts import UnfitFile
from bot.worker import detail, upscalers
from bot.worker.enlarging import EnlargingRun
from bot.worker.library import Library
from bot.worker.model import Model
from bot.worker.precision import NotFinite
from bot.worker.tiles import Tiling, fading, unwrapped, wrapped
from bot.worker.upscalers import Upscaler
from tests.kit import upscalers as networks
from tests.kit.runs import Heard, each_once
from tests.kit.seams import pixels
from tests.kit.workers import attempt
from tests.worker.test_around import MAKERS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
CPU = torch.device("cpu")


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


def distance(one: Image.Image, other: Image.Image) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean((pixels(one) - pixels(other)) ** 2)))


# Tiles


@given(st.integers(8, 200), st.integers(8, 200), st.sampled_from([32, 48, 64]))
def test_tiles_cover_a_picture_and_overlap(width: int, height: int, side: int) -> None:
    tiling = Tiling.of((width, height), side, 16, 8)
    seen = np.zeros((height, width), dtype=int)
    for place in tiling:
        seen[place.top : place.top + tiling.tile[1], place.left : place.left + tiling.tile[0]] += 1
    assert seen.min() == 1
    assert len(list(tiling)) == len(tiling)
    for starts, tile in zip((tiling.columns, tiling.rows), tiling.tile, strict=True):
        assert tile % 8 == 0
        assert tile <= side
        assert all(tile - (after - before) >= 16 for before, after in pairwise(starts))


@pytest.mark.parametrize("size", [(96, 64), (97, 131), (40, 23)])
def test_a_picture_that_is_cut_and_put_together_is_itself(size: tuple[int, int]) -> None:
    """Where it is smaller than a tile, too, which then goes on beyond it."""
    whole = noise(*size)
    tiling, made = Tiling.of(size, 48, 16, 8), Image.new("RGB", size)
    for place in tiling:
        tiling.put(made, place, tiling.cut(whole, place))
    assert made.tobytes() == whole.tobytes()


def test_a_tile_fades_in_over_what_it_shares() -> None:
    mask = np.asarray(fading((64, 48), 16, 0), dtype=int)
    assert (mask == mask[:1]).all()
    assert (np.diff(mask[0, :16]) > 0).all()
    assert mask[0, 0] < 5
    assert (mask[0, 17:] == 255).all()
    corner = np.asarray(fading((64, 48), 16, 8), dtype=int)
    assert corner[0].max() < 10 > corner[:, 0].max()
    assert (fading((8, 8), 0, 0).getextrema()) == (255, 255)


def test_edges_that_were_closed_stay_so() -> None:
    """What was drawn on either side of an edge differs, and still it cannot be seen."""
    whole = noise(40, 24)
    assert unwrapped(wrapped(whole, 8), 8).tobytes() == whole.tobytes()
    rising = np.add.outer(2 * np.arange(40), 3 * np.arange(56)).astype(np.uint8)
    drawn = Image.fromarray(rising).convert("RGB")
    closed = pixels(unwrapped(drawn, 8))
    turned = np.roll(closed, (12, 20), (0, 1))  # edges in the middle
    steps = [abs(np.diff(turned, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 30  # 48 and 120, where they are only cut off
    assert (closed[8:, 8:] == pixels(drawn)[16:32, 16:48]).all()


# What is kept


def test_an_enlargement_is_sharper_and_hardly_another_picture() -> None:
    for small in (noise(48, 32), noise(12, 8).resize((48, 32), Image.Resampling.BICUBIC)):
        plain = small.resize((96, 64), Image.Resampling.LANCZOS)
        larger = detail.enlarged(small, (96, 64))
        energy = [np.mean(np.diff(pixels(each), axis=1) ** 2) for each in (plain, larger)]
        assert energy[0] < energy[1]
        assert 0 < distance(larger, plain) <= detail.SHARPENED + 0.5


def test_of_a_subtle_drawing_no_more_is_kept_than_moves_a_picture_a_little() -> None:
    start, drawn = noise(64, 64, 1), noise(64, 64, 2)
    subtle, creative = (detail.joined(start, drawn, each) for each in Detail)
    assert detail.MOVED - 1 < distance(subtle, start) <= detail.MOVED + 0.5
    assert distance(creative, start) > 10 * detail.MOVED
    assert detail.joined(start, start, Detail.SUBTLE).tobytes() == start.tobytes()


def test_nothing_is_drawn_where_a_picture_is_flat_and_colours_stay() -> None:
    start = Image.new("RGB", (128, 128), (90, 140, 200))
    start.paste(noise(64, 128), (0, 0))
    made = pixels(detail.joined(start, noise(128, 128, 3), Detail.CREATIVE))
    assert (made[:, 96:] == pixels(start)[:, 96:]).all()
    assert abs(made[:, :48] - pixels(start)[:, :48]).mean() > 20
    warm = Image.fromarray((pixels(start) * 0.5).astype(np.uint8))  # half as light, all over
    coarse = (made.mean(), pixels(detail.joined(start, warm, Detail.CREATIVE)).mean())
    assert abs(np.subtract(coarse, pixels(start).mean())).max() < 6


# Networks


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A file, and what spandrel itself reads in it."""
    file = tmp_path_factory.mktemp("networks") / "tiny.pth"
    return file, networks.write(file)


def test_a_network_is_told_by_its_names_and_makes_what_spandrel_makes(
    network: tuple[Path, Any], tmp_path: Path
) -> None:
    file, itself = network
    one = addons.opened(file)
    assert one == Addon("tiny", file, addons.UPSCALER, (), {})
    upscaler = upscalers.first([one], CPU)
    assert upscaler is not None
    assert str(upscaler) == "upscaled by tiny (ESRGAN)"
    picture = noise(40, 24)
    assert upscaler(picture).tobytes() == networks.by_itself(itself, picture).tobytes()
    old = tmp_path / "old.pth"  # of before torch 1.6
    weights = itself.model.state_dict()
    torch.save(weights, old, _use_new_zipfile_serialization=False)
    assert addons.opened(old) == Addon("old", old, addons.UPSCALER, (), {})
    assert upscalers.opened(old, CPU)(picture).tobytes() == upscaler(picture).tobytes()


def test_where_memory_is_short_a_piece_is_cut(
    network: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    upscaler, sizes = upscalers.opened(network[0], CPU), []
    picture = noise(160, 96)
    whole = upscaler(picture)
    enlarged = Upscaler._enlarged

    def short(self: Upscaler, piece: Image.Image) -> Image.Image:
        sizes.append(piece.size)
        if max(piece.size) > 80:
            raise MemoryError
        return enlarged(self, piece)

    monkeypatch.setattr(Upscaler, "_enlarged", short)
    assert distance(upscaler(picture), whole) < 1
    assert sizes[0] == (160, 96)
    assert max(sizes[1:]) == (80, 80)
    monkeypatch.setattr(upscalers, "_SMALLEST", 160)
    with pytest.raises(RenderFailed):
        upscaler(picture)


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


def _bad(folder: Path, network: tuple[Path, Any]) -> Iterator[tuple[str, str]]:
    """Files that are no network, each with a part of why."""
    good, itself = network
    weights = itself.model.state_dict()
    half = dict(list(weights.items())[:-4])
    torch.save({"params_ema": half}, folder / "half.pth")
    torch.save(weights | {"more": _Harm()}, folder / "harm.pth")
    flat = {"conv_first.weight": torch.zeros(1), "model.1.sub.0.x": torch.zeros(1)}
    torch.save(flat, folder / "unknown.pth")
    (folder / "cut.pth").write_bytes(good.read_bytes()[:-200])
    (folder / "page.pth").write_bytes(b"<!DOCTYPE html>")
    (folder / "style.pt").write_bytes(pickle.dumps({"string_to_param": 1}))
    yield "half.pth", "lacks some of its weights"
    yield "harm.pth", "holds more than weights"
    yield "unknown.pth", "is no network that upscales, as far as spandrel knows"
    yield "cut.pth", "is cut off or damaged"
    yield "page.pth", "is a web page"
    yield "style.pt", "take it as .safetensors"


def test_what_is_no_network_is_passed_over_with_a_reason(
    network: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, words in _bad(tmp_path, network):
        file = tmp_path / name
        why = "" if addons.opened(file) else addons.why_not(file)
        if not why:
            with pytest.raises(UnfitFile) as refused:
                upscalers.opened(file, CPU)
            why = str(refused.value)
        assert words in why
    networks.write(tmp_path / "z.pth")
    found = upscalers.first(addons.inside(tmp_path), CPU)
    assert found is not None
    assert found.name == "z"
    assert "half.pth lacks some of its weights" in caplog.text
    assert not (tmp_path / "ran").exists()


def test_a_network_is_opened_once_until_files_change(
    network: tuple[Path, Any], tmp_path: Path
) -> None:
    card = replace(EMBEDDED_CARD, source=str(tmp_path / "model.safetensors"))
    found = upscalers.Upscalers(Library(), CPU)
    assert found.of(card) is None
    shutil.copy(network[0], tmp_path / "one.pth")
    one = found.of(card)
    assert one is not None
    assert found.of(card) is one
    shutil.copy(network[0], tmp_path / "another.pth")
    other = found.of(card)
    assert other is not None
    assert other.name == "another"
    (tmp_path / "another.pth").unlink()
    (tmp_path / "one.pth").unlink()
    assert found.of(card) is None


def test_without_spandrel_models_upscale_by_themselves(
    network: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    assert upscalers.first(addons.inside(network[0].parent), CPU) is None
    assert "tiny.pth needs spandrel, which is not installed" in caplog.text


# Runs


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    return each_once(MAKERS)


def run_of(
    model: Model, how: Detail, heard: Heard | None = None, upscaler: Upscaler | None = None,
    source: Image.Image | None = None, **more: Any,
) -> EnlargingRun:  # fmt: skip
    source = source or noise(12, 8).resize((64, 32), Image.Resampling.BICUBIC)
    heard = heard or Heard()
    asked = {
        "width": 2 * source.width, "height": 2 * source.height, "count": 1, "seeds": [7],
        "strength": 0.3, "steps": 4, "source": "hash", "meant": {"upscale": [how.value, 2]},
        "inputs": {"hash": imaging.encode_tile(source)}, "indices": (0,), **more,
    }  # fmt: skip
    one = attempt("job", **asked)
    return EnlargingRun(model, one, heard.emit, heard.cancelled, upscaler)


def finished(run: EnlargingRun) -> Image.Image:
    left = run.left
    while not run.done:
        run.step_with([])
        assert run.left < left
        left = run.left
    (picture,) = run.pictures()
    return picture


@pytest.mark.parametrize("name", MAKERS)
def test_models_of_every_family_upscale(made: Callable[[str], Model], name: str) -> None:
    """In as many steps as it says; more is new by Creative."""
    small = noise(12, 8).resize((48, 32), Image.Resampling.BICUBIC)
    heard, more = Heard(), {"source": small, "steps": 2}
    subtle = finished(run_of(made(name), Detail.SUBTLE, heard, **more))
    creative = finished(run_of(made(name), Detail.CREATIVE, **more))
    assert subtle.size == creative.size == (96, 64)
    steps = heard.steps[-1][1]
    assert heard.steps == [(step, steps) for step in range(1, steps + 1)]
    plain = small.resize((96, 64), Image.Resampling.LANCZOS)
    assert distance(subtle, plain) < min(8.1, distance(creative, plain))


def test_the_same_request_gives_the_same_picture(made: Callable[[str], Model]) -> None:
    first, again, other = (
        finished(run_of(made("sd"), Detail.SUBTLE, seeds=[seed])).tobytes() for seed in (7, 7, 8)
    )
    assert first == again != other


def test_models_without_a_module_do_as_well(
    made: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made("sd"), "family", None)
    heard = Heard()
    picture = finished(run_of(made("sd"), Detail.CREATIVE, heard))
    assert (picture.size, heard.steps[-1]) == ((128, 64), (3, 3))  # a tile at a time


def test_closed_edges_are_drawn_with_what_lies_beyond_them(
    made: Callable[[str], Model], network: tuple[Path, Any]
) -> None:
    upscaler, source = upscalers.opened(network[0], CPU), noise(64, 64)
    more = {"upscaler": upscaler, "source": source, "meant": {"upscale": ["subtle", 2], "tile": 1}}
    closed = finished(run_of(made("sd"), Detail.SUBTLE, **more))
    twice = Image.new("RGB", (128, 128))
    for place in ((0, 0), (64, 0), (0, 64), (64, 64)):
        twice.paste(source, place)
    around = networks.by_itself(network[1], twice).crop((64, 64, 192, 192))
    assert (
        distance(
            closed, Image.fromarray(np.roll(pixels(around), (64, 64), (0, 1)).astype(np.uint8))
        )
        < 1
    )
    drawn = finished(run_of(made("sd"), Detail.CREATIVE, **{**more, "upscaler": None}))
    assert drawn.size == (128, 128)


def test_a_network_takes_the_place_of_the_model_and_creative_goes_on_from_it(
    made: Callable[[str], Model], network: tuple[Path, Any]
) -> None:
    upscaler, itself = upscalers.opened(network[0], CPU), network[1]
    source = noise(64, 32)
    run = run_of(made("sd"), Detail.SUBTLE, upscaler=upscaler, source=source)
    subtle = finished(run)
    assert subtle.tobytes() == networks.by_itself(itself, source).tobytes()
    assert run.drawn_by == "upscaled by tiny (ESRGAN)"
    run = run_of(made("sd"), Detail.CREATIVE, upscaler=upscaler, source=source)
    creative = finished(run)
    assert distance(creative, subtle) > 0
    assert run.drawn_by == f"{made('sd').plain} upscaled by tiny (ESRGAN)"


def test_a_network_of_another_scale_is_brought_to_size(
    made: Callable[[str], Model], tmp_path: Path
) -> None:
    itself = networks.write(tmp_path / "four.pth", scale=4)
    upscaler, source = upscalers.opened(tmp_path / "four.pth", CPU), noise(300, 32)
    assert upscaler.scale == 4
    picture = finished(run_of(made("sd"), Detail.SUBTLE, upscaler=upscaler, source=source))
    whole = networks.by_itself(itself, source).resize((600, 64), Image.Resampling.LANCZOS)
    assert picture.size == (600, 64)  # of two pieces
    assert distance(picture, whole) < 1


def test_it_shows_what_there_is_and_stops_between_steps(made: Callable[[str], Model]) -> None:
    heard = Heard(cancel_at=6)
    run = run_of(made("sd"), Detail.CREATIVE, heard, source=noise(64, 64), strength=0.6)
    while not run.done:
        run.step_with([])
    assert len(heard.steps) == 6
    with pytest.raises(Cancelled):
        run.pictures()
    assert [1 for event in heard.events if isinstance(event, Preview)]
    assert (run.left, run.company is None) == (0, False)


def test_numbers_that_are_none_are_told_at_the_end(
    made: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the engine can draw it again in float32."""
    monkeypatch.setattr(made("sd").family, "predict", lambda rows, size: rows["latents"] * np.nan)
    run = run_of(made("sd"), Detail.SUBTLE)
    while not run.done:
        run.step_with([])
    with pytest.raises(NotFinite):
        run.pictures()
