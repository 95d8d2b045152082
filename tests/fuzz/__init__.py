"""Fuzzing: whatever reaches the bot from outside, mutated; one kind of it in each module.

`python -m tests.fuzz` runs them with atheris (libFuzzer), which `make fuzz` installs. The same
targets take bytes of hypothesis in `test_targets`, without atheris.
"""
