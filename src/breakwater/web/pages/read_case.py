"""One case from records: evidence, verdict, account and history, for whoever may see it.

Rights are applied here (law, "who may see what"): without `identity:read` an address is
masked, without `hash:read` a known hash is not shown and only the bits that differ are drawn.
An admin sees why a case waits and nothing of the item. Read by `reader.Reader`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.live.hearing.measures import COMMENTS
from breakwater.model.access import Permission
from breakwater.model.bank import OWN_PICTURES
from breakwater.model.case import Case, CaseKind, CaseStep
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id, parse_id
from breakwater.model.match import Action, Match
from breakwater.model.media import Level
from breakwater.model.signal import Measure, kind_named
from breakwater.model.upload import Upload
from breakwater.records import accounts, cases, people, uploads, user_reports
from breakwater.records.database import Tx
from breakwater.web.pages import (
    read_chat,
    read_classifiers,
    read_copies,
    read_deciding,
    read_lead,
    read_received,
    read_related,
    read_stills,
    read_stream,
    read_timeline,
    words,
)
from breakwater.web.pages.evidence import bits_of, moments_of, moments_s, spans_of, turn_of
from breakwater.web.pages.models import (
    Mark,
)
from breakwater.web.pages.models_case import CaseView, EvidencePair, LogRow, StripFrame
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_queue import (
    Look,
    account_word,
    closed_by,
    closed_of,
    found_by,
    holder,
    state_of,
    upload_of,
)
from breakwater.web.pages.read_reports import ReportRow, row
from breakwater.web.pages.retold import nearness, retold
from breakwater.web.pages.speech import Spoken, later, say, say_n

PAIRS: Final = 12
"""Evidence on one page, nearest first; the rest is counted."""
REPORTS: Final = 5
"""Reports on the case page, newest first; the rest stands on their own page."""

_STEPS: Final[Mapping[str, str]] = Spoken({
    "opened": later("Opened"),
    "appealed": later("Appealed against"),
    "appeal_overturned": later("Appeal decided: the measure fell"),
    "appeal_upheld": later("Appeal decided: the measure stays"),
    "reported": later("Reported by somebody outside"),
    "closed": later("Closed"),
    "held": later("Taken by a person"),
    "released": later("Given back to the queue"),
    "reprioritised": later("Given another priority"),
    "skipped": later("Skipped, and left to others"),
    "handed_over": later("Handed over"),
    "lapsed": later("Given back, because nothing was done for a while"),
    "routed": later("Put in its place by the routing rules"),
    "moved": later("Moved to another queue"),
    "raised": later("Made more urgent by viewers or reports"),
    "escalated": later("Made more urgent"),
    "reopened": later("Opened again"),
    "comment": later("Comment"),
    "proposed": later("Proposed to a second person"),
    "refused": later("A second person disagreed"),
    "confirmed": later("A second person confirmed"),
    "ordered": later("Ordered how far the stream is stopped"),
    "chat_ordered": later("Ordered what is done in the chat"),
    "comments_released": later("Held comments were let go"),
    "comment_label": later("Said of a comment whether it counts"),
    "joined": later("Something more was found"),
    "deconflicted": later("Another organisation works on the same"),
    "told": later("It is known what became of a child"),
    "alerted": later("A watcher noticed something more"),
    "alerted_comments": later("Comments alarmed again"),
    "snapshot": later("The account's data was taken from the service"),
    "triaged": later("Why it is as urgent as it is"),
    "screened": later("Its files were looked through"),
    "seen_before": later("A file came before"),
    "referred": later("Referred"),
    "sending.refused": later("Kept from leaving"),
    "danger.file": later("The urgent report was filed at once"),
    "danger.call": later("Called somebody who can act"),
    "filing.covered": later("A report is not sent: another stands for it"),
    "filing.batched": later("It goes with one report for every account that sent the file"),
    "filing.told": later("A recipient was told that a report's decision was taken back"),
    "filing.named": later("A person was named in a report"),
    "filing.stop": later("A report stopped: a person must look"),
    "sanction_released": later("The account was let go of"),
    "wrong_registration": later("A registration was somebody else's"),
})  # fmt: skip

_ECHOES: Final = frozenset({"closed", "reopened", "reprioritised", *DecisionKind})
"""Steps that say again what the decision of the same moment says."""


def case(look: Look, found: Case) -> CaseView:
    """The case page."""
    upload = upload_of(look.tx, found)
    verdict = upload.verdict if upload else None
    matches = verdict.matches if verdict else ()
    report = read_received.of_case(look, found)
    sent = read_received.media(look, report)
    pairs, strip = _sent(look, sent[:PAIRS]) if sent else _compared(look, upload, matches)
    shown, shown_strip = read_copies.evidence(look, upload, after=len(pairs))
    stream = read_stream.of_case(look.tx, found)
    live, live_strip, more = read_stills.evidence(look, stream)
    chat = read_chat.of_case(look, found)
    held = holder(found, look.now)
    kept = read_stills.kept(look, stream) if stream else bool(sent or (upload and upload.blob))
    closed = _closed_to(look, upload, held, kept=kept)
    bar = read_deciding.deciding(look, found, upload)
    return CaseView(
        id=found.id, number=found.number, priority=words.PRIORITY[found.priority],
        state=state_of(found, look.now),
        why=retold(found.why),
        due=words.due(found.due_at, look.now),
        opened=words.ago(found.opened_at, look.now),
        version=found.version,
        kind=found_by(look, found),
        rule=retold(verdict.reason)
        if verdict
        else say("This case is not about an upload's verdict."),
        verdict=words.ACTION[verdict.action] if verdict else Mark("none", say("No verdict")),
        item=upload.id if upload else "",
        pairs=(*pairs, *shown, *live),
        more_pairs=max(0, len(matches) - PAIRS, len(sent) - PAIRS) + more,
        strip=(*strip, *shown_strip, *live_strip),
        spans=spans_of(moments_s(matches[:PAIRS])),
        reports=_reports(look, found),
        reports_note=_reports_note(look, found),
        file=_file(upload) if upload else (),
        hashes=_hashes(upload) if upload else (),
        account=_account(look, found, upload),
        earlier=read_related.earlier(look, found),
        series=read_related.series(look, found),
        similar=read_related.similar(look, upload, (row.id for row in bar.stack)),
        uploads=read_related.of_account(look, found, upload),
        history=_history(look, found, upload),
        timeline=read_timeline.of_case(look, found, upload),
        deciding=bar,
        waits=read_deciding.second_person(look, found),
        warning="" if closed else _warning(upload, matches) or read_stills.warning(live_strip),
        held_by=people.get(look.tx, held).name if held else "",
        closed=closed_of(found, look.now),
        closed_by=closed_by(look, found),
        may_view=not closed,
        no_view=closed,
        level=Level.S3.value,
        stream=read_stream.view(look, found),
        chat=read_chat.card(look, chat) if chat else None,
        scores=read_classifiers.said(look.tx, found.subject),
        received=read_received.view(look, found, report),
        lead=read_lead.view(look, found),
    )  # fmt: skip


def _compared(
    look: Look, upload: Upload | None, matches: Sequence[Match]
) -> tuple[tuple[EvidencePair, ...], tuple[StripFrame, ...]]:
    """An upload beside every entry that it matches."""
    if upload is None:
        return (), ()
    shown = matches[:PAIRS]
    return tuple(_pair(look, upload, match) for match in shown), _strip(shown)


def _sent(
    look: Look, files: Sequence[Upload]
) -> tuple[tuple[EvidencePair, ...], tuple[StripFrame, ...]]:
    """Files of a received report: each once, beside the nearest entry that a bank has of it."""
    pairs, strip = [], []
    for place, upload in enumerate(files):
        matches = upload.verdict.matches if upload.verdict else ()
        found = read_received.plain(upload, place + 1)
        pairs.append(_pair(look, upload, matches[0]) if matches else found)
        words_ = say("File %(n)s", n=place + 1)
        strip.append(StripFrame(place + 1, pairs[-1].frame, words_, pairs[-1].bank))
    return tuple(pairs), tuple(strip) if len(strip) > 1 else ()


def _reports(look: Look, found: Case) -> tuple[ReportRow, ...]:
    """What was reported, where the case is about that; for those who decide."""
    if found.kind is not CaseKind.REPORT or not look.may(Permission.CASE_DECIDE):
        return ()
    return tuple(row(look.tx, one) for one in user_reports.of_case(look.tx, found.id, REPORTS))


def _reports_note(look: Look, found: Case) -> str:
    if found.kind is not CaseKind.REPORT:
        return ""
    if not look.may(Permission.CASE_DECIDE):
        return say("The words of a report are read by people who decide cases.")
    return say("Reporters are known by a pseudonym only.")


def _closed_to(look: Look, upload: Upload | None, held: Id | None, *, kept: bool) -> str:
    """Why this viewer sees no picture; empty when they may."""
    if not kept:
        return say("No bytes of this item are kept.")
    if not look.may(Permission.MEDIA_VIEW):
        return say("Your role works without pictures.")
    if upload and upload.verdict is not None and upload.verdict.rule.startswith("undecodable"):
        return say("The file cannot be read, so there is no picture.")
    if held is not None and held != look.who.person:
        return say("%(name)s holds this case and sees its pictures.", name=_name(look, held))
    return ""


def _name(look: Look, person: Id) -> str:
    return people.get(look.tx, person).name


def _pair(look: Look, upload: Upload, match: Match) -> EvidencePair:
    kind = kind_named(match.kind)
    hamming = kind.measure is Measure.HAMMING
    reads = look.may(Permission.HASH_READ)
    bits = None
    if hamming and match.own:
        bits = bits_of(kind.parse(match.value), kind.parse(match.own), known_too=reads)
    turn, turn_words = turn_of(match.view)
    return EvidencePair(
        item=upload.id,
        frame=match.frame or 0,
        at=_at(upload, match.time_s),
        words=nearness(match),
        bank=match.bank,
        bank_url=f"/banks/{match.bank}",
        entry=match.number,
        kind=kind.name,
        value=match.value if reads else "",
        own_value=match.own if reads else "",
        distance=match.distance,
        limit=match.limit if hamming else 0,
        bits_total=kind.bits,
        refusal=say("The source gives a hash only. No picture of the known side is kept here."),
        turn=turn,
        turn_words=turn_words,
        acting=match.acting,
        why_not=words.WHY_NOT.get(match.why_not, "") if not match.acting else "",
        negative=match.negative,
        verified=match.verified,
        labels=match.labels,
        source=_source(match),
        permitted_use=match.permitted_use,
        bits=bits,
    )


def _source(match: Match) -> str:
    """Who gave the entry; what anybody may send says so in the reader's language."""
    return say("Submitted by a person, not checked") if match.bank == OWN_PICTURES else match.source


