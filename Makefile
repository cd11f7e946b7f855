# The commands people type. `make` alone lists them.

# Outside of the checkout, so that every clone on a machine shares the compiled dependencies: RocksDB takes minutes.
CARGO_TARGET_DIR ?= $(HOME)/.cache/silhouette/target
export CARGO_TARGET_DIR

# One profile for everything, so that dependencies compile once.
CARGO := cargo
PROFILE := --release
BIN := $(CARGO_TARGET_DIR)/release

# What a bare Debian lacks: RocksDB's compiler, bindgen's library, a linker, the protocol compiler, network namespaces and curl for tests.
PACKAGES := clang-19 libclang-19-dev gcc libc6-dev protobuf-compiler cmake iproute2 ca-certificates curl

# Programs that the documentation's examples use and Debian does not have; outside of the checkout, too.
SILHOUETTE_TOOLS ?= $(HOME)/.cache/silhouette/tools
export SILHOUETTE_TOOLS

# API server, etcd and controller manager, which tests of the operator use; in folders by version.
include kind/versions.env
SILHOUETTE_KUBERNETES ?= $(HOME)/.cache/silhouette/kubernetes
export SILHOUETTE_KUBERNETES

# System tests start three or more servers each; more than two tests at a time starve a small machine.
SYSTEM_TEST_THREADS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup build man demo test unit system test-documentation test-kubernetes lint soak docs clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what a bare Debian lacks
	@missing=$$(for package in $(PACKAGES); do \
		dpkg-query -W -f='$${db:Status-Abbrev}' $$package 2>/dev/null | grep -q '^ii' || echo $$package; done); \
	if [ -n "$$missing" ]; then \
		echo "setup: installing" $$missing; \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@command -v $(CARGO) >/dev/null || { \
		echo "setup: cargo is missing; install Rust 1.95 or newer, see https://rustup.rs" >&2; exit 1; }

.PHONY: tools
tools: setup $(SILHOUETTE_TOOLS)/grpcurl ## Build what the documentation's examples need (grpcurl; installs Go where there is none)

$(SILHOUETTE_TOOLS)/grpcurl: $(wildcard tests/tools/*)
	tests/tools/build-grpcurl.sh $@

.PHONY: kubernetes-programs
kubernetes-programs: setup ## Build API server, etcd, controller manager and kubectl for test-kubernetes (installs Go where there is none)
	kind/build-programs.sh $(SILHOUETTE_KUBERNETES)/$(KUBERNETES_VERSION)/bin

build: setup ## Build the server, the client, the operator and the demonstration
	$(CARGO) build $(PROFILE) --locked --bins

man: build ## Write the manual pages of silhouettectl to $(CARGO_TARGET_DIR)/man
	$(BIN)/silhouettectl man --dir $(CARGO_TARGET_DIR)/man

demo: build ## Run three real nodes and three rounds, and check every answer (GRAPH=FILE takes a SNAP edge list)
	$(BIN)/silhouette-demo $(if $(GRAPH),--graph $(GRAPH))

test: lint unit system ## Run all tests that need no Go: format, lints, unit, property and whole-system

lint: setup ## Check format and lints, and the dependencies where cargo-deny is installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(PROFILE) --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check bans licenses sources; \
	else echo "lint: cargo-deny is not installed; dependencies were not checked"; fi

# Every command selects the whole workspace: a part of it would have other features, and compile dependencies again.
unit: setup ## Run unit, property and documentation tests
	$(CARGO) test $(PROFILE) --locked --workspace --lib --bins
	$(CARGO) test $(PROFILE) --locked --workspace --exclude silhouette-tests --test '*'
	$(CARGO) test $(PROFILE) --locked --workspace --doc

system: build ## Run the whole-system tests against real server processes
	$(CARGO) test $(PROFILE) --locked --workspace --test system -- --show-output --test-threads $(SYSTEM_TEST_THREADS)

test-documentation: build tools ## Run every command of the documentation
	$(CARGO) test $(PROFILE) --locked --workspace --test documentation -- --show-output

test-kubernetes: build kubernetes-programs test-documentation ## Run the tests that need Go: the documentation's, and the operator against a real API server
	$(CARGO) test $(PROFILE) --locked --workspace --test kubernetes -- --show-output --test-threads $(SYSTEM_TEST_THREADS)

soak: build ## Run the long schedules: faults, failure rates, a thousand rounds
	SILHOUETTE_SOAK=1 $(CARGO) test $(PROFILE) --locked --workspace --test system -- --show-output --test-threads 1
	$(CARGO) test $(PROFILE) --locked --workspace --exclude silhouette-tests --test '*' -- --ignored
	SIMULATION_SCHEDULES=20000 $(CARGO) test $(PROFILE) --locked --workspace --test simulator

docs: setup ## Write the pages that are generated from the code
	SILHOUETTE_WRITE_DOCS=1 $(CARGO) test $(PROFILE) --locked --workspace --lib --bins generated_page

clean: ## Delete everything that was built
	$(CARGO) clean
