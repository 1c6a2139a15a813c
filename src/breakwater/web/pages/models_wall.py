"""What the live wall shows, as frozen values: tiles by risk, and the one target keys act on."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.models_sign import SignForm
from breakwater.web.pages.models_stream import SenderRow


@dataclass(frozen=True, slots=True)
class TileChat:
    """What a tile says of its chat.

    Attributes:
        why: that it alarmed; empty while it did not.
        measure: what is done in it; None while it is open.
    """

    why: str = ""
    measure: Mark | None = None


@dataclass(frozen=True, slots=True)
class WallChat:
    """The chat of the target.

    Attributes:
        why: that it alarmed; empty while it did not.
        measure: what is done in it, and whether somebody confirmed it.
        unscored: messages that were not weighed; empty: none.
        acts: what can be ordered: value, word, whether it is in force.
        seen: id of the order in force; opening is refused after another one.
        url: of the chat's own page; empty without a case.
    """

    why: str
    measure: Mark
    messages: str
    unscored: str = ""
    acts: tuple[tuple[str, str, bool], ...] = ()
    seen: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One broadcast on the wall.

    Attributes:
        id: of the stream, for stills and events.
        label: what people call it, e.g. `stream-014`.
        control: how far it is stopped; None while it is open.
        lost: since when nobody sees it; None while somebody does.
        picture: there was an alarm, so its still may be shown.
        chat: what its chat adds; None while that is silent or ordinary.
    """

    id: str
    label: str
    mark: Mark
    why: str
    viewers: str
    age: When
    control: Mark | None = None
    lost: When | None = None
    picture: bool = False
    urgent: bool = False
    stopped: bool = False
    cut: bool = False
    chat: TileChat | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be ordered of the target: the control it leads to, its word, its key."""

    to: str
    word: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One answer to who broadcasts, and what follows from it."""

    value: str
    word: str
    follows: str
    key: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """A cut that waits for a second person."""

    by: str
    reason: str
    until: When
    role: str
    mine: bool = False
    sign: SignForm | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A cut of which nobody said who broadcasts: where it is said, and since when it is asked."""

    label: str
    url: str
    due: When


@dataclass(frozen=True, slots=True)
class Target:
    """The broadcast that keys act on.

    Attributes:
        order: id of the order in force; letting go is refused after another one.
        told: who ordered what stands, and since when; empty while nothing was ordered.
        roles: who broadcasts, asked at every cut; empty before one.
        two: a cut takes two people here.
        sign: a cut that waits for the viewer's signature; nothing else is offered meanwhile.
        senders: each of several, with own risk and own acts; empty for one alone.
        asked: until when somebody is to say who broadcasts; None where nobody is asked.
        chat: what people write; None where nobody does.
        line: the newest of its case's line of time, moment and words, the newest first.
    """

    id: str
    label: str
    mark: Mark
    why: str
    control: Mark
    facts: tuple[tuple[str, str], ...]
    order: str = ""
    told: str = ""
    case: str = ""
    acts: tuple[Act, ...] = ()
    roles: tuple[RoleChoice, ...] = ()
    waits: Agreement | None = None
    two: bool = False
    sign: SignForm | None = None
    senders: tuple[SenderRow, ...] = ()
    asked: When | None = None
    chat: WallChat | None = None
    line: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WallView:
    """The live wall.

    Attributes:
        tiles: by risk, the most urgent first.
        counted: broadcasts that are not drawn.
        next: from which place a second answer draws the rest; 0: all are here.
        change: newest change it shows.
        on_duty: who is called when one needs somebody, in words.
        asked: cuts of which nobody said who broadcasts, the longest first.
        strips: spot checks that wait for somebody like the viewer.
        held: messages that are held and belong to no case.
    """

    tiles: tuple[Tile, ...]
    counted: int
    change: int
    on_duty: str
    alarm: bool
    next: int = 0
    servers: bool = False
    asked: tuple[Asked, ...] = ()
    target: Target | None = None
    strips: int = 0
    held: int = 0

    @property
    def now(self) -> tuple[Tile, ...]:
        """The strip at the top: broadcasts that need a person now."""
        return tuple(tile for tile in self.tiles if tile.mark.style == "now")

    @property
    def rest(self) -> tuple[Tile, ...]:
        """The grid below."""
        return tuple(tile for tile in self.tiles if tile.mark.style != "now")

    @property
    def lower(self) -> int:
        """Broadcasts of medium and low risk, which a telephone only counts."""
        return sum(not tile.urgent for tile in self.tiles)
