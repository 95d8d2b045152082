# Every target makes .venv and installs what it needs first, and is quick the second time.
PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)

.PHONY: help setup run test test-all lint format bench clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' Makefile

setup: $(VENV)/.installed  ## Make .venv and install; TORCH_INDEX=… takes torch from there

run: $(VENV)/.installed  ## Serve Discord if DISCORD_TOKEN is set, else open the sandbox
	@$(BIN)/python -m bot

test: $(VENV)/.installed-dev  ## The tests that run on every change
	$(BIN)/python -m pytest -q -m "not slow"

test-all: $(VENV)/.installed-dev  ## Every test
	$(BIN)/python -m pytest -q

lint: $(VENV)/.installed-dev  ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/.installed-dev  ## Let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev  ## Measure this machine; writes BENCHMARKS.md
	$(BIN)/python -m bot bench

clean:  ## Remove the environment and caches, never data
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Easel needs Python 3.11 or newer; name one with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# A torch that is there already, from whatever index, is kept.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@if [ -n "$(TORCH_INDEX)" ]; then \
	  $(PIP) install -q --index-url "$(TORCH_INDEX)" "$(TORCH)" \
	  || echo "No $(TORCH) from $(TORCH_INDEX); taking the usual one."; fi
	$(PIP) install -q "$(TORCH)"
	$(PIP) install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -q -c constraints.txt -e ".[dev]"
	@touch $@
