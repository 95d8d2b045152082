"""Blocked words, and the texts that they are found in, however they are disguised."""

from bot.filtering.wordfilter import Match, WordFilter

__all__ = ["Match", "WordFilter"]
