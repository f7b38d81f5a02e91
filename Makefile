# dossier: set-up, demo office, checks and benchmarks. Needs make and Python 3.11 or newer, nothing else.
# `make` alone tells what there is.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := dossier ingest workflow desk
CODE := $(PACKAGES) tests bench demo packaging .ci

.PHONY: help docs several trouble screenshots schemas reference setup setup-dev run test test-postgresql lint types unit races format bench bench-plots bench-guard lock clean
.DELETE_ON_ERROR:
# One step after the other, so that the last lines of `make test` are pytest's.
.NOTPARALLEL:

help:
	@echo "make setup      .venv with the dossier command in $(BIN)"
	@echo "make run        the demo office: desk, portal, mail catcher, sample drops (Ctrl-C stops it)"
	@echo "make test       lint, types, and the tests but for those that take long; make long: those"
	@echo "make bench      the benchmarks, about an hour; make bench-plots puts them into docs/performance.md; make bench-guard: how well the wrong-client guard sees"
	@echo "make crash      kills the daemon at every call that changes a file (long); writes docs/killed.md"
	@echo "make power      cuts the power under real file systems (root; about an hour); writes docs/reliability.md"
	@echo "make fuzz-api   an hour of requests to the API, whatever its document allows and forbids; make sample-fuzz-api: three minutes"
	@echo "make try-identity  logging in to the desk with a certified identity provider (needs Node.js)"
	@echo "make large-upload  a file of 2 GB over the API, within 64 MB of memory"
	@echo "make soak       a quarter of an hour of everything at once, and kills; make sample: two minutes each of power and soak"
	@echo "make dist       wheel and sdist in dist/; make docs: the documentation as a site in build/site"
	@echo "make try-programs: rsync, sftp, rclone, editors … bring files into an inbox; writes docs/inbox.md"
	@echo "make deb        a package for Debian and Ubuntu in dist/; make try-deb installs, upgrades, removes it on fresh machines (root; a quarter of an hour)"
	@echo "make try-firefox  the desk's pages in Debian's Firefox (firefox-esr); two or three minutes"
	@echo "make try-tests  make test on fresh machines with later Pythons (root; half an hour)"
	@echo "make try-install, try-container: the guide to installing followed on a fresh machine (root; minutes)"
	@echo "make release    all that must be green before a version is given away, one after the other (root; hours)"
	@echo "make lint       style only; make format mends what can be mended by itself"
	@echo "make audit      is anything known against the libraries in the lock files? Needs the network"
	@echo "make lock       the lock files anew, from pyproject.toml"
	@echo "make clean      removes .venv and caches; the office (config, inbox, var) stays"

# A stamp is written last, so an installation that was cut off is done again; and only a changed
# lock file or pyproject.toml makes it necessary once more.
setup: .venv/.setup
setup-dev: .venv/.setup-dev

.venv/.setup: requirements.lock requirements-build.lock pyproject.toml
	$(call install,requirements.lock -r requirements-build.lock)
	@touch $@

# What the tests need holds all that a run needs, in the same versions.
.venv/.setup-dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch .venv/.setup $@

define install
@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dossier needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
@echo "Setting up .venv from $(subst -r ,and ,$(1)); this takes a minute, once"
@$(PYTHON) -m venv .venv
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

run: setup
	@$(BIN)/python demo/run.py

# The linter and the type checker use a processor each.
test: setup-dev
	@$(MAKE) --no-print-directory lint & $(MAKE) --no-print-directory types; types=$$?; wait $$! && exit $$types
	@$(MAKE) --no-print-directory unit

lint: setup-dev
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES)

# Is anything known against the libraries? pip-audit has an environment of its own; it is not part of the product or its tests.
.PHONY: audit
audit: build/audit/.setup
	@build/audit/bin/python .ci/audit.py requirements.lock requirements-dev.lock requirements-audit.lock

build/audit/.setup: requirements-audit.lock
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $@

types: setup-dev
	$(BIN)/mypy

# Three for two processors: a test often waits, for a daemon, a browser, a second to pass.
unit: setup-dev
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow"

# What takes long, and more of what is played by chance.
.PHONY: long
long: setup-dev
	LONG=1 $(BIN)/pytest -n 2 --dist worksteal -m "slow or sampled"

# Decisions at the same instant, a thousand times, and long random histories against the model.
races: setup-dev
	RACES=500 STATE_EXAMPLES=300 $(BIN)/pytest --timeout 1800 tests/integration/approval/test_decision_races.py tests/integration/items/test_state_machine.py

