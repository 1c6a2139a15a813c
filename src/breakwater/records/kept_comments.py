"""Comments that gave evidence, as rows: captured, then kept with the case or emptied.

Text, author and the service's own id are sealed. An edited message has a row for each of its
forms: what was shown is kept, and nothing is overwritten. When nothing was found the row stays and says
that a comment was removed; SQLite overwrites what stood there. Fed by `live.hearing` and
`conversations`; shown by the case page. Contract: `tests/contract/test_records_chats.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.chat import LONGEST_TEXT, KeptComment, KeptState
from breakwater.model.chat_form import shares_read, shares_written
from breakwater.model.ids import Id
from breakwater.records import identities
from breakwater.records.chat_sums import PURPOSE
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_chat import kept_comments

AT_ONCE: Final = 500
"""Values of one query."""

_k = kept_comments.c


def message_key(tx: Tx, chat: Id, message: str, text: str) -> bytes:
    """What stands for one form of a message of a chat: an edit that says something else is another."""
    names = (message, text[:LONGEST_TEXT])
    said = (b"form", chat.encode(), *(one.encode("utf-8", "surrogatepass") for one in names))
    return tx.keys.mac(PURPOSE, b"\0".join(b"%d:%s" % (len(one), one) for one in said))


def author_key(tx: Tx, service: str, author: str) -> bytes | None:
    """What stands for an author; the pseudonym of accounts, where the name can be stored."""
    plain = author.encode("utf-8", "replace").decode().replace("\0", "?")
    return identities.pseudonym(tx, service, plain)


def keep(tx: Tx, service: str, comments: Iterable[KeptComment]) -> int:
    """Keep forms of messages that are not kept yet; answers how many. One that is joins the case.

    Args:
        tx: the transaction.
        service: whose accounts the authors are.
        comments: with ids of their own; each text is cut to `LONGEST_TEXT`.
    """
    tx.lock_changes()
    made = 0
    for one in comments:
        key = message_key(tx, one.chat, one.message, one.text)
        mine = sa.select(_k.id, _k.case_id, _k.state)
        known = tx.execute(
            mine.where(_k.chat_id == one.chat, _k.message_key == key)
        ).one_or_none()  # fmt: skip
        if known is None:
            row = {
                "id": one.id, "chat_id": one.chat, "message_key": key, "held": one.held,
                "change": tx.change(),
            }  # fmt: skip
            tx.execute(sa.insert(kept_comments), row | _facts(tx, service, one, one.id))
        elif known.state == KeptState.WAITING.value:  # until now it gave no evidence
            _set(tx, _k.id == known.id, **_facts(tx, service, one, Id(known.id)))
        else:
            if known.case_id is None and one.case is not None:
                _set(tx, _k.id == known.id, case_id=one.case)
            continue
        made += 1
    return made


def _facts(tx: Tx, service: str, one: KeptComment, row: Id) -> dict[str, Any]:
    facts = {
        "message": one.message, "author": one.author, "text": one.text[:LONGEST_TEXT],
        "by": shares_written(one.by),
    }  # fmt: skip
    return {
        "author_key": author_key(tx, service, one.author), "sealed": identities.seal(tx, row, facts),
        "nats": one.nats, "at": one.at, "kept_at": tx.now, "state": one.state.value,
        "case_id": one.case,
    }  # fmt: skip


def shown(tx: Tx, chat: Id, forms: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of forms of messages, those that are known here and are to be seen: let go, or never held.

    Args:
        tx: a snapshot.
        chat: whose.
        forms: the service's own ids with what was written.
    """
    keys = {message_key(tx, chat, *one): one for one in forms}
    found: set[tuple[str, str]] = set()
    lapsed = sa.and_(_k.state == KeptState.REMOVED.value, _k.case_id.is_(None))
    for some in _batched(keys):
        mine = sa.select(_k.message_key).where(
            _k.chat_id == chat, _k.message_key.in_(some), _k.held.is_(False), sa.not_(lapsed)
        )
        found |= {keys[bytes(key)] for key in tx.execute(mine).scalars()}
    return found


def get(tx: Tx, comment: Id) -> KeptComment:
    """One comment by id.

    Raises:
        NotFound: it is not kept.
    """
    row = tx.execute(sa.select(kept_comments).where(_k.id == comment)).one_or_none()
    if row is None:
        raise NotFound(f"comment {comment}")
    return _noun(tx, row)


def of_chat(tx: Tx, chat: Id, limit: int = 500) -> list[KeptComment]:
    """Comments that are kept of a chat, the first first."""
    return _some(tx, sa.and_(_k.chat_id == chat, _k.state != KeptState.WAITING.value), limit)


def of_case(tx: Tx, case: Id, limit: int = 500) -> list[KeptComment]:
    """Comments that are kept with a case, the first first."""
    return _some(tx, _k.case_id == case, limit)


