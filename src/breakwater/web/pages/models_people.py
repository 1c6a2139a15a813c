"""What the pages of people and of one's own sessions show, as frozen values; see `models`."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, When


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person in the list.

    Attributes:
        sessions: browsers they are signed in with now.
        decided: decisions of the last 30 days.
    """

    id: str
    name: str
    roles: str
    state: Mark
    way: str
    seen: When | None
    sessions: int
    decided: str
    you: bool = False


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One role as a check box: what it allows, in a sentence."""

    value: str
    word: str
    about: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class PeopleView:
    """Everybody, and what a new person may be given."""

    numbers: tuple[Number, ...]
    rows: tuple[PersonRow, ...]
    roles: tuple[RoleChoice, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser that is signed in.

    Attributes:
        here: the one that shows this page.
    """

    id: str
    agent: str
    way: str
    began: When
    seen: When
    until: When
    here: bool = False


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """How many decisions of one kind."""

    words: str
    count: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person: roles, ways of signing in, sessions, what they decided.

    Attributes:
        was: the roles as they stand, which a change names, so that nobody overwrites another.
        you: whoever looks; nobody changes their own roles or account.
        locked: when the name may be tried again; empty when it is not locked.
    """

    id: str
    name: str
    state: Mark
    since: When | None
    way: str
    roles: tuple[RoleChoice, ...]
    was: str
    sessions: tuple[SessionRow, ...]
    decided: tuple[DecidedRow, ...]
    locked: When | None = None
    active: bool = True
    you: bool = False


@dataclass(frozen=True, slots=True)
class GivenLink:
    """A one-time link, shown once to whoever made it."""

    url: str
    minutes: int


@dataclass(frozen=True, slots=True)
class WayRow:
    """One way to sign in that can be taken away.

    Attributes:
        url: of the form that takes it away.
    """

    words: str
    made: When | None
    used: When | None
    url: str


@dataclass(frozen=True, slots=True)
class OwnView:
    """One's own browsers and ways of signing in."""

    sessions: tuple[SessionRow, ...]
    ways: tuple[WayRow, ...]
    password: bool
    account: str
