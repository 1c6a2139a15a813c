"""The chat of a case from records: why it alarmed, what gave evidence, who wrote, what is done in it.

Accounts are numbered in the order of what they gave; who they are stands in no view. What was
written is put in only when `shown` says that it was asked for and written down in the audit log.
Read by `chat` and `read_case`; points of its minutes go to `read_timeline`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from breakwater.conversations.sides import heaviest
from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseKind
from breakwater.model.chat import Chat, ChatAlarm, KeptComment, KeptState
from breakwater.model.ids import Id, parse_id
from breakwater.model.stream import OrderState
from breakwater.records import (
    chat_alarms,
    chat_course,
    chat_measures,
    chat_orders,
    chats,
    conversations,
    kept_comments,
    streams,
    waiting_comments,
)
from breakwater.records.cases import history
from breakwater.web.pages import chat_words, words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_chat import (
    AuthorRow,
    ChatAlarmRow,
    ChatCard,
    ChatView,
    CommentRow,
    MeasureRow,
    StageRow,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import figure, say
from breakwater.web.pages.timeline import Point, Sort

ALARMS: Final = 6
COMMENTS: Final = 60
"""On one page, the heaviest; an alarm keeps ten."""
ORDERS: Final = 10
LABELLED: Final = "comment_label"
LET_GO: Final = "comments_released"


def of_case(look: Look, found: Case) -> Chat | None:
    """The chat that a case is about, or that of its broadcast; None without one."""
    some = chats.of_case(look.tx, found.id)
    if some:
        return some[0]
    if found.kind is not CaseKind.STREAM:
        return None
    stream = streams.find(look.tx, found.subject)
    return None if stream is None else chats.of_stream(look.tx, stream.id)


def card(look: Look, chat: Chat) -> ChatCard:
    """A chat in one look."""
    rows = [(say("Messages"), words.count(chat.messages))]
    if chat.unscored:
        rows.append((say("Not weighed"), words.count(chat.unscored)))
    if waits := waiting_comments.count(look.tx, chat.id):
        rows.append((say("Waiting until the chat is open"), words.count(waits)))
    rows.append((say("Risk"), say("%(n)s of 100", n=figure(round(chat.risk * 100)))))
    return ChatCard(
        why=chat_words.ALARMED[chat.level] if chat.level else "",
        measure=chat_words.measure(chat.measure, _stands(look, chat)),
        facts=tuple(rows),
    )


def points(look: Look, found: Case) -> Iterator[Point]:
    """For the line of time: alarms, measures, and how many messages each minute had."""
    chat = of_case(look, found)
    if chat is None:
        return
    for alarm in chat_alarms.of_chat(look.tx, chat.id):
        yield Point(Sort.ALARM, alarm.at, chat_words.ALARMED[alarm.level])
    for wish in chat_measures.of_chat(look.tx, chat.id):
        yield Point(Sort.DECISION, wish.at, chat_words.MEASURES[wish.to])
    for minute in chat_course.of_chat(look.tx, chat.id):
        if minute.messages:
            yield Point(Sort.COMMENTS, minute.minute, value=float(minute.messages))
        if minute.reports:
            yield Point(Sort.REPORT, minute.minute, say("In the chat"))


def view(look: Look, found: Case, chat: Chat, *, shown: bool) -> ChatView:
    """The chat's own page; `shown` puts in what was written."""
    alarms = chat_alarms.of_chat(look.tx, chat.id, ALARMS)
    kept = sorted(
        kept_comments.of_chat(look.tx, chat.id), key=lambda one: (not one.held, -one.nats)
    )
    kept = kept[:COMMENTS]
    names = _names(alarms, kept)
    said = _said(look, found)
    controls = look.may(Permission.STREAM_CONTROL) and chat.stream is not None
    newest = chat_measures.last(look.tx, chat.id)
    known = conversations.find(look.tx, chat.id)
    return ChatView(
        case=found.id,
        number=found.number,
        stream=streams.get(look.tx, chat.stream).label if chat.stream else "",
        card=card(look, chat),
        alarms=tuple(_alarm(one) for one in alarms),
        comments=tuple(_comment(one, names, said, shown=shown) for one in kept),
        authors=_authors(alarms, names),
        orders=_orders(look, chat),
        acts=_acts(chat) if controls else (),
        lets_go=look.may(Permission.STREAM_CONTROL),
        seen=newest.id if newest else "",
        shown=shown,
        may=look.may(Permission.CASE_DECIDE),
        surrogate=any(
            share.ref.startswith(chat_words.SURROGATE) for one in kept for share in one.by
        ),
        stages=_stages(look, known),
        law=f"{known.ground.jurisdiction}: {known.ground.basis}" if known else "",
    )


