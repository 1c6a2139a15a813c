"""Settings of justice: the part of `settings.Settings` that says who reports, to whom and how.

Read by `settings` alone. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from breakwater.settings_comments import CommentsSettings, Words


class JusticeSettings(CommentsSettings):
    """What an operator can set of reports, preservation, viewers and sanctions."""

    geo_dir: Path | None = Field(
        default=None,
        description="Folder of location databases: `*.mmdb`, lists of Tor exits in `tor/`, hosting "
        "networks in `hosting.csv`; empty: `geo` in the data directory. Without any, the shipped "
        "country table answers.",
    )

    exchange_private_networks: Words = Field(
        default=(),
        description="CIDR blocks of our own network in which a hub whose lists we pull may stand, "
        "comma-separated; plain http goes nowhere else. Empty: https on the public internet only.",
    )
    exchange_ca: Path | None = Field(
        default=None,
        description="PEM of the authority that signed the certificates of hubs inside; it is "
        "believed beside the system's.",
    )

    hub_graded_list: str = Field(
        default="",
        pattern=r"^[A-Z0-9_]{0,64}$",
        description="Shared list that takes what graders here found to be illegal, given by this "
        "house; empty: none does.",
    )
    hub_entries_per_hour: int = Field(
        default=100_000,
        ge=1,
        description="New entries of one member of the hub within an hour that nobody signed for; "
        "more are held until two people have looked.",
    )
    hub_hold_matches: int = Field(
        default=10_000,
        ge=1,
        description="Uploads that members report within a week for one entry of a shared list; "
        "above it the entry is held until a curator has looked.",
    )
    hub_hold_members: int = Field(
        default=2, ge=1, description="So many members must report for that."
    )

    acts_file: Path | None = Field(
        default=None,
        description="TOML table of which decision asks a service for which acts on content and "
        "accounts; empty: the one that ships (`breakwater acts policy` prints it).",
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
    reports_industry: bool = Field(
        default=False,
        description="Give each graded file the industry's class A1 to B2 (industryClassification): "
        "only for members of the industry's hash-sharing agreement.",
    )
    reports_viral_accounts: int = Field(
        default=0,
        ge=0,
        description="Accounts that sent the same file labelled viral, from which one batched report "
        "stands for all of them; a person may join drafts too. 0: every account has its own.",
    )
    reports_viral_hours: float = Field(
        default=24.0, gt=0, description="Time within which they must have become known."
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

    prevalence_enabled: bool = Field(
        default=False,
        description="Tell prevalence from spot checks too: a purpose of its own beside looking, "
        "which needs prevalence_basis. Draws before it was on are never counted.",
    )
    prevalence_basis: str = Field(
        default="",
        max_length=500,
        description="Lawful basis of telling prevalence from spot checks, as counsel found it; kept "
        "with every draw and printed beside every figure.",
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

    sanctions_days: int = Field(
        default=730,
        ge=1,
        le=3650,
        description="How long a sanctioned account is known again; then its hashes are forgotten.",
    )
    sanctions_release_people: int = Field(
        default=1,
        ge=1,
        le=2,
        description="How many people it takes to let go of a sanction. A wrong match, or a decision "
        "that falls, always takes one.",
    )
    registrations_region: str = Field(
        default="",
        max_length=2,
        description="Country of telephone numbers that are told without one, such as `DE`; empty: "
        "those are not compared.",
    )
    registrations_providers: Path | None = Field(
        default=None,
        description="Your own rules of e-mail providers, as TOML of the shipped form; they win.",
    )
    registrations_network_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="How many days before or after it was seen a network counts beside other clues.",
    )
    registrations_bits_4: int = Field(
        default=24, ge=16, le=32, description="Bits of an IPv4 address that are its network."
    )
    registrations_bits_6: int = Field(
        default=48, ge=32, le=64, description="Bits of an IPv6 address that are its network."
    )
    registrations_across: bool = Field(
        default=True,
        description="An account sanctioned at one service is known at the others of this "
        "installation too.",
    )

    recipients_file: Path | None = Field(
        default=None,
        description="Other recipients of reports than NCMEC, as TOML: police, a national centre.",
    )
    danger_contacts_file: Path | None = Field(
        default=None,
        description="Whom to call when a child is in danger now, by country, as TOML; empty: nobody "
        "is named, because only you can say which number answers.",
    )
    mail_host: str = Field(
        default="", description="Mail server for notices of sealed packages; empty: none is sent."
    )
    mail_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    mail_implicit_tls: bool = Field(
        default=False, description="TLS from the first byte (port 465) instead of STARTTLS."
    )
    mail_from: str = Field(default="", description="Address from which notices come.")
    mail_user: str = Field(default="", description="Our user name at the mail server.")
    mail_password: SecretStr = Field(default=SecretStr(""), description="Our password there.")
    mail_ca: Path | None = Field(
        default=None, description="PEM of the authority that signed the mail server's certificate."
    )

    preserve_media: Literal["media", "hashes", "until_receipt"] = Field(
        default="media",
        description="What the law of the seat lets be kept of media: `media` for the whole hold, "
        "`hashes` only, or media `until_receipt` of the report. Facts and hashes are kept always.",
    )
    preserve_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="For how long evidence is kept from the receipt of its report; 365 is the duty "
        "in the United States (18 USC 2258A(h)).",
    )

    own_pictures: bool = Field(
        default=False,
        description="Open `/own-picture`: anybody may send the hash of a picture of themselves, "
        "without a name. What it finds is held until a person has looked.",
    )
    own_pictures_exit: str = Field(
        default="https://www.wikipedia.org/",
        pattern=r"^(https?://|about:blank$|/)",
        description="Where the button that leaves `/own-picture` at once goes: an ordinary page.",
    )
    own_pictures_per_hour: float = Field(
        default=600.0,
        gt=0,
        description="Requests about own pictures taken in an hour, from everybody together.",
    )

    features_dir: Path | None = Field(
        default=None,
        description="Folder of your own model of local features for places, `features.toml` and "
        "`model.onnx`; empty: off. What is kept is looked at again with it, a few media at a time.",
    )
    likeness_dir: Path | None = Field(
        default=None,
        description="Folder of your own likeness models, a folder each with `provider.toml`, "
        "`model.onnx` and `detector.onnx`; empty: off. Nothing is looked at before two people have "
        "opened a model's legal gate for the country in `seat`.",
    )
