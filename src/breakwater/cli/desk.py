"""Where a command's work is done: in this process, or by the process that owns the data.

A `Desk` is what commands ask. `opening.HereDesk` opens the installation itself,
`remote.OwnerDesk` sends the work to the API of the owner that announced itself (`cli.owner`).
Both answer the same plain values, those of the API's shapes. Contract test:
`tests/integration/test_cli.py` runs the commands on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from breakwater.model.access import LOCAL_OPERATOR, MACHINE_SCOPES, Permission, Principal
from breakwater.model.match import Verdict
from breakwater.model.media import Undecodable
from breakwater.model.signal import Fingerprints, Signal

if TYPE_CHECKING:
    from breakwater.cli.hub_files import GivenFile
    from breakwater.review.grading.sets import NewSet

OPERATOR: Final = Principal(
    LOCAL_OPERATOR,
    "local operator",
    frozenset(
        MACHINE_SCOPES
        | {
            Permission.PEOPLE_WRITE,
            Permission.SYSTEM_WRITE,
            Permission.SERVER_WRITE,
            Permission.EXCHANGE_WRITE,
        }
        | {Permission.STREAM_CONTROL, Permission.ACT_RETRY}
        | {Permission.HUB_READ, Permission.HUB_WRITE}
        | {Permission.LINK_READ, Permission.LINK_WRITE}
        | {Permission.SUBJECT_READ, Permission.SUBJECT_ERASE}
    ),
)
"""Whoever may run commands on this host as the installation's user; so the audit log names them."""

Row = dict[str, Any]
Progress = Callable[[int], None]
Share = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that is to be imported, and what is said about it; without a source the bank's."""

    path: Path
    kind: str = ""
    labels: tuple[str, ...] = ()
    source: str = ""
    permitted_use: str = ""
    signed_by: str = ""


