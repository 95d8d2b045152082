"""The Dockerfile by reading it: what a container keeps, whatever the settings handed to it."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import pytest

from bot.__main__ import main
from bot.environment import example
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
# The example file as it was when it spelled the defaults out; people keep their copies.
SPELLED_OUT = {"DISCORD_TOKEN": "a.b.c", "DATA_DIR": "data", "MODEL_CACHE": "", "HEALTH_PORT": "0"}


def last_stage() -> list[tuple[str, str]]:
    """(instruction, arguments) of the image that runs."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    lines = [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]
    start = max(at for at, line in enumerate(lines) if line[0] == "FROM")
    return [(line[0], line[1].strip()) for line in lines[start:]]


def of(instruction: str) -> str:
    [arguments] = [text for name, text in last_stage() if name == instruction]
    return arguments


def image() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", of("ENV")))


def env_file(text: str) -> dict[str, str]:
    """As docker reads one: no quotes, no comments behind values."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def inside(path: str | Path) -> str:
    """Where a path of a setting leads in the container."""
    text = str(path).replace("~", image()["HOME"], 1)
    return str(PurePosixPath(of("WORKDIR"), text))


def on_a_volume(path: str | Path) -> bool:
    return any(
        PurePosixPath(inside(path)).is_relative_to(volume) for volume in json.loads(of("VOLUME"))
    )


def test_a_copied_example_file_changes_nothing_in_the_container() -> None:
    assert Settings.read(image() | env_file(example())) == Settings.read(image())
    assert Settings.read(image()) != Settings.read({})


@pytest.mark.parametrize("folder", ["data", "./pictures", "~/easel", "/data", ""])
def test_data_stays_on_the_volume(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", image()["HOME"])
    settings = Settings.read(image() | SPELLED_OUT | {"DATA_DIR": folder})
    assert on_a_volume(settings.data_dir)


@pytest.mark.parametrize("folder", [None, "", "models", "~/models", "/models/mine"])
def test_models_of_ones_own_stay_on_a_volume(
    folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", image()["HOME"])
    given = SPELLED_OUT if folder is None else SPELLED_OUT | {"MODELS_DIR": folder}
    assert on_a_volume(Settings.read(image() | given).models_dir)


def test_downloaded_models_stay_on_a_volume() -> None:
    assert on_a_volume(Settings.read(image()).model_cache)
    # Empty is the hub's default, a folder in the user's home.
    assert Settings.read(image() | SPELLED_OUT).model_cache == ""
    assert on_a_volume("~/.cache/huggingface")


def test_the_user_owns_its_folders_and_nothing_else() -> None:
    assert of("USER") == "1000"
    assert f"--home-dir {image()['HOME']} --uid 1000" in of("RUN")
    assert re.search(r"chown easel ([^&]+)", of("RUN"))[1].split() == json.loads(of("VOLUME"))


def test_the_health_check_asks_where_the_bot_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = json.loads(of("HEALTHCHECK").split("CMD", 1)[1])
    program, *arguments = command
    assert program == json.loads(of("ENTRYPOINT"))[0] == "easel"
    for name, value in (image() | SPELLED_OUT).items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    assert main(arguments) == 0
    assert "HEALTH_PORT is 0" in capsys.readouterr().out


def test_what_is_built_is_sent_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert f"!{source}" in sent
            assert (ROOT / source).exists()
