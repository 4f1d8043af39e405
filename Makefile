# Bedrock Messages: native Anthropic requests to AWS Bedrock, inside Envoy. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What a user may give: make run PORT=9000 BEDROCK=aws MODEL=… ONCE=1; make test ENVOY=/path/to/envoy or ENVOY_VERSION=1.39.3
PORT ?= 8080
BEDROCK ?= simulator
MODEL ?=
ONCE ?=
ENVOY ?=
ENVOY_VERSION ?=
# The tests of one group share what is slow to start, so they stay in one process.
PYTEST ?= -n 2 --dist loadgroup
# make image PUSH=ghcr.io/example/bedrock-messages:0.1.0; PLAIN_HTTP=1 for a registry without TLS.
PUSH ?=
PLAIN_HTTP ?=
export PORT BEDROCK MODEL ONCE ENVOY ENVOY_VERSION

# The Envoy versions that the end-to-end tests of `make test-matrix` run in.
MATRIX := 1.36.4 1.37.0 1.39.3 1.40.0
# Those that `make test-gateway` starts below Envoy Gateway; GATEWAY_PYTEST='-k streams -x': some of its tests.
GATEWAY_ENVOY ?= 1.39.3 1.40.0
GATEWAY_PYTEST ?=

use_tools := set -a; . .tools/env; set +a;

.PHONY: help setup build image simulator run test test-rust test-e2e test-pair test-matrix test-gateway errors bench fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: PORT=8080  BEDROCK=simulator|aws  MODEL=…  ENVOY=/path/to/envoy  ENVOY_VERSION=$(shell cat envoy/VERSION)'

setup: ## Find or fetch the toolchain, Envoy and the tests' Python packages
	@scripts/setup

build: ## Build the filter: dist/bedrock_messages.wasm
	@scripts/setup rust
	@scripts/build

image: build ## The filter as an OCI image in dist/image, for Envoy Gateway (PUSH=registry/repository:tag pushes it)
	@$(use_tools) cargo run --quiet --locked -p bedrock-messages-tools -- image --layout dist/image \
		$(if $(PUSH),--push '$(PUSH)') $(if $(PLAIN_HTTP),--plain-http)

simulator:
	@scripts/setup rust
	@$(use_tools) cargo build --locked -p bedrock-simulator

run: ## Start the filter in Envoy before a simulated Bedrock (BEDROCK=aws: the real one) and send a request
	@scripts/setup rust envoy
	@scripts/build
	@if [ "$(BEDROCK)" = simulator ]; then $(MAKE) simulator; fi
	@$(use_tools) exec scripts/run

test: ## Everything that must hold: format, lints, unit tests, end-to-end tests in Envoy
	@scripts/setup
	@$(MAKE) test-rust
	@$(MAKE) test-e2e

test-rust: ## The part of `make test` without Envoy
	@scripts/setup rust
	@$(use_tools) scripts/check-rust

test-e2e: build simulator ## The end-to-end tests, in one Envoy version (PYTEST='-k streams -x': some of them)
	@scripts/setup
	@$(use_tools) "$$PYTHON" -m pytest tests/e2e $(PYTEST)

test-pair: build simulator ## The same tests through the filter's two instances, role transform and hold
	@scripts/setup
	@$(use_tools) ROLE=pair "$$PYTHON" -m pytest tests/e2e $(PYTEST)

test-matrix: build simulator ## The end-to-end tests in every Envoy version that is supported
	@scripts/setup python clients node
	@$(use_tools) for version in $(MATRIX); do \
		echo "Envoy $$version"; \
		ENVOY=$$(scripts/setup --envoy-version $$version) "$$PYTHON" -m pytest tests/e2e $(PYTEST) || exit 1; \
	done

test-gateway: build simulator ## The files of envoy/gateway in an Envoy Gateway, which is built once with Go; GATEWAY_ENVOY=1.39.3
	@scripts/setup python clients node
	@$(use_tools) cargo build --locked -p bedrock-messages-tools
	@$(use_tools) scripts/test-gateway $(GATEWAY_ENVOY) -- $(GATEWAY_PYTEST)

errors: build ## Write docs/errors.md anew, from what a client sees of each error
	@scripts/setup
	@$(use_tools) UPDATE_DOCS=1 "$$PYTHON" -m pytest -q tests/e2e/test_error_table.py

bench: ## Run the benchmarks of the core
	@scripts/setup rust
	@# Without the CPU's SHA instructions, which a wasm module does not have.
	@$(use_tools) RUSTFLAGS='--cfg sha2_backend="soft"' cargo bench --locked --benches --target-dir "$${CARGO_TARGET_DIR:-target}/bench"

fuzz: ## Run the fuzz targets for a while
	@scripts/setup rust
	@$(use_tools) scripts/fuzz

clean: ## Remove what was built (.tools and .venv, what setup fetched, stay)
	rm -rf dist
	cargo clean
