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
from breakwater.model.match import Match
from breakwater.model.queue import CaseFilter, Waiting
from breakwater.model.routing_form import WORD
from breakwater.model.upload import Upload
from breakwater.records import (
    cases,
    chats,
    identities,
    kept_comments,
    outbox,
    people,
    routing,
    uploads,
)
from breakwater.records import queue as waiting
from breakwater.records.database import Tx
from breakwater.review.queueing.queue import decides
from breakwater.web.pages import chat_words, words
from breakwater.web.pages.models import (
    CasePreview,
    Mark,
    Number,
    Option,
    QueueRow,
    QueueView,
    When,
)
from breakwater.web.pages.models_queue import Colleague, PreviewActs
from breakwater.web.pages.reads import QueueQuery
from breakwater.web.pages.retold import nearness, retold
from breakwater.web.pages.speech import say

ROWS: Final = 50
SOON: Final = timedelta(minutes=5)
FOUND_BY: Final = (
    CaseKind.UPLOAD, CaseKind.RETROACTIVE, CaseKind.UNDECODABLE, CaseKind.QUARANTINE,
    CaseKind.STREAM, CaseKind.CONVERSATION, CaseKind.RECEIVED, CaseKind.LEAD,
)  # fmt: skip
FIELDS: Final = ("q", "queue", "priority", "kind", "state", "after")
"""What the address of a page of the queue says."""
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
    rules = routing.live(look.tx).ruleset
    return QueueView(
        numbers=_numbers(look),
        rows=_rows(look, shown),
        priorities=options(
            query.priority, say("Any"), {p: words.PRIORITY[p].word for p in Priority}
        ),
        kinds=options(query.kind, say("Anything"), {kind: words.KIND[kind] for kind in FOUND_BY}),
        states=options(query.state, say("Every open case"), _states(look)),
        queues=options(query.queue, say("Every queue"), {q: q for q in rules.queues}),
        filtered=query.filtered,
        next_url=_next(query, found),
        first_url="/queue" if query.after else "",
        preview=preview(look, _chosen(shown, query)) if shown else None,
        change=outbox.newest(look.tx),
        held=kept_comments.count_alone(look.tx),
    )


def _numbers(look: Look) -> tuple[Number, ...]:
    """The three numbers that matter: what is due, what waits, what is one's own."""
    soon = cases.due_before(look.tx, look.now + SOON)
    mine = waiting.mine(look.tx, look.who.person) if look.who.person else 0
    return (
        Number(words.count(soon), say("due within 5 minutes"), late=soon > 0),
        Number(words.count(waiting.unheld(look.tx)), say("waiting")),
        Number(words.count(mine), say("with you")),
    )


def _states(look: Look) -> dict[str, str]:
    mine = {"mine": say("With you")} if look.may(Permission.CASE_DECIDE) else {}
    return {"open": say("Waiting"), "held": say("With somebody")} | mine | {"closed": say("Closed")}


def _rows(look: Look, shown: Sequence[Case]) -> tuple[QueueRow, ...]:
    places = waiting.places(look.tx, [case.id for case in shown])
    return tuple(
        replace(row_of(look, case), queue=places[case.id].queue if case.id in places else "")
        for case in shown
    )


def row_of(look: Look, case: Case) -> QueueRow:
    """One row."""
    held = holder(case, look.now)
    return QueueRow(
        id=case.id,
        number=case.number,
        priority=words.PRIORITY[case.priority],
        why=retold(case.why),
        due=words.due(case.due_at, look.now),
        waiting=words.since(case.opened_at, case.closed_at or look.now),
        where=case.service,
        closed=closed_of(case, look.now),
        held_by=people.get(look.tx, held).name if held else "",
    )


def found_by(look: Look, case: Case) -> str:
    """What a case is about; one about what people write says to what they write."""
    some = chats.of_case(look.tx, case.id) if case.kind is CaseKind.CONVERSATION else []
    return chat_words.WRITTEN_TO[some[0].kind] if some else words.KIND[case.kind]


def preview(look: Look, case: Case) -> CasePreview:
    """Why a case waits, in words."""
    upload = upload_of(look.tx, case)
    matches = upload.verdict.matches if upload and upload.verdict else ()
    place = waiting.waiting(look.tx, case.id)
    facts = [(say("Found by"), found_by(look, case)), (say("Queue"), place.queue)]
    if place.skill:
        facts.append((say("Needs the skill"), place.skill))
    if place.viewers or place.reports:
        told = say("%(viewers)s watch, %(reports)s reported it", **_counts(place))
        facts.append((say("People"), told))
    facts.append((say("Service"), case.service or say("None")))
    if upload:
        facts.append((say("Surface"), upload.surface.value))
    if case.account:
        earlier = cases.by_account(look.tx, case.service, case.account)
        facts.append((say("Account"), account_word(look, case)))
        facts.append((say("Other cases"), str(len(earlier) - 1)))
    facts.append((say("Waiting"), words.since(case.opened_at, look.now).words))
    return CasePreview(
        id=case.id,
        number=case.number,
        priority=words.PRIORITY[case.priority],
        why=retold(case.why),
        due=words.due(case.due_at, look.now),
        facts=tuple(facts),
        matches=tuple(entry_words(m) for m in matches[:4]),
        acts=_acts(look, case),
        held=_held_words(look, case),
        closed=closed_of(case, look.now),
        closed_by=closed_by(look, case),
    )


