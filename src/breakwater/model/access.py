"""Who may do what: people, roles, API keys, and the one `Principal` the rest of the code sees.

Roles are those of the legal table (reference law, "who may see what"). A permission is a
verb and an object; roles and key scopes are sets of permissions; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

LOCAL_OPERATOR: Final = Id("00000000-0000-7000-8000-000000000001")
"""Whoever may run commands on this host as the installation's user, where nothing is served."""
LOCAL_COMMANDS: Final = "local commands"
"""The name of the key with which they do so through a running server."""


class Permission(StrEnum):
    """One thing that can be allowed.

    `account:read` is the service's own name of an account, `identity:read` its address too;
    without either a person sees a pseudonym. `hash:read` is the values in banks.
    `appeal:write` and `report:write` belong to services, `report:submit` to those who file here;
    `report:refer` marks to whom a received report went on; `filing:read` shows reports to
    authorities, `filing:write` sends them, `danger:file` at once; `package:export` hands evidence over, `vics:export` takes a case as VICS,
    two people at a time. `wellbeing:read` shows aggregates only.
    `request:write` handles legal requests both ways; `act:write` belongs to services that acknowledge acts, `act:retry` has one tried again; `stream:write` to them and media servers; `stream:control` freezes and cuts.
    `registration:check` belongs to services; `sanction:release` lets go of a sanctioned account;
    `subject:read` gives out what is kept of a person, `subject:erase` erases what may be erased.
    `hub:read` sees members, lists and rules, `hub:write` changes them and publishes by two people,
    `hub:curate` settles what members disagree on; `hub:pull` and `hub:give` belong to members.
    `link:read` sees series, `link:write` judges links, searches by example and tells outcomes;
    `exhibit:write` takes in what was seized, `likeness:open` opens a model's legal gate by two people;
    `link:deconflict` belongs to other organisations that ask who works on the same file.
    `reference:erase` forgets what passed; `desk:sign` names who vouches for a command's list.
    """

    MEDIA_SCREEN = "media:screen"
    HASH_LOOKUP = "hash:lookup"
    BANK_READ = "bank:read"
    BANK_WRITE = "bank:write"
    ACCOUNT_WRITE = "account:write"
    REFERENCE_ERASE = "reference:erase"
    VERDICT_READ = "verdict:read"
    CASE_READ = "case:read"
    CASE_DECIDE = "case:decide"
    ROUTING_WRITE = "routing:write"
    DUTY_WRITE = "duty:write"
    GRADE_WRITE = "grade:write"
    GRADE_QA = "grade:qa"
    GRADE_IMPORT = "grade:import"
    APPEAL_WRITE = "appeal:write"
    APPEAL_DECIDE = "appeal:decide"
    REPORT_WRITE = "report:write"
    REPORT_SUBMIT = "report:submit"
    REPORT_REFER = "report:refer"
    FILING_READ = "filing:read"
    FILING_WRITE = "filing:write"
    HOLD_READ = "hold:read"
    HOLD_WRITE = "hold:write"
    PACKAGE_EXPORT = "package:export"
    VICS_EXPORT = "vics:export"
    REQUEST_WRITE = "request:write"
    ACT_READ = "act:read"
    ACT_RETRY = "act:retry"
    ACT_WRITE = "act:write"
    DANGER_FILE = "danger:file"
    STREAM_WRITE = "stream:write"
    STREAM_READ = "stream:read"
    STREAM_CONTROL = "stream:control"
    SERVER_WRITE = "server:write"
    REGISTRATION_CHECK = "registration:check"
    SANCTION_READ = "sanction:read"
    SANCTION_RELEASE = "sanction:release"
    SUBJECT_READ = "subject:read"
    SUBJECT_ERASE = "subject:erase"
    WELLBEING_READ = "wellbeing:read"
    MEDIA_VIEW = "media:view"
    MEDIA_COLOUR = "media:colour"
    ACCOUNT_READ = "account:read"
    IDENTITY_READ = "identity:read"
    HASH_READ = "hash:read"
    AUDIT_READ = "audit:read"
    PEOPLE_WRITE = "people:write"
    METRICS_READ = "metrics:read"
    TRANSPARENCY_READ = "transparency:read"
    SYSTEM_READ = "system:read"
    SYSTEM_WRITE = "system:write"
    DESK_SIGN = "desk:sign"
    HUB_READ = "hub:read"
    HUB_WRITE = "hub:write"
    HUB_CURATE = "hub:curate"
    HUB_PULL = "hub:pull"
    HUB_GIVE = "hub:give"
    EXCHANGE_WRITE = "exchange:write"
    LINK_READ = "link:read"
    LINK_WRITE = "link:write"
    LINK_DECONFLICT = "link:deconflict"
    EXHIBIT_WRITE = "exhibit:write"
    LIKENESS_OPEN = "likeness:open"


P = Permission


