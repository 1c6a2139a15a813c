"""A complete `nginx.conf` for `live.adapters.nginx_rtmp`, made from a layout.

Printed by `breakwater media-server recipe`, and what the tests run, so that it is known to work.
Each line that freezing and cutting rest on says so. Facts: reference live-ingest.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.model.server import ServerSecrets

MODULE: Final = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
"""Where Debian's `libnginx-mod-rtmp` puts it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between installations.

    Attributes:
        hook: where hooks go: breakwater's own address with the server's token; http only.
        directory: for playlists, recordings, pid and logs; writable by nginx's worker.
        rtmp, http, control: addresses to listen on, `host:port` or a port.
        app: the application's name.
        fragment_s: length of an HLS segment.
        user: that nginx's worker runs as when root starts it; empty: whoever starts it.
        foreground: for process supervisors and tests.
    """

    hook: str
    directory: Path = Path("/var/lib/breakwater-media")
    rtmp: str = "1935"
    http: str = "8080"
    control: str = "127.0.0.1:18090"
    app: str = "live"
    fragment_s: int = 2
    user: str = "www-data"
    foreground: bool = False


def nginx_conf(layout: Layout) -> str:
    """The file."""
    text = _CONF
    for mark, value in {
        "@MODULE@": MODULE,
        "@DAEMON@": "daemon off;\n" if layout.foreground else "",
        "@USER@": f"user {layout.user};\n" if layout.user else "",
        "@DIR@": str(layout.directory),
        "@RTMP@": layout.rtmp,
        "@HTTP@": layout.http,
        "@CONTROL@": layout.control,
        "@APP@": layout.app,
        "@HOOK@": layout.hook.rstrip("/"),
        "@FRAGMENT@": str(layout.fragment_s),
        "@LENGTH@": str(3 * layout.fragment_s),
    }.items():
        text = text.replace(mark, value)
    return text


def password_line(secrets: ServerSecrets) -> str:
    """The line of the control interface's password file (`{SSHA}`, which nginx knows itself)."""
    salt = os.urandom(8)
    digest = hashlib.sha1(secrets.password.encode() + salt).digest()  # noqa: S324 - nginx's own form of a salted random password
    return f"{secrets.user}:{{SSHA}}{base64.b64encode(digest + salt).decode()}"


def directories(layout: Layout) -> tuple[Path, ...]:
    """What must be there and belong to nginx's worker: it names recordings it cannot write."""
    here = layout.directory
    return here, here / "hls" / layout.app, here / "rec" / layout.app


_CONF: Final = """\
load_module @MODULE@;
@DAEMON@@USER@# One worker: a request to the control interface reaches one worker only.
worker_processes 1;
pid @DIR@/nginx.pid;
error_log @DIR@/error.log warn;
events { worker_connections 4096; }

rtmp {
  server {
    listen @RTMP@;
    chunk_size 65536;
    notify_method post;
    application @APP@ {
      live on;
      record off;
      wait_key on;
      # A cut ends the players too, instead of leaving them waiting.
      idle_streams off;
      drop_idle_publisher 10s;

      # breakwater is asked at each publish and each play, and every few seconds of both.
      on_publish @HOOK@/rtmp;
      on_publish_done @HOOK@/rtmp;
      on_play @HOOK@/rtmp;
      on_update @HOOK@/rtmp;
      notify_update_timeout 5s;

      hls on;
      hls_path @DIR@/hls/@APP@;
      hls_nested on;
      hls_fragment @FRAGMENT@s;
      hls_playlist_length @LENGTH@s;

      # Evidence: started and stopped by breakwater.
      recorder ev {
        record all manual;
        record_path @DIR@/rec/@APP@;
        record_unique on;
        record_suffix .flv;
      }
    }
  }
}

http {
  access_log off;
  server_tokens off;
  client_body_temp_path @DIR@/tmp;
  proxy_temp_path @DIR@/tmp;
  fastcgi_temp_path @DIR@/tmp;
  uwsgi_temp_path @DIR@/tmp;
  scgi_temp_path @DIR@/tmp;
  types {
    application/vnd.apple.mpegurl m3u8;
    video/mp2t ts;
  }

  # What viewers reach. No playlist and no segment without breakwater's yes.
  server {
    listen @HTTP@;
    location /hls/ {
      auth_request /_breakwater;
      root @DIR@;
      add_header Cache-Control no-store;
    }
    location = /_breakwater {
      internal;
      proxy_pass @HOOK@/hls;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_http_version 1.1;
      proxy_connect_timeout 1s;
      proxy_read_timeout 2s;
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Viewer-Address $remote_addr;
      proxy_set_header X-Viewer-Port $remote_port;
    }
  }

  # What breakwater alone reaches: never open this to others.
  server {
    listen @CONTROL@;
    auth_basic breakwater;
    auth_basic_user_file @DIR@/breakwater.htpasswd;
    location = /stat { rtmp_stat all; }
    location /control/ { rtmp_control all; }
    location /files/hls/ {
      alias @DIR@/hls/;
      autoindex on;
      autoindex_format json;
      dav_methods DELETE;
      min_delete_depth 4;
    }
    location /files/rec/ {
      alias @DIR@/rec/;
      autoindex on;
      autoindex_format json;
      dav_methods DELETE;
      min_delete_depth 4;
    }
  }
}
"""
