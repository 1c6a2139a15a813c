"""Members: taken in, changed, suspended, and given keys that speak for them alone.

In: words of people who run the hub. Out: members, and keys whose tokens are shown once. What a
key may see follows from its member: `of_key` is how every way in learns whose it is. Contract:
`tests/contract/test_hub_running.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.model.access import ApiKey, Permission, Principal
from breakwater.model.country import country_code
from breakwater.model.hub import (
    Contribution,
    Member,
    MemberKind,
    MemberState,
    Pull,
    PullHour,
    ReleasePurpose,
)
from breakwater.model.ids import Id
from breakwater.records import api_keys, hub_feeds, hub_given, hub_hours, hub_members
from breakwater.records.database import Database, Tx

SCOPES: Final = (Permission.HUB_PULL, Permission.HUB_GIVE)
"""What a member's key may do; never more."""
NAME_MOST: Final = 200
PLOTTED: Final = timedelta(hours=72)


class KeyMaker(Protocol):
    """Makes and revokes keys; `access.keys` does."""

    def create(
        self, by: Principal, *, name: str, scopes: Iterable[str], networks: Iterable[str],
        expires_at: datetime | None,
    ) -> tuple[ApiKey, str]:  # fmt: skip
        """A key and its token."""
        ...

    def revoke(self, key: Id, by: Principal) -> ApiKey:
        """Stop a key."""
        ...


