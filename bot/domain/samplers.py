"""The names of samplers: ours, and those that other tools write.

Knows names alone; what draws by them is `bot.worker.samplers`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.prompt.parameter import quoted

DEFAULT = "default"
"""The model's own sampler, whichever that is."""


@dataclass(frozen=True)
class Sampler:
    """`label` is what web UIs call it, `aliases` what other tools do besides; below `least` steps
    it draws nothing of use."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    least: int = 1


SAMPLERS = {
    row.name: row
    for row in (
        # It extrapolates over four steps; the original script took 50.
        Sampler("plms", "PLMS", ("pndm",), least=25),
        Sampler("ddim", "DDIM"),
        Sampler("ddpm", "DDPM"),
        Sampler("euler", "Euler", ("k_euler", "euler discrete")),
        Sampler("euler_a", "Euler a", ("k_euler_a", "k_euler_ancestral", "euler ancestral",
                "euler ancestral discrete")),
        Sampler("heun", "Heun", ("k_heun", "heun discrete")),
        Sampler("dpm2", "DPM2", ("k_dpm_2", "kdpm2", "kdpm2 discrete")),
        Sampler("dpm2_a", "DPM2 a", ("k_dpm_2_a", "k_dpm_2_ancestral", "kdpm2 ancestral",
                "kdpm2 ancestral discrete")),
        Sampler("dpmpp_2s", "DPM++ 2S", ("dpm solver singlestep",)),
        Sampler("dpmpp_2m", "DPM++ 2M", ("k_dpmpp_2m", "dpm solver", "dpm solver multistep")),
        Sampler("dpmpp_2m_karras", "DPM++ 2M Karras"),
        Sampler("dpmpp_2m_sde", "DPM++ 2M SDE"),
        Sampler("dpmpp_2m_sde_karras", "DPM++ 2M SDE Karras"),
        Sampler("deis", "DEIS", ("deis multistep",)),
        Sampler("unipc", "UniPC", ("unipc multistep",)),
        Sampler("lcm", "LCM"),
        Sampler("tcd", "TCD"),
    )
}  # fmt: skip
"""By their own names, in the order in which they are listed to people."""


def _key(text: str) -> str:
    """Spelling apart: `DPM++ 2M`, `dpmpp_2m` and `DPMPP-2M` are one name, `…Scheduler` as well."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower().replace("++", "pp"))
    return plain.removesuffix("scheduler")


_BY_KEY = {
    _key(spelling): row.name
    for row in SAMPLERS.values()
    for spelling in (row.name, row.label, *row.aliases)
} | {DEFAULT: DEFAULT}


def named(text: str) -> str:
    """Our name of what somebody typed. Raises InvalidPrompt with the nearest known name."""
    if found := _BY_KEY.get(_key(text)):
        return found
    near = difflib.get_close_matches(_key(text), _BY_KEY, n=1, cutoff=0.6)
    if near:
        raise InvalidPrompt(
            _(
                "There is no sampler {typed}; did you mean `{near}`?",
                typed=quoted(text),
                near=_BY_KEY[near[0]],
            )
        )
    known = ", ".join(f"`{name}`" for name in (*SAMPLERS, DEFAULT))
    raise InvalidPrompt(
        _("There is no sampler {typed}; the known ones are {known}.",
          typed=quoted(text), known=known)
    )  # fmt: skip


def enough(name: str, steps: int) -> int:
    """So many steps, or as many as the sampler needs."""
    row = SAMPLERS.get(name)
    return max(steps, row.least) if row else steps


def label(name: str) -> str:
    """What other tools call a sampler of ours; empty for the model's own, which only it knows."""
    row = SAMPLERS.get(name)
    return row.label if row else ""
