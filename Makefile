# Every target sets up what it needs on a machine that has Python 3.11+, make and git.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
# uv installs the lock ten times faster than pip, which stays the way where uv cannot reach the index.
UV := 0.13.8
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo dev dashboards test lint landed renew format bench soak docs clean

help: ## what the targets do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(SETUP) profiles.yml ## everything into .venv

$(SETUP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "make: Tidemark needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock \
		|| $(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . \
		|| $(BIN)/python -m pip install --disable-pip-version-check --no-deps --editable .
	@echo "$(CURDIR)/tidemark_warehouse/seeds/plugins" \
		> "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tidemark_dbt_plugin.pth"
	@touch $@

profiles.yml: profiles.yml.example
	@cp profiles.yml.example profiles.yml

demo: setup ## a simulated company, from nothing to marts and a report
	@tidemark demo

dev: setup ## the Dagster UI on loopback, schedules and sensors on
	@tidemark dev

dashboards: setup ## the marts as pages of charts, on loopback: make dashboards ARGS="--people --open"
	@tidemark dashboards $(ARGS)

docs: setup ## the dbt docs as one file, target/static_index.html
	@tidemark up > /dev/null
	@dbt docs generate --static --quiet
	@echo "target/static_index.html: open it in any browser; it needs no server and no network"

# Two workers, each with a server of its own; a file's tests stay together, for they share what is built once.
test: setup ## all tests
	@pytest -n 2 --dist loadfile

lint: setup ## style and types of SQL and Python, project conventions
	@ruff check .
	@ruff format --check .
	@mypy
	@dbt parse --quiet --no-partial-parse --warn-error-options '{"error": ["Deprecations", "InvalidMacroAnnotation"]}'
	@dbt-bouncer run --config-file dbt-bouncer.yml
	@sqlfluff lint --disable-progress-bar models tests/dbt

landed: setup ## put new migrations on record, as a failing convention test asks
	@python -m tests.conventions.landed

renew: setup ## write anew the lists that a failing test asks for: the asset graph, further marts, decisions, semantic models
	@python -m tests.conventions.renew
	@python -m tests.orchestration.asset_graph

format: setup ## bring SQL and Python into style
	@ruff check --fix .
	@ruff format .
	@sqlfluff fix --disable-progress-bar models tests/dbt

bench: setup ## what builds, loads and reads cost: make bench ARGS="--events 1000000"
	@tidemark up > /dev/null
	@python -m bench $(ARGS)

soak: setup ## the exactness test for as long as you like: make soak EXAMPLES=1000
	@TIDEMARK_SOAK_EXAMPLES=$(or $(EXAMPLES),500) pytest -x tests/integration/exactness/test_exactness.py

clean: ## remove what builds leave behind (not .venv, not data)
	@rm -rf target logs dbt_packages report.html .pytest_cache .mypy_cache .ruff_cache
