# make demo, make test, make check, make bench: each works on a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile --python-version 3.11 --universal --generate-hashes \
  --no-emit-index-url --no-header --quiet --upgrade
# Reading and compiling every module is wasted on a CI machine that runs each once.
export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench consistency lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: .venv/installed ## the recorder simulator and the gateway on loopback, until interrupted
	$(BIN)/callgate demo

test: .venv/installed-dev ## the whole test suite
	$(BIN)/python -m coverage run -m pytest $(TESTS)
	$(BIN)/python -m coverage report --include='gateway/core/*,gateway/pipeline.py' --fail-under=100

lint: .venv/installed-dev ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## everything that CI does

bench: .venv/installed-dev ## the benchmarks, as ratios; JSON in build/bench/
	$(BIN)/python -m tests.benchmarks

consistency: .venv/installed-dev ## workers are killed at random under load, for two minutes
	CONSISTENCY_SECONDS=$${CONSISTENCY_SECONDS:-120} $(BIN)/python -m pytest --timeout 900 tests/end_to_end/test_consistency.py

lock: ## resolve the dependencies anew (needs uv); commit the three files
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) --group build --constraint requirements.lock --output-file requirements-build.lock
	$(LOCK) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what was made here
	rm -rf .venv build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/installed: requirements.lock requirements-build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Callgate needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
