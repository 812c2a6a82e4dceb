# Every target is one call of the command line, so you can also work without make. GNU make 3.81 is enough.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup check train-speech train-images train-text evaluate-speech evaluate-images evaluate-text crossval-speech diagnose-speech diagnose-images diagnose-text report overfit underfit vanish explode no-backprop lab predict gradcheck test fuzz lint bench dist clean distclean

PYTHON ?= python3
DATASET ?=
PRESET ?= fast
EPOCHS ?=
SEED ?= 0
ARGS ?=
TASK ?= images

BIN := .venv/bin
READY := .venv/ready
BACKPROP := $(BIN)/backprop
TRAIN = $(BACKPROP) train $(1) $(if $(DATASET),--dataset "$(DATASET)") --preset $(PRESET) --seed $(SEED) $(if $(EPOCHS),--epochs $(EPOCHS)) $(ARGS)
DIAGNOSE = $(BACKPROP) diagnose $(1) $(if $(DATASET),--dataset "$(DATASET)") --preset $(PRESET) --seed $(SEED) $(if $(EPOCHS),--epochs $(EPOCHS)) $(ARGS)
DEMONSTRATE = $(BACKPROP) demonstrate $(1) $(if $(DATASET),--dataset "$(DATASET)") --seed $(SEED) $(ARGS)
EVALUATE = $(BACKPROP) evaluate models/$(1).safetensors $(if $(DATASET),--dataset "$(DATASET)") $(ARGS)

help: ## List the targets and the variables
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: DATASET (a name, folder or CSV manifest)  PRESET (fast, best)  EPOCHS  SEED  ARGS (further options)"
	@echo "Example:   make train-images DATASET=fashion-mnist SEED=1"

setup: $(READY) ## Make the environment in .venv (every target that needs it does this too)

# Made anew when the pinned versions change; uv is used where it is installed, because it is quicker.
$(READY): pyproject.toml requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found: install Python 3.11 or newer, or say make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than Python 3.11: say make PYTHON=..." >&2; exit 1; }
	@if command -v uv >/dev/null; then \
		set -e; uv venv --quiet --clear --python "$(PYTHON)" .venv; \
		uv pip install --quiet --python .venv -c requirements.lock -e '.[dev]'; \
	else \
		set -e; $(PYTHON) -m venv --clear .venv; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'; \
	fi
	@touch $@

check: $(READY) ## Check a data set without training: make check DATASET=my-words
	$(BACKPROP) datasets check "$(DATASET)" $(ARGS)

train-speech: $(READY) ## Train on spoken digits; writes models/speech.safetensors
	$(call TRAIN,speech)

train-images: $(READY) ## Train on handwritten digits; writes models/images.safetensors
	$(call TRAIN,images)

train-text: $(READY) ## Train on sentences to a voice assistant; writes models/text.safetensors
	$(call TRAIN,text)

evaluate-speech: $(READY) ## Measure models/speech.safetensors on its test split
	$(call EVALUATE,speech)

evaluate-images: $(READY) ## Measure models/images.safetensors on its test split
	$(call EVALUATE,images)

evaluate-text: $(READY) ## Measure models/text.safetensors on its test split
	$(call EVALUATE,text)

crossval-speech: $(READY) ## Test on each speaker in turn, trained on the others
	$(BACKPROP) crossval speech $(if $(DATASET),--dataset "$(DATASET)") --preset $(PRESET) --seed $(SEED) $(if $(EPOCHS),--epochs $(EPOCHS)) $(ARGS)

diagnose-speech: $(READY) ## Say what went wrong with learning spoken digits, if anything, and what to try next
	$(call DIAGNOSE,speech)

diagnose-images: $(READY) ## The same for handwritten digits
	$(call DIAGNOSE,images)

diagnose-text: $(READY) ## The same for sentences to a voice assistant
	$(call DIAGNOSE,text)

report: $(READY) ## Diagnose learning handwritten digits, and write reports/report.html; for words: TASK=speech
	$(call DIAGNOSE,$(TASK)) --out reports

overfit: $(READY) ## Make a network memorise its training samples, and cure it
	$(call DEMONSTRATE,overfit)

underfit: $(READY) ## Make a network that cannot learn enough, and cure it
	$(call DEMONSTRATE,underfit)

vanish: $(READY) ## Make the gradients of a deep network vanish, and cure it
	$(call DEMONSTRATE,vanish)

explode: $(READY) ## Make the gradients of a deep network explode, and cure it
	$(call DEMONSTRATE,explode)

no-backprop: $(READY) ## Learn without backpropagation, and with it
	$(call DEMONSTRATE,no-backprop)

lab: $(READY) ## Open the local page: draw, speak, teach, and watch a network learn
	$(BACKPROP) lab $(ARGS)

predict: $(READY) ## Recognise files: make predict ARGS="models/speech.safetensors word.wav"
	$(BACKPROP) predict $(ARGS)

gradcheck: $(READY) ## Compare all gradients with numerical ones; for a model: make gradcheck ARGS=models/speech.safetensors
	$(BACKPROP) gradcheck $(ARGS)

# Each worker has a core: with two threads of OpenBLAS in each, the workers wait for one another.
test: $(READY) ## Run the tests, on up to four cores
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

fuzz: $(READY) ## Damage ten thousand files and give them to the program; writes benchmarks/results/fuzz.json
	$(BIN)/python -m tests.fuzz $(or $(ARGS),--write)

lint: $(READY) ## Check style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: $(READY) ## Measure speed and memory again, or the benchmarks in ARGS; writes benchmarks/results/
	$(BIN)/python -m benchmarks $(or $(ARGS),training_speed waiting_time prediction_speed memory sparse_rows time_to_accuracy)

dist: $(READY) ## Build the wheel and the source distribution in dist/, and check both
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*

clean: ## Remove models, caches and files that tools left behind
	rm -rf models reports data/cache build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## Also remove downloads and the environment
	rm -rf data/downloads .venv
