# Thin on purpose: each target is one script in tools/. `make demo` and `make test` need nothing set up before.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs bench clean

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## make .venv from the lock files, compile the kernel
	@tools/setup.sh test

demo:  ## run the main job on ordinary media made on the spot (CHECK=1: unattended, exit 0 only if all was seen)
	@tools/setup.sh demo
	@CHECK="$(CHECK)" tools/demo.sh

test:  ## lint and all tests (LONG=1: the long ones too; TESTS=path: only these)
	@tools/setup.sh test
	@LONG="$(LONG)" TESTS="$(TESTS)" tools/test.sh

lint:  ## ruff, strict types, import contract, house rules, templates
	@tools/setup.sh test
	@tools/lint.sh

docs:  ## build the documentation into site/, strictly
	@tools/setup.sh test
	@tools/docs.sh

bench:  ## measure: make bench NAME=match
	@tools/setup.sh bench
	@tools/bench.sh "$(NAME)"

clean:  ## remove what the above made, but for var/
	@rm -rf .venv build site .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	@find src -name '*.so' -delete
