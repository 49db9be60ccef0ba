# Everything a person or CI runs. `make` alone lists the commands.
#
# The target folder lies outside the clone, so that clean clones share one build of polars; set CARGO_TARGET_DIR to move it.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/carnet
export CARGO_TARGET_DIR ?= $(CACHE)/target
BIN := $(CARGO_TARGET_DIR)/debug
# The kernel's other engine is a workspace of its own; see its Cargo.toml.
EVCXR := --locked --manifest-path kernel-ext/evcxr/Cargo.toml
# The peer of `make bench-kernel`.
STOCK := $(CACHE)/stock/bin/evcxr_jupyter
PYTHON ?= python3
# The project's notebooks; a scratch notebook beside them is yours.
NOTEBOOKS := $(or $(shell git ls-files 'notebooks/*.ipynb' 2>/dev/null),$(wildcard notebooks/*.ipynb))

.DEFAULT_GOAL := help
.PHONY: help demo test lab notebook lint fmt build kernel kernel-evcxr components browser container bench-load bench-kernel conformance fuzz

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 22

demo: build kernel ## the whole chain from nothing: load, notebook, models, artefact, API, one answer
	@BIN=$(BIN) scripts/demo

test: build kernel components .venv/bin/jupyter-lab ## all tests: units, documents, real databases, kernel, HTTP; then the notebooks
	scripts/test-servers cargo test --locked --workspace
	cargo test $(EVCXR)
	.venv/bin/python bench/conformance.py --kernel $(BIN)/carnet-kernel --evcxr $(BIN)/carnet-kernel-evcxr
	JUPYTER_PATH=.venv/share/jupyter .venv/bin/python -m unittest discover --start-directory cli/papermill/tests
	$(BIN)/carnet notebook check $(NOTEBOOKS)
	scripts/check-notebooks $(BIN)/carnet $(NOTEBOOKS)

browser: build kernel components .venv/bin/jupyter-lab ## look at notebooks in JupyterLab in a real browser (needs node; SCREENSHOTS=docs keeps pictures)
	$(BIN)/flights load
	scripts/browser-check $(SCREENSHOTS)

lab: build kernel components .venv/bin/jupyter-lab ## open JupyterLab with the Carnet kernel
	.venv/bin/jupyter-lab --notebook-dir=notebooks $(LAB_FLAGS)

notebook: build kernel ## execute the notebooks again, in place, and check them
	$(BIN)/flights load
	set -e; for file in $(NOTEBOOKS); do JUPYTER_PATH=.venv/share/jupyter $(BIN)/carnet notebook run $$file; done
	$(BIN)/carnet notebook check $(NOTEBOOKS)

lint: ## formatting, clippy and workflow checks, warnings are errors
	cargo fmt --all --check
	cargo fmt --manifest-path kernel-ext/evcxr/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy $(EVCXR) --all-targets -- -D warnings
	scripts/lint-features
	scripts/lint-workflows

fmt: ## format the code
	cargo fmt --all
	cargo fmt --manifest-path kernel-ext/evcxr/Cargo.toml

build: ## compile everything once (the first time takes about a quarter of an hour: polars)
	cargo build --locked --workspace --lib --bins

bench-load: build .venv-bench/bin/python ## measure the loaders against their peers, and with more rows (20 minutes)
	CARNET_BENCH=$(BIN)/carnet-bench CARNET_TEST_JAVA=-Xmx8g scripts/test-servers .venv-bench/bin/python bench/load.py $(BENCH_FLAGS)

bench-kernel: build kernel-evcxr .venv/bin/jupyter-lab $(STOCK) ## measure the kernel against stock evcxr_jupyter and bare rustc (half an hour, the first time an hour)
	$(BIN)/flights load
	.venv/bin/python bench/kernel.py --kernel $(BIN)/carnet-kernel --evcxr $(BIN)/carnet-kernel-evcxr --stock $(STOCK) $(BENCH_FLAGS)

conformance: build kernel-evcxr .venv/bin/jupyter-lab $(STOCK) ## compare what cells show under both engines and under stock evcxr_jupyter, and record stock's side for `make test` (10 minutes)
	.venv/bin/python bench/conformance.py --kernel $(BIN)/carnet-kernel --evcxr $(BIN)/carnet-kernel-evcxr --stock $(STOCK)

$(STOCK):
	CARGO_TARGET_DIR= cargo install evcxr_jupyter --locked --version 0.22.0 --root $(CACHE)/stock

fuzz: ## run the decoders on hostile bytes, ten minutes each (needs a C++ compiler)
	scripts/fuzz

container: ## build the API's image, start it and ask it for a prediction (needs Docker and `make demo` before)
	scripts/container-check

kernel: build ## install the kernel into .venv
	@$(BIN)/carnet-kernel install --prefix .venv --name carnet

kernel-evcxr: kernel ## build the kernel's other engine, evcxr, and make it known to JupyterLab (the first time six minutes)
	cargo build $(EVCXR)
	@$(BIN)/carnet-kernel-evcxr install --prefix .venv

# What completion reads; rustup does not bring a component of rust-toolchain.toml to a toolchain that is there already.
components:
	@root=$$(rustc --print sysroot); test -x $$root/bin/rust-analyzer -a -d $$root/lib/rustlib/src/rust/library || \
		rustup component add rust-analyzer rust-src

# Peers have an environment of their own, which nothing but the benchmarks needs.
.venv-bench/bin/python: bench/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --requirement bench/requirements.txt
	touch $@

.venv/bin/jupyter-lab: notebooks/requirements.txt cli/papermill/pyproject.toml cli/papermill/carnet_papermill.py
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --requirement notebooks/requirements.txt
	.venv/bin/pip install --quiet --no-deps --force-reinstall ./cli/papermill
	touch $@
