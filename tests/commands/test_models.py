"""`easel models`, with models made by hand, workers that draw by themselves, and a real one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import catalogue_of
from bot.commands import models as command
from bot.commands.check import check
from bot.domain.errors import EaselError, RenderFailed
from bot.engine.local import LocalExecutor
from bot.engine.seam import Loaded
from bot.environment import Environment
from bot.ops.lock import lock_folder
from bot.settings import Settings
from tests.kit.easel import SharedExecutor
from tests.kit.executor import FakeExecutor, Run
from tests.kit.sources import FIRST, SD, checkpoint, weights, whole
from tests.kit.workers import free_worker, renamed

STARTING_S = 240


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder with two models, one with a toml, and what is not used."""
    folder = tmp_path / "models"
    folder.mkdir()
    weights(folder / "painter.safetensors", {FIRST: [320, 4, 3, 3], SD: [320, 768]}, 3 << 20)
    (folder / "painter.toml").write_text('name = "The Painter"\nsteps = 12\nguidance = 5\n')
    whole(folder / "wide", "unet", "vae")
    (folder / "quick.gguf").write_bytes(b"GGUF")
    return Settings(data_dir=tmp_path / "data", models_dir=folder)


@pytest.fixture
def executors(monkeypatch: pytest.MonkeyPatch) -> list[FakeExecutor]:
    """Those that were made, in order; each draws by itself."""
    made: list[FakeExecutor] = []

    def make(*_: object) -> FakeExecutor:
        made.append(FakeExecutor(1, automatic=True, models=()))
        return made[-1]

    monkeypatch.setattr("bot.commands.check.local_executor", make)
    return made


def listed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """The rows of the list by name, the mark of the default last, and all lines behind it."""
    assert command.list_all(settings) == 0
    lines = capsys.readouterr().out.splitlines()
    end = lines.index("") if "" in lines else len(lines)
    rows = [[*line[1:].split(), line[0]] for line in lines[1:end]]
    return {row[0]: row[1:] for row in rows} | {"": lines[end:]}


# list


