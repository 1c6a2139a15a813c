"""Uploads as rows: what was asked, what was answered, and every later change of the answer.

An allow verdict is one lean row that keeps no address and no account name, only a keyed
pseudonym, the service's reference, hashes and the time; of a private surface not even those
(reference: law). Hold and block keep the request's account data sealed. Verdicts and matches
are appended, never changed: the upload row carries the present one. Fed by `intake`.
Contract: `tests/contract/test_records_uploads.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BreakwaterError, Conflict, NotFound
from breakwater.model.ids import Id
from breakwater.model.match import Action, Verdict
from breakwater.model.upload import Origin, Revision, Surface, Upload, UploadState
from breakwater.records import copies, dropped, holds, identities, matches, tallies
from breakwater.records.database import Tx
from breakwater.records.idempotency import claim_idempotency, forget_idempotency
from breakwater.records.origins import from_facts, to_facts
from breakwater.records.tables.nouns_intake import upload_verdicts, uploads
from breakwater.records.tallies import uploads_by_minute as by_minute
from breakwater.records.tallies import uploads_judged as ledger
from breakwater.records.texts import storable

__all__ = [
    "by_account",
    "by_minute",
    "claim_idempotency",
    "counts",
    "drop_before",
    "erase",
    "find",
    "finish",
    "forget_evidence",
    "forget_idempotency",
    "get",
    "history",
    "ledger",
    "many",
    "pending",
    "recent",
    "refused",
    "revise",
    "set_case",
    "start",
    "touched_by",
    "with_hashes",
]

HASHES: Final = {"sha256": uploads.c.sha256, "sha1": uploads.c.sha1, "md5": uploads.c.md5}
"""Exact kinds by which passed uploads are found again."""

AT_ONCE: Final = 500


def start(tx: Tx, upload: Upload) -> Upload:
    """Keep an upload that waits for its verdict, with its account data sealed."""
    upload = replace(upload, change=tx.change())
    tx.execute(sa.insert(uploads), _values(tx, upload, forget=False) | {"id": upload.id})
    return upload


def finish(tx: Tx, upload: Upload) -> Upload:
    """Record the first verdict, of an upload that was started or of a new one.

    Returns:
        The upload as it is kept: an allowed one without account data.

    Raises:
        Conflict: it has a verdict already.
    """
    verdict = _verdict_of(upload)
    upload = replace(upload, state=UploadState.DONE, revision=1, change=tx.change())
    values = _values(tx, upload, forget=verdict.action is Action.ALLOW)
    pending = sa.and_(uploads.c.id == upload.id, uploads.c.state == UploadState.PENDING.value)
    if not tx.execute(sa.update(uploads).where(pending).values(values)).rowcount:
        if find(tx, upload.id) is not None:
            raise Conflict("This upload has a verdict already.")
        tx.execute(sa.insert(uploads), values | {"id": upload.id})
    if verdict.action is not Action.ALLOW or verdict.matches or verdict.copies:
        _append(tx, upload.id, 1, verdict, at=tx.now, change=upload.change)
    tallies.upload_judged(tx, upload.service, verdict.action.value, verdict.rule)
    if verdict.action is Action.ALLOW:
        upload = replace(upload, origin=Origin(reference=values["reference"]))
    return upload


def revise(tx: Tx, upload: Id, verdict: Verdict) -> Upload:
    """Append a later verdict; it is the present one from now on.

    Raises:
        NotFound: no such upload.
        Conflict: it has no verdict yet.
    """
    change = tx.change()
    row = tx.execute(sa.select(uploads).where(uploads.c.id == upload)).one_or_none()
    if row is None:
        raise NotFound(f"upload {upload}")
    if row.state != UploadState.DONE.value:
        raise Conflict("This upload has no verdict yet.")
    if row.revision == 1 and not history(tx, upload):
        plain = Verdict(Action(row.action), row.rule, row.reason)
        _append(tx, upload, 1, plain, at=row.received_at, change=row.change)
    _append(tx, upload, row.revision + 1, verdict, at=tx.now, change=change)
    tx.execute(
        sa.update(uploads)
        .where(uploads.c.id == upload)
        .values(
            action=verdict.action.value,
            rule=verdict.rule,
            reason=verdict.reason,
            revision=row.revision + 1,
            change=change,
        )
    )
    return get(tx, upload)


def history(tx: Tx, upload: Id) -> list[Revision]:
    """Every verdict of an upload, the first first; empty for a plain "allow" that stands."""
    v = upload_verdicts.c
    rows = tx.execute(
        sa.select(upload_verdicts).where(v.upload_id == upload).order_by(v.revision)
    ).all()
    found = matches.of(tx, [(upload, row.revision) for row in rows])
    return [
        Revision(
            row.revision,
            Verdict(
                Action(row.action), row.rule, row.reason, found.get((upload, row.revision), ())
            ),
            row.at,
            row.change,
        )
        for row in rows
    ]


def set_case(tx: Tx, upload: Id, case: Id) -> None:
    """Name the case that a later verdict opened."""
    _set(tx, upload, case_id=case)


def forget_evidence(tx: Tx, upload: Id) -> None:
    """Suspicion was not confirmed: name no media any more and drop the account data.

    The caller shreds the blob after this is committed.
    """
    _set(tx, upload, blob_id=None, origin_sealed=None)


def find(tx: Tx, upload: Id) -> Upload | None:
    """One upload with its present verdict; None when there is none of this id."""
    found = many(tx, [upload])
    return found.get(upload)


def get(tx: Tx, upload: Id) -> Upload:
    """One upload with its present verdict.

    Raises:
        NotFound: no such upload.
    """
    found = find(tx, upload)
    if found is None:
        raise NotFound(f"upload {upload}")
    return found


def many(tx: Tx, wanted: Iterable[Id]) -> dict[Id, Upload]:
    """Uploads by id; ids there are none of are left out."""
    ids = list(dict.fromkeys(wanted))
    out: dict[Id, Upload] = {}
    for at in range(0, len(ids), AT_ONCE):
        chosen = sa.select(uploads).where(uploads.c.id.in_(ids[at : at + AT_ONCE]))
        out |= {upload.id: upload for upload in _read(tx, chosen)}
    return out


def recent(tx: Tx, limit: int = 50, *, service: str = "") -> list[Upload]:
    """Uploads, the newest first."""
    wanted = sa.select(uploads)
    if service:
        wanted = wanted.where(uploads.c.service == service)
    return _read(
        tx, wanted.order_by(uploads.c.received_at.desc(), uploads.c.id.desc()).limit(limit)
    )


def by_account(tx: Tx, service: str, account: str, limit: int = 50) -> list[Upload]:
    """Uploads of one account, the newest first; found by its pseudonym."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return []
    u = uploads.c
    wanted = sa.select(uploads).where(u.account_key == key)
    return _read(tx, wanted.order_by(u.received_at.desc(), u.id.desc()).limit(limit))


