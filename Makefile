# Everything runs in .venv, made from the locks; it is made anew only when a lock or pyproject.toml changes.

# The first Python that is new enough. Name another with: make PYTHON=/path/to/python
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := uv pip compile --universal --python-version 3.11 --no-config --generate-hashes --group build pyproject.toml

.PHONY: help install run test lint lock mutation bench bench-check
.DELETE_ON_ERROR:

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "make %-11s %s\n", $$1, $$2}'

install: .venv/installed ## Create .venv with the service in it

run: .venv/installed ## Start the service on http://127.0.0.1:8000
	@exec $(BIN)/cds-service serve --host 127.0.0.1 --port 8000

test: lint ## Check and test everything
	$(BIN)/pytest -n 2

lint: .venv/installed-test ## Check style, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## Write both locks again (needs uv)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group test --constraints requirements.lock --output-file requirements-test.lock

.venv/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found. Install it, or run: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear .venv || { rm -rf .venv; echo "Could not create .venv. On Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

.venv/installed: requirements.lock pyproject.toml | .venv/python
	@echo "Installing the service into .venv"
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-test: requirements-test.lock .venv/installed
	@echo "Installing the test tools into .venv"
	@$(PIP) --require-hashes --requirement requirements-test.lock
	@touch $@

mutation: .venv/installed-test ## Change the clinical logic one place at a time; fail if a tenth goes unnoticed
	$(BIN)/python -m tests.mutation

bench: .venv/installed-test ## Measure speed and memory; writes tests/bench/RESULTS.md
	$(BIN)/python -m tests.bench

bench-check: .venv/installed-test ## Fail if a ratio is more than 15 % worse than stored
	$(BIN)/python -m tests.bench --check
