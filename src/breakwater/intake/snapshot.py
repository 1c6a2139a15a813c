"""Account data as they were when the case opened, asked from the service by a signed call.

`account.snapshot`: when a case opens, breakwater POSTs who and which upload or stream to the
service's callback, signed by Standard Webhooks 1.0, and stores the answer sealed beside the
case: what is asked for later may be gone by then (18 USC 2258A(h): preserve what is reasonably
accessible). A failed call is retried; a gap is recorded and shown, never hidden. The answer's
JSON Schema and a 50-line reference server: docs/reference/account-snapshot.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from breakwater.errors import BadInput, FetchFailed, FetchRefused, TooLarge, Unavailable
from breakwater.model.clock import Clock, iso
from breakwater.model.ids import Id
from breakwater.network.addresses import networks
from breakwater.network.fetch import Fetcher, FetchRules
from breakwater.network.signing import signed
from breakwater.records import accounts, stream_orders, streams, uploads
from breakwater.records.database import Database, Tx

OK: Final = 200
GIVE_UP_AFTER: Final = 12
"""Attempts (about nine hours with doubling waits) before the gap stands."""


NO_COMMENTS: Final = "The service told no comments."


class Snapshot(BaseModel):
    """What a service tells of an account. Every member is optional but the account's name.

    Read too where they are told: `first_name`, `last_name`, `born` (a day, YYYY-MM-DD),
    `screen_name`, `profile_urls`, `profile_bio`, `devices` (texts, or objects with `id`),
    `shared_with` (accounts to which it sent or showed what is asked about: texts, or objects with
    `account`, `at`, `reference`, `born`) and `payments` (fingerprints as texts, or objects with
    `fingerprint`, `bin`, `at`, `amount`, `currency`, `payer`, `payee`, `reference`). Any other
    member is kept, and stands in reports as text.
    """

    model_config = ConfigDict(extra="allow")

    account: str = Field(description="The service's own id of the account.")
    display_names: list[str] = Field(default=[], description="Names shown to others.")
    emails: list[str] = Field(default=[], description="Addresses, verified ones first.")
    phones: list[str] = Field(default=[], description="Numbers in E.164.")
    created_at: str = Field(default="", description="When the account was made, RFC 3339.")
    registration_address: str = Field(default="", description="IP address at registration.")
    logins: list[dict[str, Any]] = Field(
        default=[], description="Recent logins: {address, port, at, device}."
    )
    linked_accounts: list[str] = Field(default=[], description="Other accounts of the person.")
    identity_documents: bool | None = Field(
        default=None, description="Whether the service holds an identity document."
    )
    comments: list[dict[str, Any]] | None = Field(
        default=None,
        description="Where a stream is asked about, its comments: {account, at, text}, the newest "
        "first; the whole answer has at most 1 MiB.",
    )


class Snapshots:
    """Asks for account data and keeps the answer."""

    def __init__(
        self, *, db: Database, clock: Clock, fetcher: Fetcher, url: str, secret: str
    ) -> None:
        self._db = db
        self._fetcher = fetcher
        self._clock = clock
        self._url = url
        self._secret = secret

    def run(self, payload: Mapping[str, Any], attempt: int) -> None:
        """Take one snapshot.

        Raises:
            Unavailable: the service did not answer; the job is tried again.
        """
        with self._db.read() as tx:
            service, account = _whose(tx, payload)
        try:
            facts = self._ask(service, account, payload)
        except (Unavailable, BadInput) as error:
            if attempt >= GIVE_UP_AFTER or not self._url:
                self._gap(service, account, error.detail, payload)
                return
            raise
        with self._db.transaction() as tx:
            accounts.put(tx, service, account, facts, taken_at=tx.now, source="callback")
            _comments(tx, payload, facts["comments"])

    def _gap(self, service: str, account: str, why: str, payload: Mapping[str, Any]) -> None:
        with self._db.transaction() as tx:
            accounts.gap(tx, service, account, why)
            _comments(tx, payload, None)

    def _ask(self, service: str, account: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        if not self._url:
            raise Unavailable("No account.snapshot callback is configured.")
        body = json.dumps(
            {
                "type": "account.snapshot",
                "timestamp": iso(self._clock.now()),
                "data": {
                    "service": service,
                    "account": account,
                    "case": payload["case"],
                    "upload": payload.get("upload"),
                    "stream": payload.get("stream"),
                },
            }
        )
        message = str(payload["case"])
        headers = signed(self._secret, message, self._clock, body)
        try:
            status, answer = self._fetcher.post(self._url, body.encode(), headers)
        except (FetchFailed, FetchRefused, TooLarge) as error:
            raise Unavailable(f"The callback failed: {error.detail}") from None
        if status != OK:
            raise Unavailable(f"The callback answered {status}.")
        return _read(answer)


def _whose(tx: Tx, payload: Mapping[str, Any]) -> tuple[str, str]:
    """Service and account behind the upload or the broadcast that a case is about."""
    if "stream" in payload:
        stream = streams.get(tx, Id(payload["stream"]))
        return stream.service, stream.account
    upload = uploads.get(tx, Id(payload["upload"]))
    return upload.service, upload.origin.account


def _comments(tx: Tx, payload: Mapping[str, Any], told: Sequence[object] | None) -> None:
    """Say with a broadcast that its comments are kept, sealed in the snapshot, or once that not."""
    if "stream" not in payload:
        return
    stream = Id(payload["stream"])
    if told is not None:
        stream_orders.keep(tx, stream, "comments", detail=f"{len(told)} in the account's data")
    elif not any(one.what == "comments" for one in stream_orders.preserved(tx, stream)):
        stream_orders.keep(tx, stream, "comments", gap=NO_COMMENTS)


def _read(answer: bytes) -> dict[str, Any]:
    try:
        return Snapshot.model_validate_json(answer).model_dump()
    except ValidationError as error:
        where = ", ".join(".".join(map(str, e["loc"])) for e in error.errors(include_input=False))
        raise BadInput(f"The snapshot does not follow its schema at: {where}.") from None


def rules(private: Sequence[str]) -> FetchRules:
    """Where the callback may stand: public addresses, and blocks the operator named."""
    return FetchRules(
        max_bytes=1 << 20, ports=(), private=networks(private), max_redirects=0, total_s=15.0
    )
