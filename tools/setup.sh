#!/usr/bin/env bash
# Makes this checkout ready to run: Debian packages, .venv from lock files with hashes, the kernel.
# usage: tools/setup.sh demo|test|bench
# Each step leaves a stamp named by the checksum of what it was made from, so a second run takes
# milliseconds and needs no network.
set -euo pipefail
cd "$(dirname "$0")/.."
for_what=${1:?demo, test or bench}
say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

tools/debian.sh "$for_what"
[ "$for_what" = test ] && tools/node_server.sh

locks=(requirements/setup.lock requirements/run.lock requirements/test.lock)
[ "$for_what" = bench ] && locks+=(requirements/bench.lock)

# 1. the virtual environment and what is in it
stamp=.venv/.breakwater-$(cat "${locks[@]}" | sha256sum | cut -c1-16)
if [ ! -e "$stamp" ]; then
  if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(tools/python.sh)
    say "making .venv with $python"
    if ! "$python" -m venv --clear .venv; then
      echo "The venv module is missing. Install it (sudo apt-get install python3-venv) and run this again." >&2
      exit 1
    fi
  fi
  say "installing from lock files (about 150 MB the first time)"
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/setup.lock
  args=(); for lock in "${locks[@]}"; do args+=(-r "$lock"); done
  # uv takes seconds where pip takes minutes; where it cannot reach an index, pip's own settings may.
  VIRTUAL_ENV=$PWD/.venv .venv/bin/uv pip install -q --compile-bytecode --python .venv/bin/python --require-hashes "${args[@]}" ||
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes "${args[@]}"
  touch "$stamp"
fi

# 2. breakwater itself, editable, and its compiled kernel
built=.venv/.breakwater-build-$(cat pyproject.toml setup.py src/breakwater/kernel/*.[ch] 2>/dev/null | sha256sum | cut -c1-16)
if [ ! -e "$built" ]; then
  say "compiling the kernel"
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation -e . >&2
  log=$(mktemp)
  .venv/bin/python setup.py -q build_ext --inplace >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$log"
  rm -f .venv/.breakwater-build-*
  touch "$built"
fi
