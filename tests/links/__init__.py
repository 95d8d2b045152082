"""Tests of bot.links."""
