#!/usr/bin/env bash
# The main job from nothing, on the embedded default, in var/demo (made anew each time).
# CHECK=1: unattended, prints a JSON ledger, exits 0 only when every expected verdict was seen.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python tools/loopback.py
if [ -n "${CHECK:-}" ] && [ "${CHECK}" != 0 ]; then
  exec .venv/bin/breakwater demo --check
fi
exec .venv/bin/breakwater demo
