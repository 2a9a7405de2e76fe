# Every target says what it does; `make serve` and `make test` need a Debian machine with Python and nothing else.

SHELL := /bin/bash
# The first Python of 3.11 to 3.13 that runs; `make PYTHON=...` chooses another.
PYTHON ?= $(shell scripts/find-python)
VENV := .venv
RUN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*/pyproject.toml)
PYTEST_ARGS ?=
BENCH_ARGS ?=
# The files of one test module stay on one worker: they share what they start.
PYTEST := $(RUN)/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help serve test test-slow originals lint types bench lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

serve: .make/base ## Serve development.ini: SQLite, every plugin on
	@$(RUN)/benben serve development.ini

test: .make/test .make/system ## Run every test but the slow ones
	@echo "Running the tests"
	@$(PYTEST) $(PYTEST_ARGS)

test-slow: .make/test .make/system .make/bench .make/hug ## Run the slow tests
	@$(PYTEST) -m slow $(PYTEST_ARGS)

originals: .make/test .make/bench .make/hug ## Send one table of requests to the originals and to Benben
	@$(RUN)/python -m pytest -m slow tests/originals $(PYTEST_ARGS)

lint: .make/test ## Check style
	@$(RUN)/ruff check . && $(RUN)/ruff format --check .

types: .make/test ## Check types
	@$(RUN)/mypy src

bench: .make/base .make/bench ## Measure beside other frameworks, 15 minutes; BENCH_ARGS=--quick takes 3
	@$(RUN)/python -m bench.run $(BENCH_ARGS)

lock: ## Resolve the dependencies again (needs uv)
	@for name in base test bench hug; do \
	  sources="requirements/$$name.in"; \
	  if [ $$name != bench ] && [ $$name != hug ]; then sources="$$sources pyproject.toml --extra postgres --extra redis --extra regex --extra yaml --extra compression --extra ratelimit --extra oidc --extra contract --extra browse --extra realtime"; fi; \
	  uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	    --custom-compile-command "make lock" $$sources --output-file requirements/$$name.txt || exit 1; \
	done

clean: ## Remove what make has made, but no data
	@rm -rf .make $(VENV) .venv-bench .venv-hug .pytest_cache .mypy_cache .ruff_cache .hypothesis

.make/venv:
	@echo "Making a virtual environment in $(VENV) with $(PYTHON)"
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed"; exit 1; }
	@test -x $(RUN)/python || scripts/make-venv "$(PYTHON)" $(VENV)
	@mkdir -p .make && touch $@

.make/base: .make/venv requirements/base.txt pyproject.toml $(PLUGINS)
	@echo "Installing what the server needs"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  -e . $(patsubst %/pyproject.toml,-e ./%,$(PLUGINS))
	@touch $@

.make/test: .make/base requirements/test.txt
	@echo "Installing what the tests need"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

.make/system:
	@scripts/system-packages
	@mkdir -p .make && touch $@

.make/bench: requirements/bench.txt
	@echo "Installing the neighbours into .venv-bench"
	@command -v wrk >/dev/null || scripts/system-packages wrk
	@compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || scripts/system-packages postgresql
	@scripts/make-venv "$(PYTHON)" .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@mkdir -p .make && touch $@

.make/hug: requirements/hug.txt
	@echo "Installing Hug into .venv-hug"
	@scripts/make-venv "$(PYTHON)" .venv-hug
	@.venv-hug/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/hug.txt
	@mkdir -p .make && touch $@
