# Two commands do all the set-up: make serve, make test.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: serve test lint bench screenshots clean
.DEFAULT_GOAL := serve

$(VENV)/installed: pyproject.toml package-lock.json hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed package-lock.json
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	npm ci --ignore-scripts
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

# Every kind of page at 390, 1280 and 1920 pixels, in both languages, into screenshots/.
screenshots: $(VENV)/installed-test
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks.requests_per_second $(ARGS)

clean:
	rm -rf $(VENV) node_modules endpoint/web/static/vendor endpoint-data dist
