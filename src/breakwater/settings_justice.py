"""Settings of justice: the part of `settings.Settings` that says who reports, to whom and how.

Read by `settings` alone. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

from breakwater.settings_comments import CommentsSettings


class JusticeSettings(CommentsSettings):
    """What an operator can set of reports, preservation, viewers and sanctions."""
