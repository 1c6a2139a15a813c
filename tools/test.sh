#!/usr/bin/env bash
# make lint, then every test on real parts. LONG=1: the long ones too. TESTS="path …": only these.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/lint.sh
marks=(-m "not long")
[ -n "${LONG:-}" ] && [ "${LONG}" != 0 ] && marks=()
read -ra chosen <<<"${TESTS:-}"
exec .venv/bin/python -m pytest --durations=20 "${marks[@]}" "${chosen[@]}"
