#!/usr/bin/env bash
# Installs node-media-server, a second real RTMP server for the tests, from its lock file with
# hashes into build/. Without npm, or without a registry, the tests that need it say so and skip.
set -euo pipefail
cd "$(dirname "$0")/.."
here=tests/data/node-media-server
there=build/node-media-server
stamp=$there/.made-$(cat "$here"/package*.json | sha256sum | cut -c1-16)
[ -e "$stamp" ] && exit 0
if ! command -v npm >/dev/null; then
  echo "npm is missing: the tests of node-media-server will be skipped." >&2
  exit 0
fi
mkdir -p "$there"
cp "$here"/package*.json "$there"/
log=$(mktemp)
if npm ci --prefix "$there" --ignore-scripts --no-audit --no-fund >"$log" 2>&1; then
  rm -f "$log" "$there"/.made-*
  touch "$stamp"
else
  tail -3 "$log" >&2
  echo "node-media-server could not be installed: its tests will be skipped." >&2
fi
