"""Items of a package before their bytes are read: what is known of each from its rows.

In: an upload with every verdict it had, a file of a received report, what was kept of a
broadcast, or facts written down here. Out: `Source`: the item, and where its bytes are. Used by
`gather`; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from breakwater.model.broadcast import Preserved
from breakwater.model.case import Case
from breakwater.model.clock import iso
from breakwater.model.copies import CopyMatch
from breakwater.model.facts import ItemFacts
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.package import Comparison, ItemRole, PackageItem, Rejection, Stretch
from breakwater.model.received import ReceivedFile
from breakwater.model.signal import kind_named
from breakwater.model.stream import Evidence, Stream
from breakwater.model.upload import Upload
from breakwater.records import copies, stream_orders, stream_stills, uploads
from breakwater.records.database import Tx
from breakwater.reporting.drafting.material import seen_whole

TALK: Final = "chat.json"
MOVED: Final = (
    "Packets of the broadcast as received, put into another container without decoding or "
    "encoding: the last minutes before it was stopped."
)
MEDIA: Final = {
    "preroll": ("broadcast-before.ts", MOVED),
    "recording": ("broadcast-recording.ts", "The media server's own recording of the broadcast."),
    stream_stills.WHAT: ("still.jpg", "One frame of the broadcast, decoded here and encoded anew."),
}
"""What of a broadcast is media: a name for its file, and what was done to it."""

WRITTEN: Final = {"comments": TALK, "account": "account.json"}
"""What of a broadcast was written down here; who watched is not among it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One item and where its bytes are.

    Attributes:
        item: without path; its digests are those taken at receipt, empty where none were.
        blob: in the vault; None: it has none.
        body: of what is written down here.
    """

    item: PackageItem
    blob: Id | None = None
    body: bytes | None = None


def of_upload(tx: Tx, upload: Upload, facts: ItemFacts | None) -> Source:
    """An upload with every comparison that was ever made of it."""
    item = PackageItem(
        number=0, id=upload.id, role=ItemRole.UPLOAD, path="",
        name=upload.origin.reference or upload.origin.place, type=upload.type, size=upload.size,
        sha256=upload.sha256, md5=upload.md5, sha1=upload.sha1, received_at=upload.received_at,
        posted_at=upload.origin.posted_at, viewed=seen_whole(tx, upload),
        account=upload.origin.account, comparisons=_comparisons(tx, upload),
        stretches=_stretches(tx, upload), facts=_said(facts),
        gap="" if upload.blob else "No media were kept of it.",
        address=upload.origin.address, port=upload.origin.port,
    )  # fmt: skip
    return Source(item, upload.blob)


def of_received(file: ReceivedFile) -> Source:
    """A file that came with somebody's report."""
    item = PackageItem(
        number=0, id=file.id, role=ItemRole.UPLOAD, path="", name=file.name,
        type=file.declared_type, size=file.size, sha256=file.sha256, md5=file.md5, sha1="",
        received_at=file.received_at, gap="" if file.blob else "Its bytes were destroyed.",
    )  # fmt: skip
    return Source(item, file.blob)


def of_broadcast(tx: Tx, stream: Stream) -> Iterator[Source]:
    """What was kept of a broadcast, and what could not be."""
    for one in stream_orders.preserved(tx, stream.id):
        if one.what in MEDIA:
            name, words = MEDIA[one.what]
            yield Source(_kept(one, stream, name, words), one.blob)
        elif one.what in WRITTEN:
            yield Source(_kept(one, stream, WRITTEN[one.what], ""), one.blob)


def of_alerts(case: Case, seen: Sequence[Evidence]) -> Source:
    """What watchers saw in a broadcast, each entry its frames were near to compared."""
    made = [
        asdict(one.alert)
        | {"wanted": one.wanted, "segments": [asdict(part) for part in one.segments],
           "matches": list(one.matches)}
        for one in seen
    ]  # fmt: skip
    found = document(case, "alerts.json", made)
    rows = [match for one in seen for match in one.matches if match.get("own")]
    comparisons = tuple(_alerted(row) for row in rows)
    return Source(replace(found.item, comparisons=comparisons), body=found.body)


