"""Which decision asks which acts: a table that ships, or the operator's own, and what follows.

In come a decision's kind with the holder's role, or an action of the lists; out go kinds of acts.
Read strictly: an unknown word, an act in the wrong place, or any act against the account of an
apparent child stops the start (reference law, "Cross-border and children"). Tests:
`tests/unit/test_act_policy.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadSettings
from breakwater.model.act import ActKind, Lane
from breakwater.model.decision import AccountRole, DecisionKind
from breakwater.model.match import Action

WAITS: Final = tuple(
    timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800)
)
"""Between attempts; the last one again and again until three days are over."""

_ROLES: Final = {AccountRole.SUSPECT.value, AccountRole.UNKNOWN.value}

Acts = tuple[ActKind, ...]


@dataclass(frozen=True, slots=True)
class ActPolicy:
    """What is asked.

    Attributes:
        content: by decision.
        account: by decision and role of the holder.
        lists: by action, of what passed and matches now.
    """

    content: Mapping[DecisionKind, Acts]
    account: Mapping[tuple[DecisionKind, AccountRole], Acts]
    lists: Mapping[Action, Acts]

    def of_account(self, kind: DecisionKind, role: AccountRole) -> Acts:
        """Acts on the account; none ever where a child seems to hold it."""
        if kind is DecisionKind.OWN_IMAGE or role is AccountRole.APPARENT_CHILD:
            return ()
        return self.account.get((kind, role), ())

    @classmethod
    def load(cls, path: Path | None = None) -> ActPolicy:
        """Read the operator's file, or the one that ships.

        Raises:
            BadSettings: it cannot be read, or asks for what is never done.
        """
        try:
            if path is None:
                text = resources.files(__package__).joinpath("acts.toml").read_text("utf-8")
            else:
                text = path.read_text("utf-8")
            return cls.read(tomllib.loads(text))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"The table of acts cannot be read: {error}") from None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> ActPolicy:
        """Read what the file says.

        Raises:
            BadSettings: an unknown word, or an act in a place where it is never done.
        """
        _only(said, {"decisions", "lists"}, "the table of acts")
        content: dict[DecisionKind, Acts] = {}
        account: dict[tuple[DecisionKind, AccountRole], Acts] = {}
        keeping = {kind.value: kind for kind in DecisionKind if kind.keeps}
        for name, part in _table(said, "decisions", keeping).items():
            kind = keeping[name]
            _only(part, {"content", "account"}, f"decisions.{name}")
            content[kind] = _acts(part.get("content", ()), of_account=False)
            for role, wanted in _account(name, kind, part).items():
                account[kind, role] = wanted
        actions: dict[str, Action] = {a.value: a for a in (Action.HOLD, Action.BLOCK)}
        lists = {
            actions[name]: _acts(wanted, of_account=False)
            for name, wanted in _table(said, "lists", actions).items()
        }
        return cls(content, account, lists)


def strongest(wanted: Iterable[ActKind], lane: Lane) -> ActKind | None:
    """Of several acts the strongest in one lane; None where there is none."""
    return max((kind for kind in wanted if kind.lane is lane), key=_rank, default=None)


def wait_after(attempt: int) -> timedelta:
    """How long an act waits after an attempt (1, 2, …) that was not acknowledged."""
    return WAITS[min(max(attempt, 1), len(WAITS)) - 1]


def _rank(kind: ActKind) -> int:
    return kind.rank


def _account(
    name: str, kind: DecisionKind, part: Mapping[str, Any]
) -> dict[AccountRole, tuple[ActKind, ...]]:
    found = part.get("account", {})
    if not isinstance(found, Mapping):
        raise BadSettings(f"decisions.{name}.account holds a list for each role.")
    if AccountRole.APPARENT_CHILD.value in found or (kind is DecisionKind.OWN_IMAGE and found):
        raise BadSettings("The account of an apparent child is never acted against.")
    _only(found, _ROLES, f"decisions.{name}.account")
    return {AccountRole(role): _acts(wanted, of_account=True) for role, wanted in found.items()}


def _acts(wanted: object, *, of_account: bool) -> Acts:
    if not isinstance(wanted, (list, tuple)):
        raise BadSettings("Acts are listed in brackets.")
    allowed = {
        kind.value: kind for kind in ActKind if kind.rank and kind.lane.of_account is of_account
    }
    unknown = [str(one) for one in wanted if one not in allowed]
    if unknown:
        raise BadSettings(f"Not an act here: {', '.join(unknown)}. Known: {', '.join(allowed)}.")
    return tuple(allowed[one] for one in wanted)


def _table(said: Mapping[str, Any], name: str, known: Iterable[str]) -> Mapping[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, Mapping):
        raise BadSettings(f"{name} is a table.")
    _only(found, set(known), name)
    return found


def _only(found: Any, known: set[str], where: str) -> None:
    if not isinstance(found, Mapping):
        raise BadSettings(f"{where} is a table.")
    if unknown := sorted(set(found) - known):
        raise BadSettings(f"Not known in {where}: {', '.join(map(str, unknown))}.")
