# Everything a person needs to build, run and test medspec from a clean clone. `make` alone lists the targets.
#
#   PYTHON=python3.12 make test      another interpreter (3.11 or newer)
#   VENV=/elsewhere make run         another folder for the environment
#   make test PYTEST_ARGS="-k check" only some tests

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 300
DEEP_SPECS ?= specs
DAMAGES ?= 500
DAMAGES_SEED ?= 1

# Folders of a virtual environment are named differently on Windows.
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# The environment's pip is not upgraded: every pip that Python 3.11 or newer brings understands these files.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help venv dev run test laws fuzz lint bench wheel-test reproduction soak deep-test clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(VENV)/.installed ## make the environment and install medspec into it
dev: $(VENV)/.installed-dev

run: $(VENV)/.installed ## compile the specs of this repository and run its quickstart suite
	$(BIN)/medspec compile
	$(BIN)/medspec run

test: $(VENV)/.installed-dev ## run the tests (PYTEST_ARGS passes options on)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

laws: $(VENV)/.installed-dev ## the laws on thousands of examples, and DAMAGES=500 damaged tokens of each folder of specs (many minutes)
	MEDSPEC_TEST_PROFILE=thorough $(BIN)/python -m pytest tests/syntax tests/check tests/readers tests/types tests/metrics tests/passes $(PYTEST_ARGS)
	DAMAGES=$(DAMAGES) DAMAGES_SEED=$(DAMAGES_SEED) $(BIN)/python -m pytest -m slow tests/check/test_one_mistake.py $(PYTEST_ARGS)

# Not among the development tools of the environment: it has no wheels for every platform.
fuzz: $(VENV)/.installed-dev ## look for texts that crash the parser, formatter, checker and templates (FUZZ_SECONDS=300 each)
	$(INSTALL) atheris
	for target in parser formatter checker template; do \
	  $(BIN)/python tests/fuzz/run.py $$target --seconds $(FUZZ_SECONDS) || exit 1; done

lint: $(VENV)/.installed-dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed ## time the commands that must start fast
	$(BIN)/python perf/startup.py
	$(BIN)/python perf/metrics.py

wheel-test: $(VENV)/.installed-dev ## build the wheel and use it in an empty environment
	$(BIN)/python -m pytest -m slow tests/cli/test_wheel.py $(PYTEST_ARGS)

reproduction: $(VENV)/.installed ## compute published figures again: docs/reproduction.md (DATA=DIR, else ../shared/data)
	$(BIN)/python docs/make_reproduction.py $(if $(DATA),--data $(DATA))

soak: $(VENV)/.installed-dev ## the long trials: SOAK_KILLS=500 kills, SOAK_MINUTES=60 of fuzzed replies, SOAK_ROWS=10000000 in a run
	$(BIN)/python -m pytest -m slow -s tests/soak tests/run/test_killed_runs.py tests/run/test_killed_commands.py $(PYTEST_ARGS)

deep-test: $(VENV)/.installed ## every law a thousand times on every spec, file by file (hours; DEEP_SPECS=specs/gallery for some)
	@failed=0; for file in $$(find $(DEEP_SPECS) -name '*.medspec' | sort); do \
	  echo "$$file"; $(BIN)/medspec test --profile deep --quiet "$$file" || failed=1; done; exit $$failed

clean: ## remove the environment and everything that was built; runs/ stays
	rm -rf $(VENV) build dist target .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "medspec needs Python 3.11 or newer, and '$(PYTHON)' is not one; name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps make a second `make run` start at once; a changed dependency makes them old.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed
