"""Under which member list a signature counts: today's, or the one under which the guard has stated that it saw it count. No I/O.

Who left signs nothing new that way: the guard states it with the unit's package key, in the moment of the signature or when a
member of that day opens it, and no time that anybody writes is asked. Layout: docs/format.md, "Emergency disclosures".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from crypto.webauthn import Authenticator
from handling.rules.release import Duties

HELD: Final = "tipline/emergency-held/v1"


class Signer(Protocol):
    """Of a member on a list, what a signature is held against."""

    @property
    def signing(self) -> bytes:
        """Their signing key."""
        ...

    @property
    def authenticators(self) -> Sequence[Authenticator]:
        """With one of which they sign, where there is any."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """One version of the member list: members and their duties by name, and the package key, with which its guard states."""

    signing: Mapping[str, Signer]
    duties: Duties
    guard: bytes


@dataclass(frozen=True, slots=True)
class Lists:
    """Today's list, and every version of the verified chain by the SHA-256 of its statement, in hexadecimal."""

    today: Listing
    versions: Mapping[str, Listing]

    def under(
        self, statement: Statement, who: str, held: Statement | None, *, may: Callable[[Duties], bool]
    ) -> Listing | None:
        """Return the list by which *statement* is by *who*, by one key alone, who may under it; None where there is none."""
        for listing in (self.today, self._stated(statement, held)):
            if listing is None or who not in listing.signing or not may(listing.duties):
                continue
            if [one.public for one in statement.signatures] == [listing.signing[who].signing]:
                return listing
        return None

    def _stated(self, statement: Statement, held: Statement | None) -> Listing | None:
        if held is None:
            return None
        version = self.versions.get(str(held.body.get("members_sha256")))
        if version is None or held.body != body(statement, str(held.body["members_sha256"])):
            return None
        try:
            held.verify(HELD, [version.guard])
        except CryptoError:
            return None
        return version


def body(statement: Statement, members_sha256: str) -> dict[str, Any]:
    """What the guard states about *statement*, which it has just seen count under this version of the list."""
    return {"statement": sha256(statement.encode()).hex(), "members_sha256": members_sha256}
