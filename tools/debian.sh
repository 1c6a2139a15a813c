#!/usr/bin/env bash
# Installs the Debian packages that are missing, when this user may; else says exactly what to install.
# usage: tools/debian.sh demo|test|bench
# demo needs none of them strictly: without a compiler the NumPy kernel serves, without bubblewrap
# the inner jail does, and `breakwater doctor` says so; its live act needs nginx and ffmpeg. test
# needs a real PostgreSQL, browser and IRC server.
set -euo pipefail
for_what=${1:?demo, test or bench}
missing=()
better=()
command -v cc >/dev/null || missing+=(gcc libc6-dev python3-dev)
command -v bwrap >/dev/null || missing+=(bubblewrap)
compgen -G '/usr/lib/*/libchromaprint.so.1' >/dev/null || missing+=(libchromaprint1)
command -v nginx >/dev/null || missing+=(nginx-light)
[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || missing+=(libnginx-mod-rtmp)
command -v ffmpeg >/dev/null || missing+=(ffmpeg)
if [ "$for_what" = test ]; then
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
  command -v chromium >/dev/null || command -v chromium-headless-shell >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
  # The browser without its window costs the tests a quarter of the whole one, but they run with either.
  if ! command -v chromium-headless-shell >/dev/null && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    better=(chromium-headless-shell)
  fi
  [ -x /usr/sbin/ngircd ] || missing+=(ngircd)
  [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
fi
wanted=("${missing[@]}" "${better[@]}")
[ ${#wanted[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null && as_root=(sudo)
fi
if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || [ ${#as_root[@]} -gt 0 ]; }; then
  echo "installing ${wanted[*]}" >&2
  # No server of Debian's own, neither PostgreSQL nor nginx nor ngircd: tests start theirs on a free loopback
  # port. A host that has a policy of its own keeps it.
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee /usr/sbin/policy-rc.d >/dev/null
    "${as_root[@]}" chmod 755 /usr/sbin/policy-rc.d
    trap '"${as_root[@]}" rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  log=$(mktemp)
  if { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -5 "$log" >&2
fi
[ ${#missing[@]} -eq 0 ] && exit 0
echo "Please install: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
[ "$for_what" = test ] && exit 1
echo "Going on without; 'breakwater doctor' tells what that costs." >&2