def _at(upload: Upload, time_s: float | None) -> str:
    """A frame's time, for what moves."""
    return words.timecode(time_s) if time_s is not None and upload.type.startswith("video/") else ""


def _strip(matches: Sequence[Match]) -> tuple[StripFrame, ...]:
    """Frames with a match; one that follows a gap of more than 2 s begins a span."""
    strip, before = [], -10.0
    for place, match, frame, seconds in moments_of(matches):
        at = words.timecode(seconds) if seconds else say("Frame %(n)s", n=frame + 1)
        strip.append(StripFrame(place, frame, at, match.bank, span=seconds - before > 2.0))
        before = seconds
    return tuple(strip)


def _warning(upload: Upload | None, matches: Sequence[Match]) -> str:
    """One factual line before a picture (console specification §8)."""
    if upload is None or not matches:
        return ""
    labels = sorted({label for match in matches for label in match.labels})[:3]
    frames = len(moments_of(matches))
    said = [say_n("%(n)s matched frame.", "%(n)s matched frames.", frames)]
    if not frames:  # an exact hash has none
        said = [say("The whole file matches, exactly.")]
    if upload.type.startswith("video/"):
        said.insert(0, say("Sound is off."))
    if labels:
        said.insert(0, say("Labelled by its source: %(labels)s.", labels=", ".join(labels)))
    return " ".join(said)


