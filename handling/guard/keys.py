"""A signer's keys, alive inside one `async with` block of one request. Nothing else in the guard ever holds them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from crypto import age
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import undersigned
from handling.guard.refusal import GuardError
from handling.signing import SigningKeys
from handling.store.members import Member
from tipline.base import staff
from tipline.base.database import Db


class KeysError(GuardError):
    """The account's keys are not those that the signed member list names for this person."""

    text = "The keys of this account are not the ones on the signed member list."


class ForgottenError(Exception):
    """The request that unlocked these keys has ended."""

    def __init__(self) -> None:
        super().__init__("the keys of this request have been forgotten")


class NotForYouError(GuardError):
    """The sealed value is damaged or was never sealed to this signer."""

    text = "This was not sealed to you, or it is damaged."


class Keys(Guarded):
    """One member's release identity and signing key. Neither can be taken out in clear, only used."""

    __slots__ = ("_identity", "_signing", "member")

    def __init__(self, member: Member, identity: age.Identity, signing: SigningKey) -> None:
        self.member = member
        self._identity: age.Identity | None = identity
        self._signing: SigningKey | None = signing

    def open(self, sealed: bytes) -> bytes:
        """Open what was sealed to this member's release key, or raise `NotForYouError`. Blocking."""
        if self._identity is None:
            raise ForgottenError
        try:
            return age.open_(sealed, [self._identity])
        except CryptoError:
            raise NotForYouError from None

    def sign(self, type_: str, body: dict[str, Any]) -> Statement:
        """Return *body* as a statement of *type_* with this member's signature."""
        if self._signing is None:
            raise ForgottenError
        return Statement.make(type_, body, self._signing)

    def sign_agreement(self, toml: bytes) -> bytes:
        """Return this member's SSH signature over the exact bytes of an agreement."""
        if self._signing is None:
            raise ForgottenError
        return undersigned.sign(self._signing, toml)

    def under(self, passphrase: Secret) -> bytes:
        """Return both keys sealed to *passphrase*, for the member's own machine. Blocking for half a second."""
        if self._identity is None or self._signing is None:
            raise ForgottenError
        return SigningKeys(self.member.name, self._identity, self._signing).seal(passphrase)

    def forget(self) -> None:
        """Drop both keys; every later use raises `ForgottenError`."""
        self._identity = None
        self._signing = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer's keys are not copied or pickled")


@asynccontextmanager
async def unlocked(db: Db, member: Member, passphrase: str) -> AsyncIterator[Keys]:
    """Unlock *member*'s keys for the length of the block.

    Raises:
        staff.SignInError: the passphrase is wrong, or the account is locked.
        KeysError: the account holds other keys than the signed member list names.
    """
    content = await staff.unlock(db, "guard", member.name, passphrase)
    keys = await asyncio.to_thread(_keys, member, content["release_identity"], content["signing_seed"])
    del content
    try:
        yield keys
    finally:
        keys.forget()


def _keys(member: Member, release_identity: str, signing_seed: str) -> Keys:
    try:
        identity = age.Identity.parse(release_identity)
        signing = SigningKey.from_seed(Secret(bytes.fromhex(signing_seed)))
    except (CryptoError, ValueError):
        raise KeysError from None
    if str(identity.recipient) != str(member.release) or signing.public != member.signing:
        raise KeysError
    return Keys(member, identity, signing)
