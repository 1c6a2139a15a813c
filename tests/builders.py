"""Makes nouns and rows for tests: each function has sensible values for what a test leaves out."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime
from typing import Any

from breakwater.model.access import Person, Role
from breakwater.model.bank import Bank, Entry, entry_id
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action, Match, Verdict
from breakwater.model.signal import kind_named
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import banks, cases, entries, people
from breakwater.records.database import Tx

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_count = itertools.count(1)


def value(kind: str = "pdq", seed: object = None) -> bytes:
    """A value of a kind: the same for the same seed, another one for none."""
    seed = next(_count) if seed is None else seed
    size = kind_named(kind).size
    return hashlib.shake_256(f"{kind}/{seed}".encode()).digest(size)


def signal(kind: str = "pdq", seed: object = None, quality: int = 100) -> tuple[str, bytes, int]:
    """What `entries.add` takes."""
    return kind, value(kind, seed), quality


def bank(tx: Tx, name: str = "", **facts: Any) -> Bank:
    """A bank in the database."""
    return banks.create(tx, name=name or f"BANK_{next(_count)}", **facts)


def entry(tx: Tx, in_bank: Bank, kind: str = "pdq", seed: object = None, **facts: Any) -> Entry:
    """An entry in the database."""
    return entries.add(tx, in_bank, [signal(kind, seed)], **facts)[0]


def match(number: int = 1, **facts: Any) -> Match:
    """A match on an entry."""
    known: dict[str, Any] = {
        "entry": entry_id(number),
        "number": number,
        "bank": "BANK",
        "kind": "pdq",
        "value": value("pdq", number).hex(),
        "distance": 4,
        "limit": 31,
    }
    return Match(**known | facts)


def verdict(action: Action = Action.HOLD, *matches: Match, rule: str = "") -> Verdict:
    """A verdict by the rule its action suggests."""
    known = {Action.ALLOW: "no_match", Action.HOLD: "bank.hold", Action.BLOCK: "bank.block"}
    return Verdict(action, rule or known[action], "A reason in words.", matches)


ORIGIN = Origin(
    account="river-otter-81",
    address="198.51.100.7",
    port=40_123,
    jurisdiction="GB",
    posted_at=NOON,
    place="/boards/boats/17",
    reference="object-17",
)


def upload(**facts: Any) -> Upload:
    """An upload that waits for its verdict."""
    seed = next(_count)
    known: dict[str, Any] = {
        "id": new_id(),
        "service": "photos",
        "surface": Surface.PUBLIC,
        "origin": ORIGIN,
        "state": UploadState.PENDING,
        "received_at": NOON,
        "size": 1_234,
        "sha256": value("sha256", f"upload {seed}").hex(),
        "declared_type": "image/jpeg",
    }
    return Upload(**known | facts)


def case(tx: Tx, **facts: Any) -> Case:
    """A case in the database."""
    known: dict[str, Any] = {
        "kind": CaseKind.UPLOAD,
        "subject": new_id(),
        "why": "Very close match: 4 of 256 bits differ (limit 31)",
        "priority": Priority.MEDIUM,
        "service": "photos",
        "account": "river-otter-81",
    }
    return cases.open(tx, **known | facts)


def person(tx: Tx, name: str = "", *roles: Role) -> Person:
    """A person in the database."""
    return people.create(tx, name=name or f"Person {next(_count)}", roles=roles or (Role.REVIEWER,))


def some_id() -> Id:
    """An id of something."""
    return new_id()
