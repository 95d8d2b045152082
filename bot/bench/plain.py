"""A process that draws with plain diffusers, as somebody would write it who has read its README.

It knows the pipeline's own call and what torch takes for default; nothing of Easel.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

from bot.bench import child, memory


class Plain:
    """A stock pipeline for the folder or repository `source`."""

    def __init__(self, source: str, dtype: str, device: str = "cpu") -> None:
        import torch
        from diffusers.pipelines.pipeline_utils import DiffusionPipeline

        self._torch = torch
        self.pipeline: Any = DiffusionPipeline.from_pretrained(source, dtype=getattr(torch, dtype))
        self.pipeline.to(device)
        self.pipeline.set_progress_bar_config(disable=True)

    def asked(
        self, prompt: str, count: int, side: int, steps: int, guidance: float, seed: int = 7
    ) -> dict[str, Any]:
        """The arguments of the call, one generator for each picture."""
        return {
            "prompt": [prompt] * count,
            "height": side,
            "width": side,
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "generator": [self._torch.Generator().manual_seed(seed + one) for one in range(count)],
        }

    def drawn(self, **asked: Any) -> child.Message:
        """Seconds of one call, and between its steps."""
        times: list[float] = []

        def stepped(_pipe: Any, _step: int, _time: Any, found: dict[str, Any]) -> dict[str, Any]:
            times.append(time.perf_counter())
            return found

        arguments = self.asked(**asked)
        begun = time.perf_counter()
        self.pipeline(**arguments, callback_on_step_end=stepped)
        seconds = time.perf_counter() - begun
        between = [later - earlier for earlier, later in itertools.pairwise(times)]
        return {"seconds": seconds, "steps": between}


def native_half() -> bool:
    """Whether this CPU computes in bfloat16; others take many times as long for it."""
    import torch

    from bot.worker.precision import pick_dtype

    return pick_dtype("auto", torch.device("cpu")) is torch.bfloat16


class Server:
    """Answers {"source", "dtype"}, and a "device" where it is no CPU, once, then calls, and {} with
    the most memory it held."""

    def __init__(self) -> None:
        self._plain: Plain

    def answer(self, message: child.Message) -> child.Message:
        """See the class."""
        if "source" in message:
            from bot.worker import pipelines

            pipelines.hush()
            self._plain = Plain(**message)
            return {"native": native_half()}
        if not message:
            return {"peak_mib": memory.held()["peak"]}
        return self._plain.drawn(**message)


if __name__ == "__main__":
    asyncio.run(child.serve(Server().answer))
