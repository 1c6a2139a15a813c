"""A broadcast that five accounts directed: five reports, the child a victim, each citing the others."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.comment import Cue, Share, Source
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id, new_id
from breakwater.model.report import ChatIm
from breakwater.model.stream import Control, StreamState
from breakwater.model.watch import Act, ActKind, Tier
from breakwater.records import cases, chats, filings, kept_comments, stream_orders, streams
from tests.integration import deciding, test_filing
from tests.integration.deciding import K
from tests.integration.test_review_views import somebody

set_up_once, known = deciding.set_up_once, deciding.known
reviewer, receiver, opened, app = (
    deciding.reviewer, test_filing.receiver, test_filing.opened, test_filing.app,
)  # fmt: skip
SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")
DIRECTING = [f"viewer-{n}" for n in range(5)]


@pytest.fixture
def case(app, clock) -> Id:
    """A stopped broadcast of a child, whose chat five accounts filled; a sixth only watched."""
    made = app.live.streams.begin(
        SERVICE, "", "live/014", Sender(account="small-one", address="203.0.113.5", port=4400)
    )
    start = made.started_at
    people = [
        Viewer(name, "198.51.100.7", 40_000 + n, start, start + timedelta(seconds=90))
        for n, name in enumerate([*DIRECTING, "passer"])
    ]
    app.live.streams.viewers(SERVICE, made.id, who=people)
    with app.db.transaction() as tx:
        opened = cases.open(
            tx, kind=CaseKind.STREAM, subject=made.id, why="Comments.", priority=Priority.NOW,
            service="clips", account="small-one", by="live",
        )  # fmt: skip
        streams.set_case(tx, made.id, opened.id)
        chat = chats.begin(tx, About(ChatKind.STREAM, "clips", made.id, made.id))
        kept_comments.keep(tx, "clips", [
            KeptComment(
                new_id(), chat.id, f"m{n}", name, start + timedelta(seconds=10 + n),
                f"sing number {n}", 3.0, by=(Share(Source.CUE, 2.0, Cue.DIRECTIVE.value),),
                case=opened.id,
            )
            for n, name in enumerate(DIRECTING)
        ])  # fmt: skip
    clock.advance(60)
    with app.db.transaction() as tx:
        stream_orders.want(tx, streams.get(tx, made.id), Control.CUT, by="sam", why="person")
        streams.set_state(tx, made.id, StreamState.ENDED)
    return opened.id


def test_five_directing_accounts_draft_five_reports_that_cite_one_another(
    app, case, reviewer, receiver
) -> None:
    app.review.decisions.decide(
        reviewer, case, K.ILLEGAL, reason="As seen.",
        facts=DecisionFacts(role=AccountRole.APPARENT_CHILD, item=test_filing.FOUND.item),
    )  # fmt: skip
    drafted = app.reporting.filings.draft(case)
    assert len(drafted) == 5
    assert len({one.group for one in drafted}) == 1
    officer = somebody(app, Role.REPORT_OFFICER)
    reports = [app.reporting.filings.look(officer, one.id).report for one in drafted]
    named = [[person.account for person in one.reported] for one in reports]
    assert sorted(account for (account,) in named) == DIRECTING, "one account in each, no other"
    for one in reports:
        assert [victim.account for victim in one.victims] == ["small-one"]
        assert "small-one" not in {person.account for person in one.reported}
    for one in drafted:
        app.reporting.filings.want(officer, one.id)
    for _ in range(2):  # each is opened, waits for the others, and then names them
        for one in drafted:
            app.reporting.sender.carry(one.id)
    with app.db.read() as tx:
        sent = filings.of_case(tx, case)
    assert {one.state for one in sent} == {FilingState.FINISHED}
    numbers = [one.report_id for one in sent]
    assert len(set(numbers)) == 5
    filed = {str(one["report_id"]): one for one in receiver.reports()}
    for number in numbers:
        assert filed[number]["state"] == "finished"
        assert related(number, numbers) in {one["md5"] for one in filed[number]["files"]}


def test_who_only_wrote_or_watched_is_in_no_report_and_who_was_told_or_marked_or_paid_is(
    app, case, reviewer
) -> None:
    with app.db.transaction() as tx:
        tx.lock_changes()
        stream = streams.get(tx, cases.get(tx, case).subject)
        chat = chats.of_stream(tx, stream.id)
        start = stream.started_at
        kept_comments.keep(tx, "clips", [
            KeptComment(
                new_id(), chat.id, f"b{n}", name, start + timedelta(seconds=30), words, nats,
                by=(Share(Source.CUE, nats, Cue.ASKS_AGE.value),), case=case,
            )
            for n, (name, words, nats) in enumerate(
                [("asker", "how old are you", 0.4), ("passer", "hello", -0.5)]
            )
        ])  # fmt: skip
    names = ("teller", "marked", "payer", "early")
    people = [
        Viewer(name, "198.51.100.8", 50_000 + n, start, start + timedelta(seconds=50))
        for n, name in enumerate(names)
    ]
    people.append(Viewer("teller", "198.51.100.8", 50_777, start, start + timedelta(seconds=50)))
    second = start + timedelta(seconds=20)
    app.live.streams.viewers(SERVICE, stream.id, who=people, acts=[
        Act(ActKind.DIRECTED, "teller", second, "msg-1"),
        Act(ActKind.PAID, "payer", second, "pay-1", amount="12.50 EUR"),
        Act(ActKind.PAID, "early", start - timedelta(seconds=60), "pay-0", amount="a rose"),
    ])  # fmt: skip
    officer = somebody(app, Role.INVESTIGATOR)
    viewers = app.viewers.seeing.of_case(officer, case, reason="file 12").viewers
    (marked,) = [one.person for one in viewers if one.account == "marked"]
    app.viewers.seeing.mark_directed(officer, case, marked, words="Seen in the recording.")
    facts = DecisionFacts(role=AccountRole.APPARENT_CHILD, item=test_filing.FOUND.item)
    app.review.decisions.decide(reviewer, case, K.ILLEGAL, reason="As seen.", facts=facts)
    drafted = app.reporting.filings.draft(case)
    reports = {}
    for one in drafted:
        report = app.reporting.filings.look(officer, one.id).report
        (person,) = report.reported
        reports[person.account] = report
    assert sorted(reports) == sorted([*DIRECTING, "teller", "marked", "payer"])
    (seen,) = reports["marked"].reported
    where = [(one.address, one.port, one.at) for one in seen.captures]
    assert where == [("198.51.100.8", 50_001, start)]
    (seen,) = reports["teller"].reported
    assert {one.port for one in seen.captures} == {50_000, 50_777}
    (paid,) = reports["payer"].payments
    assert (paid.amount, paid.currency, paid.payer, paid.payee, paid.reference) == (
        "12.50", "EUR", "payer", "small-one", "pay-1",
    )  # fmt: skip
    assert reports["teller"].payments == ()
    logs = [place.content for place in reports["payer"].places if isinstance(place, ChatIm)]
    assert "asker: how old are you" in logs[0]
    assert "passer: hello" in logs[0]


def related(number: str, numbers: list[str]) -> str:
    """The MD5 of the paper that names the other four."""
    lines = [f"Report {number} belongs to an incident with these other reports:"]
    text = "\n".join([*lines, *(one for one in numbers if one != number), ""])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_those_five_are_the_directing_viewers_of_the_case(app, case) -> None:
    officer = somebody(app, Role.INVESTIGATOR)
    seen = app.viewers.seeing.of_case(officer, case, reason="file 12").viewers
    tiers = {one.account: one.tier for one in seen}
    assert {name for name, tier in tiers.items() if tier is Tier.DIRECTED} == set(DIRECTING)
    assert tiers["passer"] is not Tier.DIRECTED
