"""Drafts reports from a case: one for each account that did or directed it, whole, with its gaps.

A broadcast with k directing accounts is k reports that share victim, media and chat and cite one
another; an apparent child who broadcasts is the victim of each and reported by none (reference:
cybertipline, "Who is reported", "A live stream"). What is not known is a `Gap`, said with why it
matters, never filled in. Read by `filing`; tests: `tests/integration/test_filing.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.case import CaseKind
from breakwater.model.clock import iso
from breakwater.model.facts import ItemFacts
from breakwater.model.filing import FilingFile
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.model.report import (
    CaptureEvent,
    ChatIm,
    Classification,
    DetailKind,
    FileAnnotation,
    FileFacts,
    Incident,
    IncidentType,
    InternetDetail,
    OriginalHash,
    Pair,
    Relevance,
    Report,
    Reporter,
    ReportFile,
    WebPage,
)
from breakwater.model.stream import Control, OrderState, StreamState
from breakwater.model.upload import Upload
from breakwater.reporting.drafting import named, parties, payments, people
from breakwater.reporting.drafting.chat_log import ROOM, SHORT, ChatLog, chat_log
from breakwater.reporting.drafting.gaps import Gap, gaps_of
from breakwater.reporting.drafting.material import Material

BLOCK: Final = 1 << 20
SUFFIX: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
    "image/bmp": ".bmp", "image/tiff": ".tif", "image/avif": ".avif", "image/heif": ".heif",
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm",
    "video/x-matroska": ".mkv", "video/mp2t": ".ts", "video/x-flv": ".flv",
}  # fmt: skip
PRESERVED: Final = {"preroll": "the last minutes before it was stopped", "recording": "recording"}
"""What of a broadcast is media, by its name in the rows, and in words."""

RELATED: Final = "related-reports.txt"
"""Name of the text that names the other reports of a broadcast."""


Annotate = Callable[[ItemFacts], Sequence[str]]
"""NCMEC's annotations of a file's facts."""

Classify = Callable[[ItemFacts], Classification | None]
"""The industry's grade of a file's facts; None: there is none, or the service gives none."""

Exif = Callable[[Id], Mapping[str, str]]
"""Facts of the EXIF of an object in the vault, by their names."""

MOST_EXIF: Final = 256
"""Files of which they are remembered: a page that is looked at drafts anew."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What an operator said once, and what goes into each report.

    Attributes:
        platform: the service's public name.
        page: address of a broadcast's page with `{label}` and `{account}`; empty: none is told.
    """

    reporter: Reporter | None
    platform: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Drafted:
    """One report, before it is a row.

    Attributes:
        person: which of the case's accounts it is about, from 0.
        account: the service's own name of it; empty: the report names nobody.
        report: None while no reporter is set up: then the gaps say so.
    """

    person: int
    account: str
    report: Report | None
    files: tuple[FilingFile, ...]
    gaps: tuple[Gap, ...]
    urgent: bool


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every report of a case has alike: files with their digests, and what was written."""

    files: tuple[ReportFile, ...]
    kept: tuple[FilingFile, ...]
    said: ChatLog


