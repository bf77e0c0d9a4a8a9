# The words of this house. Each does its own set-up: a fresh checkout, Python 3.11 or newer, git and make are enough.
# PYTHON=... chooses the interpreter of the virtual environment; TEST_ARGS, BENCH_ARGS, DEMO_ARGS and MUTATION_ARGS are passed on.

PYTHON ?=
TEST_ARGS ?=
BENCH_ARGS ?= --quick
DEMO_ARGS ?=
MUTATION_ARGS ?=

# Where that is set, every process compiles every source anew: a second of each start, and the tests start some hundred collectors.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
NEEDS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint bench mutation architecture style servers clean

help: ## says these lines
	@sed -n 's/^\([a-z-]*\):.*## /make \1|/p' Makefile | while IFS='|' read -r word says; do printf '%-18s %s\n' "$$word" "$$says"; done

demo: .venv/.ready-to-run ## runs the example bank, an outage and the page it causes; ends by itself with a summary
	$(BIN)/fournines demo --out demo-out $(DEMO_ARGS)

test: .venv/.ready-to-develop servers ## every test but those that run for minutes, with branch coverage
	$(BIN)/pytest -m "not long" -n 4 --dist worksteal -rfEs --cov --cov-report=term $(TEST_ARGS)

test-long: .venv/.ready-to-develop servers ## the tests that run for minutes
	$(BIN)/pytest -m long -n 2 --dist worksteal -rfEs --timeout=1200 $(TEST_ARGS)

lint: .venv/.ready-to-develop ## ruff and mypy, strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p fournines
	$(BIN)/mypy --explicit-package-bases benchmarks tests/conftest.py docs/plans

bench: .venv/.ready-to-measure servers ## every benchmark, the short way; BENCH_ARGS= for the long one
	@scripts/bench $(BENCH_ARGS)

mutation: .venv/.ready-to-develop ## plants faults in the arithmetic and says which of them no test notices; MUTATION_ARGS=slo/burn.py for one module
	@nice -n 19 $(BIN)/python tests/mutation/run.py $(MUTATION_ARGS)

architecture: .venv/.ready-to-develop ## draws docs/architecture.md anew from the code, with its pictures
	@PYTHONPATH=docs $(BIN)/python -m plans.architecture

style: .venv/.ready-to-develop ## measures docs/style.md anew: the house beside four well built ones
	@PYTHONPATH=docs $(BIN)/python -m plans.style

servers: ## fetches Debian's Prometheus and Alertmanager for the tests, where apt-get is there
	@scripts/servers

clean: ## removes what the words above made; a ledger in fournines-data stays
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist fournines.egg-info demo-out
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.venv/.ready-to-run: $(NEEDS)
	@PYTHON="$(PYTHON)" scripts/venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[all]'
	@touch $@

.venv/.ready-to-develop: $(NEEDS)
	@PYTHON="$(PYTHON)" scripts/venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ .venv/.ready-to-run

.venv/.ready-to-measure: .venv/.ready-to-develop
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[bench]' || echo "bench: rotel could not be installed; it is left out"
	@touch $@ .venv/.ready-to-develop .venv/.ready-to-run
