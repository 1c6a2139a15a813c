"""Where on the internet, or off it, something happened: one class a kind of place.

In: what the case knows. Out: frozen values, whole. A live stream is two of these, `WebPage` with
the stream's address and `ChatIm` with its chat: NCMEC has no incident type of live streams.
Source: `internetDetails` of the CyberTipline reporting API. Read by `model.report`. Tests:
`tests/unit/test_report_model.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.errors import BadInput
from breakwater.model.report_party import Address, Email, IpCapture, Phone


@dataclass(frozen=True, slots=True)
class WebPage:
    """Pages; `third_party_hosted`: whether another provider stores what they show."""

    urls: tuple[str, ...] = ()
    third_party_hosted: bool | None = None
    additional: str = ""

    def __post_init__(self) -> None:
        """Refuse an empty address."""
        if not all(url.strip() for url in self.urls):
            raise BadInput("A page's address is not empty; leave it out otherwise.")


@dataclass(frozen=True, slots=True)
class EmailMessages:
    """E-mail; `content`: its text with headers."""

    addresses: tuple[Email, ...] = ()
    content: str = ""
    additional: str = ""


@dataclass(frozen=True, slots=True)
class Newsgroup:
    """A newsgroup."""

    name: str = ""
    addresses: tuple[Email, ...] = ()
    content: str = ""
    additional: str = ""


@dataclass(frozen=True, slots=True)
class ChatIm:
    """A chat.

    Attributes:
        client: the program or service.
        room: its name; of a live stream the stream's id.
        content: the log.
    """

    client: str = ""
    room: str = ""
    content: str = ""
    additional: str = ""


@dataclass(frozen=True, slots=True)
class OnlineGame:
    """A game; `content`: what was said."""

    game: str = ""
    console: str = ""
    content: str = ""
    additional: str = ""


@dataclass(frozen=True, slots=True)
class CellPhone:
    """A mobile telephone, with degrees where it was."""

    phone: Phone | None = None
    latitude: float | None = None
    longitude: float | None = None
    additional: str = ""

    def __post_init__(self) -> None:
        """Refuse what is nowhere on earth."""
        for degrees, most in ((self.latitude, 90.0), (self.longitude, 180.0)):
            if degrees is not None and not -most <= degrees <= most:
                raise BadInput("Latitude is -90 to 90, longitude -180 to 180 degrees.")


@dataclass(frozen=True, slots=True)
class NotInternet:
    """Somewhere else."""

    location: str = ""
    addresses: tuple[Address, ...] = ()
    additional: str = ""


@dataclass(frozen=True, slots=True)
class PeerToPeer:
    """A file-sharing network; `file_names`: as they were offered."""

    client: str = ""
    captures: tuple[IpCapture, ...] = ()
    file_names: str = ""
    additional: str = ""


InternetDetail = (
    WebPage | EmailMessages | Newsgroup | ChatIm | OnlineGame | CellPhone | NotInternet | PeerToPeer
)
"""One place of a report."""
