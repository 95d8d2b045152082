"""What exists in the sandbox: guilds, channels, messages, files, interactions."""
