# Thin on purpose: what a target does is in the command it runs.
BOARDPROOF = .venv/bin/boardproof
DIGITS = examples/digits

.PHONY: help demo test test-long lint format bench fuzz ladder examples

help: ## Lists these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## Installs what is missing, then proves the digits example on an emulated Cortex-M4F
	@scripts/setup run
	$(BOARDPROOF) run $(DIGITS)/digits.keras

# worksteal: each worker goes through neighbouring tests, so that what a module builds is built once.
test: ## Installs what is missing, then runs the tests; those on native and QEMU must not be skipped
	@scripts/setup dev
	BOARDPROOF_REQUIRE=native,qemu .venv/bin/python -m pytest -n 2 --dist worksteal

test-long: ## The operators' property tests with 300 cases each, on the host and on QEMU
	@scripts/setup dev
	BOARDPROOF_CASES=300 BOARDPROOF_REQUIRE=native,qemu .venv/bin/python -m pytest -n 2 --dist worksteal tests/firmware tests/e2e

lint: ## Style, types, import rules and C formatting
	@scripts/setup dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python scripts/check_c_format.py

format: ## Formats Python and C
	@scripts/setup dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/python scripts/check_c_format.py --fix

bench: ## Instructions, flash, arena and stack of the benchmark networks
	@scripts/setup dev
	.venv/bin/python -m benchmarks

ladder: ## Every technique on Fashion-MNIST, in one table (docs/smaller.md); a quarter of an hour on 2 cores
	@scripts/setup dev
	@mkdir -p boardproof-out
	$(BOARDPROOF) ladder examples/fashion/experiment.py --report boardproof-out/fashion.html

examples: ## Trains the examples anew (fashion: see ladder), in boardproof-out/examples; keywords needs espeak-ng and flite
	@command -v espeak-ng >/dev/null && command -v flite >/dev/null || \
		{ echo "boardproof: keywords needs speech: apt-get install espeak-ng flite" >&2; exit 1; }
	@scripts/setup dev
	@set -e; for name in digits photos gestures keywords; do \
		echo "boardproof: $$name"; \
		.venv/bin/python examples/$$name/train.py --out boardproof-out/examples/$$name; \
		cp examples/$$name/boardproof.toml boardproof-out/examples/$$name; \
	done

fuzz: ## Fuzzes both decoders, and the protocol under faults, for minutes rather than seconds
	@scripts/setup dev
	BOARDPROOF_FUZZ_RUNS=2000000 BOARDPROOF_EXCHANGES=10000 .venv/bin/python -m pytest --hypothesis-profile=fuzz \
		tests/firmware/test_link_fuzz.py tests/firmware/test_link_frames.py tests/device/test_frames.py \
		tests/device/test_protocol_faults.py
