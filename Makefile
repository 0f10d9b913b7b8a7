# make lab, make test: all a reader needs. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Which build of torch: cpu, cuda or the address of an index. By itself, Linux
# without an NVIDIA GPU takes the CPU build, and everything else the usual one.
TORCH ?=
# Where the CPU build lies, and pip or uv, if not those that are found.
CPU_INDEX ?=
INSTALLER ?=
INSTALL_FLAGS := $(if $(TORCH),--torch $(TORCH)) \
	$(if $(CPU_INDEX),--cpu-index $(CPU_INDEX)) \
	$(if $(INSTALLER),--installer $(INSTALLER))

# The environment imports helpers from the folder in which it was set up, which
# .ready names. In a copy, or after a move, it is set up again.
SET_UP_IN := $(shell cat $(READY) 2>/dev/null)
ifneq ($(SET_UP_IN),$(CURDIR))
.PHONY: $(READY)
WHY = $(if $(wildcard $(READY)),$(info The environment in .venv was set up for \
	$(or $(SET_UP_IN),an unknown folder). It is set up again for $(CURDIR).))
else ifneq ($(TORCH),)
# Another build than the one that is there: set up again, too.
ifneq ($(TORCH),$(shell cat $(VENV)/.torch 2>/dev/null))
.PHONY: $(READY)
WHY = $(info The environment in .venv is set up again, with TORCH=$(TORCH).)
endif
endif

# Jupyter refuses to run as root without its own flag: pass it there only.
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root)
# A machine without a display gets the address to open, not a browser.
ifneq ($(shell uname),Darwin)
LAB_FLAGS += $(if $(DISPLAY)$(WAYLAND_DISPLAY),,--no-browser)
endif

# What codespell reads.
TEXTS := README.md CONTRIBUTING.md CHANGELOG.md docs data helpers notebooks tests

.DEFAULT_GOAL := help
.PHONY: help lab test notebooks challenges lint coverage bench torture browser browser-short site clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' Makefile | \
		awk -F ':.*## ' '{ printf "make %-14s %s\n", $$1, $$2 }'

lab: $(READY) ## open JupyterLab on the start page
	$(BIN)/python -m jupyterlab --ServerApp.ip=127.0.0.1 $(LAB_FLAGS) \
		--ContentsManager.pre_save_hook=helpers.page.saving.before_saving \
		--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: $(READY) ## run every test and prove every output on every page
	$(BIN)/python -m pytest --nbval -n auto

notebooks: $(READY) ## execute every page anew and store it
	$(BIN)/python -m helpers notebooks

challenges: $(READY) ## make each challenge from its solution
	$(BIN)/python -m helpers challenges

lint: $(READY) ## style, types, spelling and habits, pages included
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m pyright --project pyproject.toml
	$(BIN)/python -m codespell_lib $(TEXTS)
	$(BIN)/python -m helpers habits

# Without the pages: nbval kills its kernels, and with them what they noted.
coverage: $(READY) ## run the tests, and list the lines that none of them runs
	$(BIN)/python -m pytest tests -n auto -q --cov

bench: $(READY) ## time training loops beside each other; judge their limits
	$(BIN)/python -m helpers bench

torture: $(READY) ## kill, fill and damage, hundreds of times; print one table
	TQDM_DISABLE=1 $(BIN)/python tests/checkpoints/torture.py
	TQDM_DISABLE=1 $(BIN)/python tests/launching/torture.py

browser: $(READY) ## run every page in a real browser, in both themes, and the site
	$(BIN)/python -m pip install --quiet --requirement tests/browser/requirements.txt
	$(BIN)/python -m tests.browser --out runs/screenshots
	$(BIN)/python -m tests.browser --dark --out runs/screenshots
	$(BIN)/python -m helpers site
	$(BIN)/python -m tests.browser --site --out runs/screenshots

browser-short: $(READY) ## a reader's way through the course in a real browser
	$(BIN)/python -m pip install --quiet --requirement tests/browser/requirements.txt
	$(BIN)/python -m tests.browser --short --out runs/screenshots

site: $(READY) ## build the pages as a site, in the folder site
	$(BIN)/python -m helpers site

clean: ## remove the environment (runs/ and pages stay)
	rm -rf $(VENV)

# A set-up that was interrupted leaves no .ready and is done again. A link to
# another environment is removed first: --clear would empty that environment.
$(READY): requirements.txt pyproject.toml
	$(WHY)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit( \
		None if (3, 11) <= v <= (3, 13) else "This is Python %d.%d, and the course \
	needs 3.11 to 3.13: make lab PYTHON=python3.12" % v)'
	@if [ -L $(VENV) ]; then rm $(VENV); fi
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m helpers install $(INSTALL_FLAGS)
	echo "$(TORCH)" > $(VENV)/.torch
	pwd -P > $(READY)
