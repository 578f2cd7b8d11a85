"""One person's keys, accounts and cards: made at once, given out once. Puts nobody on the member list."""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto import age, passphrase, totp
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from handling.rules import member_words
from handling.rules.membership import Entry, Keys
from handling.rules.release import Duty
from tipline.base import staff
from tipline.base.database import Db, store_errors

_PUT_ACCOUNT = {
    "corridor": "INSERT INTO corridor.account (name, sealed) VALUES ($1, $2)",
    "desk": "INSERT INTO desk.account (name, sealed) VALUES ($1, $2)",
    "guard": "INSERT INTO guard.account (name, sealed) VALUES ($1, $2)",
    "exchange": "INSERT INTO exchange.account (name, sealed) VALUES ($1, $2)",
}
_DELETE_ACCOUNT = {
    "corridor": "DELETE FROM corridor.account WHERE name = $1",
    "desk": "DELETE FROM desk.account WHERE name = $1",
    "guard": "DELETE FROM guard.account WHERE name = $1",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to enrol: *name* signs in, *display* is shown."""

    name: str
    display: str
    duties: frozenset[Duty]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Card(Guarded):
    """What one person needs to sign in to one process. Shown once, stored nowhere.

    Attributes:
        fingerprint: over the person's entry on the member list, to be read aloud; empty for an agency's officer.
    """

    name: str
    display: str
    process: str
    passphrase: Secret
    totp: Secret
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PersonKeys(Guarded):
    """One person's secret keys, for as long as it takes to seal them into accounts."""

    person: Person
    corridor: age.Identity | None
    desk: age.Identity | None
    release: age.Identity
    signing: SigningKey

    @classmethod
    def make(cls, person: Person) -> "PersonKeys":
        """Make every key that the person's duties need."""
        return cls(
            person=person,
            corridor=age.Identity.generate() if Duty.HANDLER in person.duties else None,
            desk=age.Identity.generate() if Duty.ANALYST in person.duties else None,
            release=age.Identity.generate(),
            signing=SigningKey.generate(),
        )

    def public(self) -> Keys:
        """The public keys."""
        return Keys(
            corridor=str(self.corridor.recipient) if self.corridor else None,
            desk=str(self.desk.recipient) if self.desk else None,
            release=str(self.release.recipient),
            signing=self.signing.public.hex(),
        )

    def entry(self) -> Entry:
        """What stands on the member list."""
        duties = tuple(sorted(duty.value for duty in self.person.duties))
        return Entry(self.person.name, self.person.display, duties, self.public())

    def contents(self) -> dict[str, dict[str, str]]:
        """Key material by process: no process ever opens another's."""
        contents = {}
        if self.corridor:
            contents["corridor"] = {"identity": self.corridor.encode().expose().decode()}
        if self.desk:
            contents["desk"] = {"identity": self.desk.encode().expose().decode()}
        contents["guard"] = {
            "release_identity": self.release.encode().expose().decode(),
            "signing_seed": self.signing.seed.expose().hex(),
        }
        return contents


@dataclass(frozen=True, slots=True)
class Account:
    """A sealed account, ready for its process's table."""

    process: str
    name: str
    sealed: bytes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Enrolled(Guarded):
    """Accounts to store, and the cards that open them."""

    accounts: tuple[Account, ...]
    cards: tuple[Card, ...]


def seal_accounts(people: Sequence[PersonKeys], *, log_n: int = staff.LOG_N) -> Enrolled:
    """Seal each person's keys to a passphrase of their own for each process. Blocking, about half a second each."""
    accounts, cards = [], []
    for keys in people:
        fingerprint = member_words.groups(member_words.person(keys.entry().body()))
        for process, content in keys.contents().items():
            card = _card(keys.person, process, fingerprint)
            sealed = staff.seal_account({"totp": totp.base32(card.totp), **content}, card.passphrase, log_n=log_n)
            accounts.append(Account(process, keys.person.name, sealed))
            cards.append(card)
    return Enrolled(tuple(accounts), tuple(cards))


async def put_accounts(db: Db, accounts: Sequence[Account], *, instead: bool = False) -> None:
    """Store accounts; with *instead*, in the place of every account that these people had inside."""
    async with db.transaction():
        with store_errors():
            for name in sorted({account.name for account in accounts}) if instead else ():
                await _delete(db, name)
            for account in accounts:
                await db.execute(_PUT_ACCOUNT[account.process], account.name, account.sealed)


async def delete_accounts(db: Db, name: str) -> int:
    """Delete every inside account called *name*; return how many there were."""
    async with db.transaction():
        with store_errors():
            return await _delete(db, name)


async def _delete(db: Db, name: str) -> int:
    tags = [await db.execute(sql, name) for sql in _DELETE_ACCOUNT.values()]
    return sum(int(tag.removeprefix("DELETE ")) for tag in tags)


def _card(person: Person, process: str, fingerprint: str) -> Card:
    return Card(person.name, person.display, process, passphrase.generate(), totp.new_secret(), fingerprint)
