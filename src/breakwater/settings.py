"""Configuration: frozen, complete at start, described field by field, no I/O in it.

Values come from the environment (`BREAKWATER_DATA_DIR=…`) and from the TOML file named by
`BREAKWATER_CONFIG`, the environment winning. Only `app`, `web`, `worker` and `cli` read this;
verbs and engines are given plain values. `docs/reference/settings.md` is made from the fields.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from breakwater.errors import BadSettings
from breakwater.settings_comments import Words
from breakwater.settings_justice import JusticeSettings


class Settings(JusticeSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="BREAKWATER_", frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path("var"),
        description="Where the database, vault, index and upload spool live. One disk, fsynced.",
    )
    database_url: str = Field(
        default="",
        description="sqlite:///… or postgresql+psycopg://…; empty: SQLite in data_dir.",
    )
    root_key_file: Path | None = Field(
        default=None,
        description="The root key, mode 0600, outside data_dir and its backups; "
        "empty: ~/.config/breakwater/<name of data_dir>.root.key.",
    )
    root_key_command: str = Field(
        default="",
        description="A command that prints the root key (a KMS), instead of the file.",
    )
    audit_dir: Path | None = Field(
        default=None,
        description="The second place of signed audit checkpoints: another disk or mount that "
        "the database's admin cannot write; empty: beside the root key.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Others than loopback need TLS or a trusted proxy.",
    )
    port: int = Field(default=8600, ge=0, le=65535, description="Port; 0 picks a free one.")
    tls_certificate: Path | None = Field(default=None, description="PEM chain to serve TLS with.")
    tls_key: Path | None = Field(default=None, description="PEM key of tls_certificate, 0600.")
    tls_builtin_ca: bool = Field(
        default=False, description="Make a certificate authority of our own for other addresses."
    )
    trusted_proxies: Words = Field(
        default=(),
        description="CIDR blocks of proxies that end TLS and set X-Forwarded-For, comma-separated.",
    )
    public_url: str = Field(
        default="", description="Address people and webhooks see; empty: from host and port."
    )
    jail_children: int = Field(
        default=0, ge=0, description="Decoding processes; 0: one for each core."
    )
    max_upload_bytes: int = Field(
        default=4 << 30, gt=0, description="Largest upload, bytes; larger ones are refused."
    )
    inline_bytes: int = Field(
        default=20 << 20,
        ge=0,
        description="Uploads up to this many bytes are answered at once; larger ones by 202.",
    )
    max_wait_ms: int = Field(
        default=5_000, ge=0, description="Longest a request waits before it is answered by 202."
    )
    max_pixels: int = Field(default=100_000_000, gt=0, description="Pixels of one frame.")
    max_frames: int = Field(default=20_000, gt=0, description="Frames of one file.")
    max_duration_s: float = Field(default=4 * 3600.0, gt=0, description="Seconds of one video.")
    decode_seconds: float = Field(
        default=5.0, gt=0, description="Real seconds one picture may take to decode."
    )
    video_seconds: float = Field(
        default=600.0, gt=0, description="Real seconds one video may take to decode."
    )
    ingest_days: int = Field(
        default=90,
        ge=0,
        description="Days that hashes of passed uploads are kept so that later list entries "
        "find them; 0 keeps none.",
    )
    private_jurisdictions: Words = Field(
        default=(),
        description="Jurisdictions (ISO 3166, comma-separated) where scanning private content "
        "has a legal basis; elsewhere it is refused and nothing is stored.",
    )
    flood_entries_per_hour: int = Field(
        default=10_000,
        gt=0,
        description="New entries a bank may take in an hour before the rest is quarantined, "
        "unless a person signed for the import.",
    )
    flood_matches_per_hour: int = Field(
        default=200,
        gt=0,
        description="Matches on one entry in an hour before it is quarantined.",
    )
    fetch_urls: bool = Field(
        default=False, description="Fetch media by URL on request (SSRF-safe); off by default."
    )
    object_hosts: Words = Field(
        default=(),
        description="Hosts whose presigned HTTPS object references are accepted, comma-separated.",
    )
    object_private_networks: Words = Field(
        default=(),
        description="CIDR blocks of private addresses at which object_hosts may stand.",
    )
    object_buckets: Words = Field(
        default=(),
        description="Buckets whose keys (s3://bucket/key, gs://bucket/key) are accepted, "
        "comma-separated; one elsewhere as s3://bucket=https://store.example/bucket.",
    )
    object_access_key: str = Field(
        default="", description="Id of the read-only credentials for object_buckets."
    )
    object_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Secret of the credentials for object_buckets."
    )
    object_region: str = Field(
        default="us-east-1", description="Region of object_buckets; Google Cloud Storage: auto."
    )
    hma_networks: Words = Field(
        default=(),
        description="CIDR blocks whose callers may use the hasher-matcher-actioner surface "
        "without a key, comma-separated; empty: none.",
    )
    snapshot_url: str = Field(
        default="",
        description="The service's account.snapshot callback, called when a case opens.",
    )
    snapshot_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret (whsec_…) that signs account.snapshot calls."
    )
    webhook_private_networks: Words = Field(
        default=(),
        description="CIDR blocks of private addresses that webhooks may be sent to "
        "(the service's own network), comma-separated.",
    )
    media_server_networks: Words = Field(
        default=("127.0.0.0/8", "::1/128"),
        description="CIDR blocks of private addresses at which media servers may stand, for their "
        "control interfaces and for watching, comma-separated.",
    )
    stream_cut_people: int = Field(
        default=1,
        ge=1,
        le=2,
        description="People that cutting a broadcast takes. With 2 the first one freezes it.",
    )
    stream_policy: dict[str, Any] = Field(
        default={},
        description="How far a broadcast is stopped without a person, as JSON: watch_at, hide_at, "
        "now_at, high_at, medium_at (risk), stops (by kind of alert), auto_cut, cut_frames, "
        "cut_span_s; what is left out stays as it is.",
    )
    live_watch: bool = Field(
        default=True, description="Watch the broadcasts of media servers and services."
    )
    live_watchers: int = Field(
        default=0, ge=0, description="Processes that watch broadcasts; 0: one for each core."
    )
    live_preroll_seconds: float = Field(
        default=120.0,
        ge=0,
        description="Seconds of each broadcast that lie encrypted on disk, unviewable before an "
        "alarm; 0 keeps none.",
    )
    live_preroll_bytes: int = Field(
        default=256 << 20, gt=0, description="Most bytes of one broadcast's last seconds."
    )
    spot_checks_enabled: bool = Field(
        default=False, description="Draw public broadcasts at random for people to look at."
    )
    spot_checks_per_hour: int = Field(
        default=12, ge=0, le=3600, description="Broadcasts that are drawn in an hour."
    )
    spot_checks_jurisdictions: Words = Field(
        default=(),
        description="Jurisdictions (ISO 3166, comma-separated) whose public broadcasts may be "
        "drawn, where counsel found a basis; *: everywhere, also where none is told; empty: none.",
    )
    spot_checks_weights: dict[str, Any] = Field(
        default={},
        description="How often each is drawn, as JSON: viewers (weight by least viewers), new (times).",
    )
    spot_checks_keep_hours: int = Field(
        default=72, ge=1, le=72, description="Hours until the pictures of a spot check are purged."
    )
    classifiers: bool = Field(
        default=False,
        description="Let the classifiers that administrators added score pictures. Scores raise "
        "priority and sampling and never act alone.",
    )
    classifier_people: int = Field(
        default=1,
        ge=1,
        le=2,
        description="People it takes before an added classifier gives scores.",
    )
    classifier_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Share of one core that classifiers may use for broadcasts.",
    )
    classifier_every: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Of a calm broadcast's frames every so many-th is scored; of a risky one each.",
    )
    classifier_seconds: float = Field(
        default=2.0, gt=0, le=60, description="Seconds one classifier may take for one picture."
    )
    classifier_bytes: int = Field(
        default=256 << 20, gt=0, le=2 << 30, description="Largest model of a classifier, bytes."
    )
    classifier_memory: int = Field(
        default=1 << 30, gt=0, description="Memory one classifier may use, bytes."
    )
    pager_url: str = Field(
        default="",
        description="Where pages for those on duty are sent (a pager service or a bridge to "
        "one); empty: on screen only.",
    )
    pager_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret (whsec_…) that signs pages; pager_url needs it."
    )
    session_hours: float = Field(default=12.0, gt=0, description="Longest a console session is.")
    profile: str = Field(
        default="team",
        pattern="^(team|small-team)$",
        description="team: an urgent report waits for a second person. small-team: one person "
        "sends it, a second confirms within 24 hours.",
    )
    session_idle_minutes: float = Field(
        default=30.0, gt=0, description="A console session ends after this long without use."
    )
    oidc_issuer: str = Field(
        default="",
        description="The organisation's OpenID Connect service, by the URL it calls itself; "
        "empty: people sign in by passkey or password only.",
    )
    oidc_client_id: str = Field(default="", description="Our id with the service.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Our secret with the service; empty: a public client."
    )
    oidc_name: str = Field(
        default="your organisation", max_length=40, description="What people call the service."
    )
    oidc_acr: Words = Field(
        default=(),
        description="Authentication contexts (acr) of which one is required, comma-separated, "
        "for a service that can ask for a second factor; empty: any.",
    )
    oidc_ca: Path | None = Field(
        default=None, description="PEM of the authority that signed the service's certificate."
    )
    support: str = Field(
        default="",
        max_length=300,
        description="Whom people who look at pictures can talk to: names, numbers, hours. "
        "Shown on the break page.",
    )
    log_format: str = Field(
        default="auto", pattern="^(auto|json|console)$", description="auto: console on a terminal."
    )
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="Least level logged."
    )
    unsafe_fast_disk: bool = Field(
        default=False,
        description="Do not wait for the disk. Only for tests: a power cut loses evidence.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the TOML file."""
        del dotenv_settings, file_secret_settings
        named = os.environ.get("BREAKWATER_CONFIG", "")
        file = TomlConfigSettingsSource(settings_cls, Path(named)) if named else None
        return tuple(s for s in (init_settings, env_settings, file) if s is not None)

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'breakwater.db'}"

    @property
    def root_key(self) -> Path:
        """The root key file in force."""
        if self.root_key_file is not None:
            return self.root_key_file
        return _home() / f"{self.data_dir.resolve().name}.root.key"

    @property
    def checkpoints(self) -> Path:
        """The second place of audit checkpoints in force."""
        return self.audit_dir or self.root_key.parent / f"{self.root_key.stem}.checkpoints"

    @property
    def recovery_copy(self) -> Path:
        """Where set-up leaves the recovery copy, to be carried elsewhere."""
        return self.root_key.with_suffix(".recovery.age")

    @property
    def vault_dir(self) -> Path:
        """Preserved media, encrypted."""
        return self.data_dir / "vault"

    @property
    def index_dir(self) -> Path:
        """Segments: a cache of SQL that may be deleted at any time."""
        return self.data_dir / "index"

    @property
    def sets_dir(self) -> Path:
        """The import folder: files and media of sets that are to be graded."""
        return self.data_dir / "sets"

    @property
    def preroll_dir(self) -> Path:
        """The last minutes of broadcasts, encrypted under keys that are in memory only."""
        return self.data_dir / "preroll"

    @property
    def ingest_dir(self) -> Path:
        """Hashes of passed uploads, a file a day."""
        return self.data_dir / "ingest"

    @property
    def spool_dir(self) -> Path:
        """Unnamed files of uploads that are too large for memory."""
        return self.data_dir / "spool"

    @property
    def owner_token(self) -> Path:
        """Address and one-run key by which a command finds the owner of the database."""
        return self.data_dir / "owner.json"


def _home() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "breakwater"


def load(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        BadSettings: a value is missing or wrong; the detail names the field and what it takes.
    """
    named = os.environ.get("BREAKWATER_CONFIG", "")
    if named and not Path(named).is_file():
        raise BadSettings("BREAKWATER_CONFIG names a file that is not there.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        faults = "; ".join(
            f"BREAKWATER_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise BadSettings(faults) from None
    except (OSError, ValueError) as error:
        raise BadSettings(f"The file named by BREAKWATER_CONFIG cannot be read: {error}") from None
