"""Account names and addresses: sealed where they are kept, a keyed pseudonym where not.

The pseudonym (HMAC-SHA256 under the key purpose "identifiers") finds an account's rows again
without naming it; the sealed form is bound to the row it stands in. Used by `records.uploads`,
`records.cases`, `records.accounts`; tested with them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.keys import Keyring
from breakwater.records.texts import storable

PURPOSE: Final = "identifiers"


def pseudonym(tx: Tx, service: str, account: str) -> bytes | None:
    """What stands for an account of a service; None when there is no account."""
    return pseudonym_by(tx.keys, service, account)


def pseudonym_by(keys: Keyring, service: str, account: str) -> bytes | None:
    """The same where no transaction is open."""
    if not account:
        return None
    storable(service, account)
    return keys.mac(PURPOSE, b"account\0" + service.encode() + b"\0" + account.encode())


def seal(tx: Tx, row: Id, facts: Mapping[str, Any]) -> bytes:
    """Seal facts for one row."""
    plain = json.dumps(facts, separators=(",", ":")).encode()
    return tx.keys.seal(PURPOSE, plain, row.encode())


def unseal(tx: Tx, row: Id, sealed: bytes) -> dict[str, Any]:
    """Read the facts of one row.

    Raises:
        Tampered: they were changed or stand in another row than they were sealed for.
        MissingKey: their key was shredded.
    """
    facts: dict[str, Any] = json.loads(tx.keys.unseal(PURPOSE, sealed, row.encode()))
    return facts


SEALED: Final = "sealed"
"""The field of what a service is told in which its own names stand sealed until they are sent."""


def closed(tx: Tx, row: Id, facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as one sealed field of something that is kept as JSON: an event, a job, a delivery."""
    return {SEALED: base64.b64encode(seal(tx, row, facts)).decode()}


def opened(tx: Tx, row: Id, said: Mapping[str, Any]) -> dict[str, Any]:
    """What `closed` sealed, beside what stands in the open.

    Raises:
        Tampered: it was changed or sealed for another row.
        MissingKey: its key was shredded.
    """
    plain = {name: value for name, value in said.items() if name != SEALED}
    if SEALED not in said:
        return plain
    return plain | unseal(tx, row, base64.b64decode(said[SEALED]))
