"""What users are told: texts that are data, chosen by what was done and by whom.

In comes an upload with its verdict, what people decided, and the wanted language; out goes a
`Notice` with its statement of reasons (DSA Art. 17; fields of the Transparency Database's API),
or one that is withheld. Texts stand in `review/deciding/notices/*.toml`, one file a language, each with
all texts. Asked by `review.deciding.appeals`, the API and the console. Tests:
`tests/unit/test_notices.py`, `tests/integration/test_appeals.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.appeal import Appeal, AppealOutcome
from breakwater.model.clock import iso
from breakwater.model.decision import Decision, DecisionKind
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.notice import DecidedBy, Measure, Notice
from breakwater.model.upload import Upload
from breakwater.model.user_report import ReporterKind
from breakwater.records import appeals, decisions, notices, uploads, user_reports
from breakwater.records.database import Database, Tx

FOLDER: Final = Path(__file__).parent / "notices"
FALLBACK: Final = "en"
LONGEST_HOLD: Final = timedelta(days=180)
"""One order withholds no longer than this; a longer one is given anew, by somebody who looks."""

Texts = Mapping[str, Any]

RESTRICTING: Final = frozenset(Measure) - {Measure.RELEASED, Measure.APPEAL_OVERTURNED}

EEA: Final = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
"""Where a measure of a service reaches, for the statement's territorial scope."""

_AUTOMATED: Final = {
    DecidedBy.MACHINE: "AUTOMATED_DECISION_FULLY",
    DecidedBy.BOTH: "AUTOMATED_DECISION_PARTIALLY",
    DecidedBy.PERSON: "AUTOMATED_DECISION_NOT_AUTOMATED",
}
_SOURCES: Final = {
    ReporterKind.USER: "SOURCE_ARTICLE_16",
    ReporterKind.PARTNER: "SOURCE_ARTICLE_16",
    ReporterKind.TRUSTED_FLAGGER: "SOURCE_TRUSTED_FLAGGER",
}
_CONTENT: Final = {"image": "CONTENT_TYPE_IMAGE", "video": "CONTENT_TYPE_VIDEO"}


