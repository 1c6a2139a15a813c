#!/usr/bin/env bash
# Builds site/ from docs/; a broken link or missing page fails. Needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python -m mkdocs build --strict --quiet "$@"