class Role(StrEnum):
    """What a person is here. People may hold several; none of them adds up to a bypass."""

    LIVE_MODERATOR = "live_moderator"
    REVIEWER = "reviewer"
    REPORT_OFFICER = "report_officer"
    GRADER = "grader"
    QA_LEAD = "qa_lead"
    INVESTIGATOR = "investigator"
    AUDITOR = "auditor"
    ADMIN = "admin"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it allows. An admin runs the system and never sees media or addresses."""
        return ROLES[self]


_SEE = {P.CASE_READ, P.BANK_READ, P.VERDICT_READ, P.ACT_READ}
ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.LIVE_MODERATOR: frozenset(
        _SEE | {P.MEDIA_VIEW, P.CASE_DECIDE, P.ACT_RETRY, P.STREAM_READ, P.STREAM_CONTROL, P.DANGER_FILE}
    ),
    Role.REVIEWER: frozenset(
        _SEE
        | {P.MEDIA_VIEW, P.CASE_DECIDE, P.ACCOUNT_READ, P.APPEAL_DECIDE, P.ACT_RETRY}
        | {P.STREAM_READ, P.STREAM_CONTROL, P.SANCTION_READ, P.SANCTION_RELEASE, P.DANGER_FILE}
    ),
    Role.REPORT_OFFICER: frozenset(
        _SEE | {P.MEDIA_VIEW, P.MEDIA_COLOUR, P.ACCOUNT_READ, P.IDENTITY_READ, P.REPORT_REFER}
        | {P.REQUEST_WRITE, P.FILING_READ, P.FILING_WRITE, P.PACKAGE_EXPORT, P.SANCTION_READ, P.SANCTION_RELEASE}
        | {P.HOLD_READ, P.HOLD_WRITE}
        | {P.DANGER_FILE, P.SUBJECT_READ, P.SUBJECT_ERASE}
    ),
    Role.GRADER: frozenset({P.MEDIA_VIEW, P.GRADE_WRITE}),
    Role.QA_LEAD: frozenset({
        P.BANK_READ, P.BANK_WRITE, P.HASH_READ, P.GRADE_QA, P.GRADE_IMPORT, P.WELLBEING_READ,
        P.HUB_READ, P.HUB_WRITE, P.HUB_CURATE, P.EXCHANGE_WRITE,
    }),
    Role.INVESTIGATOR: frozenset(
        _SEE | {P.REQUEST_WRITE, P.MEDIA_VIEW, P.MEDIA_COLOUR, P.ACCOUNT_READ, P.IDENTITY_READ, P.PACKAGE_EXPORT, P.HASH_READ}
        | {P.SANCTION_READ, P.VICS_EXPORT, P.LINK_READ, P.LINK_WRITE, P.EXHIBIT_WRITE, P.LIKENESS_OPEN}
    ),
    Role.AUDITOR: frozenset({P.AUDIT_READ, P.TRANSPARENCY_READ}),
    Role.ADMIN: frozenset({
        P.BANK_READ, P.BANK_WRITE, P.CASE_READ, P.AUDIT_READ, P.TRANSPARENCY_READ,
        P.PEOPLE_WRITE, P.METRICS_READ, P.SYSTEM_READ, P.SYSTEM_WRITE, P.GRADE_IMPORT,
        P.ACT_READ, P.ACT_RETRY, P.ROUTING_WRITE, P.DUTY_WRITE, P.WELLBEING_READ, P.SERVER_WRITE, P.STREAM_READ,
        P.SANCTION_READ, P.HUB_READ, P.HUB_WRITE, P.EXCHANGE_WRITE, P.LIKENESS_OPEN,
    }),
}  # fmt: skip

MACHINE_SCOPES: frozenset[Permission] = frozenset({
    P.MEDIA_SCREEN, P.HASH_LOOKUP, P.BANK_READ, P.BANK_WRITE, P.ACCOUNT_WRITE, P.VERDICT_READ,
    P.METRICS_READ, P.APPEAL_WRITE, P.REPORT_WRITE, P.REFERENCE_ERASE, P.TRANSPARENCY_READ,
    P.DUTY_WRITE, P.STREAM_WRITE, P.STREAM_READ, P.REPORT_SUBMIT, P.ACT_WRITE, P.ACT_READ,
    P.REGISTRATION_CHECK, P.HUB_PULL, P.HUB_GIVE, P.LINK_DECONFLICT,
})  # fmt: skip
"""Scopes an API key may carry. No key sees media, identities or the audit log.

`desk:sign` is not among them: only `serve` gives it, to the key of its own run.
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request: a person with roles, or a key with scopes.

    Attributes:
        id: of the person or key.
        name: for people to read.
        person: id of the person behind it; two-person rules compare this, not `id`.
        permissions: the union of what roles or scopes allow.
        service: the service label a key is bound to; empty for people.
        test: a test key: always-match files answer, nothing is stored.
    """

    id: Id
    name: str
    permissions: frozenset[Permission]
    person: Id | None = None
    service: str = ""
    test: bool = False
    session: Id | None = None

    def may(self, permission: Permission) -> bool:
        """Whether it is allowed."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Person:
    """A human being who signs in.

    Attributes:
        credential: `none`, `password`, `account` or `passkey`: the best they have set up.
        locked_until: no password counts before this, after too many wrong ones.
    """

    id: Id
    name: str
    roles: frozenset[Role]
    active: bool = True
    credential: str = "none"
    created_at: datetime | None = None
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A machine's key `bw_<id>_<secret>`, stored as a keyed hash.

    Attributes:
        networks: CIDR blocks it may be used from; empty means anywhere.
        per_second: sustained requests a second; 0 means unlimited.
    """

    id: Id
    name: str
    scopes: frozenset[Permission]
    service: str = ""
    networks: tuple[str, ...] = ()
    per_second: float = 0.0
    test: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    created_at: datetime | None = None
