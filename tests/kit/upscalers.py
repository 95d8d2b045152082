"""Tiny networks that upscale, in the form in which their makers published them. Imported where
torch is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bot.worker import upscalers


def write(file: Path, scale: int = 2) -> Any:
    """An ESRGAN of two blocks with random weights, as `torch.save` writes Real-ESRGAN's; returns
    the network as spandrel reads it back by itself."""
    spandrel = upscalers.library()
    from spandrel.architectures.ESRGAN import ESRGAN

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ESRGAN(num_filters=8, num_blocks=2, scale=scale)
    torch.save({"params_ema": network.state_dict()}, file)
    return spandrel.ModelLoader().load_from_file(file)


def by_itself(network: Any, picture: Image.Image) -> Image.Image:
    """What the network makes of a picture, asked as a whole."""
    given = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    made = network(given)[0].permute(1, 2, 0)
    return Image.fromarray((made * 255).round().to(torch.uint8).numpy())
