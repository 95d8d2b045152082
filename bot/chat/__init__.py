"""Shared parts of the cogs: what messages look like and how they stay current."""