def closed_of(case: Case, now: datetime) -> When | None:
    """When a case was closed; a due time says nothing any more then."""
    return words.ago(case.closed_at, now) if case.closed_at is not None else None


def closed_by(look: Look, case: Case) -> str:
    """Who closed it; empty for the program itself, and while it is open."""
    if case.closed_at is None:
        return ""
    steps = cases.history(look.tx, case.id)
    by = next((step.by for step in reversed(steps) if step.what == "closed"), "")
    person = parse_id(by)
    return people.get(look.tx, person).name if person else ""


def _counts(place: Waiting) -> dict[str, str]:
    return {"viewers": words.count(place.viewers), "reports": words.count(place.reports)}


def _acts(look: Look, case: Case) -> PreviewActs | None:
    """What this viewer may do with the case; nothing while a colleague holds it."""
    held = holder(case, look.now)
    if not look.may(Permission.CASE_DECIDE) or case.state is CaseState.CLOSED:
        return None
    if held is not None and held != look.who.person:
        return None
    rank = case.priority.rank
    return PreviewActs(
        version=case.version,
        colleagues=tuple(
            Colleague(one.id, one.name)
            for one in people.every(look.tx)
            if decides(one) and one.id != look.who.person
        ),
        higher=words.PRIORITY[list(Priority)[rank - 1]].word if rank else "",
        mine=held is not None,
    )


def _held_words(look: Look, case: Case) -> str:
    held = holder(case, look.now)
    if held is None or case.held_until is None:
        return ""
    left = words.span(case.held_until - look.now)
    if held == look.who.person:
        return say("You hold it for another %(left)s.", left=left)
    name = people.get(look.tx, held).name
    return say("%(name)s holds it. It is free again in %(left)s.", name=name, left=left)


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


def entry_words(match: Match) -> str:
    """One match in a line: which entry, and how near."""
    return say(
        "%(bank)s, entry %(number)s: %(words)s",
        bank=match.bank, number=match.number, words=nearness(match),
    )  # fmt: skip


def upload_of(tx: Tx, case: Case) -> Upload | None:
    """The upload a case is about, when it is about one."""
    return uploads.find(tx, case.subject)


def account_word(look: Look, case: Case) -> str:
    """The account as this viewer may know it."""
    if look.may(Permission.ACCOUNT_READ):
        return case.account
    key = identities.pseudonym(look.tx, case.service, case.account) or b""
    return say("Pseudonym %(key)s", key=key.hex()[:10])


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
    found = waiting.page(
        look.tx,
        wanted(look, query),
        state=_value(CaseState, query.state),
        after=CasePosition.parse(query.after) if query.after else None,
        limit=ROWS + 1,
    )
    if found or not service or not look.may(Permission.ACCOUNT_READ):
        return found
    return cases.named_account(look.tx, service, ROWS)


def names_one(query: QueueQuery) -> bool:
    """Whether the text names one case or one account, and so no group of cases."""
    text = query.q.strip()
    return text.isdecimal() or "/" in text


def wanted(look: Look, query: QueueQuery) -> CaseFilter:
    """The filters of the address, as records take them."""
    return CaseFilter(
        queue=query.queue if WORD.fullmatch(query.queue) else "",
        service=query.q.strip().partition("/")[0],
        kind=_value(CaseKind, query.kind),
        priority=_value(Priority, query.priority),
        held_by=look.who.person if query.state == "mine" else None,
    )


def _next(query: QueueQuery, found: Sequence[Case]) -> str:
    if len(found) <= ROWS:
        return ""
    after = replace(query, after=str(found[ROWS - 1].position))
    return "/queue?" + urlencode([(n, getattr(after, n)) for n in FIELDS if getattr(after, n)])


def _chosen(shown: Sequence[Case], query: QueueQuery) -> Case:
    return next((case for case in shown if str(case.number) == query.at), shown[0])


def _value(kind: type[E], text: str) -> E | None:
    return kind(text) if text in set(kind) else None


def options(chosen: str, any_word: str, choices: Mapping[str, str]) -> tuple[Option, ...]:
    """The choices of a filter, "any" first."""
    rest = (Option(str(value), word, value == chosen) for value, word in choices.items())
    return (Option("", any_word), *rest)
