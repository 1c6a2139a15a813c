#!/usr/bin/env bash
# make lint, then every test on real parts. LONG=1: the long ones too. TESTS="path …": only these.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/lint.sh
[ -n "${LONG:-}" ] && [ "${LONG}" != 0 ] && export LONG=1
read -ra chosen <<<"${TESTS:-}"
# A hundred processes start in a run: what Python compiled once is kept.
unset PYTHONDONTWRITEBYTECODE
# Five workers on two cores: a test that waits for a browser or a server leaves a core to another.
# A file's tests stay together, so that they share what they start; the longest files come first, in
# the order of tests/conftest.py and not by their number of tests.
workers=${WORKERS:-$((($(nproc) * 5 + 1) / 2))}
exec .venv/bin/python -m pytest -n "$workers" --dist loadfile --no-loadscope-reorder --durations=20 "${chosen[@]}"
