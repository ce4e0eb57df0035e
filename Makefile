# Moim. `make run` starts a server to try out, `make test` proves the tree.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
MOIM := $(TARGET)/release/moim
SECONDS := 60
WORKLOAD :=

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

.PHONY: run
run: build ## build and start a server with its data in ./data; Ctrl-C stops it
	@exec $(MOIM) serve --config ops/deploy/run.toml

.PHONY: demo
demo: build ## the same with made-up people who talk, so that there is something to see
	@exec $(MOIM) demo --serve --config ops/deploy/run.toml

.PHONY: run-real
run-real: build ## the same on real databases, started beside it with their data in ./data/real; Ctrl-C stops all
	@ops/tools/prepare.sh test
	@MOIM=$(MOIM) exec ops/deploy/run-real.sh

.PHONY: build
build: page ## the release binary, page included where Node is there
	@ops/tools/prepare.sh build
	@cargo build --release --locked -p moim

.PHONY: test
test: ## install what the tests need, run all of them, say how many passed
	@exec ops/testing/run.sh

.PHONY: test-stores
test-stores: ## the tests of the stores alone, on every database that they may be in
	@exec ops/testing/run.sh stores

.PHONY: check
check: ## the quick loop: format, lints, unit tests
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	@cargo test --workspace --lib --bins --locked

.PHONY: simulate
simulate: ## the engine under simulated faults: new seeds for SECONDS=60, or SEED=n again
	@$(if $(SEED),MOIM_SEED=$(SEED),MOIM_SECONDS=$(SECONDS)) cargo test --locked -p moim-engine --test simulation a_few_thousand -- --nocapture

.PHONY: bench-setup
bench-setup: build ## install and build what the load figures are compared with
	@perf/setup.sh

.PHONY: bench
bench: bench-setup ## load figures of this machine beside its peers', and the marks; WORKLOAD=rooms: one of perf/workloads alone
	@$(TARGET)/release/moim-perf $(if $(WORKLOAD),run $(WORKLOAD) --out $(TARGET)/perf-results/$(WORKLOAD),bench --out $(TARGET)/perf-results)

.PHONY: page
page: ## the web page, where Node is there and a source is newer than the last build
	@ops/tools/page.sh

.PHONY: tools
tools: ## install or name what building and testing need
	@ops/tools/prepare.sh test

.PHONY: clean-data
clean-data: ## forget everything that `make run` and `make demo` stored
	@rm -rf data