def page(
    tx: Tx, state: KeptState, *, after: Id | None = None, limit: int = 500
) -> list[KeptComment]:
    """Comments in a state, by id."""
    wanted = sa.select(kept_comments).where(_k.state == state.value).order_by(_k.id).limit(limit)
    rows = tx.execute(wanted if after is None else wanted.where(_k.id > after))
    return [_noun(tx, row) for row in rows]


def held(tx: Tx, chat: Id, limit: int = 500) -> list[KeptComment]:
    """Comments that are held back from a chat, the first first."""
    waits = _k.state == KeptState.WAITING.value
    return _some(tx, sa.and_(_k.chat_id == chat, _k.held.is_(True), sa.not_(waits)), limit)


def alone(tx: Tx, limit: int = 100) -> list[KeptComment]:
    """Comments of every chat that are held back and belong to no case, the first first."""
    return _some(tx, _alone(), limit)


def count_alone(tx: Tx) -> int:
    """How many of them there are."""
    mine = sa.select(sa.func.count()).select_from(kept_comments).where(_alone())
    return int(tx.execute(mine).scalar() or 0)


def join(tx: Tx, chat: Id, case: Id) -> int:
    """Those of one chat belong to a case from now on; answers how many."""
    return _set(tx, sa.and_(_k.chat_id == chat, _alone()), case_id=case)


def hold(tx: Tx, comment: Id, *, held: bool) -> None:
    """Hold a comment back, or let it go."""
    _set(tx, _k.id == comment, held=held)


def let_go(tx: Tx, chat: Id, some: Iterable[KeptComment]) -> list[str]:
    """Let messages go in all their forms; answers the service's own ids."""
    ids = list(dict.fromkeys(one.message for one in some))
    for one in held(tx, chat):
        if one.message in ids:
            hold(tx, one.id, held=False)
    return ids


def preserve(tx: Tx, chat: Id) -> int:
    """Something was found: what was captured of a chat is evidence now; answers how many."""
    mine = sa.and_(_k.chat_id == chat, _k.state == KeptState.CAPTURED.value)
    return _set(tx, mine, state=KeptState.PRESERVED.value)


def remove(tx: Tx, chat: Id) -> int:
    """Nothing was found: what was captured of a chat is emptied; answers how many."""
    mine = sa.and_(_k.chat_id == chat, _k.state == KeptState.CAPTURED.value)
    return _empty(tx, mine)


def settle(tx: Tx, chat: Id, case: Id, *, found: bool) -> int:
    """What a decision makes of a chat's comments that stand with its case, or with none; how many.

    Found: evidence from now on. Not found: emptied, also what an earlier decision, taken back
    since, had made evidence.
    """
    mine = [_k.chat_id == chat, sa.or_(_k.case_id == case, _k.case_id.is_(None))]
    if found:
        mine.append(_k.state == KeptState.CAPTURED.value)
        return _set(tx, sa.and_(*mine), state=KeptState.PRESERVED.value, case_id=case)
    mine.append(_k.state.not_in([KeptState.REMOVED.value, KeptState.WAITING.value]))
    return _empty(tx, sa.and_(*mine))


def expire(tx: Tx, before: datetime) -> int:
    """Empty what was held back and led to no case since a moment; answers how many."""
    return _empty(
        tx,
        sa.and_(_k.case_id.is_(None), _k.kept_at < before, _k.state == KeptState.CAPTURED.value),
    )


def _alone() -> sa.ColumnElement[bool]:
    return sa.and_(_k.case_id.is_(None), _k.held.is_(True), _k.state == KeptState.CAPTURED.value)


def _empty(tx: Tx, whose: sa.ColumnElement[bool]) -> int:
    return _set(tx, whose, state=KeptState.REMOVED.value, sealed=None, author_key=None, held=False)


def _set(tx: Tx, whose: sa.ColumnElement[bool], **values: Any) -> int:
    tx.lock_changes()
    return tx.execute(
        sa.update(kept_comments).where(whose).values(**values, change=tx.change())
    ).rowcount


def _some(tx: Tx, whose: sa.ColumnElement[bool], limit: int) -> list[KeptComment]:
    rows = tx.execute(sa.select(kept_comments).where(whose).order_by(_k.at, _k.id).limit(limit))
    return [_noun(tx, row) for row in rows]


def _noun(tx: Tx, row: sa.Row[Any]) -> KeptComment:
    facts: dict[str, Any] = {"message": "", "author": "", "text": "", "by": []}
    if row.sealed is not None:
        facts = identities.unseal(tx, Id(row.id), row.sealed)
    return KeptComment(
        id=Id(row.id), chat=Id(row.chat_id), message=facts["message"], author=facts["author"],
        at=row.at, text=facts["text"], nats=row.nats,
        by=shares_read(facts["by"]), state=KeptState(row.state), held=row.held,
        case=None if row.case_id is None else Id(row.case_id),
    )  # fmt: skip


def _batched(keys: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(keys)
    while some := list(islice(left, AT_ONCE)):
        yield some
