#!/usr/bin/env bash
# make lint, then every test on real parts. LONG=1: the long ones too. TESTS="path …": only these.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/lint.sh
[ -n "${LONG:-}" ] && [ "${LONG}" != 0 ] && export LONG=1
read -ra chosen <<<"${TESTS:-}"
# One worker a core; a file's tests stay together, so that they share what they start.
exec .venv/bin/python -m pytest -n auto --dist loadfile --durations=20 "${chosen[@]}"