class Drafter:
    """Drafts."""

    def __init__(
        self, *, vault: Blob, profile: Profile, annotate: Annotate,
        classify: Classify = lambda _: None, exif: Exif = lambda _: {},
    ) -> None:  # fmt: skip
        """Take where media are, who reports, and what reads and grades files.

        Args:
            vault: where media are.
            profile: who reports.
            annotate: NCMEC's words for a file, by the table in force.
            classify: the industry's grade of a file, by the table in force.
            exif: reads a file in the vault, inside the jail; a file's never change.
        """
        self._vault = vault
        self._profile = profile
        self._annotate = annotate
        self._classify = classify
        self._exif = lru_cache(MOST_EXIF)(exif)

    def draft(self, found: Material, *, media: bool = True) -> tuple[Drafted, ...]:
        """Every report that a case needs.

        Args:
            found: what the case holds; read before, as files are digested here.
            media: with every file; without, nothing is read that takes time.
        """
        files, kept = self._files(found) if media else ((), ())
        said = chat_log(found, self._vault, room=ROOM if media else SHORT)
        accounts = named.reported(found)
        several = len(accounts) > 1
        if several:
            empty = hashlib.md5(b"", usedforsecurity=False).hexdigest()
            kept = (*kept, FilingFile(len(kept), None, 0, hashlib.sha256(b"").hexdigest(), empty))
            files = (*files, ReportFile(name=RELATED, relevance=Relevance.SUPPLEMENTAL))
        shared = _Shared(files, kept, said)
        return tuple(
            self._one(found, person, account, shared) for person, account in enumerate(accounts)
        )

    def _one(self, found: Material, person: int, account: str, shared: _Shared) -> Drafted:
        urgent = found.danger is not None or _runs(found)
        gaps = gaps_of(found, account, self._profile.reporter, shared.said)
        if self._profile.reporter is None:
            return Drafted(person, account, None, shared.kept, gaps, urgent)
        report = Report(
            kind=_kind(found),
            summary=Incident(
                at=_moment(found), at_note=_moment_note(found), platform=self._profile.platform,
                escalate=_escalate(found),
            ),
            reporter=self._profile.reporter,
            places=self._places(found, shared.said.text),
            reported=(parties.reported(found, account),) if account else (),
            recipients=parties.recipients(found, account), victims=parties.victims(found),
            files=shared.files,
            payments=payments.of(found, account),
            additional=_story(found),
        )  # fmt: skip
        return Drafted(person, account, report, shared.kept, gaps, urgent)

    def _places(self, found: Material, log: str) -> tuple[InternetDetail, ...]:
        places: list[InternetDetail] = []
        if found.broadcast is not None:
            stream = found.broadcast.stream
            page = self._profile.page.replace("{label}", stream.label)
            page = page.replace("{account}", stream.account)
            told = f"A live broadcast, known here as {stream.label}."
            places.append(WebPage((page,) if page else (), additional=told))
        pages = tuple(dict.fromkeys(one.origin.place for one in found.uploads if one.origin.place))
        urls = tuple(one for one in pages if one.startswith(("http://", "https://")))
        if pages:
            other = "; ".join(one for one in pages if one not in urls)
            places.append(WebPage(urls, additional=other))
        if log:
            room = found.broadcast.stream.label if found.broadcast else found.case.service
            places.append(ChatIm(self._profile.platform, room, log))
        return tuple(places)

    def _files(self, found: Material) -> tuple[tuple[ReportFile, ...], tuple[FilingFile, ...]]:
        """Every file that goes with it, with its digests; what has no bytes is no file."""
        report: list[ReportFile] = []
        kept: list[FilingFile] = []
        for upload in found.uploads:
            if upload.blob is not None:
                self._add(report, kept, upload.blob, self._of_upload(found, upload))
        for one in found.broadcast.kept if found.broadcast else ():
            if one.blob is not None and one.what in PRESERVED:
                name = f"{found.broadcast.stream.label if found.broadcast else ''}-{len(kept)}.ts"
                file = ReportFile(
                    name=name, viewed=False, exif_viewed=False, public=True,
                    annotations=frozenset({FileAnnotation.LIVE_STREAMING}),
                    uploaded_at=one.at, additional=f"Of a live broadcast: {PRESERVED[one.what]}.",
                )  # fmt: skip
                self._add(report, kept, one.blob, file)
        return tuple(report), tuple(kept)

    def _add(
        self, report: list[ReportFile], kept: list[FilingFile], blob: Id, file: ReportFile
    ) -> None:
        try:
            size, sha256, md5 = self._digests(blob)
        except NotFound:  # the law of the seat lets only its hash be kept
            return
        if not size:
            return
        report.append(replace(file, blob=blob, sha256=sha256, md5=md5))
        kept.append(FilingFile(len(kept), blob, size, sha256, md5))

    def _of_upload(self, found: Material, upload: Upload) -> ReportFile:
        viewed = upload.id in found.viewed
        facts = found.decision.facts.item
        codes = self._annotate(facts) if facts is not None else ()
        hashes = [OriginalHash("SHA256", upload.sha256)]
        if upload.sha1:
            hashes.append(OriginalHash("SHA1", upload.sha1))
        told = upload.origin
        at = told.posted_at or upload.received_at
        seen = people.capture(told.address, told.port, at, CaptureEvent.UPLOAD)
        return ReportFile(
            name=f"{upload.sha256[:16]}{SUFFIX.get(upload.type, '.bin')}",
            original_name=told.reference, uploaded_at=at, location=told.place, viewed=viewed,
            exif_viewed=False, public=upload.surface.value in {"public", "live"},
            annotations=frozenset(FileAnnotation(code) for code in codes),
            original_hashes=tuple(hashes), captures=tuple(seen),
            classification=self._classify(facts) if facts is not None else None,
            details=self._details(upload),
        )  # fmt: skip

    def _details(self, upload: Upload) -> tuple[FileFacts, ...]:
        """What the file says of the device and the time it was made; nobody here looked at it."""
        if upload.blob is None or not upload.size:
            return ()
        try:
            said = self._exif(upload.blob)
        except NotFound:  # the law of the seat lets only its hash be kept
            return ()
        pairs = tuple(Pair(name, value) for name, value in sorted(said.items()))
        return (FileFacts(DetailKind.EXIF, pairs),) if pairs else ()

    def _digests(self, blob: Id) -> tuple[int, str, str]:
        """Size, SHA-256 and MD5 of a file in the vault, read in blocks."""
        size, sha256 = 0, hashlib.sha256()
        md5 = hashlib.md5(usedforsecurity=False)
        with self._vault.open(blob) as source:
            while block := source.read(BLOCK):
                size += len(block)
                sha256.update(block)
                md5.update(block)
        return size, sha256.hexdigest(), md5.hexdigest()