def _file(upload: Upload) -> tuple[tuple[str, str], ...]:
    return (
        (say("Type"), upload.type or upload.declared_type or say("Unknown")),
        (say("Size"), words.size(upload.size)),
        (say("Surface"), upload.surface.value),
        (say("Received"), words.full(upload.received_at)),
        (say("Verdict"), say("revision %(n)s", n=upload.revision)),
    )


def _hashes(upload: Upload) -> tuple[tuple[str, str], ...]:
    return (("SHA-256", upload.sha256),) if upload.sha256 else ()


def _account(look: Look, found: Case, upload: Upload | None) -> tuple[tuple[str, str], ...]:
    if not found.account:
        return ()
    rows = [(say("Service"), found.service), (say("Account"), account_word(look, found))]
    if (
        upload is not None
        and upload.verdict is not None
        and upload.verdict.action is not Action.ALLOW
    ):
        origin = upload.origin
        if not look.may(Permission.IDENTITY_READ):
            rows.append((say("Address"), say("Masked for your role")))
        elif origin.address:
            where = origin.address
            if origin.port:
                where = say("%(address)s, port %(port)s", address=where, port=origin.port)
            rows.append((say("Address"), where))
        if origin.reference and look.may(Permission.ACCOUNT_READ):
            rows.append((say("Reference"), origin.reference))
    told = accounts.told_at(look.tx, found.service, found.account)
    when = say("Told %(at)s", at=words.full(told)) if told else say("Not told yet")
    rows.append((say("Account data"), when))
    return tuple(rows)