def test_the_list_has_a_row_for_each_model(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(settings, capsys)
    assert rows["painter"] == ["sd", "512×512", "12", "3.0", "MiB", "The", "Painter", " "]
    assert rows["wide"][:3] == ["sdxl", "1024×1024", "30"]
    assert rows["embedded"][-1] == "*"
    assert rows[""] == [
        "",
        "Not used:",
        "  quick.gguf is damaged: its header cannot be read; download it again",
    ]


def test_the_default_is_marked_with_the_settings_own_values(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = dataclasses.replace(settings, model="painter.safetensors", model_steps=7)
    rows = listed(chosen, capsys)
    assert rows["painter"][2] == "7"
    assert [name for name, row in rows.items() if row[-1] == "*"] == ["painter"]


def test_a_default_that_lies_elsewhere_is_listed_too(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(dataclasses.replace(settings, model="org/model"), capsys)
    assert rows["org/model"] == ["sd", "?", "512×512", "30", "–", "model", "*"]
    assert "? guessed from the name, until a worker has read the files" in rows[""]


def test_what_models_are_drawn_with_has_a_row_of_its_own(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = {
        "decoder.conv_in.weight": [512, 16, 3, 3],
        "encoder.down.0.block.0.conv1.weight": [128, 128, 3, 3],
    }
    weights(settings.models_dir / "ae.safetensors", tensors)
    assert "  ae  decoder (VAE)  sd3 flux" in listed(settings, capsys)[""]
    with pytest.raises(EaselError, match=r"ae\.safetensors is a decoder \(VAE\): models are drawn"):
        command.show(settings, "ae")


def test_a_decoder_for_previews_is_told_as_one_and_shown_with_its_model(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = {"1.weight": [64, 4, 3, 3], "3.weight": [3, 64, 3, 3]}
    weights(settings.models_dir / "taesd.safetensors", tiny)
    (settings.models_dir / "painter.toml").write_text('preview = "taesd"\n')
    (settings.models_dir / "wide.toml").write_text('preview = "taesdxl"\n')
    rows = listed(settings, capsys)[""]
    assert "  taesd  decoder for previews (TAESD)  sd1 sd2 sdxl" in rows
    assert sum("no decoder for previews taesdxl beside the model wide" in row for row in rows) == 1
    assert command.show(settings, "painter") == 0
    said = capsys.readouterr().out
    assert "previews by  taesd\n" in said
    assert "rough" not in said
    assert command.show(settings, "wide") == 0
    assert "so its previews are rough." in capsys.readouterr().out


def test_a_slip_in_a_toml_is_in_the_list(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.models_dir / "painter.toml").write_text("step = 3\n")
    rows = listed(settings, capsys)
    assert rows["painter"][2] == "30"
    said = "  painter.toml: step is nothing that can be set; did you mean steps?"
    assert said in rows[""]


def test_a_folder_that_is_not_there_yet_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(Settings(models_dir=tmp_path / "none"), capsys)
    assert set(rows) == {"embedded", ""}
    assert rows[""][-1] == f"{tmp_path / 'none'} is no folder yet: make it, and put models into it."


def test_the_command_line_lists_shows_and_checks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(settings.models_dir))
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    for arguments in (["models"], ["models", "list"]):
        assert main(arguments) == 0
        assert "painter" in capsys.readouterr().out
    assert main(["models", "show", "painter"]) == 0
    assert "The Painter" in capsys.readouterr().out
    assert main(["models", "check", "nobody"]) == 1
    assert "There is no model nobody in" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["models", "show"])


# show


def test_the_whole_card_is_shown(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.show(settings, "painter") == 0
    lines = capsys.readouterr().out.splitlines()
    shown = {line[:10].strip(): line[12:] for line in lines}
    assert shown["name"] == "painter"
    assert shown["shown as"] == "The Painter"
    assert shown["source"] == str(settings.models_dir / "painter.safetensors")
    assert shown["known by"] == "its own files"
    assert shown["set by you"] == "name, steps, guidance"
    assert shown["native"] == "512×512, sides divisible by 64"
    assert (shown["steps"], shown["guidance"]) == ("12", "5, as guidance_scale")
    assert shown["negatives"] == "heeded"


def flow_by(settings: Settings, sampler: str) -> None:
    """A model of a flow family, with a toml that names a sampler."""
    whole(settings.models_dir / "flow", "transformer", "vae", kind="FluxPipeline", side=64)
    (settings.models_dir / "flow.toml").write_text(f'sampler = "{sampler}"\n')


IGNORED = "flow draws by its own sampler only, so sampler = euler is ignored."


def test_a_sampler_that_does_not_fit_is_shown_as_ignored(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    flow_by(settings, "euler")
    assert command.show(settings, "flow") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "sampler     default" in lines
    assert lines[-1] == IGNORED
    assert f"  {IGNORED}" in listed(settings, capsys)[""]


def test_a_checkpoint_is_shown_as_a_guess(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint(settings.models_dir / "sd-v1-4.ckpt")
    assert command.show(settings, "sd-v1-4.ckpt") == 0
    assert "known by    its name, until a worker has read it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quick.gguf", "quick.gguf is damaged: its header cannot be read; download it again."),
        ("quick", "quick.gguf is damaged"),
        ("broken", "broken.safetensors is empty; download it again."),
        ("paint", "There is no model paint in "),
        ("paint", "there are painter, wide, embedded."),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(settings: Settings, name: str, words: str) -> None:
    (settings.models_dir / "broken.safetensors").write_bytes(b"")
    with pytest.raises(EaselError) as caught:
        command.show(settings, name)
    assert words in str(caught.value)


# check


async def test_another_model_than_the_default_is_tried_with_its_own_values(
    settings: Settings, executors: list[FakeExecutor], capsys: pytest.CaptureFixture[str]
) -> None:
    default = dataclasses.replace(settings, model="wide", model_steps=1)
    assert await command.check(default, "painter") == 0
    said = capsys.readouterr().out
    assert said.startswith("ok    model     The Painter on fake:1")
    assert "users get 512×512 in 12 steps" in said
    [run] = executors[0].runs
    assert run.attempt.model.startswith("painter-")
    assert run.attempt.request["guidance"] == 5


async def test_a_sampler_that_does_not_fit_is_not_drawn_by(
    settings: Settings, executors: list[FakeExecutor], capsys: pytest.CaptureFixture[str]
) -> None:
    flow_by(settings, "euler")
    assert await command.check(settings, "flow") == 0
    assert f"note  model     {IGNORED}" in capsys.readouterr().out.splitlines()
    [run] = executors[0].runs
    assert run.attempt.request["sampler"] == "default"


async def test_a_default_that_is_no_model_is_told_without_a_worker(
    settings: Settings, executors: list[FakeExecutor], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = dataclasses.replace(settings, model="quick")
    assert await check(broken, Environment({}, {})) == 1
    assert "FAIL  model     quick.gguf is damaged: its header" in capsys.readouterr().out
    assert executors == []


async def test_a_model_that_does_not_draw_fails_the_check(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(run: Run) -> None:
        run.put(RenderFailed("not_finite", "It came out black."))

    executor = FakeExecutor(1, models=())
    executor.on_start = fail
    monkeypatch.setattr("bot.commands.check.local_executor", lambda *_: executor)
    assert await command.check(settings, "painter") == 1
    assert "FAIL  model" in capsys.readouterr().out


async def test_beside_a_running_bot_no_model_is_tried(
    settings: Settings, executors: list[FakeExecutor], capsys: pytest.CaptureFixture[str]
) -> None:
    with lock_folder(settings.data_dir):
        assert await command.check(settings, "painter") == 1
    assert "a bot runs" in capsys.readouterr().out
    assert executors == []


async def test_a_real_worker_opens_a_file_of_the_folder_and_draws(
    studio: LocalExecutor,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await free_worker(studio, STARTING_S)  # the models are written by then
    monkeypatch.setattr("bot.commands.check.local_executor", lambda *_: SharedExecutor(studio))
    settings = Settings(data_dir=tmp_path, models_dir=models)
    assert await command.check(settings, "alone") == 0
    said = capsys.readouterr().out
    assert "alone on cpu, loaded in" in said
    assert "drew a test picture of 64×64" in said
    # What people call it, there "Dream-Lightning-4step", decides nothing.
    state = studio.workers()[0].models[renamed(models).id]
    assert isinstance(state, Loaded)
    assert (state.card["native"], state.card["steps"]) == (64, 30)
    rows = listed(settings, capsys)
    assert {"sd", "sdxl", "fp16", "mixed", "alone", "bare"} <= set(rows)
    assert not {"alone.safetensors", "files", "damaged"} & set(rows)
    notes = "\n".join(rows[""])
    assert "damaged is damaged: unet/diffusion_pytorch_model.safetensors is cut off" in notes


# What the bot serves


def test_what_the_toml_says_holds_when_a_worker_has_read_the_files(settings: Settings) -> None:
    catalogue = catalogue_of(dataclasses.replace(settings, model="painter", model_guidance=2.0))
    read = {"native": 768, "steps": 30, "guidance": 7.0, "name": "painter"}
    catalogue.confirm(catalogue.default.id, read)
    card = catalogue.default
    assert (card.native, card.steps, card.guidance, card.name) == (768, 12, 2.0, "The Painter")


def test_a_slip_in_the_toml_of_the_default_is_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.models_dir / "painter.toml").write_text("steps = 0\n")
    (settings.models_dir / "wide.toml").write_text("steps = 0\n")
    assert catalogue_of(dataclasses.replace(settings, model="painter")).default.steps == 30
    [said] = caplog.messages
    assert said.startswith("painter.toml: steps is 0; it should be a whole number from 1 to 200.")


# easel check


async def test_easel_check_says_what_it_found(
    settings: Settings, executors: list[FakeExecutor], capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.models_dir / "wide.toml").write_text("native = 'large'\n")
    assert await check(settings, Environment({}, {})) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"ok    models    painter, wide in {settings.models_dir}" in lines
    assert any(line.startswith("note  models    quick.gguf is damaged") for line in lines)
    assert any(line.startswith("note  models    wide.toml: native is 'large'") for line in lines)