def touched_by(
    tx: Tx, entry_number: int, *, after: Id | None = None, limit: int = 1_000
) -> list[Upload]:
    """Uploads whose present verdict names an entry, in order of id, for paging."""
    u = uploads.c
    naming = matches.naming(entry_number)
    here = sa.and_(naming.c.upload_id == u.id, naming.c.revision == u.revision)
    wanted = sa.select(uploads).join_from(uploads, naming, here)
    if after is not None:
        wanted = wanted.where(u.id > after)
    return _read(tx, wanted.order_by(u.id).limit(limit))


def with_hashes(tx: Tx, kind: str, values: Sequence[bytes]) -> list[tuple[Id, bytes]]:
    """Judged uploads with one of these exact hashes: (upload, hash)."""
    column = HASHES.get(kind)
    if column is None:
        return []
    out: list[tuple[Id, bytes]] = []
    for at in range(0, len(values), AT_ONCE):
        rows = tx.execute(
            sa.select(uploads.c.id, column.label("hash")).where(
                column.in_(values[at : at + AT_ONCE]),
                uploads.c.state == UploadState.DONE.value,
            )
        )
        out += [(Id(row.id), bytes(row.hash)) for row in rows]
    return out


def pending(tx: Tx) -> int:
    """How many wait for their verdict."""
    waiting = uploads.c.state == sa.literal_column("'pending'")
    return int(tx.execute(sa.select(sa.func.count()).where(waiting)).scalar_one())


def counts(tx: Tx, since: datetime) -> dict[str, int]:
    """First verdicts by action since a moment (to the minute); `refused` too."""
    out: dict[str, int] = {}
    for (action, _), n in tallies.uploads_judged(tx, since).items():
        out[action] = out.get(action, 0) + n
    return out


def refused(tx: Tx, service: str, rule: str = "scanning_not_permitted") -> None:
    """Count an item that may not be scanned; nothing else of it is kept."""
    tallies.upload_judged(tx, service, "refused", rule)


def drop_before(
    tx: Tx, moment: datetime, surface: Surface | None = None, *, limit: int = 5_000
) -> int:
    """Drop what may no longer be kept of passed uploads; answers how many, `limit` at most.

    Rows with a case or preserved media are kept with their case.
    """
    u = uploads.c
    old = _passed().where(u.received_at < moment)
    if surface is not None:
        old = old.where(u.surface == surface.value)
    chosen = old.order_by(u.received_at).limit(limit)
    return dropped.delete(tx, uploads, "upload", u.received_at, chosen)


