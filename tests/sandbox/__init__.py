"""Tests of bot.sandbox, driven by the unmodified discord.py client."""
