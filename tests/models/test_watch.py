"""MODELS_DIR while the bot runs: what comes, changes and goes, from one look to the next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.models.cards import EMBEDDED_CARD, card_for
from bot.models.shelf import Shelf
from bot.models.watch import Look, Watch
from tests.kit.sources import FIRST, SD, checkpoint, weights, whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def watch(folder: Path, text: str = "", **own: int) -> Watch:
    return Watch(Shelf(folder), text, own)


def sd(path: Path, payload: int = 4000) -> Path:
    return weights(path, {FIRST: [320, 4, 3, 3], SD: [320, 768]}, payload)


def keys(look: Look | None) -> list[str]:
    assert look is not None
    return [one.key for one in look.others]


def revisions(look: Look | None) -> dict[str, str]:
    assert look is not None
    return {one.key: one.card.revision for one in look.others}


def later(path: Path, seconds: float = 5.0) -> None:
    """It was written so much later than it says."""
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + int(seconds * 1e9)))


def settle(watch: Watch) -> Look | None:
    """What two looks in a row come to."""
    first = watch.look()
    return watch.look() or first


def test_the_first_look_takes_what_is_there(folder: Path) -> None:
    sd(folder / "painter.safetensors")
    whole(folder / "wide", "unet", "vae")
    (folder / "quick.pt").write_bytes(b"x")
    one = watch(folder)
    look = one.look()
    assert keys(look) == ["painter", "wide"]
    assert look is not None
    assert look.default.card == EMBEDDED_CARD
    assert [unused.name for unused in look.unused] == ["quick.pt"]
    assert one.look() is None


def test_what_comes_is_taken_as_soon_as_it_is_twice_the_same(folder: Path) -> None:
    one = watch(folder)
    assert keys(one.look()) == []
    sd(folder / "painter.safetensors")
    whole(folder / "wide", "unet", "vae")
    assert one.look() is None
    assert keys(one.look()) == ["painter", "wide"]
    assert one.look() is None


@pytest.mark.parametrize("make", [sd, checkpoint], ids=["safetensors", "ckpt"])
def test_a_file_that_is_being_copied_is_not_taken(
    folder: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    ending = "ckpt" if make is checkpoint else "safetensors"
    data = make(tmp_path / f"a.{ending}").read_bytes()
    one, goal = watch(folder), folder / f"a.{ending}"
    one.look()
    for end in range(100, len(data), len(data) // 7):
        goal.write_bytes(data[:end])
        later(goal, end)
        assert one.look() is None
    goal.write_bytes(data)
    assert one.look() is None
    assert keys(one.look()) == ["a"]


def test_a_copy_that_stands_still_is_told_by_its_header(folder: Path, tmp_path: Path) -> None:
    data = sd(tmp_path / "a.safetensors").read_bytes()
    one, goal = watch(folder), folder / "a.safetensors"
    one.look()
    goal.write_bytes(data[:-500])
    look = settle(one)
    assert keys(look) == []
    assert look is not None
    assert "is cut off" in look.unused[0].why
    goal.write_bytes(data)
    assert keys(settle(one)) == ["a"]


def test_a_folder_is_taken_when_all_of_it_is_there(folder: Path, tmp_path: Path) -> None:
    model = whole(tmp_path / "wide", "unet", "vae", "text_encoder")
    files = sorted(path for path in model.rglob("*") if path.is_file())
    one = watch(folder)
    one.look()
    (index,) = [path for path in files if path.name == "model_index.json"]
    for path in (index, *(path for path in files if path != index)):
        goal = folder / "wide" / path.relative_to(model)
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, goal)
        look = one.look()
        assert look is None or keys(look) == []
    assert keys(settle(one)) == ["wide"]


def test_what_is_written_anew_stays_as_it_was_until_it_is_whole(folder: Path) -> None:
    file = sd(folder / "painter.safetensors")
    one = watch(folder)
    before = revisions(one.look())["painter"]
    data = file.read_bytes()
    file.write_bytes(data[:300])
    assert one.look() is None
    whole(folder / "wide", "unet")
    for _ in range(2):  # somebody else comes meanwhile
        file.write_bytes(file.read_bytes() + b"x")
        look = one.look()
    assert revisions(look)["painter"] == before
    file.write_bytes(data)
    later(file)
    after = revisions(settle(one))["painter"]
    assert after != before


def test_other_files_are_another_revision_and_other_words_are_not(folder: Path) -> None:
    file = sd(folder / "painter.safetensors")
    wide = whole(folder / "wide", "unet")
    one = watch(folder)
    before = revisions(one.look())
    assert all(before.values())
    assert len(set(before.values())) == 2
    (folder / "painter.toml").write_text("steps = 12\n")
    look = settle(one)
    assert revisions(look) == before
    assert look is not None
    assert [model.card.steps for model in look.others] == [12, 30]
    later(file)
    later(wide / "unet" / "model.safetensors")
    after = revisions(settle(one))
    assert {name for name in after if after[name] != before[name]} == {"painter", "wide"}


def test_the_configs_beside_a_file_are_its_files(folder: Path) -> None:
    sd(folder / "painter.safetensors")
    one = watch(folder)
    before = revisions(one.look())["painter"]
    shutil.copytree(whole(folder / "wide"), folder / "painter")
    look = settle(one)
    assert keys(look) == ["painter", "wide"]
    assert revisions(look)["painter"] != before


def test_a_changed_toml_acts_and_a_slip_in_it_is_said(folder: Path) -> None:
    sd(folder / "painter.safetensors")
    toml = folder / "painter.toml"
    toml.write_text("steps = 12\n")
    one = watch(folder)
    one.look()
    toml.write_text("steps = 0\n")
    look = settle(one)
    assert look is not None
    [model] = look.others
    assert (model.card.steps, len(model.troubles)) == (30, 1)
    toml.unlink()
    look = settle(one)
    assert look is not None
    assert look.others[0].troubles == ()


def test_what_is_gone_twice_leaves(folder: Path) -> None:
    file, aside = sd(folder / "painter.safetensors"), folder.parent / "aside"
    sd(folder / "other.safetensors")
    one = watch(folder)
    one.look()
    file.rename(aside)
    assert one.look() is None
    aside.rename(file)  # it was replaced in two steps
    assert one.look() is None
    assert one.look() is None
    file.unlink()
    assert one.look() is None
    assert keys(one.look()) == ["other"]


@pytest.mark.parametrize("text", ["painter", "painter.safetensors"])
def test_the_default_may_lie_there_and_changes_like_the_others(folder: Path, text: str) -> None:
    file = sd(folder / "painter.safetensors")
    sd(folder / "other.safetensors")
    (folder / "painter.toml").write_text("steps = 12\nguidance = 3\n")
    one = watch(folder, text, steps=5)
    look = one.look()
    assert look is not None
    assert keys(look) == ["other"]
    assert (look.default.key, look.default.card.steps, look.default.card.guidance) == (
        "painter", 5, 3,
    )  # fmt: skip
    first = look.default.card.revision
    assert first
    later(file)
    (folder / "painter.toml").write_text("guidance = 4\n")
    look = settle(one)
    assert look is not None
    assert (look.default.card.steps, look.default.card.guidance) == (5, 4)
    assert look.default.card.revision not in ("", first)


def test_the_default_stays_when_it_is_taken_away(folder: Path) -> None:
    file = sd(folder / "painter.safetensors")
    one = watch(folder, str(file))
    look = one.look()
    assert look is not None
    before = look.default.card
    sd(folder / "other.safetensors")
    file.unlink()
    look = settle(one)
    assert look is not None
    assert (look.default.card.id, look.default.card.source) == (before.id, before.source)


def test_a_default_of_the_hub_has_no_files_to_look_at(folder: Path) -> None:
    look = watch(folder, "org/model").look()
    assert look is not None
    assert look.default.card == card_for("org/model")


def test_a_folder_that_comes_later_is_looked_into(tmp_path: Path) -> None:
    one = watch(tmp_path / "models")
    assert keys(one.look()) == []
    assert one.look() is None
    (tmp_path / "models").mkdir()
    sd(tmp_path / "models" / "painter.safetensors")
    assert keys(settle(one)) == ["painter"]


def test_a_drive_that_is_away_takes_no_models_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sd(folder / "painter.safetensors")
    one = watch(folder)
    one.look()
    folder.rename(folder.parent / "away")
    assert [one.look() for _ in range(3)] == [None] * 3
    folder.mkdir()  # where it is mounted, on another disk
    real = os.stat

    def on_another_disk(path, *more, **named):
        found = real(path, *more, **named)
        if str(path) != str(folder):
            return found
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:10]))

    with monkeypatch.context() as patch:
        patch.setattr("bot.models.watch.os.stat", on_another_disk)
        assert [one.look() for _ in range(3)] == [None] * 3
    # The operator's own doing: it is the same disk, and empty.
    assert one.look() is None
    assert keys(one.look()) == []


def test_what_has_nothing_to_do_with_models_is_not_looked_into(folder: Path) -> None:
    (folder / ".fetching" / "org--x").mkdir(parents=True)
    sd(folder / ".fetching" / "org--x" / "x.safetensors")
    (folder / "deep" / "down").mkdir(parents=True)
    sd(folder / "deep" / "down" / "x.safetensors")
    (folder / "nowhere.safetensors").symlink_to("nothing")
    one = watch(folder)
    assert keys(one.look()) == []
    later(folder / "deep" / "down" / "x.safetensors")
    assert one.look() is None


def test_links_are_what_they_lead_to(folder: Path, tmp_path: Path) -> None:
    real = sd(tmp_path / "real.safetensors")
    (folder / "painter.safetensors").symlink_to(real)
    one = watch(folder)
    before = revisions(one.look())
    assert before.keys() == {"painter"}
    later(real)
    assert revisions(settle(one)) != before


LATENTS = {
    "decoder.conv_in.weight": [512, 4, 3, 3],
    "encoder.down.0.block.0.conv1.weight": [128, 128, 3, 3],
}
SIGHT = {"image_proj.proj.weight": [8, 1024], "ip_adapter.1.to_k_ip.weight": [8, 768]}
LORA = "lora_unet_x_transformer_blocks_0_attn2_to_k.lora_down.weight"
VECTORS = {"emb_params": [2, 768]}
FLOWS = {
    "double_blocks.0.img_attn.proj.weight": [3072, 3072],
    "img_in.weight": [3072, 64],
    "txt_in.weight": [3072, 4096],
    "vector_in.in_layer.weight": [3072, 768],
}


@pytest.mark.parametrize(
    ("model", "text", "name", "beside"),
    [
        ({FIRST: [320, 4, 3, 3], SD: [320, 768]}, 'vae = "other"', "other", LATENTS),
        ({FIRST: [320, 4, 3, 3], SD: [320, 768]}, 'vae = "other.safetensors"', "other", LATENTS),
        ({FIRST: [320, 4, 3, 3], SD: [320, 768]}, 'embeddings = ["one"]', "one", VECTORS),
        ({FIRST: [320, 4, 3, 3], SD: [320, 768]}, "", "adapter", SIGHT),
        (FLOWS, "", "ae", LATENTS | {"decoder.conv_in.weight": [512, 16, 3, 3]}),
    ],
)
def test_what_a_model_is_opened_with_is_of_its_revision(
    folder: Path, model: dict[str, list[int]], text: str, name: str, beside: dict[str, list[int]]
) -> None:
    weights(folder / "painter.safetensors", model)
    (folder / "painter.toml").write_text(text)
    weights(folder / "lonely.safetensors", {"lora_unet_x.lora_up.weight": [4, 4]})
    one = watch(folder)
    seen = [revisions(one.look())["painter"]]
    file = folder / f"{name}.safetensors"
    weights(file, beside)
    seen.append(revisions(settle(one))["painter"])
    later(file)
    assert one.look() is None  # it may be half copied
    seen.append(revisions(one.look())["painter"])
    file.unlink()
    seen.append(revisions(settle(one))["painter"])
    assert seen[3] == seen[0]
    assert len(set(seen)) == 3
    later(folder / "lonely.safetensors")
    assert revisions(settle(one))["painter"] == seen[0]


def test_what_a_toml_names_and_is_taken_away_is_said(folder: Path) -> None:
    sd(folder / "painter.safetensors")
    lora = folder / "detail.safetensors"
    (folder / "painter.toml").write_text("loras = { detail = 0.5 }")
    one, said = watch(folder), []
    for change in (None, lambda: weights(lora, {LORA: [8, 768]}), lora.unlink):
        if change:
            change()
        look = settle(one)
        assert look is not None
        said.append([len(model.lacking) for model in look.others])
    assert said == [[1], [0], [1]]


def test_a_toml_in_capitals_is_one(folder: Path) -> None:
    file = sd(folder / "painter.safetensors")
    one = watch(folder)
    before = revisions(one.look())
    (folder / "painter.TOML").write_text("steps = 12\n")
    (folder / "nobody.TOML").write_text("steps = 12\n")
    look = settle(one)
    assert revisions(look) == before
    assert look is not None
    assert [model.card.steps for model in look.others] == [12]
    assert [unused.name for unused in look.unused] == ["nobody.TOML"]
    (folder / "painter.toml").write_text("steps = 13\n")
    assert watch(folder, str(file)).look().default.card.steps == 13  # type: ignore[union-attr]


def test_a_folder_that_is_called_as_a_file_is_a_folder(folder: Path) -> None:
    whole(folder / "wide.safetensors", "unet", "vae")
    (folder / "wide.toml").write_text("steps = 12\n")
    (folder / "deep.ckpt").mkdir()
    sd(folder / "deep.ckpt" / "model.safetensors")
    (folder / "empty.pt").mkdir()
    look = watch(folder).look()
    assert look is not None
    assert [(one.key, one.card.family, one.card.steps) for one in look.others] == [
        ("wide", "sdxl", 12)
    ]
    [unused] = look.unused
    assert unused.name == "deep.ckpt"
    assert "model.safetensors in it is not looked at" in unused.why
