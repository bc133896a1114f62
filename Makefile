# Two commands for a newcomer: `make run` serves the demo, `make test` runs the tests. Both set up .venv first.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: run test lint bench reference screenshots clean

run: .venv/ready
	$(BIN)/python -m imageserver demo

test: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready
	$(BIN)/python -m bench $(ARGS)

reference: .venv/ready
	$(BIN)/python -m imageserver.tools.reference --write README.md
	$(BIN)/python -m imageserver.tools.conformance --write docs/conformance.md
	$(BIN)/python -m imageserver catalog schema > docs/catalog.schema.json

screenshots: .venv/ready
	$(BIN)/python tests/screenshots.py $(ARGS)

.venv/ready: pyproject.toml
	command -v $(PYTHON) >/dev/null && $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache
