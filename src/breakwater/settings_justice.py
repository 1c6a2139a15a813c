"""Settings of justice: the part of `settings.Settings` that says who reports, to whom and how.

Read by `settings` alone. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from breakwater.settings_comments import CommentsSettings


class JusticeSettings(CommentsSettings):
    """What an operator can set of reports, preservation, viewers and sanctions."""

    geo_dir: Path | None = Field(
        default=None,
        description="Folder of location databases: `*.mmdb`, lists of Tor exits in `tor/`, hosting "
        "networks in `hosting.csv`; empty: `geo` in the data directory. Without any, the shipped "
        "country table answers.",
    )

    reports_first_name: str = Field(default="", description="Who reports, as authorities see it.")
    reports_last_name: str = Field(default="", description="The same person's last name.")
    reports_email: str = Field(
        default="",
        description="Address at which authorities reach whoever reports; without it no report "
        "leaves.",
    )
    reports_phone: str = Field(default="", description="Telephone number for authorities, E.164.")
    reports_platform: str = Field(default="", description="The service's public name in reports.")
    reports_template: str = Field(
        default="", description="Name of the service's own form at NCMEC (companyTemplate)."
    )
    reports_terms: str = Field(default="", description="Terms of service, as text or address.")
    reports_legal_url: str = Field(
        default="", description="Page that tells police how to ask the service for data."
    )
    reports_registered_as: str = Field(
        default="", description="The party under which a UK recipient knows the service."
    )
    reports_page: str = Field(
        default="",
        description="Address of a broadcast's page with {label} and {account} in it; empty: "
        "reports name no page of a broadcast.",
    )
    reports_due_hours: float = Field(
        default=24.0, gt=0, description="From actual knowledge until a report must be filed."
    )
    reports_ncmec_url: str = Field(
        default="https://exttest.cybertip.org/ispws",
        description="NCMEC's reporting interface: the test host, unless reports_ncmec_production.",
    )
    reports_ncmec_user: str = Field(
        default="", description="Our user name with NCMEC; empty: nothing is sent."
    )
    reports_ncmec_password: SecretStr = Field(
        default=SecretStr(""), description="Our password with NCMEC."
    )
    reports_ncmec_production: bool = Field(
        default=False,
        description="Reports are real: reports_ncmec_url is the production host, and a second "
        "person agrees to each that is not urgent.",
    )
    reports_ncmec_ca: Path | None = Field(
        default=None, description="PEM of the authority that signed the recipient's certificate."
    )
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

    seat: str = Field(
        default="",
        description="Country in which the service has its seat, such as `US`: says what may be sent "
        "to whom; empty: nothing leaves but tests and notices that name nobody.",
    )
    sendings_file: Path | None = Field(
        default=None,
        description="Your own rows of what may be sent to whom, as TOML; they come before the "
        "shipped ones, and what they refuse is refused.",
    )