def _history(look: Look, found: Case, upload: Upload | None) -> tuple[LogRow, ...]:
    """Steps, verdicts, decisions and comments as one line of time, the newest first."""
    said = read_deciding.said_of(look, found)
    decided = {decision.at.iso for decision in said}
    steps = cases.history(look.tx, found.id)
    plain = [
        _log(look.tx, step)
        for step in steps
        if step.what not in _ECHOES or words.at(step.at).iso not in decided
    ]
    changed = _verdicts(look, upload) if upload else []
    rows = [*plain, *(row for row in changed if row.at.iso not in decided), *said]
    return tuple(sorted(rows, key=lambda row: row.at.iso, reverse=True))


def _verdicts(look: Look, upload: Upload) -> list[LogRow]:
    """Every verdict after the first, which stands above."""
    return [
        LogRow(
            words.at(revision.at), "breakwater",
            say("Verdict: %(action)s", action=words.ACTION[revision.verdict.action].word),
            note=retold(revision.verdict.reason), mark="verdict",
        )
        for revision in uploads.history(look.tx, upload.id)[1:]
    ]  # fmt: skip


def _log(tx: Tx, step: CaseStep) -> LogRow:
    what = "alerted_comments" if step.facts.get("alert") == COMMENTS else step.what
    said = _STEPS[what] if what in _STEPS else what.replace("_", " ").capitalize()
    mark = "comment" if step.what == "comment" else ""
    return LogRow(words.at(step.at), name_of(tx, step.by), said, retold(step.note), mark)


def name_of(tx: Tx, by: str) -> str:
    """Whoever did something: a person's name, or the part of the program."""
    person = parse_id(by)
    if person is None:
        return "breakwater"
    return called(tx, person)
