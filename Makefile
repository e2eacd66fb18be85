# Two commands do all the set-up: make serve, make test.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
VENDOR := endpoint/web/static/vendor
# One process more than processors, since tests also wait for deadlines; a module stays in one, since its tests
# share servers and browsers.
PROCESSES ?= $(shell processors=$$(getconf _NPROCESSORS_ONLN); [ $$processors -lt 7 ] || processors=7; expr $$processors + 1)
PYTEST = $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
# The tests that run on another Python too: those of the modules, of the engine with its processes and sockets, and of
# HTTP. What stands on these, pages and saved queries, is the same on each; so is what is long for its many cases: the
# order of queries in a pool, kept generations, kills at each step, shapes, generated queries and graphs, the look at
# the source.
QUICK := $(addprefix --ignore=tests/,browser process queries web/admin web/api web/machine web/pages \
	engine/test_pool.py engine/test_kept_generations.py engine/test_kept_generations_processes.py \
	engine/test_supervisor.py storage/test_writer_crash.py ingest/shacl columns/differential \
	columns/test_difference.py sparql/algebra sparql/test_linear.py \
	ontology benchmarks recording test_architecture.py test_docs.py test_vocabulary.py)
PIP_AUDIT := 2.10.1
# Runs a command and shows what it printed only where it fails.
QUIETLY := sh -c 'log=$$(mktemp) && { "$$@" >"$$log" 2>&1; code=$$?; [ $$code -eq 0 ] || cat "$$log" >&2; rm "$$log"; exit $$code; }' --
PIP := $(QUIETLY) $(BIN)/python -m pip install --constraint constraints.txt

.PHONY: serve test quick lint audit constraints bench screenshots soak crash differential conformance clean
.DEFAULT_GOAL := serve

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, as in: make serve PYTHON=python3.13" >&2; exit 1; }
	@echo "Making an environment in $(VENV) with $$($(PYTHON) --version)"
	@$(QUIETLY) $(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt package-lock.json hatch_build.py | $(BIN)/python
	@echo "Installing the packages of constraints.txt with pip, and the browser files with npm"
	@$(PIP) --upgrade pip
	@$(PIP) --build-constraint constraints.txt --editable .
	@[ -e $(VENDOR)/made-for ] || echo "npm is not installed: pages go without the query editor, charts and maps"
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo "Installing what the tests need with pip"
	@$(PIP) --build-constraint constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/installed-bench: $(VENV)/installed
	@echo "Installing what the benchmarks need with pip"
	@$(PIP) --build-constraint constraints.txt --editable '.[bench]'
	@touch $@

# Afterwards, since the installation fetches without what only tests need.
node_modules/installed-test: package-lock.json | $(VENV)/installed
	@echo "Installing what the tests need with npm"
	@$(QUIETLY) npm ci --ignore-scripts
	@touch $@

serve: $(VENV)/installed
	@$(BIN)/endpoint serve $(ARGS)

test: $(VENV)/installed-test node_modules/installed-test
	$(PYTEST) $(ARGS)

quick: $(VENV)/installed-test node_modules/installed-test
	$(PYTEST) $(QUICK) $(ARGS)

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Whether a pinned package has a known vulnerability. The tool is apart from what it looks at.
audit:
	@[ -x $(VENV)-audit/bin/pip-audit ] || { $(PYTHON) -m venv $(VENV)-audit && \
		$(QUIETLY) $(VENV)-audit/bin/python -m pip install pip-audit==$(PIP_AUDIT) || \
		echo "!! pip-audit could not be installed"; }
	@audit=$(VENV)-audit/bin/python; [ -x $$audit ] || audit=$(PYTHON); $$audit .ci/audit.py $(ARGS)

# The newest versions that fit together, for every Python found here; what passes .ci/run is then committed.
constraints: $(BIN)/python
	.ci/constraints $(BIN)/python

# Every kind of page at 390, 1280 and 1920 pixels, in both languages, into screenshots/.
screenshots: $(VENV)/installed-test node_modules/installed-test
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

# Mixed and hostile traffic for some minutes, every answer checked: two, or as many as ARGS='--minutes 30' says.
soak: $(VENV)/installed
	$(BIN)/python -m benchmarks.soak $(ARGS)

# Kills at random moments beneath a stream of writes: two hundred, or as many as ARGS='--kills 1000' says.
crash: $(VENV)/installed-test
	$(BIN)/python -m tests.process.crashing $(ARGS)

# Generated queries over generated data, from columns and by the engine: for two minutes, or as ARGS say.
differential: $(VENV)/installed-test
	$(BIN)/python -m tests.columns.differential $(ARGS)

# The W3C's test suites over HTTP, from the checkout that RDF_TESTS names; the report is earl.ttl.
conformance: $(VENV)/installed-test
	@[ -n "$$RDF_TESTS" ] || { echo "RDF_TESTS names no checkout of https://github.com/w3c/rdf-tests" >&2; exit 1; }
	$(BIN)/python -m tests.conformance "$$RDF_TESTS" --report earl.ttl $(ARGS)

# This server beside others, answers compared: the tables of docs/performance.md, in some minutes.
bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks.performance $(ARGS)

clean:
	rm -rf .venv* node_modules $(VENDOR) endpoint-data dist