def document(case: Case, name: str, value: Any) -> Source:
    """Something written down here, as JSON or as it came."""
    body = value if isinstance(value, bytes) else _json(value)
    item = PackageItem(
        number=0, id=case.id, role=ItemRole.CONTEXT, path="", name=name,
        type="application/json" if name.endswith(".json") else "application/xml", size=len(body),
        sha256="", md5="", sha1="", received_at=case.opened_at,
    )  # fmt: skip
    return Source(item, body=body)


def _kept(one: Preserved, stream: Stream, name: str, words: str) -> PackageItem:
    role = ItemRole.BROADCAST if words else ItemRole.CONTEXT
    kinds = {".ts": "video/mp2t", ".jpg": "image/jpeg", ".json": "application/json"}
    return PackageItem(
        number=0, id=one.id, role=role, path="", name=name, size=0, sha256="", md5="", sha1="",
        type=kinds[name[name.rindex(".") :]], received_at=one.at, posted_at=stream.started_at,
        transcoded=one.what == stream_stills.WHAT, transcoding=words, account=stream.account,
        gap=one.gap or ("" if one.blob else "Its bytes were destroyed."),
    )  # fmt: skip


def _comparisons(tx: Tx, upload: Upload) -> tuple[Comparison, ...]:
    """Each once, under the first verdict that held it so."""
    found: dict[tuple[Any, ...], Comparison] = {}
    for revision in uploads.history(tx, upload.id):
        for match in revision.verdict.matches:
            one = _compared(match, revision.revision)
            key = (one.kind, one.entry, one.own, one.view, one.frame, one.rejected)
            found.setdefault(key, one)
    return tuple(found.values())


def _compared(match: Match, revision: int) -> Comparison:
    exact = match.limit == 0 and match.distance == 0
    return Comparison(
        revision=revision, kind=match.kind, bits=kind_named(match.kind).bits,
        own=match.own or (match.value if exact else ""), known=match.value,
        distance=match.distance, limit=match.limit, view=match.view.value, quality=match.quality,
        bank=match.bank, entry=match.number, source=match.source, labels=match.labels,
        negative=match.negative, frame=match.frame, time_s=match.time_s,
        rejected=_why(acting=match.acting, why_not=match.why_not),
    )  # fmt: skip


def _alerted(row: Mapping[str, Any]) -> Comparison:
    kind = kind_named(row["kind"])
    return Comparison(
        revision=0, kind=kind.name, bits=kind.bits, own=row["own"], known=row["value"],
        distance=row["distance"], limit=row["limit"], view=row["view"], quality=0,
        bank=row["bank"], entry=row["entry"], source="", labels=(), negative=False,
        time_s=row["time_s"],
    )  # fmt: skip


def _stretches(tx: Tx, upload: Upload) -> tuple[Stretch, ...]:
    wanted = [(upload.id, number) for number in range(1, upload.revision + 1)]
    if not upload.type.startswith("video/"):
        return ()
    found: dict[tuple[Any, ...], Stretch] = {}
    for (_, revision), rows in sorted(copies.of(tx, wanted).items()):
        for row in rows:
            one = _stretch(row, revision)
            found.setdefault((one.reel, one.start_s, one.rejected), one)
    return tuple(found.values())


def _stretch(row: CopyMatch, revision: int) -> Stretch:
    part = row.segment
    return Stretch(
        revision=revision, reel=row.number, bank=row.bank, label=row.label, start_s=part.start_s,
        end_s=part.end_s, reference_start_s=part.reference_start_s,
        reference_end_s=part.reference_end_s, score=part.score, frames=part.frames,
        mirrored=part.mirrored, rejected=_why(acting=row.acting, why_not=row.why_not),
    )  # fmt: skip


def _why(*, acting: bool, why_not: str) -> Rejection:
    if acting:
        return Rejection.NONE
    return Rejection(why_not) if why_not in set(Rejection) - {""} else Rejection.NOT_ENABLED


def _said(facts: ItemFacts | None) -> tuple[tuple[str, str], ...]:
    """What a person said is seen, as label and value.

    A form that was left as it stood says nothing: a paper for a court must not.
    """
    if facts is None:
        return ()
    unsaid = ItemFacts(facts.activity).plain()
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in facts.plain().items()
        if name == "activity" or value != unsaid[name]
    )


def _json(value: Iterable[Any]) -> bytes:
    """Readable, and the same each time."""
    return json.dumps(
        value, indent=1, sort_keys=True, ensure_ascii=False, default=_spelled
    ).encode("utf-8", "backslashreplace")  # fmt: skip


def _spelled(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
