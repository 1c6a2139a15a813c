"""The audit log from records: what was done in words, by whom, and whether it is whole.

Facts of rows are ids, counts and words (records, "audit"); names are looked up now, so that a
row never carries one. Read by `reader.Reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from breakwater.model.ids import parse_id
from breakwater.records import api_keys, audit, people
from breakwater.records.audit import AuditEntry, Checkpointer
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.audit_facts import told
from breakwater.web.pages.models import (
    Mark,
    Number,
    Option,
)
from breakwater.web.pages.models_lists import (
    AuditRow,
    AuditView,
)
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.reads import AuditQuery
from breakwater.web.pages.speech import say

ROWS: Final = 36

ACTIONS: Final = {
    "appeal.file": "Filed an appeal",
    "appeal.overturned": "Decided an appeal: the measure fell",
    "appeal.upheld": "Decided an appeal: the measure stays",
    "audit.checkpoint": "Signed a checkpoint",
    "classifier.add": "Added a classifier",
    "classifier.confirm": "Agreed to a classifier",
    "classifier.failed": "A classifier gives no scores",
    "classifier.off": "Switched a classifier off",
    "classifier.on": "Switched a classifier on",
    "classifier.remove": "Removed a classifier",
    "classifier.works": "A classifier gives scores again",
    "likeness.propose": "Proposed to open a likeness model's gate",
    "likeness.open": "Opened a likeness model's gate",
    "likeness.close": "Closed a likeness model's gate",
    "likeness.look": "A likeness model looked at a medium",
    "likeness.see": "Looked at likenesses",
    "links.search": "Searched by example",
    "links.crop_propose": "Cut a thing out for an appeal",
    "links.crop_agree": "Agreed to a cut-out",
    "links.crop_refuse": "Refused a cut-out",
    "links.crop_export": "Exported a cut-out",
    "exchange.add": "Entered a feed of another's list",
    "exchange.change": "Changed a feed",
    "exchange.pull": "Had a feed pulled",
    "exchange.remove": "Removed a feed",
    "exchange.pack.take": "Took a hub's pack",
    "exchange.pack.give": "Wrote a pack back to a hub",
    "exchange.pack.again": "Wrote the last pack back once more",
    "hub.give": "Gave entries to a shared list",
    "hub.take_back": "Took entries of a shared list back",
    "hub.feedback": "Said what a member thinks of an entry",
    "hub.hold": "Held an entry that matches ordinary content",
    "hub.look": "Looked at an entry of a shared list",
    "hub.settle": "Settled a question about an entry",
    "hub.withdraw": "Withdrew an entry of a shared list",
    "hub.reinstate": "Brought a withdrawn value back",
    "bank.archive": "Archived a bank",
    "bank.create": "Made a bank",
    "bank.import": "Imported a list",
    "bank.update": "Changed a bank",
    "break.end": "Came back from a break",
    "break.stagger": "Moved a break forward, so that somebody is there",
    "break.take": "Took a break",
    "case.bulk": "Changed several cases at once",
    "case.bulk_undo": "Undid a change of several cases",
    "case.close": "Closed a case",
    "case.comment": "Wrote a comment on a case",
    "case.decide": "Decided a case",
    "case.escalate": "Made a case more urgent",
    "case.hand_over": "Handed a case over",
    "case.lapse": "Gave back the case of somebody who fell silent",
    "case.overdue": "Raised a case that nobody looked at in time",
    "case.release": "Gave a case back",
    "case.skip": "Skipped a case",
    "case.take": "Took a case",
    "case.undo": "Took a decision back",
    "decision.confirm": "Confirmed a decision as second person",
    "decision.propose": "Proposed a decision to a second person",
    "decision.refuse": "Refused a decision as second person",
    "device.code": "Made a code for a workstation",
    "device.enrol": "Enrolled a workstation",
    "device.remove": "Removed a workstation",
    "duty.answer": "Answered a call",
    "duty.call": "Called somebody on duty",
    "duty.end": "Ended a shift",
    "duty.plan": "Put a shift on the rota",
    "duty.take_over": "Took over a shift",
    "entry.active": "Released an entry",
    "entry.add": "Added entries",
    "entry.confirm_negative": "Confirmed a known-harmless entry as second person",
    "entry.opinion": "Gave an opinion on an entry",
    "entry.quarantined": "Put an entry into quarantine",
    "entry.withdrawn": "Withdrew an entry",
    "freeze.want": "Wanted a stream frozen",
    "gold.end": "Ended a gold item",
    "gold.mark": "Made an item gold",
    "grade.answer": "Answered an item",
    "grade.mark": "Answered a first pass",
    "grade.rehash": "Had old items hashed again",
    "grade.second_opinion": "Asked for a second opinion on an item",
    "grade.stack": "Confirmed near copies as a stack",
    "grade_set.closed": "Closed a set",
    "grade_set.gather": "Made a set of uploads for graders",
    "grade_set.import": "Imported a set for graders",
    "grade_set.open": "Opened a set for graders",
    "import.finish": "Finished an import",
    "import.start": "Began an import",
    "key.create": "Made an API key",
    "key.revoke": "Revoked an API key",
    "key.rewrapped": "Wrapped the keys anew",
    "hold.destroyed": "Destroyed what a hold had kept, with two people",
    "hold.end": "Ended a hold",
    "hold.extend": "Kept evidence longer",
    "hold.keep": "Kept evidence of a case",
    "hold.open": "Held the evidence of a case",
    "hold.propose_end": "Proposed that a hold ends",
    "hold.read": "Looked at what is held of a case",
    "hold.receipt": "Counted a hold from a report's receipt",
    "hold.refuse_end": "Had a hold go on",
    "hold.seat": "Destroyed media that the seat's law does not let be kept",
    "key.rotated": "Rotated a key",
    "key.shredded": "Destroyed a key",
    "limits.loosen": "Agreed to looser limits as second person",
    "limits.propose": "Asked for looser limits",
    "limits.refuse": "Refused looser limits",
    "limits.tighten": "Drew limits tighter",
    "media.shredded": "Destroyed media that nothing stands against",
    "notice.withhold": "Held back what a user is told",
    "overtime.open": "Opened a live case beyond a limit",
    "own_picture.confirmed": "Confirmed the hash of somebody's own picture",
    "own_picture.open": "Took back a word on somebody's own picture",
    "own_picture.refused": "Refused the hash of somebody's own picture",
    "own_picture.send": "Somebody sent hashes of pictures of themselves",
    "own_picture.withdraw": "Somebody took back hashes of pictures of themselves",
    "person.account_linked": "Linked an account of the sign-in service",
    "person.account_unlinked": "Unlinked an account of the sign-in service",
    "person.activate": "Gave a person's access back",
    "person.create": "Added a person",
    "person.deactivate": "Took a person's access away",
    "person.link": "Made a one-time login link",
    "person.locked": "Locked a name after wrong passwords",
    "person.opt_outs": "Chose what is not offered to them",
    "person.passkey_added": "Added a passkey",
    "person.passkey_copied": "Refused a passkey that may have been copied",
    "person.passkey_removed": "Removed a passkey",
    "person.password": "Set a password",
    "person.roles": "Changed somebody's roles",
    "person.skills": "Said what somebody is trained for",
    "person.unlock": "Unlocked a name after wrong passwords",
    "quality.alarm": "Noticed something about grading",
    "quality.alarm_end": "Closed an alarm about grading",
    "report.take": "Took a report from outside",
    "routing.create": "Wrote routing rules",
    "routing.live": "Set routing rules live",
    "routing.retired": "Retired routing rules",
    "routing.shadow": "Set routing rules in shadow",
    "scheme.adopt": "Adopted a table of categories",
    "scheme.rederived": "Derived categories anew",
    "session.end": "Signed out",
    "session.revoke": "Ended a session from elsewhere",
    "session.revoke_all": "Ended all sessions of a person",
    "session.revoke_others": "Ended their own other sessions",
    "session.start": "Signed in",
    "session.taken_along": "A session's cookie came from another browser; it was ended",
    "upload.block": "Blocked an upload",
    "upload.erase": "Forgot uploads by reference",
    "upload.hold": "Held an upload",
    "verdict.block": "Blocked an upload",
    "verdict.changed": "Changed a verdict",
    "verdict.hold": "Held an upload",
    "spot.answer": "Answered a spot check",
    "spot.draw": "Drew streams for spot checks",
    "spot.purge": "Purged the pictures of a spot check",
    "view.end": "Stopped looking at a frame",
    "view.start": "Looked at a frame",
    "view.stills": "Had small grey stills on screen",
    "webhook.create": "Added a webhook",
    "webhook.remove": "Removed a webhook",
}
"""Known actions in words; another one is spelled from its own name."""


def log(look: Look, query: AuditQuery, checkpointer: Checkpointer) -> AuditView:
    """The audit page."""
    names = names_of(look.tx)
    found = _found(look.tx, query, names)
    size = audit.head(look.tx).size
    covered = checkpointer.covered
    state, said_so = _signed(checkpointer)
    chosen = options(audit.actions(look.tx), query.action)
    return AuditView(
        numbers=(
            Number(words.count(size), say("rows")),
            Number(words.count(covered), say("of them signed")),
        ),
        state=state,
        state_words=said_so,
        rows=tuple(_row(entry, names) for entry in found[:ROWS]),
        actions=chosen,
        filtered=bool(query.q or query.action),
        next_url=_next(query, found),
        first_url="/audit" if query.before else "",
    )


def _signed(checkpointer: Checkpointer) -> tuple[Mark, str]:
    """How far the record is signed, and how to prove it."""
    if checkpointer.fault is not None:
        return Mark("bad", say("Not signed")), say(
            "The second place for checkpoints cannot be written. Tell whoever runs this."
        )
    if not checkpointer.covered:
        return Mark("wait", say("Not signed yet")), say(
            "The first checkpoint is written within a minute."
        )
    return Mark("ok", say("Signed")), say(
        "The first %(n)s rows stand under a checkpoint in a second place. "
        "Prove it with: breakwater audit verify.",
        n=words.count(checkpointer.covered),
    )


def names_of(tx: Tx) -> dict[str, str]:
    """Names of those who act: people and keys."""
    keys = {str(key.id): f"{key.name} (key)" for key in api_keys.every(tx)}
    return keys | {str(person.id): person.name for person in people.every(tx)}


def options(known: list[str], chosen: str) -> tuple[Option, ...]:
    """What was done, as a filter."""
    rest = (Option(action, said(action), action == chosen) for action in known)
    return (Option("", say("Anything")), *rest)


def said(action: str) -> str:
    """An action in words.

    >>> said("session.start"), said("vault.export_made")
    ('Signed in', 'Vault: export made')
    """
    noun, _, verb = action.partition(".")
    known = ACTIONS.get(action)
    return say(known) if known else f"{noun.capitalize()}: {verb.replace('_', ' ')}"


def _found(tx: Tx, query: AuditQuery, names: Mapping[str, str]) -> list[AuditEntry]:
    """Rows of an action, and of a person, key or subject named exactly."""
    text = query.q.strip()
    before = query.before or None
    if not text:
        return audit.page(tx, before=before, limit=ROWS + 1, action=query.action)
    who = next((i for i, name in names.items() if name.removesuffix(" (key)") == text), "")
    if who:
        return audit.page(tx, before=before, limit=ROWS + 1, action=query.action, actor=who)
    subject = parse_id(text) or text
    return audit.page(tx, before=before, limit=ROWS + 1, action=query.action, subject=subject)


def _row(entry: AuditEntry, names: Mapping[str, str]) -> AuditRow:
    return AuditRow(
        number=entry.number,
        at=words.at(entry.at),
        who=names.get(entry.actor, "breakwater" if parse_id(entry.actor) is None else say("A key")),
        words=said(entry.action),
        subject=names.get(entry.subject, entry.subject),
        facts=tuple(told(entry.facts, names)),
        named=entry.subject in names,
    )


def _next(query: AuditQuery, found: list[AuditEntry]) -> str:
    if len(found) <= ROWS:
        return ""
    values = {"q": query.q, "action": query.action, "before": str(found[ROWS - 1].number)}
    return "/audit?" + urlencode({name: value for name, value in values.items() if value})
