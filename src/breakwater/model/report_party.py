"""Whoever stands in a report to an authority: people, their accounts, addresses and devices.

In: what a service told and what the case holds. Out: frozen values, whole, whatever room a
recipient's form has. Texts that nobody knows are empty, everything else that nobody knows is
None: unknown is never written as no. Superset of NCMEC's persons (CyberTipline reporting API,
XSD of November 2025) and of what UK law names besides: the port, connected accounts, identity
documents (SI 2026/268). Only what cannot be is refused. Read by `model.report`. Tests:
`tests/unit/test_report_model.py`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.country import country_code

MOST_PORT: Final = 65_535
MOST_YEARS: Final = 150
MOST_REPORT: Final = 2**63 - 1
"""A CyberTipline report's number is a long."""


class CaptureEvent(StrEnum):
    """What happened when an address or device was seen.

    The last three are ours: NCMEC's form knows them as Other, and they are named in its text.
    """

    LOGIN = "Login"
    REGISTRATION = "Registration"
    PURCHASE = "Purchase"
    UPLOAD = "Upload"
    OTHER = "Other"
    UNKNOWN = "Unknown"
    STREAM = "Stream"
    VIEW = "View"
    COMMENT = "Comment"


class PhoneKind(StrEnum):
    """What a telephone number is used for."""

    MOBILE = "Mobile"
    HOME = "Home"
    BUSINESS = "Business"
    WORK = "Work"
    FAX = "Fax"
    INTERNET = "Internet"
    RECOVERY = "Recovery"


class EmailKind(StrEnum):
    """What an e-mail address is used for."""

    HOME = "Home"
    WORK = "Work"
    BUSINESS = "Business"
    RECOVERY = "Recovery"


class AddressKind(StrEnum):
    """What a postal address is used for."""

    HOME = "Home"
    BUSINESS = "Business"
    BILLING = "Billing"
    SHIPPING = "Shipping"
    TECHNICAL = "Technical"


class AccountKind(StrEnum):
    """How another account belongs to the one that is reported."""

    BILLING = "Billing"
    LINKED = "Linked"
    BUSINESS = "Business"
    CREATOR = "Creator"
    PARENT = "Parent/Guardian"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class IpCapture:
    """One address, as it was seen once.

    Attributes:
        address: IPv4 or IPv6; a mapped one (`::ffff:192.0.2.1`) becomes the IPv4 that it is.
        possible_proxy: whether the address may be somebody else's on purpose.
        port: the sender's own; behind a carrier's shared address nobody is found without it.
    """

    address: str
    event: CaptureEvent | None = None
    at: datetime | None = None
    possible_proxy: bool | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no address or port."""
        try:
            found = ipaddress.ip_address(self.address.strip())
        except ValueError:
            raise BadInput("This is no IP address; what was told goes into the text.") from None
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        object.__setattr__(self, "address", str(mapped or found))
        if self.port is not None and not 1 <= self.port <= MOST_PORT:
            raise BadInput(f"A port is 1 to {MOST_PORT}; one that is unknown is left out.")
        must_be_aware(self.at)


@dataclass(frozen=True, slots=True)
class DeviceId:
    """One name of a device, such as its IMEI or a cookie.

    Attributes:
        kind: what sort of name it is, in the service's words.
    """

    kind: str
    value: str
    event: CaptureEvent | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a name without a value, and a time without a zone."""
        if not self.kind.strip() or not self.value.strip():
            raise BadInput("A device's id has a kind and a value; leave it out otherwise.")
        must_be_aware(self.at)


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number.

    Attributes:
        number: as it was told.
        calling_code: of the country, with its plus, such as `+49`; empty: unknown or within.
        verified: whether the service proved that it is the account's.
    """

    number: str
    kind: PhoneKind | None = None
    verified: bool | None = None
    verified_at: datetime | None = None
    calling_code: str = ""
    extension: str = ""

    def __post_init__(self) -> None:
        """Refuse no number, and a time without a zone."""
        if not self.number.strip():
            raise BadInput("A telephone number is not empty; leave it out otherwise.")
        must_be_aware(self.verified_at)


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address; `verified`: whether the service proved that it is the account's."""

    address: str
    kind: EmailKind | None = None
    verified: bool | None = None
    verified_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse no address, and a time without a zone."""
        if not self.address.strip():
            raise BadInput("An e-mail address is not empty; leave it out otherwise.")
        must_be_aware(self.verified_at)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address.

    Attributes:
        street: house, street, whatever stands before the city.
        state: one of the United States, by its two letters.
        region: state or province elsewhere.
        country: ISO 3166-1 alpha-2 where it is one, otherwise as it was told.
    """

    kind: AddressKind | None = None
    street: str = ""
    city: str = ""
    zip_code: str = ""
    state: str = ""
    region: str = ""
    country: str = ""

    def __post_init__(self) -> None:
        """Write the country in one way."""
        object.__setattr__(self, "country", country_code(self.country) or self.country)


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a person.

    Attributes:
        age: in years, as told or estimated.
        born: the date of birth as told.
    """

    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    addresses: tuple[Address, ...] = ()
    age: int | None = None
    born: date | None = None

    def __post_init__(self) -> None:
        """Refuse an age that nobody reaches."""
        if self.age is not None and not 0 <= self.age <= MOST_YEARS:
            raise BadInput(f"An age is 0 to {MOST_YEARS} years; one that is unknown is left out.")


@dataclass(frozen=True, slots=True)
class EstimatedLocation:
    """Where somebody probably was; `verified`: whether the service proved it."""

    country: str = ""
    city: str = ""
    region: str = ""
    verified: bool | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Write the country in one way; refuse a time without a zone."""
        object.__setattr__(self, "country", country_code(self.country) or self.country)
        must_be_aware(self.at)


