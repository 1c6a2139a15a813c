"""What media servers ask and tell us: believed by token, address and signature, then answered.

The server is known by the token in the path. Its hooks come from where it stands, begin and end a
broadcast once for each connection, and signed ones are minutes old at most. Reading them:
`live.hookforms`; deciding: a `Doorkeeper`. Fed by `web.api.hooks`; tried in
`tests/integration/test_hooks.py`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from breakwater.errors import BadInput
from breakwater.live.hearing.hooked import Listener, is_chat
from breakwater.live.hookforms import (
    ONCE,
    PLAYS,
    REPLAYED,
    Hook,
    HookKind,
    read_event,
    read_form,
    read_mediamtx,
    read_owncast,
    read_playlist,
)
from breakwater.live.ports import Admission, Doorkeeper
from breakwater.live.servers import Known, Servers
from breakwater.model.clock import Clock
from breakwater.records import media_servers
from breakwater.records.database import Database

TOLERANCE: Final = timedelta(minutes=5)
"""Of a signed event's time, as Standard Webhooks recommends; its id is remembered for longer."""
REMEMBERED: Final = 2 * TOLERANCE

REFUSED: Final = Admission(allowed=False, why="not_believed")


def answer(door: Doorkeeper, hook: Hook, watch: str) -> Admission:
    """Ask the doorkeeper.

    Args:
        door: who decides.
        hook: what is asked.
        watch: our watchers' pass of this server: they may always play.
    """
    call = hook.call
    match hook.kind:
        case HookKind.PUBLISH:
            admitted = door.admit(call)
            if admitted.allowed:
                door.started(call)
            return admitted
        case HookKind.PUBLISH_DONE:
            door.ended(call)
        case HookKind.UPDATE_PUBLISH:
            return Admission(door.goes_on(call), "stopped")
        case HookKind.PLAY | HookKind.UPDATE_PLAY:
            ours = bool(watch) and hmac.compare_digest(hook.watch.encode(), watch.encode())
            return Admission(ours or door.may_play(call), "stopped")
        case HookKind.OTHER:
            pass
    return Admission(allowed=True)


