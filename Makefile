# Everything runs in .venv, made from the locks; it is made anew only when a lock or pyproject.toml changes.

# The first Python that is new enough. Name another with: make PYTHON=/path/to/python
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := uv pip compile --universal --python-version 3.11 --no-config --generate-hashes --group build pyproject.toml

# Coverage is that of unit tests and rule cases: measuring laws and sweeps would double the time and show what no case expects.
MEASURED := not law and not browser and not sweep

# What tries the clinical logic without a server, a database or a page. It runs in one process, because these thousands of tests take
# less time than handing each of them to another process does, and without generated input, which alone takes a third of the time.
FAST := rules disposition labs setting clocks imaging drugs observations reading report_text hook_request contributing

.PHONY: help install run fix test test-fast test-rule lint new-rule golden knowledge-version lock mutation bench bench-check
.DELETE_ON_ERROR:

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "make %-17s %s\n", $$1, $$2}'

install: .venv/installed ## Create .venv with the service in it

run: .venv/installed ## Start the service on http://127.0.0.1:8000
	@exec $(BIN)/cds-service serve --host 127.0.0.1 --port 8000

fix: .venv/installed-test ## Correct style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint ## Check and test everything
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 -m "$(MEASURED)"
	$(BIN)/python -m tests.coverage_gate
	$(BIN)/pytest -n 2 -m "not ($(MEASURED))"

test-fast: .venv/installed-test ## Run the cases of all rules and the fast unit tests, in under 20 seconds
	$(BIN)/pytest -m "$(MEASURED) and not hypothesis" $(addprefix tests/test_,$(addsuffix .py,$(FAST)))

test-rule: .venv/installed-test ## Run the cases, page, laws and golden requests of one rule: make test-rule ID=low_platelets
	@test -f "fixtures/rules/$(ID).json" || { echo "No rule '$(ID)'. Name one: make test-rule ID=low_platelets" >&2; exit 1; }
	$(BIN)/pytest -q -k "[$(ID)] or $(ID): or test_the_response_is_the_expected_one" \
		tests/test_rules.py tests/test_laws.py tests/test_cards.py tests/test_pages.py tests/test_requests.py

new-rule: .venv/installed-test ## Write the three files of a rule: make new-rule ID=very_old_patient THEME=safety
	@$(BIN)/python -m tests.new_rule "$(ID)" "$(THEME)"

golden: .venv/installed ## Write the expected responses anew, and say what changed in them
	@$(BIN)/cds-service replay --quiet --update fixtures/requests

knowledge-version: .venv/installed-test ## After a change in rules or knowledge: make knowledge-version SAYS='what changed'
	@$(BIN)/python -m tests.knowledge_version "$$SAYS"

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
