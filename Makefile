# One truth for a person, the pre-commit hook and CI. `make help` lists the targets.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
OUT     ?= out
SITE    ?= $(wildcard site.yaml)
# With a wheelhouse/ (made by `make wheelhouse` on a machine with internet) nothing is fetched.
WHEELS  := $(if $(wildcard wheelhouse/*.whl),--no-index --find-links wheelhouse)
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: $(WHEELS)
PYTEST  := $(BIN)/python -m pytest
JOBS    ?= 2
# The real libraries that write the benign corpus; PyTorch comes first: name an index
# with builds for the CPU in TORCH, or gigabytes of CUDA come with it.
CORPUS  ?= .corpus
TORCH   ?= torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help scan test test-lab lint fmt bench fuzz corpus docs lock wheelhouse repro samples ci clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 lacks venv: install python3-venv" >&2; exit 1; }
	@$(BIN)/python scripts/link_checkout.py
	@touch $@

$(VENV)/.runtime: requirements.lock $(VENV)/.made
	@echo "installing what requirements.lock names $(if $(WHEELS),from wheelhouse/,)"
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.made
	@echo "installing what requirements-dev.lock names $(if $(WHEELS),from wheelhouse/,)"
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime

scan: $(VENV)/.runtime  ## audit this machine and write out/ (findings are not a make error)
	@$(BIN)/python -m auditor scan -o $(OUT) $(if $(SITE),--site $(SITE)) $(ARGS) || { code=$$?; [ $$code -eq 1 ] || [ $$code -eq 3 ] || exit 1; }

test: $(VENV)/.dev  ## run the tests
	@$(PYTEST) -n $(JOBS) -m "not lab" $(ARGS)

test-lab: $(VENV)/.dev  ## run the tests that need root, a special kernel or more tools
	@$(PYTEST) -m lab -rs $(ARGS)

lint: $(VENV)/.dev  ## format check, ruff, mypy, import contracts, file sizes
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check . ; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports
	@$(BIN)/python scripts/check_sizes.py

fmt: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## measure time and memory, with peers where they are installed
	@$(BIN)/python tests/perf/bench.py $(ARGS)

fuzz: $(VENV)/.dev  ## run every property test longer (T= examples a test)
	@FUZZ_EXAMPLES=$(or $(T),2000) $(PYTEST) -n $(JOBS) tests/property $(ARGS)

$(CORPUS)/.made: requirements-corpus.lock
	@$(PYTHON) -m venv $(CORPUS)
	@$(CORPUS)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	@$(CORPUS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements-corpus.lock
	@touch $@

corpus: $(CORPUS)/.made  ## write the benign corpus by the real libraries (needs internet, 2.4 GB)
	@rm -rf build/benign && mkdir -p build/benign
	@$(CORPUS)/bin/python scripts/make_benign_corpus.py build/benign $(ARGS)

docs: $(VENV)/.dev  ## generate the reference pages and schemas
	@$(BIN)/python scripts/make_reference.py

samples: $(VENV)/.dev  ## build the recorded hosts again
	@$(BIN)/python scripts/make_samples.py

lock:  ## resolve the requirements again (needs internet and uv)
	@for name in requirements requirements-dev; do \
	  uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate $$name.in -o $$name.lock || exit 1; done
	@echo 'torch ; python_version < "3"' | uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --override - requirements-corpus.in -o requirements-corpus.lock

wheelhouse: $(VENV)/.made  ## fetch every locked wheel for an installation without internet
	@mkdir -p wheelhouse
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  $(foreach p,$(PLATFORMS),--platform $(p)) $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION)) \
	  -r requirements-dev.lock -d wheelhouse
	@cd wheelhouse && sha256sum *.whl > SHA256SUMS && echo "wheelhouse/ holds $$(ls *.whl | wc -l) wheels"

repro: $(VENV)/.dev  ## build the wheel twice and compare the bytes
	@$(BIN)/python scripts/check_reproducible.py

ci:  ## what .ci/run runs
	@bash .ci/run

clean:  ## remove what the targets made
	@rm -rf $(VENV) $(OUT) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
