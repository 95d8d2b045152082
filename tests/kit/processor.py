"""What `bot.bench.model.processor` answers, without torch: a card that makes 2 TFLOP/s."""

from __future__ import annotations

import asyncio

from bot.bench import child


def answer(message: child.Message) -> child.Message:
    """A job takes half a TFLOP."""
    if "card" in message:
        assert message["request"]["count"]
        assert message["places"].keys() == {"cache_dir", "token"}
        return {"teraflop": 0.5}
    return {"tflops": 2.0, "dtype": message["dtype"], "name": "A card"}


if __name__ == "__main__":
    asyncio.run(child.serve(answer))
