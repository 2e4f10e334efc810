# Volunteer Hub · 小橙子志愿: `make run` starts the site, `make test` tests it, `make check` reads it.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WEB_CONCURRENCY ?= 1
THREADS ?= 8
TEST_WORKERS ?= 2

# Programs are started as modules, so that a moved folder keeps working.
PY := .venv/bin/python
FLASK := $(PY) -m flask --app wsgi
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes
CATALOGUES := $(wildcard volunteer_hub/translations/*/LC_MESSAGES/messages.po)
STATIC := $(shell find static -type f ! -name '*.gz')

.DELETE_ON_ERROR:
.PHONY: help run demo test test-packages check format lock messages bench bench-matching bench-ranking clean

help:
	@echo "make run     start the site with demo data on http://$(HOST):$(PORT)"
	@echo "make test    run all tests (SQLite, PostgreSQL, Chromium)"
	@echo "make check   format, lint, types, imports, texts, migrations"
	@echo "make format  lay out the code as make check wants it"
	@echo "make demo    load the demo data into an empty database"
	@echo "make bench   measure"
	@echo "make bench-matching  measure the matcher on instances others can check"
	@echo "make bench-ranking   simulate a month under several rankings of the list"
	@echo "make lock    lock the dependencies again (needs uv)"
	@echo "make messages  bring the catalogues up to date with the code"
	@echo "make clean   remove what make has made, but no data"

# ---------------------------------------------------------------- what the commands stand on

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1)."; \
	  echo "Name another one with: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make a virtual environment."; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -m venv --clear .venv

.venv/installed: requirements.txt .venv/bin/python
	@echo "Installing what the site needs"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing what the tests need"
	@$(PIP) -r requirements-dev.txt
	@touch $@

%.mo: %.po .venv/installed
	@$(PY) -m babel.messages.frontend --quiet compile -i $< -o $@

.venv/compressed: $(STATIC) .venv/installed
	@$(PY) -m whitenoise.compress --quiet --no-brotli static
	@touch $@

BUILT := .venv/installed $(CATALOGUES:.po=.mo) .venv/compressed

# ---------------------------------------------------------------- the site

run: export HUB_DEMO ?= $(if $(filter production,$(HUB_ENV)),0,1)
run: $(BUILT)
	@$(FLASK) db upgrade
	@if [ "$$HUB_DEMO" = 1 ]; then $(FLASK) demo load --if-empty; fi
	@echo
	@echo "  小橙子志愿 · Volunteer Hub: http://$(HOST):$(PORT)"
	@if [ "$$HUB_DEMO" = 1 ]; then \
	  echo; \
	  echo "  Demo identities · 演示身份 (password · 密码 demo-2026)"; \
	  echo "    19900000001  volunteer · 志愿者"; \
	  echo "    19900000002  coordinator · 协调员"; \
	  echo "    19900000003  branch leader · 支部书记"; \
	  echo "    19900000004  office · 街道"; \
	fi
	@echo
# The web server and, beside it, the worker for offers, reminders and mail; both end together.
	@$(FLASK) worker & worker=$$!; \
	$(PY) -m gunicorn --no-control-socket --worker-class gthread --threads $(THREADS) \
	  --workers $(WEB_CONCURRENCY) --bind $(HOST):$(PORT) --log-level warning wsgi:app & web=$$!; \
	trap 'kill $$web $$worker 2>/dev/null' INT TERM HUP; \
	wait $$web; code=$$?; trap '' INT TERM HUP; \
	kill $$web $$worker 2>/dev/null; wait; \
	[ $$code -ge 128 ] && exit 0; exit $$code

demo: $(BUILT)
	@$(FLASK) db upgrade
	@$(FLASK) demo load

# ---------------------------------------------------------------- its quality

test: $(BUILT) .venv/installed-dev test-packages
	@$(PY) -m pytest -n $(TEST_WORKERS) --dist loadgroup

# Chromium and PostgreSQL come from Debian's packages; what stays missing is skipped with the
# reason, and fails under CI=true.
test-packages:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || [ -n "$$TEST_DATABASE_URL" ] \
	  || missing="$$missing postgresql"; \
	ls /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc >/dev/null 2>&1 \
	  || missing="$$missing fonts-noto-cjk"; \
	[ -z "$$missing" ] && exit 0; \
	root=""; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	if command -v apt-get >/dev/null && $$root true 2>/dev/null; then \
	  echo "Installing Debian packages:$$missing"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  $$root apt-get -qq update && $$root apt-get -qq install -y --no-install-recommends \
	    $$missing >/dev/null || echo "Could not install:$$missing"; \
	else \
	  echo "Not installed, and no right to install:$$missing. Tests that need them are left out."; \
	fi

check: $(BUILT) .venv/installed-dev
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy
	$(PY) -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())'
	$(PY) -m djlint --lint --quiet templates
	$(PY) -m tests.translations
	@folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; \
	export DATABASE_URL="sqlite:///$$folder/check.db"; \
	$(FLASK) db upgrade && $(FLASK) db check

format: .venv/installed-dev
	$(PY) -m ruff format
	$(PY) -m ruff check --fix

bench: $(BUILT) .venv/installed-dev
	$(PY) -m bench
	$(PY) -m bench.hours
	$(PY) -m bench.branches
	$(PY) -m bench.recommended

bench-matching: .venv/installed-dev
	$(PY) -m bench.matching

bench-ranking: .venv/installed-dev
	$(PY) -m bench.ranking

# ---------------------------------------------------------------- the maintainer's

lock:
	uv pip compile pyproject.toml --generate-hashes --python-version 3.11 --universal \
	  -o requirements.txt
	uv pip compile pyproject.toml --group dev --generate-hashes --python-version 3.11 --universal \
	  -o requirements-dev.txt

messages: .venv/installed-dev
	@$(PY) -m tests.translations --write

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find static -name '*.gz' -delete -o -name '*.br' -delete
	find volunteer_hub/translations -name '*.mo' -delete
