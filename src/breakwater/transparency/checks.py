"""Looks whether a measure is on: by the rows that the work leaves, never by a box that is ticked.

In: a snapshot and what the settings say. Out: `Checked`, with the figures that prove it and the rows
they are counted from. Named by `codes/*.toml`; used by `measures`. Contract:
`tests/contract/test_measures.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.access import Permission
from breakwater.model.compliance import Checked, Proof
from breakwater.model.signal import DOMAIN, URL
from breakwater.records import api_keys, measures, people, routing
from breakwater.records.database import Tx

WINDOW: Final = timedelta(days=28)
ENOUGH: Final = 0.999
"""Share of time that counts as all of it: minutes are lost where one shift hands over to another."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What the settings say.

    Attributes:
        watching: broadcasts are watched here.
        destinations: authorities to which reports can be sent.
        perceptual: names of the kinds that say how something looks and can be matched here.
    """

    watching: bool
    destinations: tuple[str, ...]
    perceptual: frozenset[str]


@dataclass(frozen=True, slots=True)
class Look:
    """What every check may use.

    Attributes:
        counts: of the last 28 days, by name.
    """

    tx: Tx
    switches: Switches
    now: datetime
    counts: Mapping[str, int]

    @classmethod
    def begin(cls, tx: Tx, switches: Switches) -> Look:
        """Count once what several checks need."""
        return cls(tx, switches, tx.now, measures.counted(tx, tx.now - WINDOW))

    def proof(self, what: str, name: str, rows: str) -> Proof:
        """A count of the last 28 days."""
        return Proof(f"{what} in 28 days", f"{self.counts[name]:,}", rows)


Check = Callable[[Look], Checked]

_ADDRESSES: Final = frozenset({URL.name, DOMAIN.name})


def hash_matching(look: Look) -> Checked:
    """Some bank that matches has entries of how media look; a hash of a file finds that file alone."""
    every = measures.listed(look.tx)
    found = {kind: n for kind, n in every.items() if kind in look.switches.perceptual}
    proofs = tuple(Proof(f"active entries of {kind}", f"{n:,}", "entry_totals, GET /v1/banks")
                   for kind, n in found.items())  # fmt: skip
    return Checked(
        bool(found), proofs, "" if found else "No bank that matches has an active perceptual entry."
    )


def live_matching(look: Look) -> Checked:
    """The same, and broadcasts are watched."""
    found = hash_matching(look)
    proofs = (*found.proofs, look.proof("alerts on broadcasts", "alerts", "stream_alerts"))
    if not look.switches.watching:
        return Checked(on=False, proofs=proofs, why="Broadcasts are not watched (live_watch).")
    return Checked(found.on, proofs, found.why)


def url_detection(look: Look) -> Checked:
    """Some bank that matches has addresses; services ask with `POST /v1/urls/lookup`."""
    found = {kind: n for kind, n in measures.listed(look.tx).items() if kind in _ADDRESSES}
    proofs = tuple(Proof(f"active entries of {kind}", f"{n:,}", "entry_totals, GET /v1/banks")
                   for kind, n in found.items())  # fmt: skip
    why = "" if found else "No bank that matches has an address of the web."
    return Checked(bool(found), proofs, why)


def user_reports(look: Look) -> Checked:
    """A service has a key with which it hands reports of users on."""
    keys = _keys(look, Permission.REPORT_WRITE)
    proofs = (
        Proof("keys that hand reports of users on", f"{keys}", "api_keys"),
        look.proof("reports of users", "reports", "user_reports"),
        look.proof("of them: a child is in danger now", "danger", "user_reports.danger"),
    )
    return Checked(keys > 0, proofs, "" if keys else "No key has the scope report:write.")


def moderators_always(look: Look) -> Checked:
    """The rota had somebody at every hour of the last 28 days, and has somebody now."""
    cover = measures.cover(look.tx, look.now - WINDOW, look.now)
    proofs = (
        Proof("share of the last 28 days with somebody on duty", f"{100 * cover.share:.2f} %",
              "duty_shifts"),
        Proof("longest time without anybody", f"{cover.gap_s / 60:,.0f} min", "duty_shifts"),
    )  # fmt: skip
    on = cover.share >= ENOUGH
    return Checked(on, proofs, "" if on else "There were hours in which nobody was on duty.")


def moderation(look: Look) -> Checked:
    """There are people who decide on cases."""
    able = [
        one for one in people.every(look.tx)
        if one.active and any(Permission.CASE_DECIDE in role.permissions for role in one.roles)
    ]  # fmt: skip
    proofs = (
        Proof("people who may decide", f"{len(able)}", "people"),
        look.proof("cases opened", "cases", "cases"),
        look.proof("decisions", "decided", "decisions"),
    )
    return Checked(bool(able), proofs, "" if able else "Nobody may decide on cases.")


def priorities(look: Look) -> Checked:
    """Cases are put in order by rules that are kept."""
    live = routing.live(look.tx)
    return Checked(
        on=True, proofs=(Proof("version of the rules", f"{live.number}", "routing_versions"),)
    )


def targets(look: Look) -> Checked:
    """Each case has a due time; the share that kept it is counted."""
    closed, in_time = look.counts["closed"], look.counts["in_time"]
    share = f"{100 * in_time / closed:.1f} %" if closed else "none was closed"
    return Checked(on=True, proofs=(Proof("closed by their due time", share, "cases.due_at"),))


def appeals(look: Look) -> Checked:
    """A service has a key with which it hands appeals on."""
    keys = _keys(look, Permission.APPEAL_WRITE)
    proofs = (
        Proof("keys that hand appeals on", f"{keys}", "api_keys"),
        look.proof("appeals due", "appeals", "appeals.due_at"),
        look.proof("answered", "appeals_answered", "appeal_answers"),
    )
    return Checked(keys > 0, proofs, "" if keys else "No key has the scope appeal:write.")


def reporting(look: Look) -> Checked:
    """There is somewhere to send reports to."""
    to = look.switches.destinations
    proofs = (
        Proof("recipients that are set up", ", ".join(to) or "none", "settings"),
        look.proof("reports filed", "filed", "filings"),
    )
    return Checked(bool(to), proofs, "" if to else "No recipient is set up (reports_ncmec_user).")


def records(_look: Look) -> Checked:
    """The audit log is always on: no act is done without its entry."""
    where = "audit, breakwater audit verify"
    return Checked(on=True, proofs=(Proof("entries are chained and signed", "always", where),))


CHECKS: Final[Mapping[str, Check]] = {
    one.__name__: one
    for one in (
        hash_matching, live_matching, url_detection, user_reports, moderators_always, moderation,
        priorities, targets, appeals, reporting, records,
    )
}  # fmt: skip


def _keys(look: Look, scope: Permission) -> int:
    """Keys that stand and have a scope."""
    return sum(
        scope in one.scopes and one.revoked_at is None and not one.test
        and (one.expires_at is None or one.expires_at > look.now)
        for one in api_keys.every(look.tx)
    )  # fmt: skip
