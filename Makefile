# Everything is installed into .venv beside this file. Nothing else on the machine changes, save that
# `make test` installs Chromium and nginx when there are none and it runs as root on Debian or Ubuntu.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help app dev test check lint format bench docs picture browser nginx clean distclean

PORT ?= 8501
ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
APP_READY := $(VENV)/app-installed
TESTS_READY := $(VENV)/tests-installed
PIP_INSTALL := $(RUN) -m pip install --disable-pip-version-check

help:  ## list these tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(APP_READY)  ## open the app in the browser (another port: PORT=8600)
	@echo 'GPT Loss Explorer: http://127.0.0.1:$(PORT) (Ctrl+C ends it)'
	@GPT_EXPLORER_WARM=1 $(RUN) -m streamlit run gptcore/ui/server.py --server.address=127.0.0.1 \
		--server.port=$(PORT) --server.headless=false --server.showEmailPrompt=false --browser.gatherUsageStats=false \
		--server.fileWatcherType=none \
		--logger.hideWelcomeMessage=true  # which also keeps Streamlit's own advice to developers off the page

dev: $(APP_READY)  ## the same while the code is worked on: pages change as soon as a file is saved
	@GPT_EXPLORER_DEV=1 $(RUN) -m streamlit run app.py --server.folderWatchList='$(CURDIR)/gptcore/ui/text' \
		--server.address=127.0.0.1 --server.port=$(PORT) --server.headless=false \
		--server.showEmailPrompt=false --browser.gatherUsageStats=false --server.runOnSave=true

# All tests run in two processes, file by file; the browser's come after the others, since Playwright keeps an event
# loop running in the process that it was used in. One of them that fails is tried once more, and the summary counts
# those: two browsers on two cores now and then wait longer than a test does.
test: $(TESTS_READY) browser nginx  ## run every test, the browser's too (some only: ARGS="tests/test_x.py -k word")
ifeq ($(strip $(ARGS)),)
	@status=0; \
	$(RUN) -m pytest -q -n 2 --dist loadfile -m 'not browser' || status=$$?; \
	$(RUN) -m pytest -q -n 2 --dist loadfile -m browser --reruns 1 -r RfE || status=$$?; \
	exit $$status
else
	$(RUN) -m pytest -q $(ARGS)
endif

lint: $(TESTS_READY)  ## look at layout, style and types
	$(RUN) -m ruff format --check
	$(RUN) -m ruff check
	$(RUN) -m mypy

check: lint test  ## lint, then test: what must pass before a change is taken

format: $(TESTS_READY)  ## lay the code out, and mend what can be mended by itself
	$(RUN) -m ruff check --fix --exit-zero --quiet
	$(RUN) -m ruff format
	$(RUN) -m ruff check

bench: $(TESTS_READY) browser nginx  ## measure speed and memory (some only: ARGS=score)
	$(RUN) -m tests.bench $(ARGS)

docs: $(TESTS_READY)  ## build the library's documentation and run its notebooks: build/docs/index.html
	$(RUN) -m tests.support.documentation $(ARGS)

picture: $(TESTS_READY) browser  ## take the README's pictures and animations again, in both languages
	$(RUN) -m tests.support.picture $(ARGS)

browser: $(TESTS_READY)  ## find Chromium, or install it, or say what to do
	@$(RUN) -m tests.support.chromium

nginx: $(TESTS_READY)  ## find nginx, which the tests of .deploy/ start, or install it, or say what to do
	@$(RUN) -m tests.support.nginx

clean:  ## remove caches and test results
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results build dist *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## remove the virtual environment as well
	rm -rf $(VENV)

# The first Python on PATH that is new enough and can make a virtual environment; PYTHON=… overrules it.
CANDIDATES := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)

$(RUN):
	@for python in $(CANDIDATES); do \
		"$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "$$python -m venv $(VENV)"; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo 'Python 3.11 or newer with its venv module is needed, and none was found among: $(CANDIDATES).' >&2; \
	echo 'Name one with `make PYTHON=/path/to/python3 …`; on Debian and Ubuntu, install python3-venv.' >&2; \
	exit 1

$(APP_READY): requirements.txt | $(RUN)
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(TESTS_READY): tests/requirements.txt tests/requirements-data.txt $(APP_READY)
	$(PIP_INSTALL) -r tests/requirements.txt
	$(PIP_INSTALL) --no-deps -r tests/requirements-data.txt
	@touch $@
