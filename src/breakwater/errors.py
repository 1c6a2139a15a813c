"""The one error tree: what went wrong, and what the caller can do about it.

Every error breakwater raises on purpose is a `BreakwaterError`. The class docstring is the
message; `detail` adds the values of this case. `code` is stable and public: the HTTP layer
turns it into problem+json (RFC 9457) by `status`, the command line into an exit code by
`exit_code`, and both do so in one place. Never put media bytes, chat text, addresses or
secrets into `detail`: it is logged and answered.
"""

from __future__ import annotations

import inspect
from typing import ClassVar


class BreakwaterError(Exception):
    """Something went wrong inside breakwater. The log has the reference; nothing was lost."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70  # EX_SOFTWARE of sysexits.h

    def __init__(self, detail: str = "", **facts: str | float | None) -> None:
        """Take the values of this case.

        Args:
            detail: one sentence with the values of this case; never private data.
            facts: machine-readable members for problem+json (`limit=20`, `bank="DEMO"`).
        """
        self.detail = detail
        self.facts = facts
        super().__init__(f"{self.title()} {detail}".strip())

    @classmethod
    def title(cls) -> str:
        """The class docstring's first paragraph as one line."""
        text = inspect.cleandoc(cls.__doc__ or "")
        return " ".join(text.split("\n\n", maxsplit=1)[0].split())


class BadInput(BreakwaterError):
    """The request cannot be read. Correct it as the detail says and send it again."""

    code = "bad_input"
    status = 422
    exit_code = 65  # EX_DATAERR


class ProofRefused(BadInput):
    """The proof of a reported message does not hold. Nothing was stored; ask the platform for it."""

    code = "proof_refused"


class BadSignal(BadInput):
    """This is not a well-formed hash. Check its kind, length and alphabet."""

    code = "bad_signal"


class UnknownKind(BadInput):
    """No signal kind of this name is installed. `breakwater doctor` lists the installed kinds."""

    code = "unknown_kind"


class TooLarge(BadInput):
    """The upload is over the limit. Send less, or use a resumable upload or object reference."""

    code = "too_large"
    status = 413


class FetchRefused(BadInput):
    """This URL is not fetched. Name a public HTTPS address, or upload the bytes yourself."""

    code = "fetch_refused"


class FetchFailed(BadInput):
    """The URL was tried and did not give the media. Check it, or upload the bytes yourself."""

    code = "fetch_failed"


class PeerFault(BadInput):
    """What the peer of a feed answered cannot be used. Nothing of it was taken; see its health."""

    code = "peer_fault"


class PeerRefused(BadInput):
    """The peer of a feed does not let us in. Correct what it knows us by, and check it again."""

    code = "peer_refused"


class NotFound(BreakwaterError):
    """There is nothing of this name or id, or you may not see it."""

    code = "not_found"
    status = 404
    exit_code = 66  # EX_NOINPUT


class Conflict(BreakwaterError):
    """This was changed by somebody else, or exists already. Read it again and decide anew."""

    code = "conflict"
    status = 409
    exit_code = 75  # EX_TEMPFAIL


class AppendOnly(Conflict):
    """This record is never changed or deleted. Add a new one that corrects it."""

    code = "append_only"


class Held(Conflict):
    """This is evidence under a hold. It cannot be deleted before the hold ends; see its page."""

    code = "held"


class LeaseLost(Conflict):
    """Another worker has taken this over meanwhile, so this one's result does not count."""

    code = "lease_lost"


class SendingRefused(Conflict):
    """This may not leave for this recipient, so nothing was sent. Nothing was lost."""

    code = "sending_refused"


class IdempotencyReuse(Conflict):
    """This idempotency key was used with another body. Use a new key for a new request."""

    code = "idempotency_reuse"
    status = 422


class NotAuthenticated(BreakwaterError):
    """Nobody is signed in. Send an API key as a Bearer token, or sign in to the console."""

    code = "not_authenticated"
    status = 401
    exit_code = 77  # EX_NOPERM


class NotAllowed(BreakwaterError):
    """This is not allowed for you as you are known here."""

    code = "not_allowed"
    status = 403
    exit_code = 77


class ScanningNotPermitted(NotAllowed):
    """Scanning private content has no legal basis configured here. Nothing was stored."""

    code = "scanning_not_permitted"


class NotAWorkstation(NotAllowed):
    """Pictures are shown on enrolled workstations only. Words and hashes are complete here."""

    code = "not_a_workstation"


class NeedsSecondPerson(NotAllowed):
    """This needs a second person. Ask a colleague with the right role to confirm it."""

    code = "needs_second_person"
    status = 409


class NeedsSignature(NotAllowed):
    """This is signed anew, by passkey or password: an open screen is not enough."""

    code = "needs_signature"
    status = 422


class TooManyRequests(BreakwaterError):
    """This key sent more than its limit. Wait as Retry-After says."""

    code = "too_many_requests"
    status = 429
    exit_code = 75


class ExposureLimit(BreakwaterError):
    """You have reached your viewing limit. Take the break; cases without pictures stay open."""

    code = "exposure_limit"
    status = 423
    exit_code = 75


class Unavailable(BreakwaterError):
    """A part that is needed cannot be reached. Nothing was lost; try again."""

    code = "unavailable"
    status = 503
    exit_code = 69  # EX_UNAVAILABLE


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached or is locked by another process. Nothing was lost."""

    code = "database_unavailable"


class DatabaseInUse(Unavailable):
    """Another breakwater process owns this database file. Use its API, or stop it first."""

    code = "database_in_use"


class IndexInUse(Unavailable):
    """Another breakwater process writes this index directory. Stop it, or open it for reading."""

    code = "index_in_use"


class DiskFull(Unavailable):
    """The disk is full. Free space; what was acknowledged is safe, this was not taken."""

    code = "disk_full"
    status = 507


class AuditUnavailable(Unavailable):
    """The audit log cannot be written, so nothing is shown. Tell the person who runs this."""

    code = "audit_unavailable"


class DecoderFault(Unavailable):
    """Our decoder failed, not the media. The item waits for a person; an alarm was raised."""

    code = "decoder_fault"


class Unfit(BreakwaterError):
    """This host or configuration is not fit to serve. `breakwater doctor` says what to mend."""

    code = "unfit"
    exit_code = 78  # EX_CONFIG


class BadSettings(Unfit):
    """A setting is missing or wrong. Correct it in the environment or the settings file."""

    code = "bad_settings"


class WrongSchema(Unfit):
    """The database has another schema. Run `breakwater db upgrade`, or the newer program."""

    code = "wrong_schema"


class Tampered(BreakwaterError):
    """Stored evidence does not verify: it was changed, cut short or put in another order."""

    code = "tampered"
    exit_code = 76  # EX_PROTOCOL


class CorruptSegment(Tampered):
    """An index segment fails its checksum. It is set aside and rebuilt from the database."""

    code = "corrupt_segment"


class BadDatabase(Unfit):
    """A location database cannot be read. Replace the file; until then it answers "unknown"."""

    code = "bad_database"


class MissingKey(Unfit):
    """A key that is needed to read this is missing. Restore it from the recovery copy."""

    code = "missing_key"
