"""The queue from records: what waits and why, fifty rows by keyset, for whoever may see it.

Without `account:read` an account is a pseudonym here (law, "who may see what"), and nobody can
search for one. Read by `reader.Reader`; cases in full by `read_case`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from breakwater.errors import NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CasePosition, CaseState, Priority
from breakwater.model.ids import Id, parse_id
from breakwater.model.upload import Upload
from breakwater.records import cases, identities, people, uploads
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.models import (
    CasePreview,
    Mark,
    Number,
    Option,
    QueueRow,
    QueueView,
)
from breakwater.web.pages.reads import QueueQuery

ROWS: Final = 50
SOON: Final = timedelta(minutes=5)
FOUND_BY: Final = (
    CaseKind.UPLOAD, CaseKind.RETROACTIVE, CaseKind.UNDECODABLE, CaseKind.QUARANTINE,
)  # fmt: skip
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Look:
    """One read of one viewer: the snapshot, the moment and who looks."""

    tx: Tx
    now: datetime
    who: Principal

    def may(self, permission: Permission) -> bool:
        """Whether the viewer may."""
        return self.who.may(permission)


def queue(look: Look, query: QueueQuery) -> QueueView:
    """The queue page."""
    found = _found(look, query)
    shown = found[:ROWS]
    mine = sum(1 for case in shown if holder(case, look.now) == look.who.id)
    soon = cases.due_before(look.tx, look.now + SOON)
    states = {"open": "Waiting", "held": "Held", "closed": "Closed"}
    return QueueView(
        numbers=(
            Number(words.count(soon), "due within 5 minutes", late=soon > 0),
            Number(words.count(sum(cases.counts(look.tx).values())), "waiting"),
            Number(words.count(mine), "held by you"),
        ),
        rows=tuple(row_of(look, case) for case in shown),
        priorities=options(query.priority, "Any", {p: p.value.capitalize() for p in Priority}),
        kinds=options(query.kind, "Anything", {kind: words.KIND[kind] for kind in FOUND_BY}),
        states=options(query.state, "Waiting or held", states),
        filtered=query.filtered,
        next_url=_next(query, found),
        first_url="/queue" if query.after else "",
        preview=preview(look, _chosen(shown, query)) if shown else None,
    )


def row_of(look: Look, case: Case) -> QueueRow:
    """One row."""
    held = holder(case, look.now)
    return QueueRow(
        id=case.id,
        number=case.number,
        priority=words.PRIORITY[case.priority],
        why=case.why,
        due=words.due(case.due_at, look.now),
        waiting=words.since(case.opened_at, case.closed_at or look.now),
        where=case.service,
        held_by=people.get(look.tx, held).name if held else "",
    )


def preview(look: Look, case: Case) -> CasePreview:
    """Why a case waits, in words."""
    upload = upload_of(look.tx, case)
    matches = upload.verdict.matches if upload and upload.verdict else ()
    facts = [("Found by", words.KIND[case.kind]), ("Service", case.service or "None")]
    if upload:
        facts.append(("Surface", upload.surface.value))
    if case.account:
        earlier = cases.by_account(look.tx, case.service, case.account)
        facts.append(("Account", account_word(look, case)))
        facts.append(("Other cases", str(len(earlier) - 1)))
    facts.append(("Waiting", words.since(case.opened_at, look.now).words))
    return CasePreview(
        id=case.id,
        number=case.number,
        priority=words.PRIORITY[case.priority],
        why=case.why,
        due=words.due(case.due_at, look.now),
        facts=tuple(facts),
        matches=tuple(f"{m.bank}, entry {m.number}: {m.words}" for m in matches[:4]),
    )


def case_named(tx: Tx, name: str) -> Case:
    """A case by id or number.

    Raises:
        NotFound: no such case.
    """
    if name.isdecimal() and len(name) < 18:
        return cases.by_number(tx, int(name))
    case = parse_id(name)
    if case is None:
        raise NotFound("A case is named by its number or id.")
    return cases.get(tx, case)


def upload_of(tx: Tx, case: Case) -> Upload | None:
    """The upload a case is about, when it is about one."""
    return uploads.find(tx, case.subject)


def account_word(look: Look, case: Case) -> str:
    """The account as this viewer may know it."""
    if look.may(Permission.ACCOUNT_READ):
        return case.account
    key = identities.pseudonym(look.tx, case.service, case.account) or b""
    return f"Pseudonym {key.hex()[:10]}"


def holder(case: Case, now: datetime) -> Id | None:
    """Who holds a case now; a hold that has run out holds nothing."""
    return case.held_by if case.held_until is not None and case.held_until > now else None


def state_of(case: Case, now: datetime) -> Mark:
    """Where a case stands, in shape and words."""
    lapsed = case.state is CaseState.HELD and holder(case, now) is None
    return words.STATE[CaseState.OPEN if lapsed else case.state]


def _found(look: Look, query: QueueQuery) -> list[Case]:
    """Up to one case more than a page, so that the page knows whether it is the last."""
    service, slash, account = query.q.strip().partition("/")
    if service.isdecimal() and len(service) < 18 and not slash:
        try:
            return [cases.by_number(look.tx, int(service))]
        except NotFound:
            return []
    if account:
        known = look.may(Permission.ACCOUNT_READ)
        return cases.by_account(look.tx, service, account, ROWS) if known else []
    return cases.page(
        look.tx,
        state=_value(CaseState, query.state),
        after=CasePosition.parse(query.after) if query.after else None,
        limit=ROWS + 1,
        priority=_value(Priority, query.priority),
        kind=_value(CaseKind, query.kind),
        service=service,
    )


def _next(query: QueueQuery, found: Sequence[Case]) -> str:
    if len(found) <= ROWS:
        return ""
    after = replace(query, after=str(found[ROWS - 1].position))
    names = ("q", "priority", "kind", "state", "after")
    return "/queue?" + urlencode({n: getattr(after, n) for n in names if getattr(after, n)})


def _chosen(shown: Sequence[Case], query: QueueQuery) -> Case:
    return next((case for case in shown if str(case.number) == query.at), shown[0])


def _value(kind: type[E], text: str) -> E | None:
    return kind(text) if text in set(kind) else None


def options(chosen: str, any_word: str, choices: Mapping[str, str]) -> tuple[Option, ...]:
    """The choices of a filter, "any" first."""
    rest = (Option(str(value), word, value == chosen) for value, word in choices.items())
    return (Option("", any_word), *rest)
