"""Stands between breakwater and a media server that it has no adapter for: SRS, OvenMediaEngine, LiveKit.

The server's hooks (`/hook`) become signed events; breakwater's signed calls (`/calls`) become calls of
the server's API. Written from their documentation; needs nothing but Python 3.11. Environment:

    BREAKWATER_EVENTS   where events go: http://127.0.0.1:8700/v1/hooks/TOKEN/events
    BREAKWATER_SECRET   the whsec_… that `media-server add` answered
    MEDIA_API           the server's own API: http://127.0.0.1:1985
    MEDIA_SECRET        OvenMediaEngine: <SecretKey>; LiveKit: the API secret
    MEDIA_KEY           OvenMediaEngine: the API's access token; LiveKit: the API key
    MEDIA_FILES         where it writes APP/STREAM/…; empty when it writes nothing

    python3 bridge.py srs|ome|livekit PORT

Whoever cannot be asked about is refused. A call that a server cannot obey is answered with 404.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EVENTS = os.environ["BREAKWATER_EVENTS"]
SECRET = base64.b64decode(os.environ["BREAKWATER_SECRET"].removeprefix("whsec_"))
API = os.environ["MEDIA_API"].rstrip("/")
MEDIA_SECRET = os.environ.get("MEDIA_SECRET", "").encode()
MEDIA_KEY = os.environ.get("MEDIA_KEY", "")
FILES = os.environ.get("MEDIA_FILES", "")
OLD_S = 300
DONE = {"done": True}


SRS = {
    "on_publish": "stream.publish",
    "on_unpublish": "stream.publish_done",
    "on_play": "stream.play",
}
LIVEKIT = {
    "track_published": "stream.publish",
    "track_unpublished": "stream.publish_done",
    "participant_left": "stream.publish_done",
}


class Refused(Exception):
    """A message that is not signed as it should be."""


def call(method, url, body=None, headers=None):
    """One HTTP request; the status and what was answered."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(parts.netloc, timeout=3)
    try:
        line.request(
            method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            body,
            headers or {},
        )
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def signed(message, at, body):
    """The signature of Standard Webhooks 1.0."""
    mac = hmac.new(SECRET, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def tell(kind, **data):
    """Tell breakwater; whether it says yes. Where it does not answer, it is a no."""
    body = json.dumps(
        {"type": kind, "data": {key: value for key, value in data.items() if value}}
    ).encode()
    message, at = str(uuid.uuid4()), str(int(time.time()))
    headers = {"content-type": "application/json", "webhook-id": message, "webhook-timestamp": at,
               "webhook-signature": signed(message, at, body)}  # fmt: skip
    try:
        return call("POST", EVENTS, body, headers)[0] == 204
    except OSError:
        return False


def check(headers, body):
    """That a call is breakwater's, and new."""
    at = headers.get("webhook-timestamp", "")
    wanted = signed(headers.get("webhook-id", ""), at, body)
    sent = headers.get("webhook-signature", "").split(" ")
    if not at.isdecimal() or abs(time.time() - int(at)) > OLD_S:
        raise Refused
    if not any(hmac.compare_digest(one, wanted) for one in sent):
        raise Refused


def first(query, field):
    """One field of a query."""
    return parse_qs(query).get(field, [""])[0]


def url64(raw):
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sends_video(track):
    """Of LiveKit: the name of the type, or its number."""
    return track.get("type", "AUDIO") in {"VIDEO", 1}


class Server:
    """What all have in common: files, and acts that the hook's answer already does."""

    def deny_publish(self, data):
        """It asks at each publish."""
        return DONE

    thaw = deny_publish

    def purge(self, data):
        """Delete what it wrote of one stream."""
        if FILES:
            shutil.rmtree(Path(FILES) / data["name"], ignore_errors=True)
        return {"done": not self._files(data)}

    def probe(self, data):
        """Nobody sends, and no file is left."""
        return {"done": not self._sends(data) and not self._files(data)}

    def _sends(self, data):
        return any(one["name"] == data["name"] for one in self.list(data)["streams"])

    def _files(self, data):
        return bool(FILES) and (Path(FILES) / data["name"]).exists()


class Srs(Server):
    """SRS 4 and later: http_hooks, http_api."""

    def __init__(self):
        self.players = {}

    def hook(self, headers, body):
        """on_publish, on_unpublish, on_play, on_stop."""
        said = json.loads(body)
        client, query = str(said["client_id"]), said.get("param", "").lstrip("?")
        told = {"name": f"{said['app']}/{said['stream']}", "client": client, "address": said.get("ip"),
                "key": first(query, "key"), "watch": first(query, "watch")}  # fmt: skip
        if said["action"] == "on_play":
            self.players[client] = told
        elif said["action"] == "on_stop":
            self.players.pop(client, None)
        kind = SRS.get(said["action"])
        return {"code": 0 if kind is None or tell(kind, **told) else 403}

    def list(self, data):
        """Who sends what."""
        found = {}
        for one in self._clients():
            name = one["url"].strip("/")
            row = found.setdefault(name, {"name": name, "publishers": [], "viewers": 0})
            if one["publish"]:
                row["publishers"].append({"client": str(one["id"]), "address": one.get("ip", "")})
            else:
                row["viewers"] += 1
        return {"streams": [row for row in found.values() if row["publishers"]]}

    def viewers(self, data):
        """Who plays it, without who plays with our pass."""
        return {"viewers": [{"client": str(one["id"]), "address": one.get("ip", "")}
                            for one in self._clients(data["name"], publish=False)
                            if not self.players.get(str(one["id"]), {}).get("watch")]}  # fmt: skip

    def terminate(self, data):
        """Drop who sends."""
        return self._drop(data, publish=True, only=data.get("client", ""))

    def block_viewers(self, data):
        """Drop who plays."""
        return self._drop(data, publish=False)

    def freeze(self, data):
        """Drop who plays and may not stay: our watcher may."""
        return self._drop(data, publish=False, but=self._stays)

    def _stays(self, client):
        return client in self.players and tell("stream.update_play", **self.players[client])

    def _drop(self, data, *, publish, only="", but=lambda _: False):
        meant = [str(one["id"]) for one in self._clients(data["name"], publish=publish)
                 if only in {"", str(one["id"])} and not but(str(one["id"]))]  # fmt: skip
        for client in meant:
            call("DELETE", f"{API}/api/v1/clients/{client}")
        left = {str(one["id"]) for one in self._clients(data["name"], publish=publish)} & set(meant)
        return {"done": not left, "detail": f"{len(left)} are connected"}

    def _clients(self, name="", *, publish=None):
        status, body = call("GET", f"{API}/api/v1/clients/?start=0&count=100000")
        rows = json.loads(body)["clients"] if status == 200 else None
        if rows is None:
            raise OSError
        return [
            one
            for one in rows
            if name in {"", one["url"].strip("/")} and publish in {None, one["publish"]}
        ]


class Ome(Server):
    """OvenMediaEngine: AdmissionWebhooks, REST API v1. It drops no single player."""

    def hook(self, headers, body):
        """Incoming and outgoing, opening and closing."""
        wanted = url64(hmac.new(MEDIA_SECRET, body, hashlib.sha1).digest())
        if not hmac.compare_digest(headers.get("x-ome-signature", "").rstrip("="), wanted):
            raise Refused
        said = json.loads(body)
        who, asked = said["client"], said["request"]
        url = urlsplit(asked["url"])
        told = {"name": "/".join(url.path.strip("/").split("/")[:2]), "client": f"{who['address']}:{who['port']}",
                "address": who.get("real_ip") or who["address"], "port": int(who["port"]),
                "key": first(url.query, "key"), "watch": first(url.query, "watch")}  # fmt: skip
        if asked["status"] == "closing":
            if asked["direction"] == "incoming":
                tell("stream.publish_done", **told)
            return {}
        kind = "stream.publish" if asked["direction"] == "incoming" else "stream.play"
        return {"allowed": tell(kind, **told), "reason": "breakwater"}

    def list(self, data):
        """Streams of every application."""
        names = [
            f"{app}/{stream}"
            for app in self._get("/v1/vhosts/default/apps")
            for stream in self._get(f"/v1/vhosts/default/apps/{app}/streams")
        ]
        return {"streams": [{"name": name, "publishers": [{"client": ""}]} for name in names]}

    def terminate(self, data):
        """Delete the stream; who sends is refused from then on."""
        app, _, stream = data["name"].partition("/")
        call("DELETE", f"{API}/v1/vhosts/default/apps/{app}/streams/{stream}", None, self._key())
        return {"done": not self._sends(data)}

    def block_viewers(self, data):
        """Without a stream nobody plays it."""
        return {"done": not self._sends(data)}

    def _get(self, path):
        status, body = call("GET", API + path, None, self._key())
        if status != 200:
            raise OSError
        return json.loads(body)["response"]

    @staticmethod
    def _key():
        return {"authorization": "Basic " + base64.b64encode(MEDIA_KEY.encode()).decode()}


class LiveKit(Server):
    """LiveKit: each participant who sends video is a broadcast, ROOM/IDENTITY."""

    def hook(self, headers, body):
        """What LiveKit tells after the fact: who may not send is removed."""
        head, claims, mac = headers.get("authorization", "").removeprefix("Bearer ").split(".")
        wanted = url64(hmac.new(MEDIA_SECRET, f"{head}.{claims}".encode(), hashlib.sha256).digest())
        known = json.loads(base64.urlsafe_b64decode(claims + "=="))
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if (
            not hmac.compare_digest(mac, wanted)
            or known.get("sha256") != digest
            or known["exp"] < time.time()
        ):
            raise Refused
        said = json.loads(body)
        kind, track = LIVEKIT.get(said["event"]), said.get("track", {})
        if kind is None or (track and not sends_video(track)):
            return {}
        room, identity = said["room"]["name"], said["participant"]["identity"]
        name = f"{room}/{identity}"
        allowed = tell(kind, name=name, client=said["participant"]["sid"], account=identity)
        if kind == "stream.publish" and not allowed:
            self.terminate({"name": name})
        return {}

    def list(self, data):
        """Participants who send video."""
        rooms = [one["name"] for one in self._ask("ListRooms", {"roomList": True}, {})["rooms"]]
        return {"streams": [
            {"name": f"{room}/{one['identity']}", "publishers": [{"client": one["sid"]}]}
            for room in rooms for one in self._people(room)
            if any(sends_video(track) for track in one.get("tracks", ()))
        ]}  # fmt: skip

    def _people(self, room):
        about = {"room": room}
        return self._ask("ListParticipants", {"roomAdmin": True, **about}, about)["participants"]

    def terminate(self, data):
        """Remove the participant; your own service issues no new token."""
        room, _, identity = data["name"].partition("/")
        about = {"room": room, "identity": identity}
        self._ask("RemoveParticipant", {"roomAdmin": True, "room": room}, about, missing=404)
        return {"done": not self._sends(data)}

    def block_viewers(self, data):
        """Who was removed is seen by nobody."""
        return self.probe(data)

    @staticmethod
    def _ask(method, grant, about, missing=200):
        now = int(time.time())
        claims = {"iss": MEDIA_KEY, "nbf": now - 5, "exp": now + 60, "video": grant}
        said = ".".join(
            url64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
        )
        mac = url64(hmac.new(MEDIA_SECRET, said.encode(), hashlib.sha256).digest())
        headers = {"authorization": f"Bearer {said}.{mac}", "content-type": "application/json"}
        url = f"{API}/twirp/livekit.RoomService/{method}"
        status, body = call("POST", url, json.dumps(about).encode(), headers)
        if status not in {200, missing}:
            raise OSError
        return json.loads(body)


class Handler(BaseHTTPRequestHandler):
    """`/hook` is the media server's, `/calls` is breakwater's."""

    server_of: Server

    def do_POST(self):
        """Answer one of them."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {key.lower(): value for key, value in self.headers.items()}
        try:
            status, said = (
                (200, self.server_of.hook(headers, body))
                if self.path == "/hook"
                else self._call(headers, body)
            )
        except (Refused, ValueError, KeyError):
            status, said = 401, {}
        except OSError:
            status, said = 503, {}
        sent = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _call(self, headers, body):
        check(headers, body)
        said = json.loads(body)
        name = said["type"].removeprefix("stream.")
        known = {
            "list",
            "viewers",
            "terminate",
            "deny_publish",
            "freeze",
            "thaw",
            "block_viewers",
            "purge",
            "probe",
        }
        act = getattr(self.server_of, name, None) if name in known else None
        return (404, {}) if act is None else (200, act(said["data"]))

    def log_message(self, *_):
        """Names are not logged."""


if __name__ == "__main__":
    Handler.server_of = {"srs": Srs, "ome": Ome, "livekit": LiveKit}[sys.argv[1]]()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
