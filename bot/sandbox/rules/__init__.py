"""What Discord allows: limits of messages, components, commands and forms."""
