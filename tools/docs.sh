#!/usr/bin/env bash
# Writes the reference from the code, then builds site/; a broken link or missing page fails.
# Needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python tools/reference.py
NO_MKDOCS_2_WARNING=1 exec .venv/bin/python -m mkdocs build --strict --quiet "$@"
