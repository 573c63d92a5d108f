SHELL := /bin/bash
.DEFAULT_GOAL := help

# Where rustup puts cargo, for shells that have not read its environment file.
export PATH := $(PATH):$(HOME)/.cargo/bin

# The port of `make demo`.
DEMO_PORT ?= 8080
# What `make demo` and `make build` compile. A first release build takes about ten minutes on two cores, PROFILE=dev about half of it, and makes the
# demo several times faster; after a change of the code PROFILE=dev is the quicker way to see it.
PROFILE ?= release

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/pesanan

.PHONY: help install build demo test fmt lint deny ubl openapi

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: ## Install the packages that are missing (Debian, Ubuntu), or say which they are
	@scripts/install-packages

build: install ## Compile (PROFILE=release)
	cargo build --locked --profile $(PROFILE)

demo: build ## Start a demo on http://127.0.0.1:DEMO_PORT (8080) with its own PostgreSQL and data in .pesanan
	@exec $(BINARY) demo --port $(DEMO_PORT)

test: install ## Check format and lints and run all tests, as CI does
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@if cargo deny --version > /dev/null 2>&1; then $(MAKE) --no-print-directory deny; fi
	@trap scripts/stop-test-postgres EXIT; \
	if cargo nextest --version > /dev/null 2>&1; then \
	  cargo nextest run --locked --no-fail-fast && cargo test --locked --doc; \
	else \
	  cargo test --locked --no-fail-fast; \
	fi

fmt: ## Format the code
	cargo fmt

lint: install ## Run clippy as CI does
	cargo clippy --locked --all-targets -- -D warnings

deny: ## Check licences, bans and sources of the dependencies, where cargo-deny is installed
	@if ! cargo deny --version > /dev/null 2>&1; then \
	  echo 'cargo-deny is missing: cargo install cargo-deny --locked --debug (a minute on two cores)'; exit 1; \
	fi
	cargo deny --locked check --hide-inclusion-graph licenses bans sources

ubl: install ## Hold the tests' UBL documents to CEN's Schematron (PyPI, python3)
	scripts/check-ubl

openapi: install ## Write openapi/pesanan.v1.json anew
	@mkdir -p openapi
	cargo run --quiet --locked -- openapi > openapi/pesanan.v1.json.new
	@mv openapi/pesanan.v1.json.new openapi/pesanan.v1.json
