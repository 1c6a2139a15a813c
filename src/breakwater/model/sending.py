"""What may leave, to whom: the table *seat of the service × recipient × class of data*.

In: rules, shipped and an operator's own, and where the service has its seat. Out: for each class
of data a `Permit` with its legal basis, or why not. Nothing matches, nothing leaves: default deny
(reference law, "Cross-border and children"). A rule of the operator that forbids wins over every
rule that allows. Read by `reporting.allowed`; asked by whatever sends. Tests:
`tests/unit/test_sending.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from breakwater.errors import SendingRefused

ANYWHERE: Final = "*"
SAME: Final = "same"
"""As a rule's recipient: the country of the seat."""


class DataClass(StrEnum):
    """What kind of thing leaves.

    `notice`: that something was made, its number, size and SHA-256, and nothing of a person.
    `facts`: what happened, when and on which page. `viewers`: who watched.
    """

    NOTICE = "notice"
    FACTS = "facts"
    HASHES = "hashes"
    IDENTITY = "identity"
    MESSAGES = "messages"
    MEDIA = "media"
    VIEWERS = "viewers"


class RecipientKind(StrEnum):
    """Who receives. `clearing`: a national clearing house, such as NCMEC or the NCA's portal."""

    CLEARING = "clearing"
    POLICE = "police"
    HOTLINE = "hotline"
    TEST = "test"


class Occasion(StrEnum):
    """When a rule holds: at any time, while somebody's life is in danger, or on lawful request."""

    ALWAYS = "always"
    DANGER = "danger"
    REQUEST = "request"

    @classmethod
    def of(cls, reference: str, *, danger: bool) -> Occasion:
        """On what occasion something leaves.

        Args:
            reference: the recipient's own, such as the number of a warrant; with one it leaves
                on request.
            danger: somebody's life is in danger.
        """
        if danger:
            return cls.DANGER
        return cls.REQUEST if reference.strip() else cls.ALWAYS


@dataclass(frozen=True, slots=True)
class SendingRule:
    """One row of the table.

    Attributes:
        seats: countries of the seat; `*`: any, also an unknown one.
        to: countries of the recipient; `*`: any; `same`: the seat's own.
        allows: False forbids, or says why nothing allows.
        says: the legal basis, or why not and what to do instead.
        own: the operator's.
    """

    seats: frozenset[str]
    to: frozenset[str]
    kinds: frozenset[RecipientKind]
    data: frozenset[DataClass]
    when: frozenset[Occasion]
    allows: bool
    says: str
    own: bool = False

    def meets(self, seat: str, to: str, kind: RecipientKind, data: DataClass) -> bool:
        """Whether it is about this sending, at whatever time."""
        there = ANYWHERE in self.to or to in self.to or (SAME in self.to and to == seat != "")
        here = ANYWHERE in self.seats or seat in self.seats
        return here and there and kind in self.kinds and data in self.data


@dataclass(frozen=True, slots=True)
class Permit:
    """The answer for one class of data.

    Attributes:
        basis: the legal basis; empty where it is refused.
        why_not: why it is refused, and what to do instead; empty where it is allowed.
        own: an operator's rule decided it.
    """

    allowed: bool
    basis: str = ""
    why_not: str = ""
    own: bool = False


NO_SEAT: Final = "Nobody has said in which country the service has its seat: set BREAKWATER_SEAT."
NO_RULE: Final = "No rule allows it. Add one to your own table when your lawyer has said so."
ONLY_DANGER: Final = "Only while somebody's life is in danger: {says}"
ONLY_REQUEST: Final = "Only on a lawful request: {says}"


@dataclass(frozen=True, slots=True)
class Sendings:
    """The table as it holds here.

    Attributes:
        seat: ISO 3166-1 alpha-2; empty: nobody has said.
    """

    seat: str
    rules: tuple[SendingRule, ...]

    def may(
        self, to: str, kind: RecipientKind, data: DataClass, *, when: Occasion = Occasion.ALWAYS
    ) -> Permit:
        """Whether one class of data may go to a recipient.

        Args:
            to: country of the recipient, ISO 3166-1 alpha-2.
            kind: what the recipient is.
            data: what would leave.
            when: on what occasion; what is always allowed is so on each.
        """
        met = [one for one in self.rules if one.meets(self.seat, to, kind, data)]
        now = [one for one in met if {Occasion.ALWAYS, when} & one.when]
        for one in now:
            if one.own and not one.allows:
                return Permit(allowed=False, why_not=one.says, own=True)
        for one in now:
            if one.allows:
                return Permit(allowed=True, basis=one.says, own=one.own)
        return Permit(allowed=False, why_not=self._why_not(met))

    def must(
        self,
        to: str,
        kind: RecipientKind,
        data: Iterable[DataClass],
        *,
        when: Occasion = Occasion.ALWAYS,
        name: str = "",
    ) -> dict[DataClass, str]:
        """The legal basis of each class of data that leaves.

        Args:
            to: country of the recipient.
            kind: what it is.
            data: everything that would leave.
            when: on what occasion.
            name: of the recipient, for the refusal.

        Raises:
            SendingRefused: one of them may not; says which and why. Nothing has left.
        """  # fmt: skip
        answers = {one: self.may(to, kind, one, when=when) for one in sorted(set(data))}
        refused: dict[str, list[str]] = {}
        for one, said in answers.items():
            if not said.allowed:
                refused.setdefault(said.why_not, []).append(one.value)
        if refused:
            whom = name or f"{kind.value} in {to}"
            words = " ".join(f"{', '.join(what)}: {why}" for why, what in refused.items())
            raise SendingRefused(f"Not to {whom}. {words}", recipient=whom)
        return {one: said.basis for one, said in answers.items()}

    def _why_not(self, met: Iterable[SendingRule]) -> str:
        """The best reason there is: a rule's own words, before that nothing is known."""
        found = list(met)
        for one in found:
            if not one.allows:
                return one.says
        if not self.seat:
            return NO_SEAT
        for one in found:
            words = ONLY_DANGER if Occasion.DANGER in one.when else ONLY_REQUEST
            return words.format(says=one.says)
        return NO_RULE
