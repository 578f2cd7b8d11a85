"""A founded unit with its portal served over HTTP, and the guard's part played with the unit's real keys."""

import io
import shutil
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp.test_utils import TestServer

from crypto import age, passphrase, pgp, sshsig, totp
from crypto.canonical import parse
from crypto.digest import acknowledgement_check, sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import enrol
from handling.agencyfiles import AgencyKey
from handling.exchange.guide import NAMESPACE
from handling.exchange.main import make_exchange
from handling.people import Card, Person
from handling.rules.agreements import Channel
from handling.store import agencies, members
from handling.store.keyring import Keyring
from handling.store.members import Duty
from handling.store.vault import OpenVault
from tests.conftest import RolePool
from tests.factories import settings_in
from tests.journeys.browser import Browser
from tipline.base.database import Db, Pool
from tipline.base.settings import Settings

TODAY = datetime.now(UTC).date()
CONTENT = "the boat is called Petrel"

_INSERT = """
    INSERT INTO exchange.package (id, agency, channel, sealed, signature, "check", released_on, acknowledge_by,
                                  feedback_due, delete_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_LOG_N = 4  # scrypt work: the passphrases guard nothing
_PEOPLE = (
    Person("amina", "Amina", frozenset({Duty.HANDLER, Duty.ANALYST})),
    Person("ben", "Ben", frozenset({Duty.HANDLER})),
    Person("clara", "Clara", frozenset({Duty.OFFICER})),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What lasts a whole run: the unit's founded keys, and the keys of three agencies, one in each way."""

    settings: Settings
    founded: enrol.Founded
    signer: SigningKey
    pgp_passphrase: Secret
    desk_intake: age.Identity
    customs: age.Identity
    parks: Path  # GnuPG home
    parks_passphrase: Secret
    parks_key: str
    coast: age.Identity
    coast_signer: SigningKey

    def sign_openpgp(self, data: bytes, fingerprint: str) -> str:
        with pgp.Gpg(self.settings.inside / "guard" / "gnupg") as gpg:
            return gpg.sign_detached(data, fingerprint, self.pgp_passphrase).decode()


@pytest.fixture(scope="session")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    settings = settings_in(tmp_path_factory.mktemp("unit") / "data")
    founded = enrol.found(settings, _PEOPLE, today=TODAY, log_n=_LOG_N)
    cards = {(card.process, card.name): card.passphrase for card in founded.cards}
    contents = {
        (made.process, made.name): parse(age.open_passphrase(made.sealed, cards[made.process, made.name]))
        for made in founded.accounts
    }
    release = _identity(contents["guard", "clara"]["release_identity"])
    package_keys = Keyring(settings.inside / "guard" / "keyring")
    desk_keys = Keyring(settings.inside / "desk" / "keyring")
    body = parse(founded.member_list)["body"]
    vault = age.Recipient.parse(body["desk_vault"]["recipient"])
    recovery = age.Recipient.parse(body["recovery"])
    member = _identity(contents["desk", "amina"]["identity"])
    desk = OpenVault.open(desk_keys, epoch=1, recipient=vault, recovery=recovery, member=member)
    phrase, home = passphrase.generate(), tmp_path_factory.mktemp("parks")
    with pgp.Gpg(home) as gpg:
        yield Unit(
            settings=settings,
            founded=founded,
            signer=SigningKey.from_seed(Secret(age.open_(package_keys.get("package", "ed25519"), [release]))),
            pgp_passphrase=Secret(age.open_(package_keys.get("package", "openpgp"), [release])),
            desk_intake=desk.intake(1),
            customs=age.Identity.generate(),
            parks=home,
            parks_passphrase=phrase,
            parks_key=gpg.public_key(gpg.generate("River Parks", phrase)),
            coast=age.Identity.generate(),
            coast_signer=SigningKey.generate(),
        )


@dataclass(frozen=True, slots=True)
class Released:
    """A package as the guard made it."""

    id: UUID
    archive: bytes
    sealed: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.archive).hex()

    @property
    def path(self) -> str:
        return f"/packages/{self.id}"


@dataclass(slots=True)
class Clock:
    """The portal's day, moved by a test."""

    day: date = TODAY

    def __call__(self) -> date:
        return self.day


