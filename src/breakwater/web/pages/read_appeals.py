"""Appeals from records: what is claimed, why it was done, who decided, what the user is told.

The user's words are shown to whoever may answer, as text and never as markup. Who took the first
decision is named, because they are the one who may not answer. Read by `pages.appeals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.appeal import Appeal, AppealOutcome, Claim, Ground, OverturnRate
from breakwater.model.ids import Id, parse_id
from breakwater.model.notice import Notice
from breakwater.model.upload import Upload
from breakwater.records import appeals, cases, decisions, notices, people, uploads
from breakwater.records.database import Tx
from breakwater.review.deciding import telling
from breakwater.review.deciding.appeals import RATED
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_appeals import (
    AppealRow,
    AppealsView,
    AppealView,
    NoticeView,
    RateRow,
    RateTable,
)
from breakwater.web.pages.read_case import name_of
from breakwater.web.pages.read_queue import Look, entry_words
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

ROWS: Final = 50
SOON: Final = timedelta(hours=24)
FEW: Final = 5
"""A rate of fewer answers says nothing about a person and is not shown."""

CLAIMS: Final[Mapping[Claim, str]] = Spoken({
    Claim.NOT_ILLEGAL: later("It is not illegal"),
    Claim.LAWFUL_CONTEXT: later("Its context is lawful"),
    Claim.WRONG_MATCH: later("It is not what it was taken for"),
    Claim.OWN_IMAGE: later("It shows the user themselves"),
    Claim.OTHER: later("Another reason"),
})  # fmt: skip

GROUNDS: Final[Mapping[Ground, str]] = Spoken({
    Ground.NOT_ILLEGAL: later("Not illegal"),
    Ground.LAWFUL_CONTEXT: later("Lawful context"),
    Ground.WRONG_MATCH: later("Wrong match"),
})  # fmt: skip

OUTCOMES: Final[Mapping[AppealOutcome, Mark]] = Spoken({
    AppealOutcome.UPHELD: Mark("held", later("The measure stays")),
    AppealOutcome.OVERTURNED: Mark("ok", later("The measure fell")),
})  # fmt: skip

RULES: Final[Mapping[str, str]] = Spoken({
    "bank.block": later("A match in a bank that blocks"),
    "bank.hold": later("A match in a bank that holds"),
    "undecodable": later("The file cannot be read"),
    "decision.illegal": later("A person: illegal"),
    "decision.own_image": later("A person: the child's own image"),
})  # fmt: skip


def every(look: Look, *, answered: bool, at: int) -> AppealsView:
    """The list: what waits with the first due first, or what was answered with the newest first.

    Args:
        look: the snapshot and who looks.
        answered: those instead of what waits.
        at: number of the last one of the page before; 0 for the first page.
    """
    waiting, soon = appeals.counts(look.tx, look.now + SOON)
    if answered:
        found = appeals.answered(look.tx, before=at, limit=ROWS + 1)
    else:
        found = appeals.waiting(look.tx, after=at, limit=ROWS + 1)
    path = "/appeals?answered=1" if answered else "/appeals"
    after = (
        f"{path}{'&' if answered else '?'}at={found[ROWS - 1].number}" if len(found) > ROWS else ""
    )
    return AppealsView(
        numbers=(
            Number(words.count(waiting), say("waiting")),
            Number(words.count(soon), say("due within 24 hours"), late=soon > 0),
        ),
        rows=tuple(_row(look, appeal) for appeal in found[:ROWS]),
        answered=answered,
        rates=rate_tables(look, ("bank", "rule")),
        next_url=after,
        first_url=path if at else "",
    )


def _row(look: Look, appeal: Appeal) -> AppealRow:
    return AppealRow(
        number=appeal.number,
        claim=CLAIMS[appeal.claim],
        why=_rule(appeal.rule),
        where=appeal.service,
        due=words.due(appeal.due_at, look.now),
        since=words.since(appeal.at, appeal.answer.at if appeal.answer else look.now),
        state=_state(appeal),
    )


def _state(appeal: Appeal) -> Mark:
    if appeal.answer is None:
        return Mark("wait", say("Waiting"))
    return OUTCOMES[appeal.answer.outcome]


def _rule(rule: str) -> str:
    name = "undecodable" if rule.startswith("undecodable") else rule
    return RULES.get(name) or rule


def rate_tables(look: Look, kinds: Sequence[str]) -> tuple[RateTable, ...]:
    """How often appeals were right in the last year; empty kinds are left out."""
    titles = {
        "bank": say("By bank"),
        "rule": say("By rule"),
        "reviewer": say("By whoever decided first"),
    }
    found = appeals.rates(look.tx, look.now - RATED)
    tables = (RateTable(titles[kind], _rates(look.tx, kind, found[kind])) for kind in kinds)
    return tuple(table for table in tables if table.rows)


def _rates(tx: Tx, kind: str, found: Sequence[OverturnRate]) -> tuple[RateRow, ...]:
    if kind == "reviewer":
        found = [rate for rate in found if rate.decided >= FEW]
    return tuple(_rate(tx, kind, rate) for rate in found)


def _rate(tx: Tx, kind: str, rate: OverturnRate) -> RateRow:
    name = rate.name
    if kind == "rule":
        name = _rule(name)
    elif kind == "reviewer":
        name = name_of(tx, name)
    low, high = rate.interval
    said = say_n(
        "%(right)s of %(n)s fell (95 %% between %(low)s and %(high)s %%)",
        "%(right)s of %(n)s fell (95 %% between %(low)s and %(high)s %%)",
        rate.decided,
        right=figure(rate.overturned),
        low=figure(round(low * 100)),
        high=figure(round(high * 100)),
    )
    return RateRow(name, rate.share, said)


def appeal_named(tx: Tx, name: str) -> Appeal:
    """An appeal by number or id.

    Raises:
        NotFound: no such appeal.
    """
    if name.isdecimal() and len(name) < 18:
        return appeals.by_number(tx, int(name))
    found = parse_id(name)
    if found is None:
        raise NotFound("An appeal is named by its number or id.")
    return appeals.get(tx, found)


def one(look: Look, appeal: Appeal) -> AppealView:
    """One appeal in full."""
    upload = uploads.find(look.tx, appeal.upload)
    verdict = _appealed(look.tx, upload, appeal)
    case = cases.get(look.tx, appeal.case) if appeal.case else None
    return AppealView(
        id=appeal.id,
        number=appeal.number,
        claim=CLAIMS[appeal.claim],
        words=appeal.words,
        language=appeal.language,
        why=verdict,
        evidence=_evidence(upload),
        facts=_facts(look, appeal),
        due=words.due(appeal.due_at, look.now),
        state=_state(appeal),
        case=case.id if case and look.may(Permission.CASE_READ) else "",
        case_number=case.number if case else 0,
        why_not=_why_not(look.tx, look.who, appeal),
        answer=_answer(look.tx, appeal),
        notice=notice_of(look, upload, appeal.language) if upload else None,
    )


def _appealed(tx: Tx, upload: Upload | None, appeal: Appeal) -> str:
    """The reason of the verdict that was appealed against, in the words it was given."""
    history = uploads.history(tx, appeal.upload)
    before = [row.verdict for row in history if row.at <= appeal.at]
    if before:
        return retold(before[-1].reason)
    return retold(upload.verdict.reason) if upload and upload.verdict else _rule(appeal.rule)


def _evidence(upload: Upload | None) -> tuple[str, ...]:
    matches = upload.verdict.matches if upload and upload.verdict else ()
    return tuple(entry_words(m) for m in matches[:4])


def _facts(look: Look, appeal: Appeal) -> tuple[tuple[str, str], ...]:
    first = [people.get(look.tx, person).name for person in deciders(look.tx, appeal)]
    machine = say("A machine; nobody has looked yet") if appeal.waits else say("A machine")
    rows = [
        (say("Decided by"), ", ".join(first) or machine),
        (say("Rule"), _rule(appeal.rule)),
        (say("Service"), appeal.service),
        (say("Filed"), words.full(appeal.at)),
    ]
    if appeal.account and look.may(Permission.ACCOUNT_READ):
        rows.append((say("Account"), appeal.account))
    if appeal.reference:
        rows.append((say("Reference"), appeal.reference))
    return tuple(rows)


def deciders(tx: Tx, appeal: Appeal) -> list[Id]:
    """Everybody who decided the case so far: none of them answers the appeal."""
    said = decisions.of_case(tx, appeal.case) if appeal.case else []
    by = [*appeal.first, *(d.by for d in said), *(d.second for d in said if d.second)]
    answered = appeal.answer.by if appeal.answer else ""
    return [person for person in dict.fromkeys(by) if person != answered]


def _why_not(tx: Tx, who: Principal, appeal: Appeal) -> str:
    if not appeal.waits:
        return say("This appeal is answered.")
    if who.person in deciders(tx, appeal):
        return say("You took the first decision, so another person answers this appeal.")
    return ""


def _answer(tx: Tx, appeal: Appeal) -> tuple[tuple[str, str], ...]:
    answer = appeal.answer
    if answer is None:
        return ()
    rows = [(say("Answer"), OUTCOMES[answer.outcome].word)]
    if answer.ground is not None:
        rows.append((say("Why it fell"), GROUNDS[answer.ground]))
    rows.append((say("Answered by"), name_of(tx, answer.by)))
    rows.append((say("Reason"), answer.reason))
    rows.append((say("When"), words.full(answer.at)))
    return tuple(rows)


def notice_of(look: Look, upload: Upload, language: str) -> NoticeView | None:
    """What the user of an upload is told now; None when there is nothing to tell."""
    try:
        notice = telling.tell(look.tx, upload, language)
    except NotFound:
        return None
    order = notices.held(look.tx, upload.id)
    held = ""
    if order is not None:
        held = say(
            "Held back until %(until)s by %(name)s: %(reason)s",
            until=words.full(order.until), name=name_of(look.tx, order.by), reason=order.reason,
        )  # fmt: skip
    return NoticeView(
        upload=upload.id,
        title=say("What the user is told"),
        lines=_lines(notice),
        language=notice.language,
        statement=tuple((name, _plain(value)) for name, value in notice.statement.items()),
        held=held,
    )


def _lines(notice: Notice) -> tuple[str, ...]:
    said = (notice.what, notice.why, notice.decided_by_words, notice.appeal)
    return tuple(line for line in said if line)


def _plain(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
