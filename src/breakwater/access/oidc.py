"""Signing in by the organisation's own service, and linking one's account there to a person.

In comes a browser that was sent away and came back; out goes a session, or a link between an
account and the person who was signed in when they left. Nobody becomes somebody by an account
alone: an administrator makes the person and gives a one-time link, the person links the account
while signed in by it, and from then on the account signs in. Nothing is stored while the
browser is away: its cookie carries a challenge, and state, nonce and PKCE verifier derive from
it (`challenges.derive`). Tests: `tests/integration/test_oidc.py`.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from breakwater.access.challenges import LIFE, Challenges
from breakwater.access.provider import REFUSED, ProviderClient
from breakwater.access.sessions import Sessions
from breakwater.errors import BadInput, NotAuthenticated, NotFound
from breakwater.model.access import Person, Principal
from breakwater.model.ids import Id, parse_id
from breakwater.model.signin import LinkedAccount
from breakwater.records import linked_accounts, people
from breakwater.records.database import Database

USE: Final = "account"
AWAY: Final = LIFE
"""How long a browser may be away."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A browser on its way out.

    Attributes:
        url: where it goes.
        cookie: what it carries meanwhile; without it the answer is nobody's.
    """

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Back:
    """A browser that came back.

    Attributes:
        cookie: what it carried.
        state, code, issuer: of the answer; `issuer` is empty where the service does not say.
    """

    cookie: str
    state: str
    code: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who it was.

    Attributes:
        session: token of the new session; empty when an account was linked.
    """

    person: Person
    session: str = ""


class Oidc:
    """Signing in by the organisation's service; without one, every verb raises `NotFound`."""

    def __init__(
        self,
        *,
        db: Database,
        sessions: Sessions,
        challenges: Challenges,
        client: ProviderClient | None,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._challenges = challenges
        self._client = client

    @property
    def name(self) -> str:
        """What people call the service; empty when there is none."""
        return self._client.about.name if self._client else ""

    def leave(self, *, back: str, who: Principal | None = None) -> Leaving:
        """Send a browser to the service.

        Args:
            back: the address it returns to.
            who: whoever is signed in and links an account; None signs in.

        Raises:
            NotFound: no service is set.
            NotAllowed: linking needs a fresh sign-in.
            Unavailable: the service cannot be reached.
        """
        client = self._set()
        bound = ""
        if who is not None:
            self._sessions.check_fresh(who)
            bound = str(who.session)
        challenge = self._challenges.issue(USE, bound)
        url = client.address(
            back=back,
            state=self._derived(challenge, "state"),
            nonce=self._derived(challenge, "nonce"),
            verifier=self._derived(challenge, "verifier"),
        )
        return Leaving(url, f"{_text(challenge)}.{bound}")

    def arrive(self, answer: Back, *, back: str, agent: str = "") -> Arrived:
        """Take a browser back: sign in, or link the account it proved to hold.

        Raises:
            NotFound: no service is set.
            NotAuthenticated: too late, not this browser, not a proof, or nobody's account.
            Conflict: the account is linked to somebody else.
            Unavailable: the service cannot be reached.
        """
        client = self._set()
        challenge, bound = self._carried(answer)
        if answer.issuer and answer.issuer != client.about.issuer:
            raise REFUSED
        claims = client.claims(
            code=answer.code,
            back=back,
            verifier=self._derived(challenge, "verifier"),
            nonce=self._derived(challenge, "nonce"),
        )
        if bound is not None:
            return self._link(challenge, bound, client.about.issuer, claims["sub"])
        return self._sign_in(challenge, client.about.issuer, claims["sub"], agent)

    def of_person(self, person: Id) -> list[LinkedAccount]:
        """Somebody's linked accounts."""
        with self._db.read() as tx:
            return linked_accounts.of_person(tx, person)

    def unlink(self, who: Principal, account: Id) -> None:
        """Forget one of one's own accounts; raises `NotFound`, `NotAllowed`."""
        self._sessions.check_fresh(who)
        with self._db.transaction() as tx:
            linked_accounts.unlink(tx, account, person=who.id)
            tx.audit(who.id, "person.account_unlinked", account)

    def _sign_in(self, challenge: bytes, issuer: str, subject: str, agent: str) -> Arrived:
        try:
            with self._db.transaction() as tx:
                self._challenges.spend(tx, challenge)
                account = linked_accounts.use(tx, issuer=issuer, subject=subject)
                person = people.get(tx, account.person)
                if not person.active:
                    raise NotFound  # noqa: TRY301 - inside, so that nothing is remembered of it
                session = self._sessions.start(tx, person, "account", agent=agent)
        except BadInput:
            raise REFUSED from None
        except NotFound:
            raise NotAuthenticated(
                "This account is linked to nobody here. Ask an administrator for a one-time link."
            ) from None
        return Arrived(person, session)

    def _link(self, challenge: bytes, session: Id, issuer: str, subject: str) -> Arrived:
        try:
            with self._db.transaction() as tx:
                self._challenges.spend(tx, challenge)
                person = self._sessions.holder(tx, session)
                made = linked_accounts.link(tx, person.id, issuer=issuer, subject=subject)
                tx.audit(person.id, "person.account_linked", made.id, issuer=issuer)
        except BadInput:
            raise REFUSED from None
        except NotFound:
            raise NotAuthenticated("Your session ended meanwhile. Sign in and try again.") from None
        return Arrived(person)

    def _carried(self, answer: Back) -> tuple[bytes, Id | None]:
        """The challenge of this browser, and the session it linked for."""
        text, _, bound = answer.cookie.partition(".")
        try:
            challenge = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
            self._challenges.check(challenge, USE, bound)
        except (BadInput, ValueError):
            raise _LATE from None
        state = self._derived(challenge, "state")
        if not hmac.compare_digest(state.encode(), answer.state.encode("utf-8", "replace")):
            raise _LATE
        return challenge, parse_id(bound) if bound else None

    def _derived(self, challenge: bytes, use: str) -> str:
        return _text(self._challenges.derive(challenge, use))

    def _set(self) -> ProviderClient:
        if self._client is None:
            raise NotFound("No sign-in service is set here.")
        return self._client


_LATE: Final = NotAuthenticated("That took too long, or began in another browser. Try again.")


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")