@dataclass(slots=True)
class Exchange:
    """The portal of a test. *db* is the owner's connection, for looking."""

    unit: Unit
    settings: Settings
    url: str
    db: Db
    guard: Pool
    clock: Clock
    stack: AsyncExitStack
    cards: dict[str, Card] = field(default_factory=dict)

    async def browser(self) -> Browser:
        """The browser of somebody who has not signed in."""
        return await self.stack.enter_async_context(Browser(self.url))

    async def sign_in(self, name: str) -> Browser:
        """The browser of an officer who has signed in."""
        card = self.cards[name]
        browser = await self.browser()
        await browser.open("/sign-in")
        code = totp.code(card.totp, int(time.time()))
        await browser.submit("/sign-in", name=name, passphrase=card.passphrase.expose().decode(), code=code)
        return browser

    async def release(
        self,
        agency: str = "customs",
        *,
        archive: bytes | None = None,
        released: date | None = None,
        acknowledge: int = 2,
        answer: int = 14,
        delete: int = 90,
    ) -> Released:
        """Seal, sign and insert a package under the guard's role; the dues are days from today."""
        made = Released(uuid4(), archive or an_archive(), b"")
        channel = Channel.OPENPGP if agency == "parks" else Channel.AGE
        if channel is Channel.AGE:
            key = self.unit.customs if agency == "customs" else self.unit.coast
            sealed = age.seal(made.archive, [key.recipient])
            signature = sshsig.sign(self.unit.signer, sealed, namespace=NAMESPACE)
        else:
            sealed = pgp.encrypt_to(self.unit.parks_key, made.archive)
            signature = self.unit.sign_openpgp(sealed, (await self.members()).package_pgp)
        dues = [self.clock.day + timedelta(days=days) for days in (acknowledge, answer, delete)]
        check = acknowledgement_check(sha256(made.archive))
        row = (made.id, agency, channel.value, sealed, signature, check, released or self.clock.day, *dues)
        await self.guard.execute(_INSERT, *row)
        return Released(made.id, made.archive, sealed)

    async def members(self) -> members.MemberList:
        return await members.load(self.db, members.trust(self.settings.inside, "tests"), TODAY)

    async def inbox(self) -> list[tuple[str, dict[str, object]]]:
        """What lies in the desk's inbox, opened with the desk intake, oldest kind first."""
        rows = await self.db.fetch("SELECT kind, sealed FROM desk.inbox ORDER BY kind")
        return [(row["kind"], parse(age.open_(row["sealed"], [self.unit.desk_intake]).rstrip(b" "))) for row in rows]


@pytest.fixture
async def exchange(
    unit: Unit, settings: Settings, public_db: Db, inside_db: Db, role_pool: RolePool
) -> AsyncIterator[Exchange]:
    (settings.inside / "guard").mkdir(parents=True)
    for name in ("root.pub", "guard/package.asc"):
        shutil.copy(unit.settings.inside / name, settings.inside / name)
    await enrol.record(unit.founded, public_db, inside_db)  # type: ignore[arg-type]  # both are plain connections
    await agencies.add(inside_db, "customs", name="Harbour Customs", key=str(unit.customs.recipient), today=TODAY)
    await agencies.add(inside_db, "parks", name="River Parks", key=unit.parks_key, today=TODAY)
    coast = AgencyKey("The coast guard", unit.coast.recipient, unit.coast_signer.public, TODAY).sign(unit.coast_signer)
    await agencies.add(inside_db, "coast", name="Coast Guard", key=coast.decode(), today=TODAY)
    clock = Clock()
    server = TestServer(make_exchange(settings, await role_pool("tipline_exchange"), clock))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        url = str(server.make_url("/"))
        made = Exchange(unit, settings, url, inside_db, await role_pool("tipline_guard"), clock, stack)
        for name, agency in (("dario", "customs"), ("elena", "parks"), ("farid", "coast")):
            made.cards[name] = await enrol.enrol_officer(inside_db, agency, name, name, log_n=_LOG_N)  # type: ignore[arg-type]  # a plain connection
        yield made


def an_archive(size: int = 16) -> bytes:
    """A ZIP like no other, with one page and *size* random bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1-read-first.html", CONTENT)
        archive.writestr("attachment.bin", Secret.random(size).expose())
    return buffer.getvalue()


def _identity(text: str) -> age.Identity:
    return age.Identity.parse(Secret(text.encode()))
