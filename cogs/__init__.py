"""Discord in, Discord out: one feature a file, thin. The service decides, these translate."""
