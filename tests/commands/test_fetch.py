"""`easel models fetch` against a hub on loopback: what comes, what goes on, what is refused."""

from __future__ import annotations

import errno
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from bot.__main__ import main
from bot.commands import fetch as command
from bot.commands.hub import Repository
from bot.commands.models import list_all
from bot.domain.errors import EaselError
from bot.models.shelf import Model, Shelf
from bot.settings import Secret, Settings
from tests.kit.hub import Hub, Repo, hub
from tests.kit.sources import FIRST, SD, weights, whole

CHUNK = 1 << 16


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library writes what came of a file in large pieces; and nobody waits for a retry."""
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """With a pipeline, org/painter, and a file, org/file."""
    with hub() as one:
        monkeypatch.setenv("HF_ENDPOINT", one.url)
        folder = whole(tmp_path / "painter", "unet", "vae")
        index = json.loads((folder / "model_index.json").read_text())
        index["scheduler"] = ["diffusers", "DDIMScheduler"]
        (folder / "model_index.json").write_text(json.dumps(index))
        unet = folder / "unet"
        weights(unet / "diffusion_pytorch_model.safetensors", {"a": [1]}, 4 * CHUNK)
        weights(unet / "diffusion_pytorch_model.fp16.safetensors", {"a": [1]}, 2 * CHUNK)
        (unet / "model.safetensors").unlink()
        (folder / "painter.ckpt").write_bytes(b"not needed")
        paths = [path for path in folder.rglob("*") if path.is_file()]
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        one.repos["org/painter"] = Repo(files)
        file = weights(tmp_path / "file", {FIRST: [320, 4, 3, 3], SD: [320, 768]}, 3 * CHUNK)
        one.repos["org/dream"] = Repo({"README.md": b"#", "Dream.safetensors": file.read_bytes()})
        yield one


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models")


def there(settings: Settings) -> set[str]:
    """Every file in MODELS_DIR."""
    files = settings.models_dir.rglob("*")
    return {path.relative_to(settings.models_dir).as_posix() for path in files if path.is_file()}


def refusal(settings: Settings, id: str, file: str = "") -> str:
    with pytest.raises(EaselError) as caught:
        command.fetch(settings, id, file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def with_token(settings: Settings, token: str) -> Settings:
    return Settings(models_dir=settings.models_dir, hf_token=Secret(token))


# What comes


def test_a_pipeline_comes_with_what_it_needs_and_is_in_the_list(
    server: Hub, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.fetch(settings, "org/painter") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{settings.models_dir / 'painter'}: 131.")
    assert "licence: mit" in said
    assert "MODEL=painter draws with it" in said
    assert there(settings) == {
        f"painter/{name}"
        for name in (
            *("model_index.json", "unet/config.json", "vae/config.json", "vae/model.safetensors"),
            *("scheduler/scheduler_config.json", "unet/diffusion_pytorch_model.fp16.safetensors"),
        )
    }
    [model] = Shelf(settings.models_dir).everything()
    assert isinstance(model, Model)
    assert (model.key, model.card.family) == ("painter", "sdxl")
    assert list_all(settings) == 0
    assert "painter" in capsys.readouterr().out


@pytest.mark.parametrize(("full", "dtype"), [(True, "auto"), (False, "float32")])
def test_all_bits_come_where_they_are_wanted(
    server: Hub, settings: Settings, full: bool, dtype: str
) -> None:
    chosen = Settings(models_dir=settings.models_dir, dtype=dtype)
    assert command.fetch(chosen, "org/painter", full=full) == 0
    unet = {path.name for path in (settings.models_dir / "painter" / "unet").iterdir()}
    assert unet == {"config.json", "diffusion_pytorch_model.safetensors"}


def test_a_single_file_comes_alone(server: Hub, settings: Settings) -> None:
    assert command.fetch(settings, "org/dream") == 0
    assert there(settings) == {"Dream.safetensors"}
    assert (settings.models_dir / "Dream.safetensors").read_bytes() == (
        server.repos["org/dream"].files["Dream.safetensors"]
    )
    assert server.fetched() == ["Dream.safetensors"] * 2  # the second time of where it really is


def test_one_file_of_a_pipelines_repository_may_be_named(server: Hub, settings: Settings) -> None:
    assert command.fetch(settings, "org/painter", "painter.ckpt") == 0
    assert there(settings) == {"painter.ckpt"}


def test_the_token_goes_to_the_hub_and_nowhere_else(server: Hub, settings: Settings) -> None:
    assert command.fetch(with_token(settings, "hf_anna"), "org/dream") == 0
    tokens = {"cdn" in one.path: one.token for one in server.asked}
    assert tokens == {False: "hf_anna", True: ""}


def test_the_command_line_fetches(
    server: Hub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELS_DIR", str(settings.models_dir))
    monkeypatch.setenv("DTYPE", "auto")
    assert main(["models", "fetch", "org/painter", "--full"]) == 0
    name = "painter/unet/diffusion_pytorch_model.safetensors"
    assert (settings.models_dir / name).exists()
    assert main(["models", "fetch", "org/nothing"]) == 1


def test_a_path_that_leads_out_of_the_folder_is_passed_over(
    server: Hub, settings: Settings, tmp_path: Path
) -> None:
    repo = server.repos["org/painter"]
    index = json.loads(repo.files["model_index.json"]) | {"../../out": ["diffusers", "Some"]}
    repo.files["model_index.json"] = json.dumps(index).encode()
    repo.files["../../out/config.json"] = repo.files["/etc/config.json"] = b"{}"
    assert command.fetch(settings, "org/painter") == 0
    assert not (tmp_path / "out").exists()
    assert not any("config.json" in name and "out" in name for name in server.fetched())


# What goes on


def test_an_interrupted_fetch_goes_on_where_it_was(
    server: Hub,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole_fetch = Repository.fetch

    def interrupted(self, file, place, tell):
        def told(count: int) -> None:
            tell(count)
            if count >= CHUNK:
                raise KeyboardInterrupt

        whole_fetch(self, file, place, told)

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "fetch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            command.fetch(settings, "org/dream")
    assert "the same command goes on from there" in capsys.readouterr().err
    assert Shelf(settings.models_dir).everything() == []
    assert command.fetch(settings, "org/dream") == 0
    wanted = [one.range for one in server.asked if "cdn" in one.path]
    assert wanted == ["", f"bytes={CHUNK}-"]
    data = server.repos["org/dream"].files["Dream.safetensors"]
    assert (settings.models_dir / "Dream.safetensors").read_bytes() == data


def test_a_line_that_broke_is_said_and_what_came_is_kept(server: Hub, settings: Settings) -> None:
    server.cut = CHUNK + 100
    said = refusal(settings, "org/painter")
    assert said == ("The hub answers with status 503 just now; give the same command again later.")
    assert not (settings.models_dir / "painter").exists()
    server.cut, server.broken = None, 0
    before = len(server.asked)
    assert command.fetch(settings, "org/painter") == 0
    again = [one.path for one in server.asked[before:]]
    assert again[1].endswith("/model_index.json")  # which says what is needed
    assert not any(path.endswith("/model_index.json") for path in again[2:])
    assert {one.range for one in server.asked[before:]} == {"", f"bytes={CHUNK}-"}


def test_what_the_hub_has_others_of_meanwhile_comes_anew(server: Hub, settings: Settings) -> None:
    server.repos["org/painter"].files |= {"vae/diffusion_pytorch_model.safetensors": b"0" * CHUNK}
    del server.repos["org/painter"].files["vae/model.safetensors"]
    fetched = Repository.fetch

    def until_the_last(self, file, place, tell):
        if file.path.startswith("vae/diffusion"):
            raise KeyboardInterrupt
        fetched(self, file, place, tell)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repository, "fetch", until_the_last)
        with pytest.raises(KeyboardInterrupt):
            command.fetch(settings, "org/painter")
    half = "unet/diffusion_pytorch_model.fp16.safetensors"
    files = server.repos["org/painter"].files
    files[half] = files[half][:-1] + b"\7"
    files["unet/config.json"] = b'{"in_channels": 4}'
    before = len(server.asked)
    assert command.fetch(settings, "org/painter") == 0
    for name in there(settings):
        assert (settings.models_dir / name).read_bytes() == files[name.removeprefix("painter/")]
    again = {one.path.partition("/cccc")[2].lstrip("c/") for one in server.asked[before + 2 :]}
    came = {half, "unet/config.json", "vae/diffusion_pytorch_model.safetensors"}
    assert again == came | {"scheduler/scheduler_config.json"}


def test_what_an_earlier_try_left_stays_out_of_the_model(server: Hub, settings: Settings) -> None:
    server.cut = CHUNK
    with pytest.raises(EaselError):
        command.fetch(settings, "org/painter", full=True)
    server.cut, server.broken = None, 0
    assert command.fetch(settings, "org/painter") == 0
    unet = {path.name for path in (settings.models_dir / "painter" / "unet").iterdir()}
    assert unet == {"config.json", "diffusion_pytorch_model.fp16.safetensors"}


def test_one_file_of_a_repository_leaves_another_that_comes_alone(
    server: Hub, settings: Settings
) -> None:
    server.repos["org/dream"].files["Other.safetensors"] = b"1" * 4 * CHUNK
    server.cut = CHUNK
    refusal(settings, "org/dream", "Other.safetensors")
    server.cut, server.broken = None, 0
    assert command.fetch(settings, "org/dream", "Dream.safetensors") == 0
    before = len(server.asked)
    assert command.fetch(settings, "org/dream", "Other.safetensors") == 0
    assert f"bytes={CHUNK}-" in {one.range for one in server.asked[before:]}


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"unet.x.attn2.to_k.lora_A.weight": [4, 768]}, "It is a LoRA: `--lora light` draws"),
        ({"emb_params": [2, 768]}, "It is no model, but what models are drawn with (embedding)."),
        ({"vision_model.head.probe": [1]}, "It is not used: light.safetensors holds nothing that"),
    ],
)
def test_what_came_and_is_no_model_is_said(
    server: Hub,
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tensors: dict[str, list[int]],
    words: str,
) -> None:
    data = weights(tmp_path / "x", tensors).read_bytes()
    server.repos["org/light"] = Repo({"model.safetensors": data})
    assert command.fetch(settings, "org/light") == 0
    said = capsys.readouterr().out
    assert words in said
    assert "MODEL=" not in said


@pytest.mark.parametrize(
    ("address", "came"),
    [
        ("https://huggingface.co/org/painter", "painter/model_index.json"),
        ("https://huggingface.co/org/painter/tree/main?not=this", "painter/model_index.json"),
        ("hf.co/org/dream", "Dream.safetensors"),
        ("https://huggingface.co/org/painter/blob/main/painter.ckpt", "painter.ckpt"),
        ("http://huggingface.co/org/painter/resolve/main/painter.ckpt?download=true",
         "painter.ckpt"),
    ],
)  # fmt: skip
def test_the_address_of_a_page_will_do(
    server: Hub, settings: Settings, address: str, came: str
) -> None:
    assert command.fetch(settings, address) == 0
    assert came in there(settings)


def test_a_file_that_was_damaged_on_its_way_comes_anew(server: Hub, settings: Settings) -> None:
    server.spoil = True
    assert refusal(settings, "org/dream") == (
        "Dream.safetensors was damaged on its way; give the same command again."
    )
    assert [name for name in there(settings) if not name.endswith(".part")] == []
    server.spoil = False
    assert command.fetch(settings, "org/dream") == 0
    assert [one.range for one in server.asked if "cdn" in one.path] == ["", ""]


def test_two_commands_do_not_fetch_one_file(server: Hub, settings: Settings) -> None:
    place = settings.models_dir / ".fetching" / "org--dream--Dream.safetensors"
    server.cut = CHUNK
    refusal(settings, "org/dream")
    [part] = place.iterdir()
    with part.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "is being fetched by another command" in refusal(settings, "org/dream")


# What is refused


def test_a_gated_model_without_a_token(server: Hub, settings: Settings) -> None:
    server.repos["org/dream"].gated = True
    assert refusal(settings, "org/dream") == (
        "org/dream is gated: accept its terms on its page, and set HF_TOKEN."
    )
    assert all(name.endswith(".part") for name in there(settings))


def test_a_gated_model_opens_to_who_was_let_in(server: Hub, settings: Settings) -> None:
    server.repos["org/dream"].gated = True
    server.repos["org/dream"].members = frozenset({"hf_anna"})
    said = refusal(with_token(settings, "hf_bert"), "org/dream")
    assert said.startswith("org/dream is gated and has not let HF_TOKEN's account in: accept its")
    assert "hf_bert" not in said
    assert command.fetch(with_token(settings, "hf_anna"), "org/dream") == 0


@pytest.mark.parametrize(
    ("id", "token", "words"),
    [
        ("org/nothing", "", "The hub has no model org/nothing (or it is private: then set HF_TO"),
        ("org/nothing", "hf_anna", "The hub has no model org/nothing (or it is private"),
        ("org/secret", "", "The hub has no model org/secret (or it is private: then set HF_TOKEN)"),
        ("org/dream", "hf_old", "The hub does not know HF_TOKEN: it has ended, or was not copied"),
        ("not an id", "", "The hub has no model not an id"),
        ("a/b/c", "", "The hub has no model a/b/c"),
    ],
)
def test_what_the_hub_does_not_give_is_one_sentence(
    server: Hub, settings: Settings, id: str, token: str, words: str
) -> None:
    server.repos["org/secret"] = Repo({"a.safetensors": b""}, private=True)
    said = refusal(with_token(settings, token), id)
    assert said.startswith(words)
    assert there(settings) == set()


def test_a_hub_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    said = refusal(settings, "org/dream")
    assert said.startswith("The hub cannot be reached (")
    assert said.endswith("); the same command goes on later.")


def test_too_little_room_is_said_before_anything_comes(server: Hub, settings: Settings) -> None:
    server.repos["org/dream"].sizes = {"Dream.safetensors": 10**18}
    said = refusal(settings, "org/dream")
    assert said.startswith("Dream.safetensors needs 1.0 EB more on the disk of ")
    assert said.endswith(" free: make room, or set MODELS_DIR to another disk.")
    assert server.fetched() == []


def test_what_is_there_is_not_fetched_again(server: Hub, settings: Settings) -> None:
    assert command.fetch(settings, "org/dream") == 0
    before = len(server.fetched())
    assert "Dream.safetensors is there already; remove it" in refusal(settings, "org/dream")
    assert len(server.fetched()) == before


def test_a_disk_that_fails_while_files_come_is_said(
    server: Hub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bot.commands.hub._Part.__init__", full)
        assert "cannot be written: No space left on device" in refusal(settings, "org/dream")
    monkeypatch.setattr(Path, "rename", full)
    assert "cannot be written: No space left on device" in refusal(settings, "org/dream")


def test_a_folder_that_cannot_be_written_is_said(server: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    said = refusal(Settings(models_dir=tmp_path / "models"), "org/dream")
    assert said.startswith(f"MODELS_DIR {tmp_path / 'models'} cannot be written: ")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"README.md": b"#"}, "org/odd holds no model: neither model_index.json nor"),
        ({"a.safetensors": b"", "b.gguf": b""}, "org/odd holds several models; add one of these"),
        ({"model_index.json": b'["x"]'}, "org/odd holds no model"),
        ({"model_index.json": b'{"unet": ["a", "b"]}'}, "org/odd offers no weights for PyTorch in"),
    ],
)
def test_a_repository_that_does_not_fit_is_said(
    server: Hub, settings: Settings, files: dict[str, bytes], words: str
) -> None:
    server.repos["org/odd"] = Repo(files)
    assert refusal(settings, "org/odd").startswith(words)
