# `make help` lists what there is to do. Everything runs in .venv. `make run` installs what running needs into it, and the
# first of the other commands adds the rest. Changed requirements are installed again.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready-to-run
DEV := .venv/ready-to-test
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
MEASURED = $(BIN)/python -m slipcover --branch --source letters,petition --json --out var/coverage.json
# SlipCover says that it does not measure the tests themselves. In tests each warning is an error.
BESIDE_SLIPCOVER = -W "ignore:Module already imported so cannot be rewritten; slipcover" \
	-W "ignore:Unable to activate pytest branch coverage"
TEMPLATES = $$(find letters -name '*.html')
LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q

.DEFAULT_GOAL := help
.PHONY: help run test lighthouse lint format bench drill lock messages audit clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.* ## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name does; do printf '  make %-10s %s\n' "$$name" "$$does"; done

run: $(READY) ## Run the whole site on this machine; PORT=8001 make run for another port
	@exec $(BIN)/python -m petition.local run

test: $(DEV) ## Run every test and measure coverage; ARGS="tests/signing -k twice" runs some, without coverage
	@mkdir -p var
	$(if $(ARGS),$(BIN)/pytest,$(MEASURED) -m pytest $(BESIDE_SLIPCOVER)) -n 2 --dist loadfile $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.coverage_floor var/coverage.json)

lighthouse: $(DEV) ## Measure Lighthouse scores for a phone; needs Node.js, and a machine that does nothing else
	npm ci --prefix .ci/lighthouse --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
	LIGHTHOUSE=.ci/lighthouse/node_modules/lighthouse/cli/index.js $(BIN)/pytest tests/test_lighthouse.py

lint: $(DEV) ## Run every check that must pass before a change is merged, without the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	LAPTOP=1 VAR_DIR=var/none SECRET_KEY=none $(BIN)/python manage.py makemigrations --check --dry-run --skip-checks

format: $(DEV) ## Format code and templates
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/djade --target-version 5.2 $(TEMPLATES)

bench: $(DEV) ## Measure how fast the site is, compared with the limits of this machine
	$(BIN)/python -m bench $(ARGS)

drill: $(DEV) ## Stop each part of a site on several machines while people sign; needs root, RabbitMQ, nginx, PgBouncer, faketime
	$(BIN)/python -m drill $(or $(ARGS),--write docs/drill.md)

lock: $(DEV) ## Lock each requirements*.in to a .txt with hashes; UPGRADE=--upgrade for newer versions
	$(LOCK) $(UPGRADE) requirements.in -o requirements.txt
	$(LOCK) $(UPGRADE) requirements-local.in -o requirements-local.txt
	$(LOCK) $(UPGRADE) requirements-dev.in -o requirements-dev.txt

messages: $(READY) ## Compile the translations in letters/locale/
	$(BIN)/pybabel compile --domain django --directory letters/locale

audit: $(DEV) ## Look for known vulnerabilities in dependencies; fails if any package could not be checked
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.txt

clean: ## Remove what can be made again; var/ stays, because it holds your data
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

$(READY): requirements-local.txt
	@test "$$(id -u)" != 0 || test "$$(stat -c %u .)" = 0 || { \
		echo "This folder is not root's, and you are root: its owner could not use what is made now. Leave out sudo." >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) -V) is too old: Undersigned needs 3.11 or newer. Name another with make PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@echo "Installing what the site needs into .venv; this takes a minute, once."
	@$(PYTHON) -m venv --clear .venv
	@$(INSTALL) requirements-local.txt
	@touch $@

$(DEV): $(READY) requirements-dev.txt
	@echo "Installing what tests and checks need into .venv; this takes another minute, once."
	@$(INSTALL) requirements-dev.txt
	@touch $@
