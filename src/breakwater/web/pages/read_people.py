"""People and sessions from records: who may sign in, how, since when, and what they decided.

Counts of decisions are by person and kind, never by what was seen; one's own sessions are read
by the same functions. Read by `people` and `own`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from breakwater.access import policy
from breakwater.model.access import Person, Principal, Role
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id
from breakwater.model.signin import Session
from breakwater.records import decisions, linked_accounts, people
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_people import (
    DecidedRow,
    OwnView,
    PeopleView,
    PersonRow,
    PersonView,
    RoleChoice,
    SessionRow,
    WayRow,
)
from breakwater.web.pages.speech import figure, later, say

if TYPE_CHECKING:
    from breakwater.app import App

COUNTED: Final = timedelta(days=30)
LINK_MINUTES: Final = int(policy.LINK_LIFE.total_seconds() // 60)

ROLES: Final[Mapping[Role, tuple[str, str]]] = {
    Role.LIVE_MODERATOR: (
        later("Live moderator"),
        later("Decides on live and waiting cases. Sees blurred and small pictures."),
    ),
    Role.REVIEWER: (
        later("Reviewer"),
        later("Decides on cases and appeals. Sees frames and account names."),
    ),
    Role.REPORT_OFFICER: (
        later("Report officer"),
        later("Prepares reports. Sees the report's files and identities."),
    ),
    Role.GRADER: (
        later("Grader"),
        later("Grades items of sets. Sees nothing of accounts, matches or other graders."),
    ),
    Role.QA_LEAD: (
        later("Quality lead"),
        later("Compares gradings and keeps the banks. Cannot grade."),
    ),
    Role.INVESTIGATOR: (
        later("Investigator"),
        later("Reads the cases in full, with identities and hashes."),
    ),
    Role.AUDITOR: (later("Auditor"), later("Reads the audit log. Sees no media.")),
    Role.ADMIN: (
        later("Administrator"),
        later("Runs the installation and its people. Never sees media."),
    ),
}  # fmt: skip
"""Each role's name and what it allows, in a sentence (reference: law, "who may see what")."""

WAYS: Final[Mapping[str, str]] = {
    "none": later("Nothing set up yet"),
    "password": later("Password"),
    "account": later("Organisation's account"),
    "passkey": later("Passkey"),
    "link": later("One-time link"),
}

KINDS: Final[Mapping[DecisionKind, str]] = {
    DecisionKind.NOT_ILLEGAL: later("Not illegal"),
    DecisionKind.LAWFUL_CONTEXT: later("Lawful context"),
    DecisionKind.ILLEGAL: later("Illegal"),
    DecisionKind.OWN_IMAGE: later("Own image"),
    DecisionKind.WRONG_MATCH: later("Wrong match"),
    DecisionKind.SECOND_OPINION: later("Second opinion"),
    DecisionKind.ESCALATE: later("Escalated"),
    DecisionKind.DANGER_NOW: later("Child in danger now"),
}


def everybody(tx: Tx, app: App, who: Principal) -> PeopleView:
    """The list."""
    now = app.clock.now()
    live = Counter(session.person for session in app.access.sessions.live())
    decided: Counter[Id] = Counter()
    for (person, _), n in decisions.counts(tx, now - COUNTED).items():
        decided[person] += n
    known = people.every(tx)
    active = [person for person in known if person.active]
    seen = people.last_seen(tx)
    return PeopleView(
        numbers=(
            Number(figure(len(active)), say("people")),
            Number(figure(sum(person.id in live for person in active)), say("signed in now")),
        ),
        rows=tuple(
            PersonRow(
                id=person.id,
                name=person.name,
                roles=_roles_words(person),
                state=state_of(person, now),
                way=say(WAYS[person.credential]),
                seen=words.ago(seen[person.id], now) if person.id in seen else None,
                sessions=live[person.id],
                decided=figure(decided[person.id]),
                you=person.id == who.person,
            )
            for person in sorted(known, key=lambda each: (not each.active, each.name.casefold()))
        ),
        roles=choices(frozenset()),
    )


def one(tx: Tx, app: App, who: Principal, person: Person) -> PersonView:
    """One person."""
    now = app.clock.now()
    counted = decisions.counts(tx, now - COUNTED)
    locked = person.locked_until if _locked(person, now) else None
    return PersonView(
        id=person.id,
        name=person.name,
        state=state_of(person, now),
        since=None if person.created_at is None else words.ago(person.created_at, now),
        way=say(WAYS[person.credential]) if person.credential != "none" else "",
        roles=choices(person.roles),
        was=" ".join(sorted(person.roles)),
        sessions=sessions_of(app, person.id, who),
        decided=tuple(
            DecidedRow(say(KINDS[kind]), figure(counted[person.id, kind]))
            for kind in DecisionKind
            if counted.get((person.id, kind))
        ),
        locked=None if locked is None else words.due(locked, now),
        active=person.active,
        you=person.id == who.person,
    )


def own(tx: Tx, app: App, who: Principal) -> OwnView:
    """One's own browsers and ways of signing in."""
    now = app.clock.now()
    person = people.get(tx, who.id)
    ways = [
        WayRow(
            say("Passkey %(name)s", name=key.name),
            None if key.created_at is None else words.ago(key.created_at, now),
            None if key.used_at is None else words.ago(key.used_at, now),
            f"/me/passkeys/{key.id}/remove",
        )
        for key in people.passkeys(tx, who.id)
    ]
    ways += [
        WayRow(
            say("Account at %(name)s", name=app.access.oidc.name or account.issuer),
            words.ago(account.created_at, now),
            None if account.used_at is None else words.ago(account.used_at, now),
            f"/me/accounts/{account.id}/remove",
        )
        for account in linked_accounts.of_person(tx, who.id)
    ]
    return OwnView(
        sessions=sessions_of(app, who.id, who),
        ways=tuple(ways),
        password=bool(people.sign_in(tx, person.name).password_hash),
        account=app.access.oidc.name,
    )


def sessions_of(app: App, person: Id, who: Principal) -> tuple[SessionRow, ...]:
    """Somebody's browsers that are signed in, this one first."""
    now = app.clock.now()
    rows = [_session(each, who, now) for each in app.access.sessions.of_person(person)]
    return tuple(sorted(rows, key=lambda row: not row.here))


def _session(session: Session, who: Principal, now: datetime) -> SessionRow:
    return SessionRow(
        id=session.id,
        agent=session.agent or say("Unknown browser"),
        way=say(WAYS[session.method]),
        began=words.ago(session.created_at, now),
        seen=words.ago(session.seen_at, now),
        until=words.due(session.expires_at, now),
        here=session.id == who.session,
    )


def choices(chosen: frozenset[Role]) -> tuple[RoleChoice, ...]:
    """Every role as a check box."""
    return tuple(
        RoleChoice(role.value, say(word), say(about), role in chosen)
        for role, (word, about) in ROLES.items()
    )


def state_of(person: Person, now: datetime) -> Mark:
    """Whether somebody can come in."""
    if not person.active:
        return Mark("none", say("Access taken away"))
    if _locked(person, now):
        return Mark("held", say("Locked for a while"))
    if person.credential == "none":
        return Mark("wait", say("Has not set up a way to sign in"))
    return Mark("ok", say("Can sign in"))


def _locked(person: Person, now: datetime) -> bool:
    return person.locked_until is not None and person.locked_until > now


def _roles_words(person: Person) -> str:
    return ", ".join(say(ROLES[role][0]) for role in Role if role in person.roles) or say(
        "No role yet"
    )