# Folders that are exchanged with links all the time, half a minute each.
.PHONY: attacks
attacks: setup-dev
	ATTACK_SECONDS=30 $(BIN)/pytest -n 2 -k "swapped or beneath" tests

# The same tests of rooms with files and a database, and of commands, on PostgreSQL.
test-postgresql: setup-dev
	TEST_DATABASE=postgresql $(BIN)/pytest -n 2 tests/integration $(addprefix tests/acceptance/,$(ON_BOTH))

ON_BOTH := cli/test_mail_commands.py test_main_line.py

# Databases that go away, take no changes, have no room; daemons that hang, machines that are cut off, clocks that differ.
trouble: setup-dev
	TROUBLE=1 $(BIN)/pytest -n 2 tests/acceptance/database/test_database_trouble.py tests/acceptance/cluster/test_hanging_daemon.py \
		tests/acceptance/cluster/test_several_daemons.py tests/acceptance/object_store/test_object_storage.py::test_a_store_that_goes_and_comes_while_drops_come_in

format: setup-dev
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# The editors' schemas of the demo office, after the models or the sidecar's keys were changed.
schemas: setup
	@for what in sidecar settings clients staff; do \
		DOSSIER_ROOT= $(abspath $(BIN))/python -c 'import json, sys; from desk.actions.schemas import schema_of; \
		print(json.dumps(schema_of(sys.argv[1], None), ensure_ascii=False, indent=2))' $$what > config/schema/$$what.json; done

# docs/configuration.md from the models, docs/commands.md from the code.
reference: setup
	@$(BIN)/python docs/make_reference.py

# Four daemons on one PostgreSQL, one of them killed every few seconds for two minutes while 3,000 drops come in: in a shared inbox,
# in one that is split by client, and each daemon on a machine of its own (network namespaces; needs root).
several: setup-dev
	SEVERAL_SECONDS=120 SEVERAL_DROPS=3000 $(BIN)/pytest -n 0 tests/acceptance/cluster/test_several_daemons.py

# An office as this version makes it, for the tests of later ones. Once, when a version is released.
.PHONY: release-office
release-office: setup-dev
	@PYTHONPATH=tests $(BIN)/python -W ignore tests/released/store.py

# The pictures in docs/, after the pages of the desk or the portal were changed. Look at them.
screenshots: setup-dev
	@mkdir -p docs/screenshots docs/desk
	@SCREENSHOTS=$(abspath docs/desk) $(BIN)/pytest -q -n 0 tests/acceptance/test_readme.py tests/acceptance/web/test_desk_browser.py
	@SCREENSHOTS=$(abspath docs/screenshots) $(BIN)/pytest -q -n 0 tests/acceptance/web/test_web_browser.py tests/integration/portal/test_pages_in_chromium.py

# Every kill point and every failing call; the tables in docs/killed.md are written anew.
.PHONY: crash
crash: setup-dev
	$(BIN)/python tests/crash/all.py
	CRASH_ALL=1 $(BIN)/pytest -n 0 --timeout 3600 tests/crash/test_stopped_and_read.py

# The power goes at many moments, on ext4, xfs and btrfs; the table in docs/reliability.md is written anew. As root; about an hour.
.PHONY: power
power: setup-dev
	$(BIN)/python tests/power/all.py

# Drops, decisions, edits, withdrawals and amendments at random, the daemon killed every 20 seconds; its figures go into docs/reliability.md.
.PHONY: soak
soak: setup-dev
	$(BIN)/python tests/soak/soak.py --write

# Two minutes of each.
.PHONY: sample
sample: setup-dev
	SAMPLE=1 $(BIN)/pytest -n 2 tests/power tests/soak

# sdist, wheel and the lock file of what is committed, in dist/: what docs/installing.md begins with.
.PHONY: dist
dist: setup-dev
	@$(BIN)/python packaging/make_dist.py

# dist/dossier_VERSION_amd64.deb: the program with its libraries, for the Pythons of Debian 12 and 13 and Ubuntu 24.04.
.PHONY: deb
deb: dist
	@$(BIN)/python packaging/make_deb.py

# The package installed, upgraded, removed and purged on fresh machines with systemd, and put over a 1.0.0. As root; a quarter of an hour.
.PHONY: try-deb
try-deb: deb
	$(BIN)/python packaging/try/deb.py

# All that must be green before a version is given away, and a refusal otherwise. As root; hours.
.PHONY: release
release: setup-dev
	@$(BIN)/python packaging/release.py