def erase(tx: Tx, service: str, reference: str) -> list[Id]:
    """Erase what passed by the service's own reference; answers the ids, for the ingest log.

    What is evidence stays: a case or preserved media stand against erasure.
    """
    u = uploads.c
    chosen = _passed().where(u.service == service, u.reference == reference)
    gone = [Id(found) for found in tx.execute(chosen).scalars()]
    dropped.delete(tx, uploads, "upload", u.received_at, gone)
    return gone


def _passed() -> sa.Select[tuple[Any]]:
    u = uploads.c
    return sa.select(u.id).where(
        u.state == UploadState.DONE.value,
        u.action == Action.ALLOW.value,
        u.case_id.is_(None),
        u.blob_id.is_(None),
        ~holds.holding(uploads.name, u.id),
    )


def _set(tx: Tx, upload: Id, **values: Any) -> None:
    change = tx.change()
    done = tx.execute(
        sa.update(uploads).where(uploads.c.id == upload).values(**values, change=change)
    )
    if not done.rowcount:
        raise NotFound(f"upload {upload}")


def _verdict_of(upload: Upload) -> Verdict:
    if upload.verdict is None:
        raise BreakwaterError("An upload was finished without a verdict.")
    return upload.verdict


def _append(
    tx: Tx, upload: Id, revision: int, verdict: Verdict, *, at: datetime, change: int
) -> None:
    tx.execute(
        sa.insert(upload_verdicts),
        {
            "upload_id": upload,
            "revision": revision,
            "action": verdict.action.value,
            "rule": verdict.rule,
            "reason": verdict.reason,
            "at": at,
            "change": change,
        },
    )
    matches.append(tx, upload, revision, verdict.matches)
    copies.append(tx, upload, revision, verdict.copies)


def _values(tx: Tx, upload: Upload, *, forget: bool) -> dict[str, Any]:
    """The row of an upload; with `forget` only what may be kept of one that passed."""
    bare = forget and upload.surface is Surface.PRIVATE
    origin, verdict = upload.origin, upload.verdict
    storable(upload.service, upload.declared_type, upload.type, origin.reference, origin.place)
    sealed = None if forget else identities.seal(tx, upload.id, to_facts(origin))
    return {
        "service": upload.service,
        "surface": upload.surface.value,
        "state": upload.state.value,
        "received_at": upload.received_at,
        "size": upload.size,
        "sha256": _hash(upload.sha256, bare=bare),
        "sha1": _hash(upload.sha1, bare=bare),
        "md5": _hash(upload.md5, bare=bare),
        "declared_type": upload.declared_type,
        "type": upload.type,
        "reference": "" if bare else origin.reference,
        "account_key": None if bare else identities.pseudonym(tx, upload.service, origin.account),
        "origin_sealed": sealed,
        "action": verdict.action.value if verdict else None,
        "rule": verdict.rule if verdict else None,
        "reason": verdict.reason if verdict else None,
        "revision": upload.revision,
        "case_id": upload.case,
        "blob_id": upload.blob,
        "change": upload.change,
    }


def _hash(text: str, *, bare: bool) -> bytes | None:
    return None if bare or not text else bytes.fromhex(text)


def _read(tx: Tx, wanted: sa.Select[Any]) -> list[Upload]:
    rows = tx.execute(wanted).all()
    judged = [(Id(row.id), row.revision) for row in rows if row.revision]
    found = matches.of(tx, judged)
    shown = copies.of(tx, [(Id(r.id), r.revision) for r in rows if r.type.startswith("video/")])
    out: list[Upload] = []
    for row in rows:
        origin = Origin(reference=row.reference)
        if row.origin_sealed is not None:
            origin = from_facts(identities.unseal(tx, Id(row.id), row.origin_sealed))
        verdict = None
        if row.action is not None:
            key = (Id(row.id), row.revision)
            named = (found.get(key, ()), shown.get(key, ()))
            verdict = Verdict(Action(row.action), row.rule, row.reason, *named)
        out.append(_noun(row, origin, verdict))
    return out


def _noun(row: sa.Row[Any], origin: Origin, verdict: Verdict | None) -> Upload:
    return Upload(
        id=Id(row.id),
        service=row.service,
        surface=Surface(row.surface),
        origin=origin,
        state=UploadState(row.state),
        received_at=row.received_at,
        size=row.size,
        sha256=(row.sha256 or b"").hex(),
        declared_type=row.declared_type,
        type=row.type,
        verdict=verdict,
        revision=row.revision,
        case=None if row.case_id is None else Id(row.case_id),
        blob=None if row.blob_id is None else Id(row.blob_id),
        change=row.change,
        sha1=(row.sha1 or b"").hex(),
        md5=(row.md5 or b"").hex(),
    )
