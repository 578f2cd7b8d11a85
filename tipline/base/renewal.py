"""Exchanging a passphrase or a second factor. Shown first, given back, and only then stored; nothing is stored in between.

A new file is made and the new secret is shown. When the secret was given back, the new file takes the place of the old
one in one statement, and only if the old one is still what it was: two exchanges at once cannot lose one, and at any
moment exactly one passphrase opens.
"""

from datetime import datetime
from functools import partial

from crypto import passphrase, totp
from crypto.passphrase import normalise
from crypto.secret import Guarded, Secret
from tipline.base import accounts
from tipline.base.accounts import LOG_N
from tipline.base.database import Db


class ChangedMeanwhileError(Exception):
    """The account was changed by somebody else between the two steps."""

    code = "account-changed"

    def __init__(self) -> None:
        super().__init__("This account was changed meanwhile, elsewhere. Nothing was changed here: begin again.")


class NotConfirmedError(Exception):
    """What was typed back is not what was shown."""

    code = "not-confirmed"

    def __init__(self) -> None:
        super().__init__("What you typed does not fit what was shown. Nothing was changed.")


class NewPassphrase(Guarded):
    """A file that waits to take the place of another. It holds no key: it opens only with the new passphrase."""

    __slots__ = ("name", "new", "old")

    def __init__(self, name: str, old: bytes, new: bytes) -> None:
        self.name = name
        self.old = old
        self.new = new


class NewSecondFactor(Guarded):
    """A file that waits to take the place of another, and the second factor in it, to check a code from the new device."""

    __slots__ = ("name", "new", "old", "totp")

    def __init__(self, name: str, old: bytes, new: bytes, totp: Secret) -> None:
        self.name = name
        self.old = old
        self.new = new
        self.totp = totp


async def new_passphrase(
    db: Db, schema: str, name: str, typed: str, code: str, *, now: datetime, log_n: int = LOG_N
) -> tuple[NewPassphrase, Secret]:
    """Make a new passphrase for somebody who proves to hold the current one and the second factor. Changes nothing yet.

    Returns:
        What waits for `confirm_passphrase`, and the passphrase, to be shown once.

    Raises:
        SignInError, BusyError, StoreError: as `sign_in`; wrong tries count.
    """
    content, sealed = await accounts.enter(db, schema, name, typed, code, now=now)
    made = passphrase.generate()
    new = await accounts.work(partial(accounts.seal_account, content, made, log_n))
    return NewPassphrase(name, sealed, new), made


async def confirm_passphrase(db: Db, schema: str, waiting: NewPassphrase, typed: str) -> None:
    """Let the new passphrase take the place of the old one, which stops in the same statement.

    Raises:
        NotConfirmedError: *typed* is not the new passphrase.
        ChangedMeanwhileError: the account is not what it was when the passphrase was made.
    """
    if await accounts.open_sealed(waiting.new, normalise(typed)) is None:
        raise NotConfirmedError
    if not await accounts.exchange(db, schema, waiting.name, old=waiting.old, new=waiting.new):
        raise ChangedMeanwhileError


async def new_second_factor(
    db: Db, schema: str, name: str, typed: str, code: str | None, *, now: datetime, log_n: int = LOG_N
) -> NewSecondFactor:
    """Make a new second factor. Changes nothing yet. *code* is None when the current device is lost.

    Then the passphrase alone proves who asks, so that only a command at the unit's own machine may leave it out.

    Raises:
        SignInError, BusyError, StoreError: as `sign_in`; wrong tries count.
    """
    if code is None:
        content, sealed = await accounts.unlock_file(db, schema, name, typed, now=now)
    else:
        content, sealed = await accounts.enter(db, schema, name, typed, code, now=now)
    made = totp.new_secret()
    new = await accounts.work(
        partial(accounts.seal_account, {**content, "totp": totp.base32(made)}, normalise(typed), log_n)
    )
    return NewSecondFactor(name, sealed, new, made)


async def confirm_second_factor(db: Db, schema: str, waiting: NewSecondFactor, code: str, *, now: datetime) -> None:
    """Let the new second factor take the place of the old one, whose codes open nothing from then on.

    Raises:
        NotConfirmedError: *code* is not the new device's.
        ChangedMeanwhileError: the account is not what it was when the second factor was made.
    """
    step = totp.accept(waiting.totp, code, int(now.timestamp()), last_step=-1)
    if step is None:
        raise NotConfirmedError
    if not await accounts.exchange(db, schema, waiting.name, old=waiting.old, new=waiting.new, step=step):
        raise ChangedMeanwhileError