# docs/installing.md and docs/operations.md followed to the letter on a fresh Debian with systemd, Samba and nginx. As root; minutes.
.PHONY: try-install
try-install: setup-dev
	$(BIN)/python packaging/try/install.py

# `make test` on fresh machines with the Pythons and SQLites of Debian 13 and of what comes behind it. As root; half an hour.
.PHONY: try-tests
try-tests: setup-dev
	$(BIN)/python packaging/try/tests.py

# The desk in Debian's Firefox (apt-get install firefox-esr): every page, and the way of an item. Two or three minutes.
.PHONY: try-firefox
try-firefox: setup-dev
	FIREFOX=1 $(BIN)/pytest -n 0 -s --timeout 900 tests/firefox

# The image built and run with podman as docs/installing.md says. As root; a minute or two.
.PHONY: try-container
try-container: setup-dev
	$(BIN)/python packaging/try/container.py

# The API is asked whatever its document allows and forbids, half the time on SQLite and half on PostgreSQL: an hour, or three minutes.
.PHONY: fuzz-api sample-fuzz-api
fuzz-api: setup-dev
	FUZZ_SECONDS=1800 $(BIN)/pytest -n 0 --timeout 7200 tests/fuzz/test_fuzz_api.py

sample-fuzz-api: setup-dev
	FUZZ_SECONDS=90 $(BIN)/pytest -n 0 --timeout 1200 tests/fuzz/test_fuzz_api.py

# Logging in with a provider that others made, oidc-provider from npm. Needs Node.js and the network.
.PHONY: try-identity
try-identity: setup-dev
	@mkdir -p build/identity
	@npm install --silent --no-save --no-audit --no-fund --prefix build/identity oidc-provider@9.13.3
	IDENTITY_PROVIDER=build/identity $(BIN)/pytest -n 0 tests/identity

# A file of 2 GB over the API: its bytes are there, and the desk stays within 64 MB more than it has anyway.
.PHONY: large-upload
large-upload: setup-dev
	UPLOAD_MB=2048 $(BIN)/pytest -n 0 --timeout 1200 tests/acceptance/web -k "a_large_file and costs_no_memory"

# With vault and portal in an object store: killed at every request to it, and the store going and coming while drops come in.
.PHONY: crash-store
crash-store: setup-dev
	STORE_ALL=1 $(BIN)/pytest -n 0 --timeout 3600 tests/acceptance/object_store/test_object_storage.py

# Real programs bring files into an inbox, slowly, killed and resumed; the table in docs/inbox.md is written anew. About a minute.
.PHONY: try-programs
try-programs: setup-dev
	@$(BIN)/python -W ignore tests/programs/play.py

# The documentation as a site in build/site.
docs: setup-dev reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# All of them, also if one misses its target; an hour or so on a machine that does nothing else. Each leaves build/bench/NAME.json.
# The large office is made once, in var/bench-large.
LARGE = var/bench-large
bench: setup-dev
	@missed=; for one in "backlog.py --repeat 3 1000 5000" papers.py latency.py idle.py fairness.py growth.py \
		"commands.py --keep $(LARGE)" "start.py --keep $(LARGE)" "api.py --keep $(LARGE)" "desk_pages.py --keep $(LARGE)" searching.py portal.py publishing.py scale.py; do \
		echo "== $$one"; $(BIN)/python bench/$$one || missed="$$missed $${one%% *}"; done; \
	rm -rf $(LARGE); test -z "$$missed" || { echo "a target was missed:$$missed" >&2; exit 1; }

# What was measured goes into docs/performance.md, with pictures.
bench-plots: setup
	$(BIN)/python bench/plots.py

bench-guard: setup-dev
	$(BIN)/python bench/guard.py

# Keeps the versions that are there as long as they fit; for the newest ones remove the lock files first.
# No address is written into them: whoever installs uses the package index of his own pip.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
# requirements.lock is what an office needs, -s3 that and what an object store needs; -build is what `make setup` needs besides.
LIKE = --constraint=requirements.lock

lock: setup-dev
	$(COMPILE) --output-file=requirements.lock pyproject.toml
	$(COMPILE) $(LIKE) --extra=s3 --output-file=requirements-s3.lock pyproject.toml
	$(COMPILE) $(LIKE) --output-file=requirements-build.lock packaging/build.in
	$(COMPILE) $(LIKE) --constraint=requirements-s3.lock --constraint=requirements-build.lock --build-deps-for=editable --extra=dev \
		--output-file=requirements-dev.lock pyproject.toml
	$(COMPILE) --output-file=requirements-audit.lock .ci/audit.in

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