@dataclass(frozen=True, slots=True)
class MemberWish:
    """What is said of a member; None leaves as it is."""

    name: str | None = None
    country: str | None = None
    contact: str | None = None
    purposes: tuple[ReleasePurpose, ...] | None = None
    trusted: bool | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A member with what it does.

    Attributes:
        keys: that speak for it, revoked ones too.
        pulls: how it follows.
        given: batches it gave, the newest first.
        hours: how it followed in the last `PLOTTED`, hour by hour.
    """

    member: Member
    keys: tuple[ApiKey, ...]
    pulls: tuple[Pull, ...]
    given: tuple[Contribution, ...]
    hours: tuple[PullHour, ...] = ()


class Members:
    """Who takes part."""

    def __init__(self, *, db: Database, keys: KeyMaker) -> None:
        self._db = db
        self._keys = keys

    def take_in(
        self, by: Principal, *, name: str, kind: MemberKind, country: str = "", contact: str = "",
        purposes: Iterable[ReleasePurpose] = (ReleasePurpose.DETECTION,), trusted: bool = False,
    ) -> Member:  # fmt: skip
        """Take a member in; it sees nothing until a rule says so.

        Raises:
            NotAllowed: not by those who run the hub.
            BadInput: no name, or a country that is none.
            Conflict: there is one of this name.
        """
        must_run(by)
        said = _told(name, country, contact)
        with self._db.transaction() as tx:
            made = hub_members.create(tx, kind=kind, purposes=purposes, trusted=trusted, **said)
            tx.audit(by.id, "hub.member", made.id, name=made.name, kind=kind.value, trusted=trusted)
            return made

    def change(self, by: Principal, member: Id, wish: MemberWish, *, expected: int) -> Member:
        """Change what is said of a member.

        Args:
            by: who.
            member: which.
            wish: what is said.
            expected: its change number as it was read.

        Raises:
            NotAllowed, BadInput, NotFound: as with `take_in`; no such member.
            Conflict: changed since, or the name is taken.
        """
        must_run(by)
        with self._db.transaction() as tx:
            now = hub_members.get(tx, member)
            country = now.country if wish.country is None else wish.country
            contact = now.contact if wish.contact is None else wish.contact
            wanted = replace(
                now, **_told(now.name if wish.name is None else wish.name, country, contact),
                purposes=now.purposes if wish.purposes is None else tuple(sorted(set(wish.purposes))),
                trusted=now.trusted if wish.trusted is None else wish.trusted,
            )  # fmt: skip
            done = hub_members.update(tx, wanted, expected_change=expected)
            tx.audit(
                by.id, "hub.member_change", member, trusted=done.trusted,
                purposes=[one.value for one in done.purposes],
            )  # fmt: skip
            return done

    def set_state(self, by: Principal, member: Id, state: MemberState) -> Member:
        """Suspend a member, let it back, or note that it left: its keys end with it.

        Raises:
            NotAllowed: not by those who run the hub.
            NotFound: no such member.
            Conflict: it left.
        """
        must_run(by)
        with self._db.transaction() as tx:
            done = hub_members.set_state(tx, member, state)
            tx.audit(by.id, "hub.member_state", member, state=state.value)
            keys = hub_members.keys(tx, member) if state is MemberState.LEFT else []
        for key in keys:
            self._keys.revoke(key, by)
        return done

    def give_key(
        self, by: Principal, member: Id, *, name: str, give: bool = False, deconflict: bool = False,
        networks: Iterable[str] = (), expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:  # fmt: skip
        """Make a key that speaks for a member.

        Args:
            by: who.
            member: for whom.
            name: what it is for.
            give: it may give as well as pull.
            deconflict: it may ask who else works on the same file.
            networks: addresses it may be used from, as CIDR blocks; none: any.
            expires_at: good until then.

        Returns:
            The key, and its token, which is never shown again.

        Raises:
            NotAllowed: not by those who run the hub.
            NotFound: no such member.
            BadInput: it left, or is people in pictures; networks or expiry that cannot be.
        """
        must_run(by)
        with self._db.read() as tx:
            one = hub_members.get(tx, member)
        if one.state is MemberState.LEFT:
            raise BadInput("This member left; it gets no keys.")
        if one.kind is MemberKind.PERSON:
            raise BadInput("People in pictures need no key.")
        scopes = [*SCOPES[: 1 + give], *([Permission.LINK_DECONFLICT] if deconflict else [])]
        key, token = self._keys.create(
            by, name=f"{one.name}: {name.strip() or 'feed'}"[:NAME_MOST],
            scopes=[scope.value for scope in scopes], networks=networks, expires_at=expires_at,
        )  # fmt: skip
        with self._db.transaction() as tx:
            hub_members.give_key(tx, member, key.id)
            tx.audit(by.id, "hub.key", member, key=key.id, give=give, deconflict=deconflict)
        return key, token

    def revoke_key(self, by: Principal, key: Id) -> ApiKey:
        """Stop a key of a member.

        Raises:
            NotAllowed: not by those who run the hub.
            NotFound: no member has such a key.
        """
        must_run(by)
        with self._db.read() as tx:
            if hub_members.by_key(tx, key) is None:
                raise NotFound("key")
        return self._keys.revoke(key, by)

    def every(self, by: Principal) -> list[Member]:
        """Members by name; raises `NotAllowed`."""
        must_read(by)
        with self._db.read() as tx:
            return hub_members.every(tx)

    def pulls(self, by: Principal) -> list[Pull]:
        """How every member follows; raises `NotAllowed`."""
        must_read(by)
        with self._db.read() as tx:
            return hub_feeds.pulls(tx)

    def look(self, by: Principal, member: Id) -> Looked:
        """One member with what it does.

        Raises:
            NotAllowed: not by those who may see the hub.
            NotFound: no such member.
        """
        must_read(by)
        with self._db.read() as tx:
            return _looked(tx, hub_members.get(tx, member))

    def own(self, who: Principal) -> Looked:
        """The member whose key asks, as it may see itself: without the hub's notes of contact.

        Raises:
            NotAllowed: the key speaks for no member.
        """
        with self._db.read() as tx:
            found = _looked(tx, of_key(tx, who))
            return replace(found, member=replace(found.member, contact=""))


def of_key(tx: Tx, who: Principal) -> Member:
    """The member a request speaks for; its key decides and nothing else.

    Raises:
        NotAllowed: it speaks for no member.
    """
    member = hub_members.by_key(tx, who.id)
    if member is None:
        raise NotAllowed("This key belongs to no member of the hub.")
    return member


def must_run(by: Principal) -> Id:
    """Who changes the hub: a person, or the commands of this host's operator.

    Raises:
        NotAllowed: anybody else.
    """
    if not by.may(Permission.HUB_WRITE):
        raise NotAllowed("Only those who run the hub change it.")
    return by.person or by.id


def must_read(by: Principal) -> None:
    """Raises `NotAllowed` for those who may not see how the hub is run."""
    if not by.may(Permission.HUB_READ):
        raise NotAllowed("Only those who run the hub see this.")


def _looked(tx: Tx, member: Member) -> Looked:
    return Looked(
        member, tuple(api_keys.by_id(tx, key)[0] for key in hub_members.keys(tx, member.id)),
        tuple(hub_feeds.pulls(tx, member.id)), tuple(hub_given.page(tx, member=member.id, limit=20)),
        tuple(hub_hours.of_member(tx, member.id, tx.now - PLOTTED)),
    )  # fmt: skip


def _told(name: str, country: str, contact: str) -> Mapping[str, Any]:
    code = country_code(country)
    if not name.strip() or len(name) > NAME_MOST:
        raise BadInput("A member has a name of up to 200 letters.")
    if country.strip() and not code:
        raise BadInput("Name the member's country by its two letters.")
    return {"name": name.strip(), "country": code, "contact": contact.strip()}
