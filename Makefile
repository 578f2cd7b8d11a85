# make run starts a practice unit; make test passes the whole suite. Both set up what they need first, once.
.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --require-hashes -r
EDITABLE := $(PIP) --no-deps --no-build-isolation -e .
TEST_WORKERS ?= 4
AWAY := tipline/away
CATALOGUES := templates/locale/id.mo
BUILT := $(AWAY)/built $(CATALOGUES)

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help run demo kit poster check test tor-test bench fuzz messages setup clean

help:
	@echo "make run     start everything; on a first start a practice unit is made"
	@echo "make demo    walk the whole chain once, by itself"
	@echo "make kit     the practice unit's kit, in .work/kit: a page that seals on a source's own device"
	@echo "make test    checks, then the whole suite"
	@echo "make tor-test  a report and its answer through a private Tor network on this machine"
	@echo "make poster  the practice unit's sheets to print and pages for a web server, in .work/poster"
	@echo "make check   format, lint, types of both languages, import directions"
	@echo "make fuzz    one parser for longer: TARGET=message SECONDS=600; without TARGET each in turn"
	@echo "make bench   figures of this machine"
	@echo "make messages  bring the texts to be translated into templates/locale"
	@echo "make setup   install what run and test need, and nothing else"
	@echo "make clean   remove caches and builds; data and .venv stay"

run: .venv/ready-run $(BUILT)
	@$(BIN)/tipline run --practice

demo: .venv/ready-test $(BUILT)
	@$(BIN)/python -m tests.journeys.demo

kit: .venv/ready-run $(BUILT)
	@test -e "$${TIPLINE_DATA:-data}/inside/root.pub" || $(BIN)/tipline practice
	@$(BIN)/tipline kit -o .work/kit --key "$${TIPLINE_DATA:-data}/practice/root.key"

poster: kit
	@$(BIN)/tipline poster -o .work/poster --kit .work/kit/kit.statement.json

check: .venv/ready-test $(BUILT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(AWAY)/node_modules/.bin/tsc --project $(AWAY)

# A file stays with one worker, which starts what its tests share once. A run that hangs is ended, and says in which tests.
test: check
	@$(BIN)/python -m tests.midnight
	timeout --foreground --signal=INT --kill-after=60 2700 $(BIN)/python -m pytest -n $(TEST_WORKERS) \
		--dist=loadfile --no-loadscope-reorder --durations=25
	timeout --foreground --signal=INT --kill-after=60 600 $(BIN)/python -m pytest tests/alone

# Not within `make test`: a dozen Tors want the machine to themselves. Whatever hangs is ended, with all it started.
tor-test: .venv/ready-test $(BUILT)
	timeout --kill-after=30 1500 $(BIN)/python -m pytest tests/tor

bench: .venv/ready-test $(BUILT)
	$(BIN)/python -m tests.benchmarks

TARGET ?= $$($(BIN)/python -m tests.fuzz --list)
SECONDS ?= 60

fuzz: .venv/ready-test $(BUILT)
	@for target in $(TARGET); do $(BIN)/python -m tests.fuzz "$$target" --seconds $(SECONDS) || exit 1; done

messages: .venv/ready-run
	$(BIN)/python templates/locale/catalogues.py update

setup: .venv/ready-test $(BUILT)

clean:
	rm -rf build dist *.egg-info $(AWAY)/built templates/locale/*.mo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find crypto tipline handling tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up: each stamp is newer than what it was made from, so a second run costs nothing.

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing. Install it and run this again: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/ready-run: .venv/made requirements/run.txt requirements/build.txt requirements/node.txt pyproject.toml setup.py $(AWAY)/package-lock.json
	@deploy/system-packages.sh run
	$(LOCKED) requirements/build.txt
	$(LOCKED) requirements/run.txt
	$(EDITABLE)
	deploy/node.sh run
	@touch $@

.venv/ready-test: .venv/ready-run requirements/test.txt tests/node/package-lock.json
	@deploy/system-packages.sh test
	$(LOCKED) requirements/test.txt
	deploy/node.sh test
	@touch $@

$(AWAY)/built: .venv/ready-run $(AWAY)/build.mjs $(wildcard $(AWAY)/src/*.js $(AWAY)/src/*/*.js)
	node $(AWAY)/build.mjs
	@touch $@

# All are written at once; the last one tells their age.
$(CATALOGUES): .venv/ready-run templates/locale/catalogues.py $(wildcard templates/locale/*.po)
	$(BIN)/python templates/locale/catalogues.py compile
