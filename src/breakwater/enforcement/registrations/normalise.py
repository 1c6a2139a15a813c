"""Identifiers made one, so that every spelling of the same thing gives the same keyed hash.

In comes what a service tells of an account or a registration; out come `Identifier`s, none where
it says nothing of a person: placeholders of devices, numbers that cannot be, addresses of one's
own network or of a proxy. Pure but for reading rules; used by `gathering` and `checking`; tests:
`tests/unit/test_registrations_normalise.py`.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import phonenumbers

from breakwater.enforcement.registrations.emails import Providers
from breakwater.geo import address
from breakwater.model.sanction import Identifier, IdentifierKind
from breakwater.model.watch import Flag, Place

LONGEST: Final = 512
SHORTEST_DEVICE: Final = 8
"""Characters: shorter ones are model names and counters, not one device's."""
SHORTEST_PHONE: Final = 6
"""Digits after the country's code: shorter ones are of services, or typed to get past a form."""
BIN: Final = 6
"""Digits of the issuer; ISO/IEC 7812-1 has 8 since 2017, of which the first 6 always stood."""
PLACEHOLDERS: Final = frozenset({
    "00000000-0000-0000-0000-000000000000", "9774d56d682e549c", "undefined", "not available",
    "unavailable", "anonymous",
})  # fmt: skip
"""Not a device's: the advertising id of who opted out, Android 2.2's common one, and words."""
HIDES: Final = frozenset(Flag)
"""An address with any of these flags is a service's, not a person's."""
_HEX: Final = re.compile(r"[0-9A-Fa-f-]+")
K = IdentifierKind


def _nowhere(_address: str, at: datetime) -> Place:
    return Place(at=at)


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Makes identifiers one.

    Attributes:
        providers: rules of e-mail providers.
        region: ISO 3166 code of numbers that are told without their country; empty: those say
            nothing.
        bits_4, bits_6: how much of an address is the network that is compared.
        resolve: what is known of an address at a moment: proxies and Tor name nobody.
    """

    providers: Providers
    region: str = ""
    bits_4: int = 24
    bits_6: int = 48
    resolve: Callable[[str, datetime], Place] = _nowhere

    def email(self, text: str, at: datetime) -> list[Identifier]:
        """A mailbox, and the same without a tag where its provider is not known."""
        found = self.providers.mailbox(text)
        if found is None or not found.exact:
            return []
        made = [Identifier(K.EMAIL, found.exact, at)]
        return [*made, Identifier(K.EMAIL_ALIKE, found.alike, at)] if found.alike else made

    def phone(self, text: str, at: datetime) -> list[Identifier]:
        """A number in E.164."""
        bare = unicodedata.normalize("NFKC", text.strip())
        if not bare or len(bare) > LONGEST:
            return []
        if not self.region and bare.startswith("00"):
            bare = f"+{bare[2:]}"  # what most of the world dials for it
        try:
            number = phonenumbers.parse(bare, self.region or None)
        except phonenumbers.NumberParseException:
            return []
        short = len(phonenumbers.national_significant_number(number)) < SHORTEST_PHONE
        if short or not phonenumbers.is_possible_number(number):
            return []
        said = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return [Identifier(K.PHONE, said, at)]

    def device(self, text: str, at: datetime, *, shared: bool = False) -> list[Identifier]:
        """A device, as the service names it."""
        bare = unicodedata.normalize("NFC", text.strip())
        if _HEX.fullmatch(bare):
            bare = bare.lower()
        one_letter = len(set(bare.replace("-", ""))) <= 1
        if not SHORTEST_DEVICE <= len(bare) <= LONGEST or one_letter:
            return []
        if bare.casefold() in PLACEHOLDERS:
            return []
        return [Identifier(K.DEVICE_SHARED if shared else K.DEVICE, bare, at)]

    def payment(self, text: str, at: datetime) -> list[Identifier]:
        """A fingerprint of what is paid with; never a card's number."""
        bare = unicodedata.normalize("NFC", text.strip())
        if not SHORTEST_DEVICE <= len(bare) <= LONGEST or is_card(bare):
            return []
        return [Identifier(K.PAYMENT, bare, at)]

    def payment_bin(self, text: str, at: datetime) -> list[Identifier]:
        """The issuer's digits of a card."""
        bare = text.strip()
        if not (bare.isascii() and bare.isdigit() and BIN <= len(bare) <= 8):
            return []
        return [Identifier(K.PAYMENT_BIN, bare[:BIN], at)]

    def address(self, text: str, at: datetime) -> list[Identifier]:
        """The network of an address that can be somebody's home."""
        host = address.read(text)
        if not host.public or self.resolve(host.text, at).flags & HIDES:
            return []
        bits = self.bits_4 if ipaddress.ip_address(host.text).version == 4 else self.bits_6
        network = ipaddress.ip_network(f"{host.text}/{bits}", strict=False)
        return [Identifier(K.ADDRESS, str(network), at)]


def is_card(text: str) -> bool:
    """Whether it is a whole card number, by length and check digit (ISO/IEC 7812-1, Luhn).

    >>> is_card("4242 4242 4242 4242"), is_card("pm_1Nf8aKQ2eZvKYlo2C")
    (True, False)
    """
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19):
        return False
    doubled = [int(one) * (2 if at % 2 else 1) for at, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0
