"""The decision bar from records: what may be said of a case, what each does, and what waits.

Words only: what a decision does stands in `review.deciding.policy`. Rights are applied here: who
may not decide reads why. Read by `reader.Reader`; shown by `templates/parts/case_deciding.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.access import Permission
from breakwater.model.approval import Approval
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.decision import (
    UNDO,
    AccountRole,
    Context,
    Decision,
    DecisionFacts,
    DecisionKind,
    Effect,
    Outcome,
    Touched,
)
from breakwater.model.facts import Activity
from breakwater.model.ids import Id
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions, duplicates, filings, holds, people
from breakwater.review.deciding.decide import DANGER, waiting_for_second
from breakwater.review.deciding.effects import plan
from breakwater.review.deciding.policy import REASONS, kinds_for
from breakwater.review.deciding.undo import TAKEN_BACK
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_case import (
    Answer,
    Choice,
    Deciding,
    Done,
    EffectRow,
    EffectView,
    LogRow,
    Question,
    SecondPerson,
)
from breakwater.web.pages.read_lead import CLOSES
from breakwater.web.pages.read_queue import Look, account_word, holder, row_of
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say, say_n

K = DecisionKind

LISTED: Final = 12
"""Uploads that a second person sees before they sign; the rest is counted."""

SECONDS: Final = int(UNDO.total_seconds())
"""How long a decision can be undone whole."""

ORDER: Final = (
    K.NOT_ILLEGAL, K.ILLEGAL, K.WRONG_MATCH, K.SECOND_OPINION, K.ESCALATE,
    K.LAWFUL_CONTEXT, K.OWN_IMAGE, K.DANGER_NOW,
)  # fmt: skip
"""As the keys 1 to 5 give them (console specification §6), then the rarer ones."""

WORD: Final[Mapping[K, str]] = Spoken({
    K.NOT_ILLEGAL: later("Not illegal"),
    K.ILLEGAL: later("Illegal"),
    K.WRONG_MATCH: later("Wrong match"),
    K.SECOND_OPINION: later("Second opinion"),
    K.ESCALATE: later("Escalate"),
    K.LAWFUL_CONTEXT: later("Lawful context"),
    K.OWN_IMAGE: later("The child's own image"),
    K.DANGER_NOW: later("Child in danger now"),
})  # fmt: skip

EFFECT: Final[Mapping[K, str]] = Spoken({
    K.NOT_ILLEGAL: later("Releases the upload and destroys the copy kept here. Undo for %(seconds)d seconds."),
    K.ILLEGAL: later("Keeps it blocked as evidence. The clock for the report starts."),
    K.WRONG_MATCH: later("Releases everything the entry touched. You see the list before."),
    K.SECOND_OPINION: later("Gives the case to another person. You cannot decide it after."),
    K.ESCALATE: later("Makes the case more urgent and gives it to somebody else."),
    K.LAWFUL_CONTEXT: later("Releases the upload and destroys the copy kept here. Undo for %(seconds)d seconds."),
    K.OWN_IMAGE: later("Keeps it blocked. The account is treated as a victim and not banned."),
    K.DANGER_NOW: later("Calls whoever is on call now. The case stays with you."),
})  # fmt: skip

_STAYS: Final = later(
    "Releases the upload. The copy stays while it is held. Undo for %(seconds)d seconds."
)
HELD: Final[Mapping[K, str]] = Spoken(dict.fromkeys((K.NOT_ILLEGAL, K.LAWFUL_CONTEXT), _STAYS))

ON_STREAM: Final[Mapping[K, str]] = Spoken({
    K.NOT_ILLEGAL: later("Thaws the stream and shows it again, wherever it was held."),
    K.ILLEGAL: later("Cuts the stream. Say who broadcasts: an apparent child is helped, not banned."),
    K.WRONG_MATCH: later("Thaws the stream and shows it again. The entries are noted as wrong."),
    K.LAWFUL_CONTEXT: later("Thaws the stream and shows it again, wherever it was held."),
    K.OWN_IMAGE: later("Cuts the stream. The child gets a text with help and no ban."),
})  # fmt: skip
"""What a decision does where the case is about a broadcast."""

STREAM_ROLE: Final[Mapping[AccountRole, str]] = Spoken({
    AccountRole.SUSPECT: later("An adult, suspected: may not broadcast again"),
    AccountRole.APPARENT_CHILD: later("Apparently a child: help, no ban"),
    AccountRole.UNKNOWN: later("Not known: may not broadcast for now"),
})  # fmt: skip
"""Who broadcasts, with what follows from it."""

CONTEXT: Final[Mapping[Context, str]] = Spoken({
    Context.FAMILY: later("Family"),
    Context.MEDICAL: later("Medical"),
    Context.ART: later("Art"),
})  # fmt: skip

ROLE: Final[Mapping[AccountRole, str]] = Spoken({
    AccountRole.SUSPECT: later("An adult, suspected"),
    AccountRole.APPARENT_CHILD: later("Apparently the child"),
    AccountRole.UNKNOWN: later("Not known"),
})  # fmt: skip

ACTIVITY: Final[Mapping[Activity, str]] = Spoken({
    Activity.POSING_OR_NUDITY: later("Posing or nudity"),
    Activity.NON_PENETRATIVE: later("Sexual acts without penetration"),
    Activity.PENETRATIVE: later("Penetration"),
    Activity.ANIMAL: later("Acts with an animal"),
    Activity.SADISM: later("Cruelty"),
})  # fmt: skip
"""Plain words: whoever decides a case need not know those of graders, whose digits they keep."""

OUTCOME: Final[Mapping[Outcome, Mark]] = Spoken({
    Outcome.RELEASED: Mark("ok", later("Is released")),
    Outcome.KEPT: Mark("bad", later("Stays blocked")),
    Outcome.HELD: Mark("held", later("Stays held")),
    Outcome.CONFIRMED: Mark("none", later("Stays as it is")),
})  # fmt: skip


def deciding(look: Look, found: Case, upload: Upload | None) -> Deciding:
    """What this viewer may say of a case."""
    refusal = _refusal(look, found)
    if refusal:
        return Deciding(refusal=refusal)
    allowed = kinds_for(found.kind, upload)
    stack = duplicates.stack_of(look.tx, upload) if upload is not None else []
    rows = [row_of(look, cases.get(look.tx, other.case)) for other in stack if other.case]
    held = upload is not None and holds.held_upload(look.tx, upload.id, upload.blob)
    return Deciding(
        choices=tuple(_choice(kind, found, held=held) for kind in ORDER if kind in allowed),
        stack=tuple(rows),
    )


def _refusal(look: Look, found: Case) -> str:
    if not look.may(Permission.CASE_DECIDE):
        return say("Your role reads cases and decides none.")
    if found.state is CaseState.CLOSED:
        return say("This case is closed. Take its decision back to decide anew.")
    held = holder(found, look.now)
    if held is not None and held != look.who.person:
        name = people.get(look.tx, held).name
        return say("This case is not yours. %(name)s holds it.", name=name)
    return ""


def _choice(kind: K, found: Case, *, held: bool) -> Choice:
    effect = (HELD if held and kind in HELD else EFFECT)[kind] % {"seconds": SECONDS}
    live = found.kind is CaseKind.STREAM
    if kind is K.NOT_ILLEGAL and found.kind in CLOSES:
        word, closes = CLOSES[found.kind]
        return Choice(kind.value, say(word), f"case.{kind.value}", say(closes))
    return Choice(
        kind=kind.value,
        word=WORD[kind],
        key=f"case.{kind.value}",
        effect=ON_STREAM[kind] if live and kind in ON_STREAM else effect,
        questions=_of_words(kind)
        if found.kind is CaseKind.CONVERSATION
        else _questions(kind, account=bool(found.account) or live, live=live),
        urgent=kind is K.DANGER_NOW,
    )


def _of_words(kind: K) -> tuple[Question, ...]:
    """What is asked besides where nothing is seen: of what was written, only whose it is."""
    if kind is not K.ILLEGAL:
        return _questions(kind, account=False)
    roles = ((role.value, ROLE[role]) for role in AccountRole)
    return (_question("role", say("Who wrote it?"), roles),)


def _questions(kind: K, *, account: bool, live: bool = False) -> tuple[Question, ...]:
    """What a decision asks besides; digits as in grading, so that fingers learn one table."""
    if kind is K.LAWFUL_CONTEXT:
        contexts = ((context.value, CONTEXT[context]) for context in Context)
        return (_question("context", say("Which context is it?"), contexts),)
    if kind is not K.ILLEGAL:
        return ()
    acts = ((act.value, ACTIVITY[act]) for act in Activity if act is not Activity.NONE)
    gravest = say("What is the gravest thing seen?")
    asked = [_question("activity", gravest, acts, first=Activity.POSING_OR_NUDITY.rank)]
    if account:
        said = STREAM_ROLE if live else ROLE
        roles = ((role.value, said[role]) for role in AccountRole)
        word = say("Who broadcasts?") if live else say("Who holds the account?")
        asked.append(_question("role", word, roles))
    return tuple(asked)


def _question(
    name: str, word: str, answers: Iterable[tuple[str, str]], *, first: int = 0
) -> Question:
    numbered = enumerate(answers, start=first + 1)
    return Question(name, word, tuple(Answer(v, w, str(digit)) for digit, (v, w) in numbered))


def second_person(look: Look, found: Case) -> SecondPerson | None:
    """What waits on this case for a second person; None when nothing does."""
    try:
        waits = waiting_for_second(look.tx, found.id)
    except NotFound:
        return None
    reaches = _reaches(look, found, waits)
    return SecondPerson(
        words=_waiting_words(waits),
        reason=waits.reason,
        effect=_waiting_effect(look, found, waits),
        by=people.get(look.tx, waits.by).name,
        until=words.due(waits.lapses_at, look.now),
        facts=_waiting_facts(look, found, waits),
        rows=tuple(_effect_row(look, one) for one in reaches.touched[:LISTED]) if reaches else (),
        more=max(0, len(reaches.touched) - LISTED) + reaches.later if reaches else 0,
        method=people.signs_with(look.tx, look.who.id),
        mine=waits.by == look.who.person,
    )


def _reaches(look: Look, found: Case, waits: Approval) -> Effect | None:
    """What it would do now; None where it does nothing to uploads."""
    if waits.kind == DANGER or found.state is CaseState.CLOSED:
        return None
    also = [Id(other) for other in waits.facts["also"]]
    return plan(look.tx, found, K(waits.facts["kind"]), also).effect


def _waiting_facts(look: Look, found: Case, waits: Approval) -> tuple[tuple[str, str], ...]:
    """What the second person must know besides the reason and the effect."""
    rows = [(say("Case"), f"{found.number}"), (say("Why it is here"), retold(found.why))]
    if found.account:
        rows.append((say("Account"), account_word(look, found)))
    if waits.kind != DANGER:
        rows += [
            (say("Answered"), word)
            for word in _fact_words(DecisionFacts.read(waits.facts["facts"]))
        ]
    rows.append((say("Proposed"), words.full(waits.proposed_at)))
    return tuple(rows)


def _waiting_words(waits: Approval) -> str:
    kind = K.DANGER_NOW if waits.kind == DANGER else K(waits.facts["kind"])
    return say("%(kind)s: waits for a second person.", kind=WORD[kind])


def _waiting_effect(look: Look, found: Case, waits: Approval) -> str:
    if waits.kind == DANGER:
        waiting = waits.facts.get("report_waits") and not filings.sent(look.tx, found.id)
        return (
            say("The urgent report is sent once it is confirmed.") if waiting
            else say("The urgent report may be sent already; confirm it within 24 hours.")
        )  # fmt: skip
    return say(
        "Releases %(released)d items of %(accounts)d accounts. %(held)d stay held.",
        released=waits.facts["released"], accounts=waits.facts["accounts"], held=waits.facts["held"],
    )  # fmt: skip


def said_of(look: Look, found: Case) -> list[LogRow]:
    """What people decided, as lines of the history; the newest one that stands can be undone."""
    every = decisions.of_case(look.tx, found.id)
    last = next((d for d in reversed(every) if d.stands), None)
    may = look.may(Permission.CASE_DECIDE)
    return [_said(look, one, undo=may and one is last) for one in every]


def _said(look: Look, one: Decision, *, undo: bool) -> LogRow:
    by = people.get(look.tx, one.by).name
    if one.second is not None:
        by = say("%(first)s and %(second)s", first=by, second=people.get(look.tx, one.second).name)
    title = WORD[one.kind]
    if one.undoes is not None:
        title = say("Taken back: %(kind)s", kind=title)
    details = [title] if one.undoes is not None else [title, *_details(one)]
    note = "" if one.reason in {REASONS[one.kind], TAKEN_BACK} else one.reason
    mark = "back" if one.undone is not None else "decision"
    return LogRow(
        words.at(one.at), by, " · ".join(details), note, mark, one.id if undo else ""
    )  # fmt: skip


def _details(one: Decision) -> list[str]:
    found = _fact_words(one.facts)
    if one.lead is not None:
        found.append(say("decided with another case"))
    return found


def _fact_words(facts: DecisionFacts) -> list[str]:
    found = []
    if facts.context is not None:
        found.append(CONTEXT[facts.context])
    if facts.item is not None and facts.item.activity in ACTIVITY:
        found.append(ACTIVITY[facts.item.activity])
    if facts.role is not None:
        found.append(ROLE[facts.role])
    return found


def done(look: Look, decision: Decision) -> Done | None:
    """The toast about what this person just decided; None when its time is over."""
    case = cases.get(look.tx, decision.case)
    if decision.undoes is not None and decision.by == look.who.person:
        return _undone(look, decision, case)
    over = decision.media_until <= look.now
    if over or decision.by != look.who.person or not decision.stands:
        return None
    released = [
        one for one in decisions.effects(look.tx, decision.id) if one.outcome is Outcome.RELEASED
    ]
    text = say("Case %(number)d: %(kind)s.", number=case.number, kind=WORD[decision.kind])
    if released:
        text += " " + say_n("%(n)s upload released.", "%(n)s uploads released.", len(released))
    return Done(decision.id, case.id, text, words.at(decision.media_until))


def _undone(look: Look, decision: Decision, case: Case) -> Done | None:
    until = decision.at + UNDO
    if until <= look.now:
        return None
    kind = WORD[decision.kind]
    text = say("Case %(number)d: %(kind)s is taken back.", number=case.number, kind=kind)
    return Done(decision.id, case.id, text, words.at(until), back=True)


def effect_view(
    look: Look, found: Case, effect: Effect, fields: tuple[tuple[str, str], ...]
) -> EffectView:
    """What a decision would do, to be looked at before it is taken."""
    n = effect.released
    button = say("Save the decision")
    if effect.second:
        button = say("Propose it to a second person")
    elif n:
        button = say_n("Release %(n)s upload", "Release %(n)s uploads", n)
    return EffectView(
        case=found.id,
        number=found.number,
        title=WORD[effect.kind],
        words=_effect_words(effect),
        button=button,
        rows=tuple(_effect_row(look, one) for one in effect.touched[:50]),
        fields=fields,
        more=max(0, len(effect.touched) - 50) + effect.later,
        second=effect.second,
        reason=dict(fields).get("reason", ""),
    )


def _effect_words(effect: Effect) -> str:
    parts = []
    if effect.released:
        n = effect.released
        parts.append(say_n("%(n)s upload is released.", "%(n)s uploads are released.", n))
    if kept := effect.count(Outcome.KEPT):
        parts.append(say_n("%(n)s upload stays blocked.", "%(n)s uploads stay blocked.", kept))
    if held := effect.count(Outcome.HELD) + effect.count(Outcome.CONFIRMED):
        parts.append(say_n("%(n)s stays as it is.", "%(n)s stay as they are.", held))
    if effect.accounts:
        parts.append(
            say_n("%(n)s account is concerned.", "%(n)s accounts are concerned.", effect.accounts)
        )
    if effect.entries:
        parts.append(say("The entry is noted as wrong; a colleague may confirm it is harmless."))
    if effect.released and not effect.second:
        parts.append(say("Undo for %(seconds)d seconds.", seconds=SECONDS))
    return " ".join(parts)


def _effect_row(look: Look, one: Touched) -> EffectRow:
    case = cases.get(look.tx, one.case) if one.case else None
    return EffectRow(
        case=case.id if case else "",
        case_number=case.number if case else 0,
        where=one.service,
        account=account_word(look, case) if case and case.account else "",
        outcome=OUTCOME[one.outcome],
        why=one.why,
    )
