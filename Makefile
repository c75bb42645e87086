# Everything runs in .venv, which `make setup` builds once (again when the pins change).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2

.PHONY: help setup demo test fast check clean

help:
	@echo "make demo    set up, then edit, audit and report on the embedded model (runs/demo)"
	@echo "make test    set up, then every test"
	@echo "make fast    the same without the slow ones"
	@echo "make check   lint, format, types, import contracts"
	@echo "make setup   build .venv; make clean removes it and the caches"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "unrelate needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/unrelate demo --out runs/demo

# One thread to a worker: workers that each take all cores wait for one another, twice as long.
test fast: export OMP_NUM_THREADS ?= 1

test: $(STAMP)
	$(BIN)/pytest -n $(WORKERS)

fast: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) -m "not slow"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

clean:
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis build src/*.egg-info
