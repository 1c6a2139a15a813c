"""What a report does not say, and why that matters: shown before it is sent, never filled in.

In: a case's material. Out: gaps in the order of their weight; one that `blocks` must be closed by
a person first. Source: reference cybertipline and law. Tests: `tests/integration/test_filing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from breakwater.model.decision import AccountRole
from breakwater.model.report import Report, Reporter
from breakwater.model.stream import Broadcaster
from breakwater.reporting.drafting import named, recipients
from breakwater.reporting.drafting.chat_log import ChatLog
from breakwater.reporting.drafting.material import Material


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing.

    Attributes:
        what: a word that pages and rows know it by.
        says: what is missing, in words.
        why: what those who receive the report cannot do without it.
        blocks: it is not sent like this.
    """

    what: str
    says: str
    why: str
    blocks: bool = False


REPORTER: Final = Gap(
    "reporter", "Nobody is set up who reports.",
    "A report names who sends it, with an e-mail address: set BREAKWATER_REPORTS_EMAIL.",
    blocks=True,
)  # fmt: skip
ROLE: Final = Gap(
    "role", "Nobody has said who holds the account.",
    "An apparent child is reported as the victim and never as who did it.", blocks=True,
)  # fmt: skip
SIDES: Final = Gap(
    "role", "Nobody has said which account of the conversation is the adult's.",
    "A child is never reported for what was written to them: have the service tell the birthday "
    "of each account, or decide “suspect” where one account alone wrote, or name who is reported "
    "in the draft.",
    blocks=True,
)  # fmt: skip
NOBODY: Final = Gap(
    "account", "No account is known.", "Nobody can be looked for by it."
)  # fmt: skip
NO_MEDIA: Final = Gap(
    "media", "No file goes with it.",
    "Who receives it sees words only; what was seen here cannot be proven by it.",
)  # fmt: skip
EMPTY: Final = Gap(
    "empty", "A file without content does not go with it.",
    "A recipient refuses an empty file, and the whole report with it.",
)  # fmt: skip
NO_ADDRESS: Final = Gap(
    "address", "No address of this account is known.",
    "Without it no subscriber can be asked for.",
)  # fmt: skip
NO_PORT: Final = Gap(
    "port", "An address stands without its port.",
    "Carriers share one address among many: only address, port and time together name one.",
)  # fmt: skip
NO_DATA: Final = Gap(
    "account_data", "The service has told nothing of this account.",
    "Name, e-mail address and devices are what connects it to a person.",
)  # fmt: skip
NO_FACTS: Final = Gap(
    "facts", "It is not graded.", "Without annotations it is triaged later.",
)  # fmt: skip
UNSEEN: Final = Gap(
    "viewed", "Nobody here saw every file whole.",
    "In the United States police may need a warrant to open a file that no person has viewed.",
)  # fmt: skip
NO_CHAT: Final = Gap(
    "chat", "No comments go with the broadcast.",
    "Who directed or paid is often seen in the chat alone.",
)  # fmt: skip
CHAT_GONE: Final = Gap(
    "chat_gone", "The preserved half hour of comments is not here any more.",
    "The law of the seat had it destroyed; only comments that gave evidence go with it.",
)  # fmt: skip
CHAT_CUT: Final = Gap(
    "chat_cut", "The oldest of the preserved comments are left out for want of room.",
    "The log says how many and of what time; police can ask for them.",
)  # fmt: skip
OTHERS: Final = Gap(
    "recipients", "How old those are to whom it was sent is not known, so nobody of them is named.",
    "A child is a victim, an adult one for whom it was meant: who knows it names them in the draft.",
)  # fmt: skip


ALL: Final = (
    REPORTER, ROLE, SIDES, NOBODY, NO_MEDIA, EMPTY, NO_ADDRESS, NO_PORT, NO_DATA, NO_FACTS, UNSEEN,
    NO_CHAT, CHAT_GONE, CHAT_CUT, OTHERS,
)  # fmt: skip


def gaps_of(
    found: Material, account: str, reporter: Reporter | None, said: ChatLog
) -> tuple[Gap, ...]:
    """What the report about one account does not say."""
    every = [*_all(found, account, reporter), *_of_chat(found, said)]
    return tuple(sorted(every, key=lambda one: not one.blocks))


def still_open(gaps: Iterable[Gap], report: Report, *, changed: bool) -> tuple[Gap, ...]:
    """Gaps without those that a person closed who changed the draft: they may name somebody."""
    closed: set[Gap] = set()
    if changed and report.reported:
        closed |= {SIDES, NOBODY}
    if changed and (report.recipients or report.victims):
        closed.add(OTHERS)
    return tuple(one for one in gaps if one not in closed)


def _all(found: Material, account: str, reporter: Reporter | None) -> Iterator[Gap]:
    if reporter is None:
        yield REPORTER
    if account == found.case.account and account and _unknown(found):
        yield ROLE
    if named.unsure(found):
        yield SIDES
    if not account:
        yield NOBODY
    else:
        yield from _of_account(found, account)
    if recipients.unclear(found, account):
        yield OTHERS
    yield from _of_media(found)


def _unknown(found: Material) -> bool:
    orders = found.broadcast.orders if found.broadcast else ()
    if any(one.broadcaster is not Broadcaster.UNKNOWN for one in orders):
        return False
    return found.decision.facts.role in {None, AccountRole.UNKNOWN}


def _of_account(found: Material, account: str) -> Iterator[Gap]:
    ports = [
        one.origin.port for one in found.uploads if one.origin.account == account
        if one.origin.address
    ]  # fmt: skip
    if found.broadcast is not None:
        own = found.broadcast.stream.account
        ports += [
            one.port for one in found.broadcast.senders
            if (one.account or own) == account and one.address
        ]  # fmt: skip
        ports += [
            one.port for one in found.broadcast.watching if one.account == account and one.address
        ]
    if not ports:
        yield NO_ADDRESS
    elif None in ports:
        yield NO_PORT
    if account not in found.told:
        yield NO_DATA


def _of_media(found: Material) -> Iterator[Gap]:
    files = [one for one in found.uploads if one.blob is not None and one.size]
    shown = [one for one in found.broadcast.kept if one.blob] if found.broadcast else []
    if not files and not shown:
        yield NO_MEDIA
    elif shown or any(one.id not in found.viewed for one in files):
        yield UNSEEN
    if any(one.blob is not None and not one.size for one in found.uploads):
        yield EMPTY
    if files and found.decision.facts.item is None:
        yield NO_FACTS
    for one in found.broadcast.kept if found.broadcast else ():
        if one.gap:
            yield Gap(f"preserved_{one.what}", f"Not preserved: {one.what}.", one.gap)


def _of_chat(found: Material, said: ChatLog) -> Iterator[Gap]:
    if found.broadcast is not None and not said.text:
        yield NO_CHAT
    if said.gone:
        yield CHAT_GONE
    if said.left_out:
        yield CHAT_CUT
