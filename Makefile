# Everything a newcomer, an operator of the demo, and CI do. `make help` lists it.
SHELL := /bin/bash
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j3  # three environments at once
endif
unexport PYTHONDONTWRITEBYTECODE  # else every process would compile anew what it imports
.DEFAULT_GOAL := help
export UV_SYSTEM_CERTS := 1
export UV_LINK_MODE := copy
export GX_ANALYTICS_ENABLED := false
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { command -v $$p; break; }; done)
UV := .local/bootstrap/bin/uv
RUN := PYTHONPATH=include .venv/bin/python
TOOLS := .venv-tools/bin

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

.local/bootstrap/done: locks/bootstrap.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, with its venv module"; exit 1; }
	@echo "preparing uv …"
	@$(PYTHON) -m venv .local/bootstrap && .local/bootstrap/bin/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/done: locks/airflow.lock .local/bootstrap/done
	@echo "installing Airflow and Interlock's dependencies …"
	@$(UV) venv -q --clear --python $(PYTHON) .venv && $(UV) pip install -q --python .venv/bin/python --require-hashes -r $<
	@.venv/bin/python include/interlock_sandbox/stack/known.py
	@printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m interlock.cli.main "$$@"\n' "$(CURDIR)" > .venv/bin/interlock && chmod +x .venv/bin/interlock
	@touch $@

.venv-erp/done: locks/erp.lock .local/bootstrap/done
	@echo "installing Tryton …"
	@$(UV) venv -q --clear --python $(PYTHON) .venv-erp && $(UV) pip install -q --python .venv-erp/bin/python --require-hashes -r $<
	@touch $@

.venv-tools/done: locks/tools.lock .local/bootstrap/done
	@echo "installing the checkers …"
	@$(UV) venv -q --clear --python $(PYTHON) .venv-tools && $(UV) pip install -q --python .venv-tools/bin/python --require-hashes -r $<
	@touch $@

.venv-bench/done: locks/bench.lock .local/bootstrap/done
	@echo "installing what benchmarks compare with …"
	@$(UV) venv -q --clear --python $(PYTHON) .venv-bench && $(UV) pip install -q --python .venv-bench/bin/python --no-deps --require-hashes -r $<
	@touch $@

venv: .venv/done .venv-erp/done .venv-tools/done ## install the three locked environments

demo: .venv/done .venv-erp/done ## bring everything up, run the process, show what happened
	@$(RUN) -m interlock_sandbox.demo

stop: ## end what the demo started
	@test ! -x .venv/bin/python || $(RUN) -m interlock_sandbox.stack.down

lint: venv ## style, types, imports, compose file
	@$(TOOLS)/ruff check --quiet . && $(TOOLS)/ruff format --quiet --check .
	@$(TOOLS)/mypy --python-executable .venv/bin/python
	@PYTHONPATH=include $(TOOLS)/lint-imports --no-cache | tail -3
	@$(TOOLS)/check-jsonschema -q --builtin-schema vendor.compose-spec docker-compose.yaml

format: .venv-tools/done ## put the code into shape
	@$(TOOLS)/ruff check --quiet --fix . ; $(TOOLS)/ruff format .

test: venv ## everything that must hold; lint and tests side by side, and how long each layer took
	@begin=$$SECONDS; { $(MAKE) --no-print-directory lint && echo "-- lint: $$((SECONDS - begin)) s"; } > .local/lint.log 2>&1 & \
	  $(RUN) -m pytest -q -n $(WORKERS) --dist loadscope --no-loadscope-reorder tests; tests=$$?; \
	  wait $$!; linted=$$?; cat .local/lint.log; echo "-- lint and tests in all: $$((SECONDS - begin)) s"; exit $$((tests | linted))

WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

chaos: venv ## a thousand seeded plans, and a kill at every commit and call (PLANS=1000)
	@$(RUN) -m pytest -q -n 2 tests/faults --stride 1 --plans $${PLANS:-1000} --first $${FIRST:-0}

BENCHMARKS := matching end_to_end staging no_change one_account growth quota decide_contracts invoicing payments

bench: venv .venv-bench/done ## both sides of each ratio, in one run (ONLY=staging: one of them; SIZE=2000: another size)
	@for name in $(if $(ONLY),$(ONLY),$(BENCHMARKS)); do echo "-- $$name"; \
	  case $$name in growth|decide_contracts) size="--sizes $$SIZE";; one_account) size="--pairs $$SIZE";; *) size="--size $$SIZE";; esac; \
	  PYTHONPATH=include:.:$$(echo .venv-bench/lib/python*/site-packages) .venv/bin/python -m benchmarks.$$name $${SIZE:+$$size} \
	    $$(test $$name = matching && echo --scale $${SCALE:-0}) || exit 1; done

mutants: venv ## break the code behind each invariant and see its test fail
	@$(RUN) tests/mutants.py

lock: .local/bootstrap/done ## resolve the locks anew
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group sandbox --group test -o locks/airflow.lock
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group bench -c locks/airflow.lock -o locks/bench.lock
	@for group in erp tools bootstrap; do $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group $$group -o locks/$$group.lock; done

.PHONY: help venv demo stop lint format test chaos bench mutants lock
