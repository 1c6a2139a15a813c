"""Wires what knows a sanctioned account again: identifiers, checks, releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from breakwater.app.ground import Ground
from breakwater.enforcement.registrations import handlers
from breakwater.enforcement.registrations.checking import Registrations
from breakwater.enforcement.registrations.emails import Providers
from breakwater.enforcement.registrations.normalise import Normaliser
from breakwater.enforcement.registrations.releasing import Releasing
from breakwater.enforcement.registrations.sanctioning import Rules, Sanctioning
from breakwater.errors import BadSettings
from breakwater.model.country import country_code
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Sanctions:
    """Every part that concerns sanctioned accounts.

    Attributes:
        registrations: checks who registers.
        releasing: lets go of sanctions.
        sanctioning: follows decisions.
    """

    registrations: Registrations
    releasing: Releasing
    sanctioning: Sanctioning
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_sanctions(settings: Settings, on: Ground) -> Sanctions:
    """Put the parts together.

    Raises:
        BadSettings: the region is no country, or the providers cannot be read.
    """
    region = country_code(settings.registrations_region)
    if settings.registrations_region.strip() and not region:
        raise BadSettings("registrations_region is a country in two letters, such as DE.")
    make = Normaliser(
        Providers.read(settings.registrations_providers), region,
        settings.registrations_bits_4, settings.registrations_bits_6, on.atlas.resolve,
    )  # fmt: skip
    rules = Rules(
        lasts=timedelta(days=settings.sanctions_days),
        network_for=timedelta(days=settings.registrations_network_days),
        across=settings.registrations_across,
        release_by_two=settings.sanctions_release_people > 1,
    )
    sanctioning = Sanctioning(db=on.db, make=make, rules=rules)
    return Sanctions(
        registrations=Registrations(db=on.db, make=make, rules=rules, metrics=on.metrics),
        releasing=Releasing(db=on.db, rules=rules), sanctioning=sanctioning,
        subscriptions=handlers.subscriptions(sanctioning), jobs=handlers.job_kinds(sanctioning),
        turns=handlers.turns(sanctioning),
    )  # fmt: skip
