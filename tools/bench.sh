#!/usr/bin/env bash
# Runs one measurement of benchmarks/ and keeps its outcome in benchmarks/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
if [ -z "$name" ] || [ ! -e "benchmarks/$name.py" ]; then
  echo "usage: make bench NAME=…, one of:" >&2
  grep -l __main__ benchmarks/[a-z]*.py | xargs -n1 basename -s .py >&2
  exit 2
fi
exec .venv/bin/python "benchmarks/$name.py"
