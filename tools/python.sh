#!/usr/bin/env bash
# Prints the Python to make .venv with: the version the lock files were made for, else a newer one.
set -euo pipefail
for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
  [ -n "$name" ] || continue
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    command -v "$name"
    exit 0
  fi
done
echo "Python 3.11 or newer is needed and none was found. On Debian: sudo apt-get install python3 python3-venv" >&2
exit 1
