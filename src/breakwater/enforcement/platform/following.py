"""What follows from decisions and lists: acts wanted so that services are as records say.

In come events (`case.decided`, `verdict.changed`); out go acts. What is wanted is worked out from
what stands now, not from the event, so one that comes twice, late or out of order asks nothing
wrong: content is as the verdicts of the same reference say, an account as all decisions about it
say together. An apparent child's account is never acted against, whatever else was said of it.
Tests: `tests/integration/test_acts.py`, `tests/contract/test_acts_following.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from breakwater.enforcement.platform.policy import ActPolicy, strongest
from breakwater.enforcement.ports import PlatformAdapter
from breakwater.errors import NotFound
from breakwater.model.act import POLICY, Act, ActKind, ActWhy, Lane, Subject
from breakwater.model.case import Case, CaseKind
from breakwater.model.decision import CONFIRMED, AccountRole, Decision, DecisionKind
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions, platform_acts, uploads
from breakwater.records.database import Database, Tx
from breakwater.records.platform_acts import Ground

CASES: Final = 500
"""Cases of one account that are read."""

LET_GO: Final = {Lane.CONTENT: ActKind.RESTORE, Lane.THUMBNAILS: ActKind.RESTORE_THUMBNAILS}
ONCE: Final = (Lane.SESSIONS, Lane.STREAM_KEY)


class Following:
    """Keeps services as records say."""

    def __init__(self, *, db: Database, adapter: PlatformAdapter, policy: ActPolicy) -> None:
        self._db = db
        self._adapter = adapter
        self._policy = policy

    def on_decided(self, event: Event) -> None:
        """A case was decided, or a decision was taken back: its items and its account."""
        service = str(event.body.get("service", ""))
        if not service or not self._adapter.listens(service):
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            try:
                case = cases.get(tx, event.subject)
            except NotFound:
                return
            reached = {case.subject} | _reached(tx, event)
            for upload in uploads.many(tx, reached).values():
                self.content(tx, upload)
            self.account(tx, case)

    def on_verdict(self, event: Event) -> None:
        """What becomes of an upload changed: by a list, a person or an appeal."""
        with self._db.read() as tx:
            found = uploads.find(tx, event.subject)
        if found is None or not self._adapter.listens(found.service):
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            upload = uploads.find(tx, event.subject)
            if upload is not None:
                self.content(tx, upload)

    def content(self, tx: Tx, upload: Upload) -> None:
        """Have one object be as the verdicts on it say."""
        name = upload.origin.reference
        same = {upload.id: upload}
        if name:
            same |= uploads.many(tx, platform_acts.same_reference(tx, upload.service, name))
        for lane, let_go in LET_GO.items():
            about = Subject(lane, upload.service, name or upload.id)
            stands = platform_acts.standing(tx, about)
            asked = [
                (kind, one)
                for one in same.values()
                if (kind := strongest(self._asked(tx, one, stands), lane)) is not None
            ]
            if asked:
                kind, one = max(asked, key=lambda pair: (pair[0].rank, pair[1].id))
                if not _stronger_by_hand(stands, kind):
                    platform_acts.want(tx, about, kind, _ground(tx, one))
            elif stands is not None and stands.kind.rank and not _by_hand(tx, stands):
                ground = Ground(ActWhy.RELEASED, case=upload.case, upload=upload.id)
                platform_acts.want(tx, about, let_go, ground)

    def account(self, tx: Tx, case: Case) -> None:
        """Have the account of a case be as all decisions about it say together."""
        if not case.account:
            return
        said = _said_of(tx, case)
        child = any(_is_child(one) for one in said)
        asked: list[tuple[ActKind, Decision]] = [] if child else list(self._of_account(said))
        about = Subject(Lane.ACCOUNT, case.service, case.account)
        stands = platform_acts.standing(tx, about)
        wanted = strongest((kind for kind, _ in asked), Lane.ACCOUNT)
        if wanted is not None:
            if not _stronger_by_hand(stands, wanted):
                decision = next(one for kind, one in asked if kind is wanted)
                platform_acts.want(tx, about, wanted, _decided(decision))
        elif stands is not None and stands.kind.rank and (child or not _by_hand(tx, stands)):
            ground = Ground(ActWhy.RELEASED, case=case.id)
            platform_acts.want(tx, about, ActKind.THAW_ACCOUNT, ground)
        for lane in ONCE:
            done = [(kind, one) for kind, one in asked if kind.lane is lane]
            if done:
                kind, newest = max(done, key=lambda pair: pair[1].change)
                once = Subject(lane, case.service, case.account)
                platform_acts.want(tx, once, kind, _decided(newest))

    def _asked(self, tx: Tx, upload: Upload, stands: Act | None) -> Iterable[ActKind]:
        """What one upload's verdict asks of its content."""
        verdict = upload.verdict
        if verdict is None or verdict.action is Action.ALLOW:
            return ()
        if verdict.rule.startswith(CONFIRMED):
            kind = DecisionKind(verdict.rule.removeprefix(CONFIRMED))
            return self._policy.content.get(kind, ())
        # What was held when it came in never appeared: the service was told in the answer.
        if (stands is None or not stands.kind.rank) and not _passed_first(tx, upload):
            return ()
        return self._policy.lists.get(verdict.action, ())

    def _of_account(self, said: Iterable[Decision]) -> Iterable[tuple[ActKind, Decision]]:
        """Acts that decisions ask; what only led another's case says nothing of its account."""
        for one in said:
            if one.kind.keeps and one.lead is None:
                role = one.facts.role or AccountRole.UNKNOWN
                for kind in self._policy.of_account(one.kind, role):
                    yield kind, one