@dataclass(frozen=True, slots=True)
class Disabled:
    """Whether an account was closed, for a time or for good.

    Attributes:
        done: False says that it was not; that nobody knows is no `Disabled` at all.
        user_notified: whether the account's owner was told.
        reenabled_at: of one closed for a time.
    """

    done: bool = True
    at: datetime | None = None
    user_notified: bool | None = None
    user_notified_at: datetime | None = None
    reenabled_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without a zone."""
        must_be_aware(self.at, self.user_notified_at, self.reenabled_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and who stands behind it: what is known of either.

    Attributes:
        account: the service's own name of it (NCMEC: espIdentifier).
        service: which of the provider's services.
        compromised: whether somebody else may use it.
        display_names: as others see it, the present one first.
        captures: every address that was seen.
        prior_reports: numbers of earlier CyberTipline reports about it.
        group: the service's own name of a group it belongs to.
        all_emails_reported: whether these are all its e-mail addresses.
        identity_documents: whether the provider holds copies of identity documents (UK).
        additional: everything else, in words.
    """

    person: Person | None = None
    account: str = ""
    service: str = ""
    compromised: bool | None = None
    screen_name: str = ""
    display_names: tuple[str, ...] = ()
    profile_urls: tuple[str, ...] = ()
    profile_bio: str = ""
    captures: tuple[IpCapture, ...] = ()
    devices: tuple[DeviceId, ...] = ()
    prior_reports: tuple[int, ...] = ()
    group: str = ""
    temporarily_disabled: Disabled | None = None
    permanently_disabled: Disabled | None = None
    location: EstimatedLocation | None = None
    all_emails_reported: bool | None = None
    identity_documents: bool | None = None
    additional: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no report's number, and empty names; nothing known of a person is None."""
        if any(not 1 <= number <= MOST_REPORT for number in self.prior_reports):
            raise BadInput("An earlier report is named by its number.")
        if not all(name.strip() for name in (*self.display_names, *self.profile_urls)):
            raise BadInput("Display names and profile addresses are not empty; leave them out.")
        if self.person == Person():
            object.__setattr__(self, "person", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociatedAccount(Account):
    """Another account of the same person, or one that stands beside it.

    Attributes:
        kind: how it belongs to the reported one.
        platform: where it is, when elsewhere.
        third_party: whether its owner is somebody else's user.
        found_by: what it shares with the other one, where it was found here; empty: it was told.
        confidence: that the same person stands behind both, in percent; None: it was told.
    """

    kind: AccountKind = AccountKind.LINKED
    platform: str = ""
    third_party: bool | None = None
    found_by: tuple[str, ...] = ()
    confidence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Account):
    """One who has a part in what happened.

    Attributes:
        linked: other accounts of theirs, re-registrations among them.
    """

    linked: tuple[AssociatedAccount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReported(Party):
    """Who did it. Never a child who broadcasts: that is a `Victim`.

    Attributes:
        vehicle: how it looks.
        third_party: whether another user of the service reported this one.
    """

    vehicle: str = ""
    third_party: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Party):
    """For whom it was meant: who directed, paid or received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim(Party):
    """A child to whom it was done, one who broadcasts included; `school`: its name."""

    school: str = ""


def must_be_aware(*times: datetime | None) -> None:
    """Refuse times that two readers could understand differently.

    Raises:
        BadInput: one has no zone, or is outside the years that a form can carry.
    """
    for one in times:
        if one is None:
            continue
        if one.tzinfo is None:
            raise BadInput("A time has a zone; one that is unsure goes into the text.")
        if not 1900 <= one.year <= 2200:
            raise BadInput("A time lies between 1900 and 2200; another goes into the text.")
        one.astimezone(UTC)
