"""Where an address seemed to be at one moment.

In come an address and the time of an event; out goes a `Place` with what every database said,
its name and its date. Reads files only: a country table that is shipped, the operator's own
databases, snapshots of Tor's exits, networks of hosting companies. Never asks anybody.
"""

from breakwater.geo.atlas import Atlas
from breakwater.model.watch import Place

__all__ = ["Atlas", "Place"]
