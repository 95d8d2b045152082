"""compose.yaml and the manifest for KubeRay, by reading them: no Docker is needed to be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import _parser, main
from bot.settings import NAMES

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]


def filled(word: str) -> str:
    """`${NAME:-default}` as compose fills it in where NAME is not set."""
    return word.partition(":-")[2].rstrip("}") if word.startswith("${") else word


@pytest.mark.parametrize("name", list(SERVICES))
def test_every_service_is_a_command_of_easel(name: str) -> None:
    options = _parser().parse_args([filled(str(word)) for word in SERVICES[name]["command"]])
    assert (options.command, getattr(options, "deed", "")) == {
        "head": ("cluster", "up"), "bot": ("run", ""), "card": ("cluster", "join"),
    }[name]  # fmt: skip


def test_the_environment_is_settings_and_rays() -> None:
    for service in SERVICES.values():
        for name in service["environment"]:
            assert name in NAMES or name.startswith("RAY_"), name


def test_the_bot_shares_what_ray_is_found_by() -> None:
    head, bot = SERVICES["head"], SERVICES["bot"]
    assert bot["pid"] == bot["ipc"] == "service:head"
    assert bot["network_mode"] == head["network_mode"]
    assert bot["volumes"] == head["volumes"]
    assert bot["environment"]["RAY_TMPDIR"] == head["environment"]["RAY_TMPDIR"] == "/data"


def manifest(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    assert main(["cluster", "manifest"]) == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def test_the_manifest_requires_a_token_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    secret, _, cluster = manifest(capsys)
    assert cluster["kind"] == "RayCluster"
    head, workers = cluster["spec"]["headGroupSpec"], cluster["spec"]["workerGroupSpecs"]
    key = {"secretKeyRef": {"name": secret["metadata"]["name"], "key": "cluster-token"}}
    assert "cluster-token" in secret["stringData"]
    for group in (head, *workers):
        said = {each["name"]: each for each in group["template"]["spec"]["containers"][0]["env"]}
        assert said["RAY_AUTH_MODE"]["value"] == "token"
        assert said["RAY_AUTH_TOKEN"]["valueFrom"] == key
    bot = head["template"]["spec"]["containers"][1]
    own = {each["name"]: each for each in bot["env"]}
    assert own["CLUSTER_TOKEN"]["valueFrom"] == key
    assert set(own) <= set(NAMES)


def test_the_manifest_is_of_the_version_that_is_installed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = manifest(capsys)[2]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert f"ray=={cluster['spec']['rayVersion']}" in pinned


def test_the_bot_in_the_manifest_shares_what_ray_is_found_by(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = manifest(capsys)[2]["spec"]["headGroupSpec"]["template"]["spec"]
    assert spec["shareProcessNamespace"]
    head, bot = spec["containers"]
    paths = {mount["mountPath"] for mount in head["volumeMounts"]}
    assert paths == {"/tmp/ray", "/dev/shm"}
    assert paths < {mount["mountPath"] for mount in bot["volumeMounts"]}
