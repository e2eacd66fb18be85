# Two commands do all the set-up: make serve, make test.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: serve test lint bench clean
.DEFAULT_GOAL := serve

$(VENV)/installed: pyproject.toml package-lock.json hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	test -d node_modules || npm ci --ignore-scripts
	touch $@

$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

serve: $(VENV)/installed
	$(BIN)/endpoint serve $(ARGS)

test: $(VENV)/installed-test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks.requests_per_second $(ARGS)

clean:
	rm -rf $(VENV) node_modules endpoint/web/static/vendor endpoint-data dist
