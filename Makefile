# The front door for people: every line calls a script or the build. What to do is in scripts/ and CMakeLists.txt.
.DEFAULT_GOAL := help
.PHONY: help build test up down wipe bench sim soak chaos fuzz tsan memcheck fmt lint docs

SIM_ARGS ?= --fresh --seconds 60
SOAK ?=
HARNESS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the suite with sanitizers, into build/dev
	@scripts/install-deps.sh
	@cmake --preset dev >/dev/null
	@ninja -C build/dev

test: build ## build, then every test; the last line counts them
	@scripts/install-deps.sh --test
	@scripts/run-tests.sh

up: ## Kafka, Redis and the suite on this machine
	@scripts/up.sh

down: ## stop what `make up` started; everything is kept
	@scripts/down.sh

wipe: ## stop it and forget all its data and keys
	@scripts/wipe.sh

bench: ## measure, beside PostgreSQL and plain Kafka
	@scripts/install-deps.sh --bench
	@scripts/bench.sh

sim: ## the simulator, optimised, on every core; SIM_ARGS say how long
	@scripts/install-deps.sh
	@cmake --preset release >/dev/null
	@ninja -C build/release bhr-sim
	@build/release/tests/sim/bhr-sim --jobs "$$(nproc)" $(SIM_ARGS)

soak: ## the tests of volume at full size; SOAK="follower flood" for some
	@scripts/install-deps.sh --test
	@scripts/soak.sh $(SOAK)

chaos: ## real processes on real brokers under faults, then judged; SECONDS=600 SEED=
	@scripts/install-deps.sh --test
	@scripts/chaos.sh --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

fuzz: ## every decoder under libFuzzer: SECONDS=60 for each, HARNESS=name for one
	@scripts/install-deps.sh --fuzz
	@scripts/fuzz.sh SECONDS=$(or $(SECONDS),60) HARNESS=$(HARNESS)

tsan: ## a whole suite under ThreadSanitizer
	@scripts/install-deps.sh
	@scripts/sanitize.sh tsan

memcheck: ## a service process under valgrind, from start to end
	@scripts/install-deps.sh --memcheck
	@scripts/sanitize.sh memcheck

fmt: ## format every C file
	@scripts/install-deps.sh --lint
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

lint: ## formatting, purity, cppcheck, contracts, house style
	@scripts/install-deps.sh --lint
	@scripts/lint.sh

docs: ## write docs/CONFIG.md, OUTCOMES.md, METRICS.md and asyncapi.yaml from the tables
	@scripts/install-deps.sh
	@cmake --preset dev >/dev/null
	@ninja -C build/dev --quiet bhr-gendocs
	@build/dev/bhr-gendocs --write docs
