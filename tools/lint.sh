#!/usr/bin/env bash
# Every check that reads the code without running it. Goes through all, then says which failed.
# The types are read on another core meanwhile: they take the longest.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
step() { local name=$1; shift; echo "== $name" >&2; "$@" || failed+=("$name"); }
types=$(mktemp)
trap 'rm -f "$types"' EXIT
.venv/bin/mypy >"$types" 2>&1 &
step "ruff" .venv/bin/ruff check
step "format" .venv/bin/ruff format --check -q
step "imports" .venv/bin/lint-imports --no-logo
step "house rules and templates" .venv/bin/python tools/lint_house.py
read_types() { wait "$1"; local ok=$?; cat "$types"; return $ok; }
step "types" read_types $!
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