def apparent_child(tx: Tx, case: Case) -> bool:
    """Whether somebody decided that a child seems to hold the account of a case."""
    return bool(case.account) and any(_is_child(one) for one in _said_of(tx, case))


def _said_of(tx: Tx, case: Case) -> list[Decision]:
    """What stands of each case of the same account, cases of others' reports left out."""
    said = []
    for one in cases.by_account(tx, case.service, case.account, CASES):
        ends = [d for d in decisions.of_case(tx, one.id) if d.stands and d.kind.ends]
        if ends and one.kind is not CaseKind.RECEIVED:
            said.append(ends[-1])
    return said


def _is_child(said: Decision) -> bool:
    own = said.kind is DecisionKind.OWN_IMAGE
    return own or (said.kind.keeps and said.facts.role is AccountRole.APPARENT_CHILD)


def _reached(tx: Tx, event: Event) -> set[Id]:
    """Uploads that a decision touched."""
    decision = event.body.get("decision")
    if decision is None:
        return set()
    try:
        said = decisions.get(tx, Id(decision))
    except NotFound:
        return set()
    return {one.upload for one in decisions.effects(tx, said.lead or said.id)}


def _passed_first(tx: Tx, upload: Upload) -> bool:
    """It passed once, so that it may be seen: a list that came later found it."""
    if upload.case is None:
        return upload.revision > 1
    return cases.get(tx, upload.case).kind is CaseKind.RETROACTIVE


def _ground(tx: Tx, upload: Upload) -> Ground:
    """Who confirmed it, or the list it matches."""
    if upload.case is not None:
        ends = [d for d in decisions.of_case(tx, upload.case) if d.stands and d.kind.keeps]
        if ends and upload.verdict and upload.verdict.rule.startswith(CONFIRMED):
            return Ground(
                ActWhy.DECISION, by=ends[-1].by, case=upload.case, upload=upload.id,
                decision=ends[-1].id,
            )  # fmt: skip
    return Ground(ActWhy.LIST, by=POLICY, case=upload.case, upload=upload.id)


def _decided(said: Decision) -> Ground:
    return Ground(ActWhy.DECISION, by=said.by, case=said.case, decision=said.id)


def _stronger_by_hand(stands: Act | None, kind: ActKind) -> bool:
    """A person asked for more than policy would."""
    return stands is not None and stands.why is ActWhy.PERSON and stands.kind.rank > kind.rank


def _by_hand(tx: Tx, stands: Act) -> bool:
    """A person asked for it, and nobody has let its case go since."""
    if stands.why is not ActWhy.PERSON or stands.case is None:
        return False
    newer = [d for d in decisions.of_case(tx, stands.case) if d.stands and d.at >= stands.at]
    return not any(one.kind.releases for one in newer)
