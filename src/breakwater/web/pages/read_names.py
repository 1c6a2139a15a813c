"""What somebody who did something is called where people read of it, from records."""

from __future__ import annotations

from breakwater.errors import NotFound
from breakwater.model.access import LOCAL_COMMANDS, LOCAL_OPERATOR
from breakwater.model.ids import Id
from breakwater.records import api_keys, people
from breakwater.records.database import Tx
from breakwater.web.pages.speech import say


def called(tx: Tx, by: Id) -> str:
    """A person's name, a command on this host, or a key.

    Commands act with the key that a running server made for them, or without one.
    """
    try:
        return people.get(tx, by).name
    except NotFound:
        return say("a command on this host") if _is_command(tx, by) else say("A key")


def _is_command(tx: Tx, by: Id) -> bool:
    if by == LOCAL_OPERATOR:
        return True
    try:
        return api_keys.by_id(tx, by)[0].name == LOCAL_COMMANDS
    except NotFound:
        return False
