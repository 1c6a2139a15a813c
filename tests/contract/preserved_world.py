"""A desk that decides, files and keeps, without people or a recipient: for tests of preservation."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

from tests import builders

from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.upload import Origin
from breakwater.observe import Metrics
from breakwater.records import (
    accounts,
    cases,
    chats,
    decisions,
    filings,
    hold_items,
    holds,
    jobs,
    kept_comments,
    outbox,
    stream_orders,
    stream_people,
    streams,
    uploads,
)
from breakwater.reporting.preserving.holding import Holding
from breakwater.reporting.preserving.keep import Keeper, Rules

D = DecisionKind
YEAR = timedelta(days=365)
ILLEGAL = DecisionFacts(role=AccountRole.SUSPECT, item=ItemFacts(Activity.NON_PENETRATIVE))
CANARY = "a polite canary sings"


class World:
    """One database with its vault, who decides, and what keeps."""

    def __init__(self, database, vault, rules=None):
        self.db, self.vault, self.metrics = database, vault, Metrics()
        rules = rules or Rules()
        self.keeper = Keeper(db=database, vault=vault, rules=rules, metrics=self.metrics)
        self.holding = Holding(db=database, keeper=self.keeper, rules=rules)
        self.one, self.two = self.officer(), self.officer()
        self.heard = 0

    def officer(self):
        with self.db.transaction() as tx:
            person = builders.person(tx, "", Role.REPORT_OFFICER)
        return Principal(person.id, person.name, Role.REPORT_OFFICER.permissions, person=person.id)

    def put(self, data):
        return self.vault.put(io.BytesIO(data), purpose="evidence")

    def upload(self, data=b"a harbour", account="river-otter-81"):
        """An upload that waits for a person, with its case and the service's account data."""
        blob = self.put(data)
        origin = Origin(account=account, address="203.0.113.9", port=50001, reference="obj-1")
        with self.db.transaction() as tx:
            mine = uploads.start(tx, builders.upload(origin=origin, blob=blob))
            case = builders.case(tx, subject=mine.id, account=account)
            if account:
                told = {"emails": ["a@example.net"]}
                accounts.put(tx, mine.service, account, told, taken_at=tx.now)
            return uploads.finish(
                tx, replace(mine, verdict=builders.verdict(Action.HOLD), case=case.id)
            )

    def stream(self):
        """A stopped broadcast with a case, a sender, viewers, a chat, and what enforcement kept."""
        preroll, watched = self.put(b"waves " * 100), self.put(b"{}")
        sender = Sender(client="c1", service="photos", account="heron", address="203.0.113.8")
        with self.db.transaction() as tx:
            stream = streams.start(tx, server="m", name="live/one", sender=sender)
            stream_people.join(tx, stream.id, sender)
            viewer = Viewer("gull", "198.51.100.4", 4711, tx.now)
            stream_people.add_viewers(tx, stream, [viewer])
            case = builders.case(tx, kind=CaseKind.STREAM, subject=stream.id, account="heron")
            streams.set_case(tx, stream.id, case.id)
            stream_orders.keep(tx, stream.id, "preroll", blob=preroll, detail="100 s")
            stream_orders.keep(tx, stream.id, "viewers", blob=watched, detail="1 people")
            stream_orders.keep(tx, stream.id, "recording", gap="The server keeps none.")
            self.talk(tx, case, stream.id)
        return case

    def conversation(self):
        with self.db.transaction() as tx:
            case = builders.case(tx, kind=CaseKind.CONVERSATION, account="heron")
            self.talk(tx, case, None)
        return case

    def talk(self, tx, case, stream):
        kind = ChatKind.CONVERSATION if stream is None else ChatKind.STREAM
        chat = chats.begin(tx, About(kind, "photos", f"room {case.number}", stream))
        chats.set_case(tx, chat.id, case.id)
        said = KeptComment(new_id(), chat.id, "m1", "gull", tx.now, CANARY, 3.0, case=case.id)
        kept_comments.keep(tx, "photos", [said])

    def decide(self, case, kind=D.ILLEGAL, undoes=None):
        """As `review` does: the decision, what it did, the case closed, everybody told."""
        with self.db.transaction() as tx:
            said = decisions.add(
                tx, case=case, kind=kind, by=self.one.person, reason="seen",
                facts=ILLEGAL if kind.keeps else DecisionFacts(), undoes=undoes,
            )  # fmt: skip
            found = uploads.find(tx, cases.get(tx, case).subject)
            if found is not None and undoes is None:
                action = Action.BLOCK if kind.keeps else Action.ALLOW
                uploads.revise(tx, found.id, builders.verdict(action, rule=kind.rule))
            if undoes is None and kind.ends:
                cases.close(tx, case, by=self.one.id, reason="seen")
            elif undoes is not None:
                decisions.reopen(tx, case, by=self.one.id, what="reopened")
            event = Event(new_id(), EventType.CASE_DECIDED, case, tx.now)
        self.keeper.on_decided(event)
        return said

    def decided(self, case):
        """Illegal, and kept."""
        said = self.decide(case)
        self.keeper.turn()
        return said

    def file(self, case):
        """A report of it is finished, and its receipt stands."""
        with self.db.transaction() as tx:
            about = filings.About(case, "ncmec", tx.now, tx.now + timedelta(days=1))
            one = filings.move(tx, filings.draft(tx, about, {"words": "a harbour"}), S.NEW)
            opened = filings.move(tx, one, S.OPEN, report_id="77", opened_at=tx.now)
            done = filings.move(tx, opened, S.FINISHED, finished_at=tx.now)
        self.finished(done)
        return done

    def finished(self, filing):
        self.keeper.on_finished(
            Event(new_id(), EventType.FILING_FINISHED, filing.id, self.db.clock.now())
        )

    def holds(self, case):
        with self.db.read() as tx:
            return holds.of_case(tx, case)

    def items(self, case):
        with self.db.read() as tx:
            return hold_items.of_case(tx, case)

    def due_jobs(self, *kinds):
        return jobs.claim(self.db, kinds, owner="test", lease_s=60, limit=20)

    def events(self, kind):
        with self.db.read() as tx:
            return outbox.since(tx, 0, limit=999, types=[kind])

    def end(self, hold, reason="Its time is over."):
        self.holding.propose_end(self.one, hold.id, reason)
        return self.holding.confirm_end(self.two, hold.id)


S = FilingState
