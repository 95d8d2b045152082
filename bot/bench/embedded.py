"""What a grid by the embedded model costs on this CPU, beside plain diffusers in the same run."""

from __future__ import annotations

from bot.bench.child import Child, Message
from bot.bench.figures import Figure, Section, at_least, below
from bot.models.cards import EMBEDDED_CARD

TITLE = "The embedded model"
GRID_S, MEMORY_MIB = 3.0, 1024.0
HOW = (
    f"Four pictures of {EMBEDDED_CARD.native}², {EMBEDDED_CARD.steps} steps, guidance"
    f" {EMBEDDED_CARD.guidance:g}, on the CPU: by Easel's engine (previews included) and by a"
    " stock `StableDiffusionPipeline` with the same weights, in turns, in one process for each"
    " precision; the fastest of the rounds."
)
_GRIDS = "bot.bench.grids"


async def measure(quick: bool) -> Section:
    """float32, and bfloat16 where the processor has it."""
    async with Child(_GRIDS) as child:
        native = (await child.ask(native=True))["native"]
    precisions = ["float32", *(["bfloat16"] if native else [])]
    figures: list[Figure] = []
    for dtype in precisions:
        figures += figures_of(dtype, await play(dtype, 1 if quick else 4))
    notes = [] if native else ["This processor has no bfloat16; Easel draws in float32 on it."]
    return Section(TITLE, HOW, figures, notes)


async def play(dtype: str, rounds: int, steps: int = EMBEDDED_CARD.steps) -> Message:
    """One process's measurements; see `bot.bench.grids.compare`."""
    async with Child(_GRIDS) as child:
        return await child.ask(dtype=dtype, steps=steps, rounds=rounds)


def figures_of(dtype: str, found: Message) -> list[Figure]:
    mine, plain = min(found["engine"]), min(found["diffusers"])
    return [
        below(f"{dtype}: a grid by Easel's engine", mine, GRID_S, "s"),
        Figure(f"{dtype}: the same by plain diffusers", f"{plain:.3g} s"),
        at_least(f"{dtype}: speed as a share of plain diffusers'", plain / mine, 0.9),
        below(f"{dtype}: peak memory of the process", found["peak_mib"], MEMORY_MIB, "MiB"),
        Figure(
            f"{dtype}: loading, after {found['imports_s']:.1f} s of imports",
            f"{found['load_s']:.2g} s",
        ),
        Figure(
            f"{dtype}: operations of a grid, {found['threads']} threads",
            f"{1000 * found['teraflop']:.0f} GFLOP",
        ),
    ]
