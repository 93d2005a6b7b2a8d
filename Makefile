# make demo   the whole story on the sample data
# make test   all tests
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
# tests of what C does where there is a compiler, and Python elsewhere
TWICE = tests/cards tests/compiled tests/conventions tests/exchange/prov tests/files tests/fuzz tests/actions/test_api.py tests/actions/test_edits.py

.PHONY: demo test lowest slow bench lint docs fuzz clean

demo: $(READY)
	$(BIN)/fitsprov demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
	FITSPROV_PURE=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" $(TWICE)

# the same with the lowest versions that pyproject.toml allows
lowest:
	$(PYTHON) -m venv --clear .venv-lowest
	$(PYTHON) tests/lowest.py > .venv-lowest/pins.txt
	.venv-lowest/bin/python -m pip install --quiet -r .venv-lowest/pins.txt
	FITSPROV_NEED_COMPILED=1 .venv-lowest/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	.venv-lowest/bin/python -m pytest -n 2 --dist loadfile -m "not slow"

slow: $(READY)
	$(BIN)/python -m pytest -n 2 -m slow

bench: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m compileall -q fitsprov
	$(BIN)/python tests/benchmarks/run.py

fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python tests/fuzz/run.py --seconds 120

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python -m sphinx -W -b html docs docs/_build/html

clean:
	rm -rf $(VENV) .venv-lowest docs/_build .pytest_cache .mypy_cache .ruff_cache

$(READY): pyproject.toml hatch_build.py $(wildcard fitsprov/compiled/*.p[xy][xd])
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fitsprov needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,lint,docs]'
	$(BIN)/python -m compileall -q fitsprov
	$(BIN)/python -m fitsprov.compiled
	touch $@
