#!/usr/bin/env bash
# make lint, then every test on real parts. LONG=1: the long ones too. TESTS="path …": only these.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/lint.sh
[ -n "${LONG:-}" ] && [ "${LONG}" != 0 ] && export LONG=1
read -ra chosen <<<"${TESTS:-}"
exec .venv/bin/python -m pytest --durations=20 "${chosen[@]}"
