"""Settings of justice: the part of `settings.Settings` that says who reports, to whom and how.

Read by `settings` alone. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

from pydantic import Field

from breakwater.settings_comments import CommentsSettings


class JusticeSettings(CommentsSettings):
    """What an operator can set of reports, preservation, viewers and sanctions."""

    reports_receive: bool = Field(
        default=False,
        description="Take reports of others at `/ispws/` (NCMEC's interface), from keys with the "
        "scope `report:submit`; finished ones become cases.",
    )
    reports_receive_xml_bytes: int = Field(
        default=8 << 20,
        ge=4096,
        le=9 << 20,
        description="Largest report or description of a file, as XML; the parser takes no more.",
    )
    reports_receive_file_bytes: int = Field(
        default=16 << 30, ge=1, description="Largest file of a received report, in bytes."
    )
