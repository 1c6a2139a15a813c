"""What the page of a case's viewers shows, as frozen values; built by `pages.read_viewers`.

Accounts and addresses are there only as far as who looks may see them. See `models`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class Tile:
    """A country with viewers on the map: its place in it, its strength from 1 to 4."""

    code: str
    words: str
    x: int
    y: int
    strength: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country in the table beside the map."""

    name: str
    certain: str
    uncertain: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch on a strip of 100 units."""

    start: float
    length: float


@dataclass(frozen=True, slots=True)
class ViewerRow:
    """One viewer.

    Attributes:
        name: the account, or a pseudonym.
        addresses: as far as they may be seen, with ports.
        where: country in words.
        doubts: why the country is not certain.
        strip: when they watched, on the same 100 units as what is illegal.
        spans: the same in words.
    """

    name: str
    pseudonym: str
    tier: Mark
    seconds: str
    where: str
    doubts: tuple[str, ...]
    strip: tuple[Bar, ...]
    spans: str
    others: str
    cluster: int
    acts: tuple[str, ...]
    addresses: tuple[str, ...]
    agents: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    """A broadcast and what of it is illegal, in words.

    Attributes:
        start, end: of the broadcast, for a form.
    """

    id: str
    label: str
    words: str
    basis: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """Viewers who share something."""

    number: int
    words: str
    people: str


@dataclass(frozen=True, slots=True)
class PackAnswer:
    """Whether a pack may leave on one occasion, with the legal basis or why not."""

    when: str
    allowed: bool
    says: str


@dataclass(frozen=True, slots=True)
class PackForm:
    """A proposal of a pack, as far as it is written.

    Attributes:
        country: the authority's.
        answers: whether it may leave for that country; empty: it was not asked.
        where: that country in words.
    """

    countries: str = ""
    agency: str = ""
    country: str = ""
    reference: str = ""
    reason: str = ""
    danger: bool = False
    answers: tuple[PackAnswer, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class ViewersView:
    """The page.

    Attributes:
        sight: how much is shown, in words.
        clear: identities are on the page.
        may_look: the viewer may ask for identities with a reason.
        may_say: the viewer may say what is illegal.
        pack: what is written of a new one.
        waits: a pack that waits for a second person, in words; empty: none.
        whom: for which authority and on what occasion it leaves.
        proposed: who proposed it, and when it lapses.
        made: packs that were made, the newest first: when, by whom, and for whom.
        own: it is the viewer's own proposal.
        carriers: how many came from addresses that a carrier shares.
        next_url, first_url: further rows.
    """

    case: str
    number: int
    sight: str
    clear: bool
    may_look: bool
    may_say: bool
    numbers: tuple[tuple[str, str], ...]
    broadcasts: tuple[BroadcastRow, ...]
    illegal: tuple[Bar, ...]
    first: When | None
    last: When | None
    rows: tuple[ViewerRow, ...]
    tiles: tuple[Tile, ...]
    countries: tuple[CountryRow, ...]
    clusters: tuple[ClusterRow, ...]
    outline: str
    box: str
    pack: PackForm = PackForm()
    waits: str = ""
    whom: str = ""
    proposed: str = ""
    made: tuple[tuple[When, str, str], ...] = ()
    own: bool = False
    carriers: str = ""
    next_url: str = ""
    first_url: str = ""
