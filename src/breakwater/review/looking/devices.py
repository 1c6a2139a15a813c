"""Workstations: on which machines pictures are shown, and how a machine becomes one.

An administrator makes a one-time code and somebody types it on the machine, or an administrator
who sits at it enrols it with one click; from then on it shows a token of 256 random bits that
only its browser keeps. The machine that runs breakwater is one by itself: whoever is at it needs
no token to see what it holds. Telephones are refused whatever they show (issue "The people":
phone width is text only). Asked by `web.workstation`; tests: `tests/integration/test_devices.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput, NotAllowed, NotAWorkstation, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.clock import Clock
from breakwater.model.device import CODE_LIFE, HERE, Approach, Device, Way
from breakwater.model.ids import Id
from breakwater.records import devices
from breakwater.records.database import Database

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Nothing that looks like something else: no 0 and O, no 1, I and L, no U and V together."""
CODE_LENGTH: Final = 10
SEEN_EVERY: Final = timedelta(hours=1)
NAME_MAX: Final = 100


class Devices:
    """Knows the workstations."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def admit(self, approach: Approach) -> str:
        """Let a picture out to where a request came from; answers what to call it in the log.

        Raises:
            NotAWorkstation: a telephone, or a machine that nobody enrolled.
        """
        if approach.phone:
            raise NotAWorkstation(
                "A telephone shows words: acknowledge, freeze and hand over work here."
            )
        known = self.known(approach)
        if known is not None:
            self._seen(known)
            return known.id
        if approach.here:
            return HERE
        raise NotAWorkstation("Ask an administrator for a code, then enrol under Workstations.")

    def known(self, approach: Approach) -> Device | None:
        """The workstation a request came from; None when it is not enrolled."""
        if not approach.token:
            return None
        try:
            with self._db.read() as tx:
                found = devices.by_token(tx, _digest(approach.token))
        except NotFound:
            return None
        return None if found.revoked_at is not None else found

    def code(self, who: Principal, name: str) -> str:
        """Make a one-time code that enrols one machine within a quarter of an hour.

        Args:
            who: somebody who runs the system.
            name: what to call the machine: a room, a desk.

        Returns:
            The code, which is never shown again.
        """
        by, called = _runs(who), _name(name)
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        with self._db.transaction() as tx:
            devices.add_code(
                tx, code_sha256=_digest(code), name=called, by=by, expires_at=tx.now + CODE_LIFE
            )
            tx.audit(who.id, "device.code", by)
        return f"{code[:5]}-{code[5:]}"

    def enrol(self, who: Principal, code: str) -> tuple[Device, str]:
        """Make the machine at which somebody types a code a workstation.

        Returns:
            The machine and its token, for its browser alone.

        Raises:
            NotFound: used, expired or never made. Never says which.
        """
        typed = "".join(letter for letter in code.upper() if letter in ALPHABET)
        token = secrets.token_urlsafe(32)
        try:
            with self._db.transaction() as tx:
                name, by = devices.use_code(tx, _digest(typed))
                made = devices.enrol(
                    tx, name=name, way=Way.CODE, by=by, token_sha256=_digest(token)
                )
                tx.audit(who.id, "device.enrol", made.id, way=Way.CODE.value)
        except NotFound:
            raise NotFound("The code was used or has expired. Ask for another.") from None
        return made, token

    def enrol_here(self, who: Principal, name: str) -> tuple[Device, str]:
        """Make the machine at which an administrator sits a workstation; answers its token too."""
        by, called = _runs(who), _name(name)
        token = secrets.token_urlsafe(32)
        with self._db.transaction() as tx:
            made = devices.enrol(
                tx, name=called, way=Way.ADMINISTRATOR, by=by, token_sha256=_digest(token)
            )
            tx.audit(who.id, "device.enrol", made.id, way=Way.ADMINISTRATOR.value)
        return made, token

    def remove(self, who: Principal, device: Id) -> Device:
        """Show no picture on a machine from now on; raises `NotFound`."""
        _runs(who)
        with self._db.transaction() as tx:
            gone = devices.remove(tx, device)
            tx.audit(who.id, "device.remove", device)
        return gone

    def every(self) -> list[Device]:
        """All machines, the newest first; removed ones too."""
        with self._db.read() as tx:
            return devices.every(tx)

    def _seen(self, device: Device) -> None:
        now = self._clock.now()
        if device.seen_at is None or now - device.seen_at >= SEEN_EVERY:
            with self._db.transaction() as tx:
                devices.touch(tx, device.id)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _runs(who: Principal) -> Id:
    if who.person is None or not who.may(Permission.SYSTEM_WRITE):
        raise NotAllowed("Workstations are enrolled by an administrator.")
    return who.person


def _name(name: str) -> str:
    called = " ".join(name.split())
    if not 1 <= len(called) <= NAME_MAX or not called.isprintable():
        raise BadInput(f"A workstation has a name of 1 to {NAME_MAX} printable characters.")
    return called