class Hooks:
    """Takes hooks: whose, from where, for the first time; then asks the doorkeeper."""

    def __init__(
        self, *, db: Database, clock: Clock, servers: Servers, door: Doorkeeper,
        listener: Listener | None = None,
    ) -> None:  # fmt: skip
        """Take what they stand on; `listener` takes what is written to broadcasts."""
        self._listener = listener
        self._db = db
        self._clock = clock
        self._servers = servers
        self._door = door

    def rtmp(self, token: str, body: bytes, sender: str) -> Admission:
        """A form of nginx-rtmp.

        Args:
            token: of the address it came to.
            body: the form.
            sender: address of who sent it.

        Raises:
            NotFound: the token is of no server.
        """
        known = self._known(token, sender)
        try:
            hook = read_form(known.config.name, body, self._clock.now()) if known else None
        except BadInput:
            hook = None
        if known is None or hook is None:
            return REFUSED
        once = f"{hook.kind}:{hook.call.peer.client}:{hook.call.name}"
        return self._answered(known, hook, once if hook.kind in ONCE else "", within=REPLAYED)

    def playlist(
        self, token: str, uri: str, sender: str, *, address: str = "", port: str = ""
    ) -> Admission:
        """A viewer's request for a playlist or a segment, by `auth_request`. Raises `NotFound`."""
        known = self._known(token, sender)
        if known is None:
            return REFUSED
        prefix = urlsplit(known.config.hls_url).path or "/"
        try:
            hook = read_playlist(
                known.config.name, uri, prefix=prefix, address=address, port=port,
                at=self._clock.now(),
            )  # fmt: skip
        except BadInput:
            return REFUSED
        admission = answer(self._door, hook, known.shared.watch)
        if admission.allowed and hook.watch != known.shared.watch:
            self._servers.audience.fetched(hook.call)
        return admission

    def event(self, token: str, body: bytes, headers: Mapping[str, str], sender: str) -> Admission:
        """An event signed by Standard Webhooks 1.0; taken once. Raises `NotFound`."""
        known = self._known(token, sender)
        message = headers.get("webhook-id", "")
        if known is None or not message or not self._signed(known, body, headers):
            return REFUSED
        try:
            if is_chat(body):
                return self._heard(known, body, f"event:{message}")
            hook = read_event(known.config.name, body, self._clock.now())
        except BadInput:
            return REFUSED
        return self._answered(known, hook, f"event:{message}", within=REMEMBERED)

    def mediamtx(self, token: str, body: bytes, sender: str) -> Admission:
        """A question of MediaMTX; it may ask twice about one connection. Raises `NotFound`."""
        known = self._known(token, sender)
        try:
            read = read_mediamtx(known.config.name, body, self._clock.now()) if known else None
        except BadInput:
            read = None
        if known is None or read is None:
            return REFUSED
        hook, user, password = read
        if hook.kind is HookKind.OTHER:  # its own interfaces: for us alone
            ours = (known.shared.user, known.shared.password)
            said = f"{user}:{password}".encode()
            return Admission(hmac.compare_digest(said, ":".join(ours).encode()), "not_ours")
        return self._answered(known, hook, "", within=REPLAYED)

    def owncast(self, token: str, body: bytes, sender: str) -> Admission:
        """A webhook of Owncast, which asks nobody: who is refused is dropped. Raises `NotFound`."""
        known = self._known(token, sender)
        try:
            if (
                known
                and self._listener
                and self._listener.heard(known.config.name, known.config.id, body)
            ):
                return Admission(allowed=True)
            hook = read_owncast(known.config.name, body, self._clock.now()) if known else None
        except BadInput:
            hook = None
        if known is None or hook is None:
            return REFUSED
        admission = self._answered(known, hook, "", within=REPLAYED)
        if not admission.allowed:
            self._servers.adapter(known.config.name).terminate(hook.call.name)
        return admission

    def _heard(self, known: Known, body: bytes, once: str) -> Admission:
        """Take signed messages of a chat, once."""
        with self._db.transaction() as tx:
            since = tx.now - REMEMBERED
            if not media_servers.first_time(tx, known.config.id, once, since=since):
                return Admission(allowed=False, why="replayed")
        if self._listener is not None:
            self._listener.heard(known.config.name, known.config.id, body)
        return Admission(allowed=True)

    def _signed(self, known: Known, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether a message is signed with the server's secret, now."""
        stamp = headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or len(stamp) > 12:
            return False
        at = datetime.fromtimestamp(int(stamp), UTC)
        if abs(self._clock.now() - at) > TOLERANCE:
            return False
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        wanted = Webhook(known.shared.signing).sign(headers.get("webhook-id", ""), at, text)
        sent = headers.get("webhook-signature", "").split(" ")[:8]
        return any(hmac.compare_digest(one.encode(), wanted.encode()) for one in sent)

    def _known(self, token: str, sender: str) -> Known | None:
        """Whose hook it is; None when it comes from elsewhere than that server."""
        known = self._servers.by_hook(token)
        return known if known.sends_from(sender) else None

    def _answered(self, known: Known, hook: Hook, once: str, *, within: timedelta) -> Admission:
        """Ask the doorkeeper, unless it was asked the same before."""
        if once or hook.kind in ONCE:
            with self._db.transaction() as tx:
                media_servers.heard(tx, known.config)
                since = tx.now - within
                if once and not media_servers.first_time(tx, known.config.id, once, since=since):
                    return Admission(allowed=False, why="replayed")
        admission = answer(self._door, hook, known.shared.watch)
        if admission.allowed and hook.kind in PLAYS and hook.watch != known.shared.watch:
            self._servers.audience.plays(hook.call)
        return admission
