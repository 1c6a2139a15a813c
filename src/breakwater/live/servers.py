"""Media servers: entered by an administrator, talked to through their adapters, believed by token.

`add` answers the passes once (they go into the server's configuration: `recipe`); `adapter` gives
enforcement and watchers the one connection to a server; `by_hook` says whose a hook is. Rows and
secrets: `records.media_servers`.
"""

from __future__ import annotations

import base64
import ipaddress
import secrets as random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.live.audience import Audience
from breakwater.live.making import Around, Make
from breakwater.live.ports import Answer, MediaServer
from breakwater.live.recipes import Recipe, Wanted, recipe
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets, new_pass
from breakwater.model.stream import StreamState
from breakwater.network.addresses import allowed as allowed_address
from breakwater.network.addresses import networks
from breakwater.records import media_servers, streams
from breakwater.records.database import Database

REMEMBERED_S: Final = 5.0
"""A removed server's hooks are refused everywhere within this; here at once."""
USER: Final = "breakwater"
LOOPBACK: Final = networks(("127.0.0.0/8", "::1/128"))


@dataclass(frozen=True, slots=True)
class NewServer:
    """What an administrator says of a media server; see `ServerConfig`.

    Attributes:
        user: of its control interface; empty: ours is made.
        password: of its control interface; empty: one is made.
    """

    name: str
    kind: ServerKind
    service: str = ""
    control_url: str = ""
    rtmp_url: str = ""
    hls_url: str = ""
    hook_networks: tuple[str, ...] = ()
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A server and what we share with it."""

    config: ServerConfig
    shared: ServerSecrets

    def sends_from(self, address: str) -> bool:
        """Whether its hooks come from there."""
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        blocks = networks(self.config.hook_networks) or LOOPBACK
        return any(peer in block for block in blocks)


class Servers:
    """All media servers of an installation."""

    def __init__(
        self, *, db: Database, clock: Clock, private: Sequence[str], makers: Mapping[ServerKind, Make]
    ) -> None:  # fmt: skip
        """Take the parts.

        Args:
            db: where they are kept.
            clock: for what is remembered.
            private: blocks of private addresses at which they may stand.
            makers: an adapter for each kind.
        """
        self._db = db
        self._clock = clock
        self._makers = makers
        self.audience = Audience(clock)
        self._around = Around(networks(private), clock, self.audience)
        self._adapters: dict[str, tuple[int, MediaServer]] = {}
        self._hooks: dict[str, tuple[float, Known | None]] = {}
        self._lock = threading.Lock()

    def every(self) -> list[ServerConfig]:
        """All of them, by name."""
        with self._db.read() as tx:
            return media_servers.every(tx)

    def get(self, name: str) -> ServerConfig:
        """One by name. Raises `NotFound`."""
        with self._db.read() as tx:
            return media_servers.get(tx, name)

    def service_of(self, name: str) -> str:
        """Whose broadcasts a server carries; empty when it is not known."""
        try:
            return self.get(name).service
        except NotFound:
            return ""

    def add(self, new: NewServer, by: Principal) -> Known:
        """Enter a server; what is shared with it is answered this once.

        Raises:
            BadInput: an address that is none.
            Conflict: there is one of this name.
        """
        config = ServerConfig(
            id=new_id(), name=new.name, kind=new.kind, service=new.service,
            control_url=new.control_url, rtmp_url=new.rtmp_url, hls_url=new.hls_url,
            hook_networks=_blocks(new.hook_networks),
        )  # fmt: skip
        shared = ServerSecrets(
            user=new.user or USER,
            password=new.password or new_pass(),
            hook=new_pass(),
            signing="whsec_" + base64.b64encode(random.token_bytes(32)).decode(),
            watch=new_pass(),
        )
        self._checked(config)
        with self._db.transaction() as tx:
            made = media_servers.create(tx, config, shared)
            tx.audit(by.id, "media_server.create", made.id, kind=made.kind.value)
        return Known(made, shared)

    def change(self, name: str, fields: Mapping[str, Any], by: Principal) -> ServerConfig:
        """Change what is said of a server; `version` in `fields` refuses a change unseen.

        Raises:
            NotFound: no such server.
            BadInput: an address that is none.
            Conflict: somebody changed it meanwhile.
        """
        said = {key: value for key, value in fields.items() if value is not None}
        version = said.pop("version", None)
        access = {key: said.pop(key) for key in ("user", "password") if key in said}
        if "hook_networks" in said:
            said["hook_networks"] = _blocks(said["hook_networks"])
        with self._db.transaction() as tx:
            config = replace(media_servers.get(tx, name), **said)
            self._checked(config)
            shared = replace(media_servers.secrets(tx, config.id), **access) if access else None
            made = media_servers.change(tx, config, shared, version=version)
            tx.audit(by.id, "media_server.change", made.id, fields=sorted([*said, *access]))
        self._forget(name)
        return made

    def remove(self, name: str, by: Principal) -> ServerConfig:
        """Forget a server and what was shared with it; its hooks are refused from now on.

        Broadcasts that ran on it stay, with their orders and cases: they name it in words.

        Raises:
            NotFound: no such server.
            Conflict: broadcasts run on it while it is in use: nobody could stop them any more.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            running = streams.on_server(tx, name)
            if media_servers.get(tx, name).active and running:
                raise Conflict(
                    f"Streams of it are watched: {len(running)}. "
                    "Let them end, or take it out of use."
                )
            for one in running:
                streams.set_state(tx, one.id, StreamState.ENDED)
            gone = media_servers.remove(tx, name)
            tx.audit(by.id, "media_server.remove", gone.id)
        self._forget(name)
        return gone

    def adapter(self, name: str) -> MediaServer:
        """The one connection to a server; a changed row gets a new one.

        Raises:
            NotFound: no such server.
        """
        with self._db.read() as tx:
            config = media_servers.get(tx, name)
            kept = self._adapters.get(name)
            if kept is not None and kept[0] == config.version:
                return kept[1]
            shared = media_servers.secrets(tx, config.id)
        made = self._makers[config.kind](config, shared, self._around)
        with self._lock:
            known = self._adapters.get(name)
            if known is None or known[0] < config.version:
                self._adapters[name] = config.version, made
                return made
        made.close()  # another thread was faster
        return known[1]

    def check(self, name: str) -> tuple[Answer, ...]:
        """What stands in the way of freezing and cutting there. Raises `NotFound`."""
        config = self.get(name)
        told = config.hook_at is not None
        words = "its hooks come" if told else "no hook has come yet: publish a test stream"
        return (*self.adapter(name).check(), Answer(told, words))

    def recipe(self, name: str, wanted: Wanted, by: Principal) -> Recipe:
        """Its configuration files, with what is shared with it.

        Raises:
            NotFound: no such server.
            BadInput: what is wanted cannot stand in a configuration file.
        """
        with self._db.transaction() as tx:
            config = media_servers.get(tx, name)
            made = recipe(config, media_servers.secrets(tx, config.id), wanted)
            tx.audit(by.id, "media_server.recipe", config.id)
        return made

    def by_hook(self, token: str) -> Known:
        """Whose hook this is.

        Raises:
            NotFound: of no server that is in use.
        """
        now = self._clock.monotonic()
        until, known = self._hooks.get(token, (0.0, None))
        if until <= now:
            with self._db.read() as tx:
                config = media_servers.by_hook(tx, token)
                known = Known(config, media_servers.secrets(tx, config.id)) if config else None
            if known is not None:  # guesses fill nothing
                self._hooks[token] = now + REMEMBERED_S, known
        if known is None or not known.config.active:
            raise NotFound
        return known

    def _checked(self, config: ServerConfig) -> None:
        schemes = {"control_url": ("http", "https"), "hls_url": ("http", "https"),
                   "rtmp_url": ("rtmp", "rtmps")}  # fmt: skip
        for field, allowed in schemes.items():
            if getattr(config, field) and not _is_address(getattr(config, field), allowed):
                raise BadInput(f"{field} is an address such as {allowed[0]}://host:port.")
            if not self._may_stand(getattr(config, field)):
                raise BadInput(
                    f"{field} is a private address that is not allowed here: name its block in "
                    "BREAKWATER_MEDIA_SERVER_NETWORKS, such as 10.0.0.0/8, and start anew."
                )
        if config.kind is not ServerKind.GENERIC and not config.control_url:
            raise BadInput("A media server of this kind needs control_url.")

    def _may_stand(self, url: str) -> bool:
        """Whether we would call this address; a name is looked up at each call, not here."""
        try:
            address = ipaddress.ip_address(urlsplit(url).hostname or "")
        except ValueError:
            return True
        return allowed_address(address, self._around.private)

    def close(self) -> None:
        """Let all connections go."""
        self._forget()

    def _forget(self, name: str = "") -> None:
        """Forget what is remembered of hooks, and the connection to one server, or to all."""
        with self._lock:
            gone = [name] if name else list(self._adapters)
            closing = [self._adapters.pop(one)[1] for one in gone if one in self._adapters]
            self._hooks.clear()
        for adapter in closing:
            adapter.close()


def _blocks(blocks: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(str(block) for block in networks(blocks))
    except ValueError:
        raise BadInput("hook_networks are blocks such as 10.0.0.0/8.") from None


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether it can be called: a scheme, a host, perhaps a port, and nobody's name in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    fit = parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
    return fit and port != 0 and url.isascii() and url.isprintable()
