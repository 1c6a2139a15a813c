"""Hash sets as VICS (Project VIC, CAID): a file of millions of Media entries, read as a stream.

Only entries of the categories an operator names are taken (in the US table 1 is abuse material, 2
age difficult, 0 and 4 are nothing to match): the number and its table stay as a label. An entry
is known by its hash, because a MediaID is another in each export; several entries of one file
are one. A set is the whole list: what it has no more is withdrawn. Tests:
`tests/contract/test_exchange_files.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadInput, PeerFault
from breakwater.exchange.clients.files import OPTIONS, FileClient
from breakwater.exchange.ports import PAGE, Maker, Offers, Setting
from breakwater.model.exchange import Item, Offered, Row, Unreadable
from breakwater.model.signal import kind_named
from breakwater.vics import MediaStream, truth, whole

HASHES: Final[Mapping[str, str]] = {
    "md5": "md5", "sha1": "sha1", "sha256": "sha256", "photodna": "photodna",
}  # fmt: skip
FLAGS: Final[Mapping[str, str]] = {
    "victimidentified": "victim_identified", "offenderidentified": "offender_identified",
    "isdistributed": "distributed", "selfgenerated": "self_generated", "issuspected": "suspected",
}  # fmt: skip
TAKEN: Final = "1,2"


class VicsClient(FileClient):
    """One hash set."""

    def __init__(self, setting: Setting, *, page: int = PAGE) -> None:
        """Take the categories.

        Raises:
            BadInput: they are no numbers.
        """
        super().__init__(setting, whole=True, page=page)
        said = str(setting.options.get("categories", TAKEN)).split(",")
        found = [whole(one) for one in said]
        if None in found:
            raise BadInput("categories are whole numbers with commas: 1,2.")
        self._taken = frozenset(found)

    def rows(self, path: Path) -> Iterator[Sequence[Item]]:
        """Each Media entry.

        Raises:
            PeerFault: the file is no JSON, or ends before its end; what came before was given.
        """
        with path.open("rb") as file:
            stream = MediaStream(file)
            try:
                for number, media in enumerate(stream.entries(), start=1):
                    table = f"vics_{stream.envelope.context.lower() or 'unknown'}"
                    yield self._items(f"entry {number}", media, table)
            except BadInput as error:
                raise PeerFault(error.detail or error.title()) from None
            if not stream.envelope.version:
                raise PeerFault("The file does not say that it is VICS.")

    def _items(self, place: str, media: Mapping[str, Any], table: str) -> Sequence[Item]:
        category = whole(media.get("category"))
        if category not in self._taken:
            return ()
        rows: list[Row] = []
        bad: list[Item] = []
        for name, kind in HASHES.items():
            text = str(media.get(name) or "").strip().strip("{}")
            if not text:
                continue
            try:
                rows.append((kind, kind_named(kind).parse(text), 100))
            except BadInput as error:
                bad.append(Unreadable(place, error.detail or error.title()))
        if not rows:
            return bad or [Unreadable(place, "The entry names no hash.")]
        kind, value, _ = rows[0]
        offer = Offered(f"{kind}:{value.hex()[:64]}", tuple(rows), _labels(media, table, category))
        return [offer, *bad]


def _labels(media: Mapping[str, Any], table: str, category: int | None) -> tuple[str, ...]:
    said = [f"{table}:{category}"]
    said += [label for name, label in FLAGS.items() if truth(media.get(name))]
    if series := str(media.get("series") or "").strip():
        said.append(f"series:{series}"[:60])
    return tuple(said)


MAKER: Final = Maker(
    "VICS hash sets",
    Offers(options={**OPTIONS, "categories": "numbers that are taken, 1,2"}),
    VicsClient,
)
