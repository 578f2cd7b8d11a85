"""What an agency does here: fetch, acknowledge, answer. What it says is sealed to the desk before it is stored."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from crypto import age, macs, padding
from crypto.canonical import canonical
from crypto.digest import acknowledgement_check, sha256
from crypto.secret import Secret
from handling import material
from handling.agencyfiles import Acknowledged, SealedBreach, SealedDestruction, UnitKeys
from handling.exchange import handed, store
from handling.exchange.handed import Handed, NotTakenError, Refusal
from handling.exchange.package import SEALED_NAME, SIGNATURE_NAME, Package, PackageId, may_fetch
from handling.material import MaterialError
from handling.rules.copies import minute_text
from handling.store import agencies, members
from tipline.base.database import Db, Pool

PAGE_LENGTH = 20
_ANSWERS_SHOWN = 50
_SENT_SHOWN = 50
_UNOPENED_MAX = 200  # files of one agency that wait for the desk
_TOLD_MAX = (
    100  # answers of one kind about one package: whoever has a sign-in fills neither the database nor a desk's page
)
_MARK = 8  # digits
_TO_THE_MINUTE = frozenset({SealedBreach.KIND, SealedDestruction.KIND})
"""A breach is told within agreed hours, and of two words on the copies of one day the later one counts."""
_PIECE = 1 << 20  # 1 MiB: a download holds one piece in memory, whatever the package's size


class NoSuchPackageError(Exception):
    """No package of this agency has this id; whether another agency has it is not told."""

    def __init__(self) -> None:
        super().__init__("no such package")


class PastDeletionError(Exception):
    """The agreed time for keeping this package has ended, so it is no longer handed out."""

    def __init__(self) -> None:
        super().__init__("the time for keeping this package has ended")


class TooMuchToldError(Exception):
    """So much was told about this package that no more of this kind is taken."""

    def __init__(self) -> None:
        super().__init__("no more of this kind is taken about this package")


class Taken(Enum):
    """What became of an acknowledgement."""

    NOW = "now"
    BEFORE = "before"
    WRONG_HASH = "wrong-hash"


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of packages, and where the next page begins if there is one."""

    packages: tuple[Package, ...]
    next: store.Cursor | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One package with the answers given so far; *signs* says that the agency enrolled a key for acknowledgements."""

    package: Package
    answers: tuple[store.Answer, ...]
    signs: bool


@dataclass(frozen=True, slots=True)
class Portal:
    """The portal of one unit.

    Attributes:
        pool: of the exchange's own role.
        trust: what member lists are held against.
        today: the day on which an act counts.
        now: the minute at which something was told.
        unit: the unit's id, and *name* as agencies read it.
    """

    pool: Pool
    trust: members.Trust
    today: Callable[[], date]
    now: Callable[[], datetime]
    unit: str
    name: str

    async def listing(self, agency: str, behind: store.Cursor | None) -> Listing:
        """Packages of *agency*, newest first."""
        async with self.pool.acquire() as db:
            found = await store.newest(db, agency, limit=PAGE_LENGTH + 1, behind=behind)
        shown = found[:PAGE_LENGTH]
        more = len(found) > PAGE_LENGTH
        return Listing(tuple(shown), store.Cursor(shown[-1].released_on, shown[-1].id) if more else None)

    async def open(self, agency: str, package: PackageId) -> Opened:
        """One package of *agency*, or `NoSuchPackageError`."""
        async with self.pool.acquire() as db:
            answers = await store.answers(db, agency, package, limit=_ANSWERS_SHOWN)
            enrolled = await agencies.get(db, agency)
            signs = enrolled is not None and enrolled.acknowledge is not None
            return Opened(await _get(db, agency, package), tuple(answers), signs)

    async def signature(self, agency: str, package: PackageId, name: str) -> bytes:
        """The armoured signature over the sealed file, called *name*, or `NoSuchPackageError`."""
        async with self.pool.acquire() as db:
            found = await _get(db, agency, package)
            text = await store.signature(db, agency, package)
        if text is None or name != SIGNATURE_NAME[found.channel]:
            raise NoSuchPackageError
        return text.encode()

    async def fetch(self, agency: str, package: PackageId, name: str) -> Package:
        """Note that the sealed file, called *name*, is being fetched; `pieces` then gives its bytes."""
        async with self.pool.acquire() as db:
            found = await _get(db, agency, package)
            if name != SEALED_NAME[found.channel]:
                raise NoSuchPackageError
            if not may_fetch(found, self.today()):
                raise PastDeletionError
            await store.mark_downloaded(db, agency, package, self.today())
        return found

    async def pieces(self, agency: str, package: Package) -> AsyncIterator[bytes]:
        """The sealed file in order. No connection is held while an agency's slow line takes a piece."""
        for start in range(0, package.size, _PIECE):
            async with self.pool.acquire() as db:
                piece = await store.sealed_piece(db, agency, package.id, start=start, size=_PIECE)
            yield piece

    async def member_list(self) -> members.MemberList:
        """The verified member list: recipients and fingerprints come from nowhere else."""
        async with self.pool.acquire() as db:
            return await members.load(db, self.trust, self.today())

    async def acknowledge(self, agency: str, package: PackageId, zip_sha256: bytes) -> Taken:
        """Take the acknowledgement if *zip_sha256* is the hash of this package's ZIP. Counts once.

        The statement for the desk, the note for the agency and the day are stored together or not at all.
        """
        async with self.pool.acquire() as db, db.transaction():
            found = await _get(db, agency, package)
            if not hmac.compare_digest(acknowledgement_check(zip_sha256), found.check):
                return Taken.WRONG_HASH
            if not await store.mark_acknowledged(db, agency, package, self.today()):
                return Taken.BEFORE
            said = {"zip_sha256": zip_sha256.hex()}
            await self._hand_in(db, package, "acknowledgement", said, form=Secret.random())
            return Taken.NOW

    async def tell(self, agency: str, package: PackageId, kind: str, said: Mapping[str, Any], *, form: Secret) -> None:
        """Take one thing that an agency tells in a form: an answer, what became of its copies, a breach.

        *form* is 32 random bytes made with the form: a page sent twice over a bad line counts once, and an edited one
        is a further answer.
        """
        async with self.pool.acquire() as db, db.transaction():
            await _get(db, agency, package)
            await self._hand_in(db, package, kind, said, form=form)

    async def understood(self, agency: str, package: PackageId, text: str) -> Handed:
        """Read what the officer's open.html wrote about this package; stores nothing.

        Raises:
            NoSuchPackageError: there is no such package of *agency*.
            NotTakenError: it cannot be taken, with the cause.
        """
        async with self.pool.acquire() as db:
            return await self._understood(db, agency, package, text)

    async def take(self, agency: str, package: PackageId, text: str) -> None:
        """Take what `understood` shows, judged once more, with the signed statement for the desk; raises as that does.

        An answer's plain words were sealed to the desk before they came here, and stay so.
        """
        async with self.pool.acquire() as db, db.transaction():
            found = await self._understood(db, agency, package, text)
            said: dict[str, Any] = {"statement": found.statement.to_json()}
            form = Secret(sha256(found.statement.encode()))
            if isinstance(found.said, Acknowledged):
                if not await store.mark_acknowledged(db, agency, package, self.today()):
                    raise NotTakenError(Refusal.ACKNOWLEDGED)
                said["zip_sha256"] = found.said.zip_sha256.hex()
                await self._hand_in(db, package, "acknowledgement", said, form=form)
            elif not await self._hand_in(db, package, found.said.KIND, said, form=form):
                raise NotTakenError(Refusal.ANSWERED)

    async def _understood(self, db: Db, agency: str, package: PackageId, text: str) -> Handed:
        found = await _get(db, agency, package)
        enrolled = await agencies.get(db, agency)
        if enrolled is None:
            raise NoSuchPackageError
        read = handed.read(text, enrolled)
        if read.said.release != package:
            other = await store.get(db, agency, PackageId(read.said.release))
            raise NotTakenError(Refusal.NOT_YOURS if other is None else Refusal.OTHER_PACKAGE)
        handed.check(read, found)
        return read

    async def sent(self, agency: str) -> tuple[store.Sent, ...]:
        """What *agency* has sent in, newest first."""
        async with self.pool.acquire() as db:
            return await store.material(db, agency, limit=_SENT_SHOWN)

    async def send(self, agency: str, text: str) -> None:
        """Take a sealed file of material for the desk; it is opened there, and nothing of it can be read here.

        It is sealed once more, padded, so that neither its size nor whose it is can be read from the inbox.

        Raises:
            NotTakenError: it is no sealed file, or is here already, or too many wait.
        """
        try:
            sealed = material.sealed_file(text)
        except MaterialError:
            raise NotTakenError(Refusal.NOT_SEALED) from None
        today, digest = self.today(), sha256(sealed)
        number = UUID(bytes=sha256(agency.encode() + b"\0" + digest)[:16], version=4)
        content = {"agency": agency, "file": base64.b64encode(sealed).decode("ascii"), "day": today.isoformat()}
        async with self.pool.acquire() as db, db.transaction():
            if not await store.add_material(db, number, agency, mark=digest.hex()[:_MARK], day=today):
                raise NotTakenError(Refusal.SENT)
            if await store.unopened(db, agency) > _UNOPENED_MAX:
                raise NotTakenError(Refusal.TOO_MANY)
            desk = (await members.load(db, self.trust, today)).desk_intake
            inside = await asyncio.to_thread(age.seal, padding.pad_message(canonical(content)), [desk])
            await store.put_inbox(db, number, kind="material", sealed=inside, day=today)

    async def unit_keys(self) -> UnitKeys:
        """What open.html needs of this unit, from the signed member list."""
        listed = await self.member_list()
        return UnitKeys(self.unit, self.name, listed.package_signer, listed.desk_intake)

    async def _hand_in(self, db: Db, package: PackageId, kind: str, said: Mapping[str, Any], *, form: Secret) -> bool:
        """Seal what was said to the desk and note that it was said, inside the caller's transaction; False if it was before.

        Raises:
            TooMuchToldError: it would be one too many; the caller's transaction ends with nothing noted.
        """
        today = self.today()
        desk = (await members.load(db, self.trust, today)).desk_intake
        statement = {"release": str(package), **said}
        answer = UUID(bytes=macs.mac(form, canonical(statement), purpose="agency answer")[:16], version=4)
        if not await store.add_answer(db, answer, package, kind=kind, day=today):
            return False
        if await store.given(db, package, kind) > _TOLD_MAX:
            raise TooMuchToldError
        heard = {"heard": minute_text(self.now())} if kind in _TO_THE_MINUTE else {}
        sealed = age.seal(canonical({**statement, **heard, "day": today.isoformat()}), [desk])
        await store.put_inbox(db, answer, kind=kind, sealed=sealed, day=today)
        return True


async def _get(db: Db, agency: str, package: PackageId) -> Package:
    found = await store.get(db, agency, package)
    if found is None:
        raise NoSuchPackageError
    return found