def _stages(look: Look, known: conversations.KnownConversation | None) -> tuple[StageRow, ...]:
    if known is None or known.sums is None:
        return ()
    return tuple(
        StageRow(
            chat_words.stage(one.name), one.messages, words.moment(one.first_at),
            words.moment(one.last_at), figure(one.nats, "0.0"),
        )
        for one in heaviest(known.sums, look.tx.now)
    )  # fmt: skip


def _stands(look: Look, chat: Chat) -> OrderState | None:
    newest = chat_measures.last(look.tx, chat.id)
    return chat_orders.state(look.tx, newest)[0] if newest else None


def _acts(chat: Chat) -> tuple[tuple[str, str, bool], ...]:
    return tuple((to.value, word, to is chat.measure) for to, word in chat_words.ACTS.items())


def _alarm(alarm: ChatAlarm) -> ChatAlarmRow:
    return ChatAlarmRow(
        at=words.at(alarm.at),
        why=chat_words.ALARMED[alarm.level],
        facts=chat_words.facts(alarm),
        notes=tuple(retold(note) for note in alarm.why.notes if note not in chat_words.SAID),
    )


def _names(alarms: Sequence[ChatAlarm], kept: Sequence[KeptComment]) -> dict[str, str]:
    """Accounts by number: those who gave most come first."""
    told = [one.author for alarm in alarms for one in alarm.why.authors]
    order = dict.fromkeys(name for name in (*told, *(one.author for one in kept)) if name)
    return {name: say("Author %(n)s", n=n) for n, name in enumerate(order, start=1)}


def _authors(alarms: Sequence[ChatAlarm], names: dict[str, str]) -> tuple[AuthorRow, ...]:
    """Of the newest alarm that says who."""
    for alarm in alarms:
        if alarm.why.authors:
            return tuple(
                AuthorRow(names.get(one.author, ""), one.messages, figure(one.evidence, "0.0"))
                for one in alarm.why.authors
            )
    return ()


def _comment(
    one: KeptComment, names: dict[str, str], said: dict[str, str], *, shown: bool
) -> CommentRow:
    removed = one.state is KeptState.REMOVED
    return CommentRow(
        id=one.id,
        author=names.get(one.author, ""),
        at=words.at(one.at),
        nats=figure(one.nats, "0.0"),
        by=tuple(chat_words.share(share) for share in one.by),
        held=one.held,
        removed=removed,
        said=one.text if shown and not removed else "",
        counts=said.get(one.id, ""),
    )


def _said(look: Look, found: Case) -> dict[str, str]:
    """What people said of single comments, the last word."""
    said: dict[str, str] = {}
    for step in history(look.tx, found.id):
        if step.what == LABELLED:
            found_ = bool(step.facts["found"])
            said[str(step.facts["comment"])] = say("It counts") if found_ else say("Ordinary")
        elif step.what == LET_GO:
            said |= dict.fromkeys(map(str, step.facts["comments"]), say("Let go"))
    return said


def _orders(look: Look, chat: Chat) -> tuple[MeasureRow, ...]:
    rows = []
    for wish in chat_measures.of_chat(look.tx, chat.id, ORDERS):
        state, answers = chat_orders.state(look.tx, wish)
        rows.append(
            MeasureRow(
                word=chat_words.MEASURES[wish.to],
                by=_who(look, wish.by),
                at=words.at(wish.at),
                mark=_answered(state),
                answer=answers[-1].detail if answers else "",
            )
        )
    return tuple(rows)


def _answered(state: OrderState) -> Mark:
    known = {
        OrderState.CONFIRMED: Mark("ok", say("Confirmed")),
        OrderState.UNCONFIRMED: Mark("bad", say("Not confirmed")),
        OrderState.OVERTAKEN: Mark("none", say("Replaced")),
    }
    return known.get(state, Mark("wait", say("Asked for")))


def _who(look: Look, by: str) -> str:
    person: Id | None = parse_id(by)
    return say("the policy") if person is None else called(look.tx, person)
