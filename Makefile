# SPDX-License-Identifier: MIT
#
# `make help` lists what there is to make. Everything that is built lies in .build.

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= yes

# What dementiad is linked with; what the sample and its reader use; what the tests use; what a Debian package is made with.
BUILD_PACKAGES := libsqlite3-dev libzstd-dev libssl-dev libpq-dev libsystemd-dev libyaml-dev pkg-config
LINT_PACKAGES  := python3
RUN_PACKAGES   := sqlite3 zstd
TEST_PACKAGES  := sqlite3 zstd python3 python3-venv sudo curl strace git postgresql pgbouncer openssl systemd-container dbus-user-session bindfs mandoc zsh fish
BENCH_PACKAGES := sqlite3 zstd python3 curl postgresql pgloader inotify-tools
TORTURE_PACKAGES := zstd python3 libsqlite3-0 postgresql e2fsprogs
DEB_PACKAGES   := dpkg-dev

# Suites without a server, a daemon or a mount.
FAST_SUITES := ControlAPITests DementiaTests GuardConfigurationTests GuardCoreTests GuardLogTests LinuxKitTests ReleasesTests \
	SQLiteKitTests TransferTests.CensusTests TransferTests.EmbeddingTests TransferTests.JSONTests TransferTests.TimeConversionTests \
	TransferTests.NumberTests TransferTests.RowTests TransferTests.TableTests TransferTests.TextTests TransferTests.BooleanConversionTests \
	VaultTests YAMLKitTests ZstdKitTests

PROGRAMS := dementiad dementiactl
RELEASE  ?= .build/release
# The standard library is linked in, so that a binary runs wherever SQLite, zstd and OpenSSL are.
RELEASE_FLAGS := -c release --static-swift-stdlib -debug-info-format none

INSTALL := install
# Takes symbols out of what is installed; empty keeps them.
STRIP   ?= -s
bindir   = $(DESTDIR)$(PREFIX)/bin
unitdir  = $(DESTDIR)$(PREFIX)/lib/systemd
sharedir = $(DESTDIR)$(PREFIX)/share
# dementiad reads /etc/dementiad whatever the prefix.
confdir  = $(DESTDIR)/etc/dementiad

.DEFAULT_GOAL := help
.PHONY: help run test check coverage build lint format install deb bench torture fuzz api-check clean
.PHONY: swift-is-there build-packages test-packages programs dementiad dementiactl

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# The sample needs the daemon alone; dementiactl is built after it was shown.
run: swift-is-there build-packages $(if $(WATCH),programs,dementiad) ## Upgrade a sample memory and show it; WATCH=DIR guards a folder of yours
	@scripts/need-packages $(RUN_PACKAGES)
ifdef WATCH
	@scripts/run-watch $(RELEASE)/dementiad
else
	@scripts/run-sample $(RELEASE)/dementiad .build/sample
	@echo
	@$(MAKE) --no-print-directory dementiactl
endif
export WATCH

test: test-packages ## Run every test; SUITE=NAME runs those that begin so (EngineTests, EngineTests.CrashTests)
	@scripts/run-tests $(SUITE)

check: swift-is-there build-packages ## Check format and house rules, and run the suites that need no server and no daemon
	@$(MAKE) --no-print-directory lint
	@scripts/run-tests --no-build $(FAST_SUITES)

coverage: test-packages ## Run every test with coverage, and print the share of lines that ran
	@scripts/run-tests --coverage

build: swift-is-there build-packages programs ## Build the release programs into .build/release

programs: $(PROGRAMS)

$(PROGRAMS):
	swift build $(RELEASE_FLAGS) --product $@

lint: swift-is-there build-packages ## Check format and house rules
	@scripts/need-packages $(LINT_PACKAGES)
	swift format lint --strict --parallel --recursive Package.swift Sources Tests
	docs/pictures/draw-architecture --check
	@scripts/run-tests LintTests

format: swift-is-there ## Rewrite the sources in the house's format
	swift format --in-place --parallel --recursive Package.swift Sources Tests

install: $(if $(filter no,$(BUILD)),,build) ## Install to DESTDIR and PREFIX; BUILD=no installs what is built
	$(INSTALL) -d '$(bindir)' '$(unitdir)/system' '$(unitdir)/user' '$(unitdir)/catalog' '$(confdir)'
	for program in $(PROGRAMS); do \
	    $(INSTALL) -m 755 $(STRIP) $(RELEASE)/$$program '$(bindir)' || exit 1; \
	    scripts/install-completions $(RELEASE)/$$program '$(sharedir)' || exit 1; \
	done
	for unit in system/dementiad@.service system/dementiad@.socket user/dementiad.service user/dementiad.socket; do \
	    sed 's|/usr/bin/|$(PREFIX)/bin/|' "systemd/$${unit#system/}" >'$(unitdir)'/$$unit || exit 1; \
	    chmod 644 '$(unitdir)'/$$unit; \
	done
	$(INSTALL) -m 644 systemd/dementiad.catalog '$(unitdir)/catalog'
	for section in 1 5 7 8; do \
	    $(INSTALL) -d '$(sharedir)'/man/man$$section || exit 1; \
	    $(INSTALL) -m 644 man/*.$$section '$(sharedir)'/man/man$$section || exit 1; \
	done
	@# What an administrator wrote is not overwritten.
	test -e '$(confdir)/dementiad.yaml' || $(INSTALL) -m 644 etc/dementiad.yaml '$(confdir)'

deb: build ## Make a Debian package in .build
	@scripts/need-packages $(DEB_PACKAGES)
	@scripts/build-deb

bench: build ## Measure a pass beside stock tools; BENCH="--help" lists the sizes
	@scripts/need-packages $(BENCH_PACKAGES)
	@Benchmarks/run --dementiad $(RELEASE)/dementiad --dementiactl $(RELEASE)/dementiactl $(BENCH)

torture: build ## Look for faults by machine and write docs/reliability.md; BUDGET=SECONDS for each part, PARTS="kill fail", SEED=N
	@scripts/need-packages $(TORTURE_PACKAGES)
	@Reliability/run --dementiad $(RELEASE)/dementiad --budget $(or $(BUDGET),60) --seed $(or $(SEED),1) $(PARTS)

fuzz: swift-is-there build-packages ## Send the control socket a million damaged requests; COUNT=N SEED=N
	@scripts/fuzz $(or $(COUNT),1000000) $(SEED)

api-check: swift-is-there build-packages ## Hold a fixture and a daemon against the OpenAPI document; CASES=N
	@scripts/need-packages python3 python3-venv sqlite3
	@scripts/api-check $(or $(CASES),5000)

clean: ## Remove everything that was built
	rm -rf .build

swift-is-there:
	@command -v swift >/dev/null || { echo 'Swift 6.2 or later has to be on PATH: https://www.swift.org/install/' >&2; exit 1; }

build-packages:
	@scripts/need-packages $(BUILD_PACKAGES)

test-packages: swift-is-there build-packages
	@scripts/need-packages $(TEST_PACKAGES)
