# Everything a fresh machine needs: Python 3.11 or newer, make, and a place to install from.
#   make demo     DriftMoE and its peers on drifting streams, with a report
#   make test     all tests
#   make coverage which lines of the uncompiled parts the tests reach: three minutes
#   make warm     compile ahead all that is compiled at first use: some minutes, once
#   make docs     the documentation, into build/docs
#   make results  the experiments of all papers: an hour and a half on 2 cores
# Another interpreter: PYTHON=python3.12 make test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet -c constraints.txt
WORKERS ?= 2

# a stamp is newer than what decides its content, so that set-up is not repeated
SETUP := pyproject.toml constraints.txt

.PHONY: demo test coverage warm docs readme results lint clean

demo: $(VENV)/.demo
	$(BIN)/olearn demo --report report.html

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# as plain Python, which a trace can follow: what is about streams, labels, metrics, files, tables
coverage: $(VENV)/.test
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest -q tests/base tests/core tests/metrics \
	  tests/persist/test_classes.py tests/persist/test_files.py tests/persist/test_values.py \
	  tests/show tests/streams tests/test_metrics.py
	$(BIN)/python -m coverage report

warm: $(VENV)/.test
	$(BIN)/olearn warm

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/mkdocs.yml
	@echo "open build/docs/index.html"

readme: $(VENV)/.test  # its table of names, and the names that packages show
	$(BIN)/python docs/overview.py

PAPERS := driftmoe htm_sprt aef_ocl replay frank_wolfe_odl stream_x

results: $(VENV)/.test  # of each paper, with the script's own settings
	for name in $(PAPERS); do \
	  $(BIN)/python experiments/$$name.py || exit 1; \
	done

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "olearn needs Python 3.11 or newer, but '$(PYTHON)' is missing or older." >&2; \
	  echo "Name another one: PYTHON=python3.12 make $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.demo: $(VENV)/.python $(SETUP)
	$(INSTALL) -e ".[plot]"
	touch $@

$(VENV)/.test: $(VENV)/.python $(SETUP)
	$(INSTALL) -e ".[all,test,docs]"
	touch $@

$(VENV)/.docs: $(VENV)/.python $(SETUP)
	$(INSTALL) -e ".[docs]"
	touch $@

$(VENV)/.lint: $(VENV)/.python $(SETUP)
	$(INSTALL) -e ".[dev]"
	touch $@

# compiled kernels lie in the __pycache__ folders too
clean:
	find olearn detectors learners streams experiments tests -name __pycache__ -type d \
	  -prune -exec rm -rf {} +
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis report.html
