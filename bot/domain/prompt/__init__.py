"""The prompt language: text first, `--parameters` last."""

from bot.domain.prompt.prompt import MAX_LENGTH, Prompt

__all__ = ["MAX_LENGTH", "Prompt"]
