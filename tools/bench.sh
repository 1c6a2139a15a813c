#!/usr/bin/env bash
# Runs one measurement of benchmarks/ and keeps its outcome in benchmarks/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
if ! grep -qs '^def run()' "benchmarks/$name.py"; then
  echo "usage: make bench NAME=…, one of:" >&2
  grep -l '^def run()' benchmarks/*.py | xargs -n1 basename -s .py >&2
  exit 2
fi
status=0
.venv/bin/python -m benchmarks "$name" || status=$?
.venv/bin/python tools/reference.py
exit "$status"
