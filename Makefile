# The front door. Every target sets up what it needs: with cargo, Python 3.11+ and Node on the machine, nothing else is typed.

PYTHON ?= python3
SECONDS ?= 60
VENV := $(CURDIR)/.venv
STOCK := $(CURDIR)/.venv-stock

# For the tests and benchmarks: the command under test, and stock Locust to hold beside it.
export KATYDID := $(VENV)/bin/katydid
export KATYDID_TARGET := $(KATYDID) target
export STOCK_PYTHON := $(STOCK)/bin/python
export LOCUST_PYTHON := $(STOCK_PYTHON)
# One interpreter for every build of the extension, so that cargo does not rebuild PyO3 between targets.
export PYO3_PYTHON := $(VENV)/bin/python
export VIRTUAL_ENV := $(VENV)
# The runs of tests and benchmarks are nobody's history.
export KATYDID_STORE := none

.PHONY: demo test compat compat-table lint bench fuzz build wheel clean

demo: build ## practice server, a suite against it, live numbers, a summary
	$(VENV)/bin/python scripts/demo.py

test: build $(STOCK)/ready ## every test: Rust, Python, end to end, compatibility with stock Locust
	scripts/test

compat: build $(STOCK)/ready ## the compatibility suite alone: every case on stock Locust and on katydid
	$(VENV)/bin/python -m pytest -n 4 --dist loadfile tests/compat tests/e2e/test_hardness.py

compat-table: $(VENV)/ready ## docs/reference/compatibility.md, from the tests
	$(VENV)/bin/python tests/compat/table.py

lint: $(VENV)/ready ## formatting, lints and types of Rust, Python and the page; the tree's own rules
	scripts/lint

bench: build $(STOCK)/ready ## cost per request and truth of latencies, beside wrk and stock Locust
	benches/run.sh

fuzz: ## every parser of outside bytes, SECONDS=60 each
	fuzz/run.sh $(SECONDS)

build: $(VENV)/ready ## the page, and the package with its native half, optimised, into .venv
	scripts/page
	$(VENV)/bin/maturin develop --release --quiet

wheel: $(VENV)/ready ## what pip installs elsewhere: target/wheels has katydid and the stand-in katydid-locust
	scripts/page
	$(VENV)/bin/maturin build --release --quiet --out target/wheels
	$(VENV)/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir target/wheels python/katydid-locust

clean: ## everything that the other targets made
	rm -rf target fuzz/target .venv .venv-stock .pytest_cache .ruff_cache .mypy_cache web/dist web/node_modules python/katydid/_core*.so

$(VENV)/ready: pyproject.toml scripts/venv
	PYTHON="$(PYTHON)" scripts/venv $(VENV) dev

$(STOCK)/ready: pyproject.toml scripts/venv
	PYTHON="$(PYTHON)" scripts/venv $(STOCK) stock
