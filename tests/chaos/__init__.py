"""The chaos proof: people, and everything that can go wrong, by a seed; then the books are read.

`python -m tests.chaos --help` says how; `make chaos` runs it.
"""