def _kind(found: Material) -> IncidentType:
    if found.case.kind is CaseKind.CONVERSATION and not found.uploads:
        return IncidentType.ENTICEMENT
    return IncidentType.ABUSE_MATERIAL


def _moment(found: Material) -> datetime:
    """When it happened, as well as it is known, and never in the future."""
    if found.broadcast is not None:
        at = found.broadcast.stream.started_at
    elif found.uploads:
        at = found.uploads[0].origin.posted_at or found.uploads[0].received_at
    elif found.comments:
        at = found.comments[0].at
    else:
        at = found.case.opened_at
    return min(at, found.now)


def _moment_note(found: Material) -> str:
    if found.broadcast is not None:
        ended = found.broadcast.stream.ended_at
        until = f", ended {iso(ended)}" if ended else ", not ended when this was drafted"
        return f"Begin of the live broadcast{until}."
    if found.uploads and found.uploads[0].origin.posted_at is None:
        return "When the service showed it to us; when it was sent is not known."
    return ""


def _runs(found: Material) -> bool:
    """It is seen right now: neither ended nor proven frozen or cut."""
    if found.broadcast is None or found.broadcast.stream.state is StreamState.ENDED:
        return False
    stream = found.broadcast.stream
    stopped = stream.control.rank >= Control.FROZEN.rank
    return not (stopped and stream.order_state is OrderState.CONFIRMED)


def _escalate(found: Material) -> str:
    if found.danger is not None:
        return f"A child is in danger now: {found.danger.reason}"
    return "The broadcast is running as this is sent." if _runs(found) else ""


def _story(found: Material) -> str:
    """What a reader must know besides: how it was found, what a person said, what was done."""
    lines = [
        f"Case {found.case.number}, opened {iso(found.case.opened_at)}: {found.case.why}",
        f"A person confirmed it on {iso(found.known_at)}.",
    ]
    if named.unsure(found):
        lines.append("Which of the accounts is an adult's is not known; nobody is reported yet.")
    if found.broadcast is not None:
        lines += [
            f"Directed or paid without an account that is known: {one.address} port "
            f"{one.port or 'unknown'}{f' at {iso(one.joined_at)}' if one.joined_at else ''}"
            for one in found.broadcast.unnamed
        ]
        lines += [
            f"{iso(one.at)} ordered: {one.to.value} ({one.why})" for one in found.broadcast.orders
        ]
        lines += [
            f"Not preserved: {one.what}: {one.gap}" for one in found.broadcast.kept if one.gap
        ]
    return "\n".join(lines)