class Desk(Protocol):
    """What commands ask for."""

    def banks(self) -> list[Row]:
        """All banks with their matchable shares."""
        ...

    def create_bank(self, fields: Row) -> Row:
        """Make a bank."""
        ...

    def import_list(self, name: str, file: ListFile, progress: Progress) -> Row:
        """Import a list; `progress` is told the rows read so far."""
        ...

    def import_set(self, wanted: NewSet, progress: Share) -> Row:
        """Import a set for graders; `progress` is told the share of the file read so far."""
        ...

    def grade_sets(self) -> list[Row]:
        """All sets for graders, the newest first."""
        ...

    def entries(self, name: str) -> Iterator[Row]:
        """Every entry of a bank, by number."""
        ...

    def lookup(self, signals: Sequence[Signal], banks: Sequence[str]) -> list[list[Row]]:
        """The matches of each signal."""
        ...

    def judge(self, outcome: Fingerprints | Undecodable, unit: str) -> Verdict:
        """What the verdict on a file would be; nothing is kept."""
        ...

    def login_link(self, name: str) -> str:
        """Make a one-time login link for somebody; answers its path."""
        ...

    def duty(self) -> Row:
        """Who is on call, the rota, and calls that wait."""
        ...

    def plan_shifts(self, shifts: Sequence[Row]) -> list[Row]:
        """Put shifts on the rota: all of them, or none."""
        ...

    def test_page(self, person: str) -> Row:
        """Send somebody a test page."""
        ...

    def media_servers(self) -> list[Row]:
        """All media servers."""
        ...

    def add_media_server(self, fields: Row) -> Row:
        """Enter a media server; answers what is shared with it."""
        ...

    def check_media_server(self, name: str) -> Row:
        """Whether its broadcasts can be frozen and cut."""
        ...

    def media_server_recipe(self, name: str, wanted: Row) -> Row:
        """Its configuration files, with what is shared with it."""
        ...

    def remove_media_server(self, name: str) -> Row:
        """Forget it."""
        ...

    def hub(self, call: str, of: str = "", body: Row | None = None) -> Row:
        """One call of the hub's, by its name in `cli.hubs`."""
        ...

    def links(
        self, call: str, of: int | None = None, body: Row | None = None, *, signer: str = "",
        **asked: Any,
    ) -> Row:  # fmt: skip
        """One call of links, by its name in `cli.linked`."""
        ...

    def take_exhibits(self, fields: Row, signer: str) -> Row:
        """Take in what was seized, to its end, in an investigator's name."""
        ...

    def exhibit_sets(self) -> list[Row]:
        """Sets of exhibits, the newest first."""
        ...

    def exhibits(self, number: int, state: str, *, names_for: str = "") -> Row:
        """The first files of a set, of one state or all; with paths for an investigator."""
        ...

    def hub_pack(self, member: str, asked: Row) -> tuple[bytes, Row]:
        """A pack for a member without a network, and where the next one begins."""
        ...

    def hub_unpack(self, member: str, data: bytes, key: str) -> Row:
        """Take a member's pack, unsealed."""
        ...

    def hub_import(self, name: str, file: GivenFile, progress: Progress) -> Row:
        """Give a file to a shared list in a member's name."""
        ...

    def feeds(self) -> list[Row]:
        """All feeds of others' lists, with how each does."""
        ...

    def add_feed(self, fields: Row) -> Row:
        """Enter a feed."""
        ...

    def feed_health(self, name: str) -> Row:
        """A feed with its pulls and what could not be read."""
        ...

    def change_feed(self, name: str, fields: Row) -> Row:
        """Change a feed: pause it, resume it."""
        ...

    def check_feed(self, name: str) -> Row:
        """Whether its peer lets us in."""
        ...

    def pull_feed(self, name: str) -> Row:
        """Pull it now, to the end; answers how it did."""
        ...

    def take_pack(self, name: str, data: bytes) -> Row:
        """Take a hub's pack, unsealed, to the end."""
        ...

    def give_pack(self, name: str, given: list[Row] | None) -> tuple[bytes, Row]:
        """A pack back with what it holds; None: the last one again."""
        ...

    def remove_feed(self, name: str, *, withdraw: bool) -> None:
        """Forget it."""
        ...

    def classifiers(self) -> Row:
        """All classifiers, and whether they are on at all."""
        ...

    def add_classifier(self, card: str, model: Path) -> Row:
        """Try a model and keep it."""
        ...

    def check_classifier(self, name: str) -> Row:
        """Whether it can be used."""
        ...

    def change_classifier(self, name: str, what: str) -> Row:
        """Do `on`, `off` or `remove`."""
        ...

    def watchers(self) -> Row:
        """Which process watches which broadcasts."""
        ...

    def streams(self, *, ended: bool = False, before: str = "") -> list[Row]:
        """Broadcasts that run, or also those that ended, the newest first, a page of them.

        Args:
            ended: those that ended too.
            before: older than this id.
        """
        ...

    def order_stream(self, stream: str, fields: Row) -> Row:
        """Stop a broadcast, or let it go; answers it with its orders as they stand then."""
        ...

    def acts(self, *, failing: bool = False) -> Row:
        """The newest acts on services, or those that were not confirmed."""
        ...

    def retry_act(self, act: str) -> Row:
        """Try one again."""
        ...

    def request_counts(self, period: Row) -> list[Row]:
        """How many legal requests of a period (`since`, `until`), by kind."""
        ...

    def begin_viewers(self, fields: Row) -> Row:
        """Begin an access log; one that is known by its opening is answered with its offset."""
        ...

    def take_viewers(self, log: str, fields: Row) -> Row:
        """Keep the sessions of a piece of an access log; answers how far it is read."""
        ...

    def viewer_imports(self) -> list[Row]:
        """Access logs that were read, the newest first."""
        ...

    def transparency(self, fields: Row) -> bytes:
        """The report of a period: `from`, `to` and `form`."""
        ...

    def compliance(self, code: str, fields: Row) -> bytes:
        """Measures of a regulator's code, in a `form`."""
        ...

    def package_keys(self, signer: str) -> list[Row]:
        """Recipients' keys, withdrawn ones too; `signer` is the person who asks."""
        ...

    def packages(self, case: str, signer: str) -> Row:
        """Packages of a case by number or id, the newest first, and the one that waits."""
        ...

    def propose_package(self, case: str, fields: Row, signer: str) -> Row:
        """Propose a package; answers what waits for a second person."""
        ...

    def make_package(self, package: str, signer: str) -> Row:
        """Wait until a package is sealed or could not be; where nothing is served, make it."""
        ...

    def take_package(self, package: str, signer: str, to: Path) -> Row:
        """Write the sealed file; answers size and SHA-256 as they came."""
        ...

    def record_receipt(self, text: str, signer: str) -> Row:
        """Keep a receiving officer's signed receipt."""
        ...

    def holds(self, fields: Row) -> Row:
        """Holds, what comes due first: `state` and `soon`."""
        ...

    def privacy(self, what: str, fields: Row, signer: str) -> Row:
        """`exports` or `erasures` of what is kept of a person, in a person's name."""
        ...

    def change_hold(self, what: str, of: str, fields: Row, signer: str) -> Row:
        """`extend` or `end` a hold, or `order` one of a case, in a person's name."""
        ...

    def take_vics(self, case: str, fields: Row, signer: str, to: Path) -> Row:
        """Write a case as VICS to a file; answers size and SHA-256."""
        ...

    def propose_vics(self, case: str, fields: Row, signer: str) -> Row:
        """Ask for a second investigator; answers what waits."""
        ...
