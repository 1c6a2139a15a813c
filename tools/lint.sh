#!/usr/bin/env bash
# Every check that reads the code without running it. Goes through all, then says which failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
step() { local name=$1; shift; echo "== $name" >&2; "$@" || failed+=("$name"); }
step "ruff" .venv/bin/ruff check
step "format" .venv/bin/ruff format --check -q
step "types" .venv/bin/mypy
step "imports" .venv/bin/lint-imports --no-logo
step "house rules and templates" .venv/bin/python tools/lint_house.py
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
