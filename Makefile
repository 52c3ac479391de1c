# Python 3.11 or newer with venv, and make: nothing else is needed.
PYTHON ?= python3
RUN = .venv/bin/python
# Processes that share the suite, each with a database of its own.
WORKERS ?= 2
PYTEST = $(RUN) -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder
WITH_SERVICES = $(RUN) -m kamplan.services run --instance
# What one process compiled, the hundred that tests start need not compile once more.
export PYTHONDONTWRITEBYTECODE =
.DEFAULT_GOAL := help

# Installs a requirements file unless the very same one is installed already.
define install
@test -x .venv/bin/pip || $(PYTHON) -m venv --clear .venv
@sum=$$(cat requirements.txt $(1) | cksum); stamp=.venv/installed-$(1); \
if [ "$$sum" != "$$(cat $$stamp 2>/dev/null)" ]; then \
	echo "Installing $(1) ..."; \
	.venv/bin/pip install -qq --disable-pip-version-check -r $(1) && echo "$$sum" > $$stamp; \
fi
endef

.PHONY: help
help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.PHONY: setup
setup: ## Make .venv with everything the product needs
	$(call install,requirements.txt)

.PHONY: demo
demo: setup ## Run the whole product with a made-up company; Ctrl-C stops it, the data stay
	@exec $(RUN) -m kamplan.demo

.PHONY: forget
forget: setup ## Remove the made-up company with its data: the next demo begins anew
	@$(RUN) -m kamplan.services forget --instance demo

.PHONY: develop
develop: ## Make .venv with everything development and tests need
	$(call install,requirements-dev.txt)

.PHONY: browser
browser: ## Make sure that there is a Chromium for the tests
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium ..."; \
		apt-get -q -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -q -y install --no-install-recommends chromium; \
	else echo "The tests need Chromium. Install it with: sudo apt-get install chromium" >&2; exit 1; fi

.PHONY: test
test: develop browser ## Run the whole suite, then check style and types
	$(WITH_SERVICES) test -- $(PYTEST)
	@$(MAKE) --no-print-directory lint

.PHONY: lint
lint: develop ## Check style and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .

.PHONY: format
format: develop ## Put the code into its usual shape
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .

.PHONY: bench
bench: develop ## Measure recompute and pages with 1,000 and 10,000 accounts
	@# Never in a database that somebody uses: it is filled with made-up rows.
	env -u DATABASE_URL $(WITH_SERVICES) bench -- sh -c \
		'$(RUN) manage.py migrate --no-input --verbosity=0 && $(RUN) -m bench'
