#!/usr/bin/env bash
# make lint, then every test on real parts. LONG=1: the long ones too. TESTS="path …": only these.
set -euo pipefail
cd "$(dirname "$0")/.."
# A hundred processes start in a run: what Python compiled once is kept.
unset PYTHONDONTWRITEBYTECODE
# Tests are compiled while the code is read, once: else every worker would do it for itself.
.venv/bin/python -m pytest -n 0 --collect-only -q >/dev/null 2>&1 &
tools/lint.sh
wait
[ -n "${LONG:-}" ] && [ "${LONG}" != 0 ] && export LONG=1
read -ra chosen <<<"${TESTS:-}"
# Four workers on two cores: a test that waits for a browser or a server leaves a core to another.
# A file's tests stay together, so that they share what they start; the longest files come first, in
# the order of tests/conftest.py and not by their number of tests.
workers=${WORKERS:-$(($(nproc) * 2))}
exec .venv/bin/python -m pytest -n "$workers" --dist loadfile --no-loadscope-reorder --durations=20 "${chosen[@]}"
