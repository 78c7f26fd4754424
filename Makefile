# orderpipe on a fresh machine: Python 3.11 or newer and make are enough. `make help` says what there is.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
TESTERS ?= 2
UPGRADE ?= --upgrade

BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

.DEFAULT_GOAL := help
.PHONY: help demo up test check bench backtest chaos lock clean

help:  ## what can be made here
	@echo "make TARGET [ARGS='…'], with ARGS handed on to the command:"
	@sed -n 's/^\([a-z]*\):.*## /  \1: /p' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## a whole shop with customers, warehouse and carrier, e.g. ARGS='--orders 300 --exit-when-done'
	@$(BIN)/orderpipe demo $(ARGS)

up: $(INSTALLED)  ## everything orderpipe needs, on this machine, until Ctrl-C
	@$(BIN)/orderpipe up $(ARGS)

test: $(INSTALLED)  ## all tests; ARGS go to pytest, e.g. ARGS='tests/domain -k promise'
	@$(BIN)/python -m pytest -n $(TESTERS) --dist worksteal $(ARGS)

check: $(INSTALLED)  ## style, types, which package may import which, and whether the migrations lead to the tables in the code
	@verdict=0; for judge in "ruff check ." mypy "lint-imports --no-logo" "pytest -q tests/store/test_migrations.py"; do $(BIN)/$$judge || verdict=1; done; exit $$verdict

bench: $(INSTALLED)  ## measure speed, e.g. ARGS=pipeline
	@$(BIN)/python -m benchmarks $(ARGS)

backtest: $(INSTALLED)  ## prove the learned delivery dates on a real history, e.g. ARGS='--from 2018-01-01'
	@$(BIN)/orderpipe backtest --data $(or $(ORDERPIPE_REAL_DATA),../shared/data)/olist $(ARGS)

chaos: $(INSTALLED)  ## break things for a while, then see whether every order is well, e.g. ARGS='--minutes 10 --seed 1'
	@$(BIN)/python -m tests.chaos $(ARGS)

lock: $(INSTALLED)  ## choose the newest versions that fit together for the two locks; UPGRADE= keeps those that are in them
	@$(COMPILE) --all-extras $(UPGRADE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --constraint requirements.lock --output-file requirements-run.lock pyproject.toml

clean:  ## remove what make made, but not the data in .orderpipe
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src workers tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Again only when the lock or the project's own description changed, so that the second run starts at once.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("orderpipe needs Python 3.11 or newer; name one with make PYTHON=…")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python cannot make virtual environments here: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing orderpipe's dependencies into $(VENV); this is done once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