class Notices:
    """Tells what a user may know, and holds it back where that would do harm."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def of(self, upload: Id, by: Principal, language: str = "") -> Notice:
        """What the user of an upload is told now.

        Args:
            upload: its id.
            by: who asks: a key of its service, or a person who may see cases.
            language: wanted, e.g. `de` or `de-AT`.

        Raises:
            NotFound: no such upload of this service, or nothing was done to it.
        """
        with self._db.read() as tx:
            found = uploads.get(tx, upload)
            if by.service not in {"", found.service}:
                raise NotFound(f"upload {upload}")
            return tell(tx, found, language)

    def withhold(self, who: Principal, upload: Id, *, until: datetime, reason: str) -> Notice:
        """Do not tell the user until a moment; a moment that is past ends an earlier order.

        Raises:
            NotAllowed: not by this role.
            BadInput: no reason, or longer than half a year.
            NotFound: no such upload, or nothing was done to it.
        """
        if who.person is None or not who.may(Permission.CASE_DECIDE):
            raise NotAllowed("Notices are held back by people who decide cases.")
        if not reason.strip() or len(reason) > 2_000:
            raise BadInput("Give the reason, in at most 2,000 characters.")
        with self._db.transaction() as tx:
            if until > tx.now + LONGEST_HOLD:
                raise BadInput("A notice is held back for at most 180 days at once.")
            found = uploads.get(tx, upload)
            notices.hold(tx, upload, until=until, reason=reason.strip(), by=who.person)
            tx.audit(who.id, "notice.withhold", upload, until=iso(until))
            return tell(tx, found, "")


def tell(tx: Tx, upload: Upload, language: str, appeal: Appeal | None = None) -> Notice:
    """The notice of one upload: of its last appeal when that was answered, else of its verdict.

    Args:
        tx: a snapshot.
        upload: with its verdict.
        language: wanted.
        appeal: whose answer is told; None tells of the newest that concerns the present verdict.

    Raises:
        NotFound: nothing was done to it, so there is nothing to tell.
    """
    said = decisions.standing(tx, upload.case) if upload.case else None
    appeal = appeal or _answered(tx, upload)
    measure = _measure(upload, said, appeal)
    if measure is None:
        raise NotFound("Nothing was done to this upload, so there is nothing to tell.")
    sources = _reported_by(tx, upload)
    decided_by = _decided_by(said, appeal, found_by_machine=_by_list(upload) or not sources)
    texts = text_in(language)
    plain = Notice(upload.id, measure, decided_by, texts["language"], texts["version"])
    held = notices.held(tx, upload.id)
    if held is not None:
        return replace(plain, withheld_until=held.until)
    return replace(
        plain,
        what=texts[measure]["what"],
        why=texts[measure]["why"],
        decided_by_words=texts["decided_by"][decided_by],
        appeal=texts[measure]["appeal"],
        statement=_statement(tx, upload, plain, sources) if measure in RESTRICTING else {},
    )


def _answered(tx: Tx, upload: Upload) -> Appeal | None:
    """The last appeal, if its answer is what the user was told last."""
    found = appeals.of_upload(tx, upload.id)
    answer = found[0].answer if found else None
    if answer is None:
        return None
    passes = upload.verdict is not None and upload.verdict.action is Action.ALLOW
    fits = passes == (answer.outcome is AppealOutcome.OVERTURNED)
    return found[0] if fits else None


def _measure(upload: Upload, said: Decision | None, appeal: Appeal | None) -> Measure | None:
    if appeal is not None and appeal.answer is not None:
        upheld = appeal.answer.outcome is AppealOutcome.UPHELD
        return Measure.APPEAL_UPHELD if upheld else Measure.APPEAL_OVERTURNED
    verdict = upload.verdict
    if verdict is None:
        return None
    if verdict.action is Action.ALLOW:
        return Measure.RELEASED if upload.revision > 1 else None
    if said is not None and said.kind.keeps:
        return Measure.OWN_IMAGE if said.kind is DecisionKind.OWN_IMAGE else Measure.CONFIRMED
    if verdict.rule.startswith("undecodable"):
        return Measure.UNREADABLE
    return Measure.BLOCKED if verdict.action is Action.BLOCK else Measure.HELD


def _by_list(upload: Upload) -> bool:
    return bool(upload.verdict and upload.verdict.matches)


def _decided_by(
    said: Decision | None, appeal: Appeal | None, *, found_by_machine: bool
) -> DecidedBy:
    """Whether a machine decided what the user is told of."""
    by_person = appeal.answer.by != appeals.SYSTEM if appeal and appeal.answer else said is not None
    if not by_person:
        return DecidedBy.MACHINE
    return DecidedBy.BOTH if found_by_machine else DecidedBy.PERSON


def _reported_by(tx: Tx, upload: Upload) -> frozenset[ReporterKind]:
    if upload.case is None:
        return frozenset()
    return frozenset(user_reports.reporters_of(tx, upload.case).values())


def _statement(
    tx: Tx, upload: Upload, notice: Notice, sources: frozenset[ReporterKind]
) -> dict[str, Any]:
    """Fields of `POST /api/v1/statements` of the Transparency Database; no personal data."""
    texts = text_in(notice.language)["statement"]
    history = uploads.history(tx, upload.id)
    applied = history[-1].at if history else upload.received_at
    posted = upload.origin.posted_at or upload.received_at
    machine = notice.decided_by is not DecidedBy.PERSON
    removed = notice.measure in {Measure.CONFIRMED, Measure.APPEAL_UPHELD}
    kind = (upload.type or upload.declared_type).partition("/")[0]
    return {
        "puid": f"{upload.id}-{upload.revision}",
        "decision_visibility": [
            f"DECISION_VISIBILITY_CONTENT_{'REMOVED' if removed else 'DISABLED'}"
        ],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground": texts["legal_ground"],
        "illegal_content_explanation": texts["explanation"],
        "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "category_specification": ["KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL"],
        "content_type": [_CONTENT.get(kind, "CONTENT_TYPE_OTHER")],
        "content_date": f"{posted:%Y-%m-%d}",
        "application_date": f"{applied:%Y-%m-%d}",
        "territorial_scope": list(EEA),
        "decision_facts": texts[f"facts_{notice.decided_by}"],
        "source_type": _source(sources),
        "automated_detection": "Yes" if machine else "No",
        "automated_decision": _AUTOMATED[notice.decided_by],
    }


def _source(reported_by: frozenset[ReporterKind]) -> str:
    """Where it came from: a trusted flagger before other reports, else our own initiative."""
    for kind in (ReporterKind.TRUSTED_FLAGGER, ReporterKind.PARTNER, ReporterKind.USER):
        if kind in reported_by:
            return _SOURCES[kind]
    return "SOURCE_VOLUNTARY"


def text_in(language: str) -> Texts:
    """The texts of a language; English where they are not written in it."""
    known = every_text()
    return known.get(language.lower().partition("-")[0], known[FALLBACK])


@cache
def every_text() -> Mapping[str, Texts]:
    """All texts by language: files of the package, read once."""
    read = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
    return MappingProxyType(read)
