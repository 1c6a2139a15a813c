"""What `breakwater doctor` says of links: what could not be read, what waits, what was never looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from breakwater.app.finding import Check
from breakwater.errors import BadInput
from breakwater.linking.feature_folder import feature_model
from breakwater.model.clock import SystemClock
from breakwater.model.link import MediumState
from breakwater.records import link_media, link_series
from breakwater.records.database import open_database
from breakwater.settings import Settings

NAME: Final = "links"
LATE: Final = timedelta(hours=1)
"""A medium is looked at within seconds; one that waits this long waits for something."""
_FAILED: Final = (
    "Each is a case; after what stood in the way is gone: breakwater links retry NUMBER."
)
_LATE: Final = (
    "Is a server running? Look for jobs that were put aside: breakwater doctor while it serves."
)
_FEATURES: Final = "See docs/howto/local-features.md. Until then nothing that other versions read is looked at again."


def features(settings: Settings) -> Iterator[Check]:
    """The operator's model of local features: off by default; one that is not whole is told."""
    if settings.features_dir is None:
        yield Check("features", "ok", "off")
        return
    try:
        card = feature_model(settings.features_dir).card
    except BadInput as error:
        yield Check("features", "warn", f"off: {error.detail}", _FEATURES)
    else:
        yield Check("features", "ok", f"{card.name} {card.version}; what it alone finds is a lead")


def links(settings: Settings) -> Iterator[Check]:
    """Whether what is kept was compared."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        return
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        with db.read() as tx:
            media, series = link_media.count(tx), link_series.count(tx)
            oldest = link_media.waits_since(tx)
            now = tx.now
    finally:
        db.close()
    failed = media.get(MediumState.FAILED, 0)
    if failed:
        yield Check(
            NAME, "warn", f"{failed} media could not be read, so links are unknown", _FAILED
        )
    if oldest is not None and now - oldest > LATE:
        waits = media.get(MediumState.WAITING, 0)
        yield Check(NAME, "warn", f"{waits} media wait to be compared since {oldest:%F %T}", _LATE)
    if media and not failed:
        looked = media.get(MediumState.LOOKED, 0)
        yield Check(
            NAME, "ok", f"{looked} of {sum(media.values())} media compared, {series} series"
        )
