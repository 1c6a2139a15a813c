#!/usr/bin/env bash
# Runs one measurement of benchmarks/ and keeps its outcome in benchmarks/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
if [ -z "$name" ] || [ ! -e "benchmarks/$name.py" ]; then
  echo "usage: make bench NAME=…, one of:" >&2
  for file in benchmarks/[a-z]*.py; do basename "$file" .py >&2; done
  exit 2
fi
exec .venv/bin/python "benchmarks/$name.py"
