# Two commands to begin with:
#   make demo   from a bare machine to verified training data: recipes/quickstart.toml and a short summary
#   make test   everything that must hold
# Both install what they need first (scripts/setup.sh tells what). Everything is built once, in release mode.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: setup build images image-verilog demo test lint drift bench sqlx-prepare sqlx-check schemas registers clean

ASSAY := target/release/assay
QUICKSTART := recipes/quickstart.toml
MIXTURE := recipes/mixtures/quickstart.toml
OUT := out/quickstart

setup: ## install what is missing on this machine
	@scripts/setup.sh --join $$PPID

build: setup ## the program
	cargo build --release --locked

images: build ## every sandbox image; what is built already is kept
	$(ASSAY) sandbox build

image-verilog: build
	$(ASSAY) sandbox build verilog

demo: image-verilog ## the quickstart, from raw packages to shards
	build=$$($(ASSAY) build $(QUICKSTART) | tee >(cat >&2) | tail -n 1); \
	$(ASSAY) export $(MIXTURE) --out $(OUT) --build $$build; \
	scripts/summary.sh $$build $(OUT)

test: images lint drift ## all checks and all tests
	@scripts/test.sh

lint: setup ## layout and clippy, warnings being errors
	@cargo fmt --version >/dev/null && cargo clippy --version >/dev/null || rustup component add rustfmt clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --release --locked -- -D warnings

# After lint, whose check of the dependencies sqlx-check uses again.
drift: sqlx-check schemas registers

sqlx-check: | lint
	scripts/sqlx-prepare.sh --check

sqlx-prepare: setup ## describe the queries anew (.sqlx/), after changing SQL or migrations
	scripts/sqlx-prepare.sh

schemas: build ## fails if schemas/ isn't what the program prints; `scripts/schemas.sh` writes it
	scripts/schemas.sh --check

registers: setup ## fails if the board's tables and headers aren't what their crates give
	python3 sandboxes/stm32f407/generate/generate.py --check

bench: images ## ratios against baselines
	cargo bench --locked --package sandboxes --bench overhead --bench soak
	@for bench in benches/quickstart.py benches/verify_cpu.py benches/kills.py benches/x86_64.py benches/cadquery.py benches/cuda.py benches/cuda_kernels.py; do echo "== $$bench"; $$bench || exit; done

clean: ## what was built here; state (the database, images) stays
	cargo clean
