"""What an agency does with notices: see that one waits, and fetch it. What it says is sealed to the agency and unknown here."""

from collections.abc import Mapping
from uuid import UUID

from handling.exchange import notice_store
from handling.exchange.notice_store import Notice
from handling.exchange.portal import NoSuchPackageError, Portal
from handling.rules.agreements import Channel

SHOWN = 20
SEALED_NAME: Mapping[Channel, str] = {Channel.AGE: "notice.age", Channel.OPENPGP: "notice.txt.gpg"}
OPENED_NAME = "notice.txt"
SIGNATURE_NAME: Mapping[Channel, str] = {Channel.AGE: "notice.age.sig", Channel.OPENPGP: "notice.txt.gpg.asc"}


class NoSuchNoticeError(NoSuchPackageError):
    """No notice to this agency has this id; whether another agency has it is not told."""


async def listing(portal: Portal, agency: str) -> tuple[Notice, ...]:
    """The newest notices to *agency*."""
    async with portal.pool.acquire() as db:
        return tuple(await notice_store.newest(db, agency, limit=SHOWN))


async def open_(portal: Portal, agency: str, notice: UUID) -> Notice:
    """One notice to *agency*, or `NoSuchNoticeError`."""
    async with portal.pool.acquire() as db:
        found = await notice_store.get(db, agency, notice)
    if found is None:
        raise NoSuchNoticeError
    return found


async def fetch(portal: Portal, agency: str, notice: UUID, name: str) -> bytes:
    """The file of a notice that is called *name*: the sealed one, whose first fetching is noted, or its signature."""
    found = await open_(portal, agency, notice)
    async with portal.pool.acquire() as db:
        files = await notice_store.files(db, agency, notice)
        if files is None or name not in {SEALED_NAME[found.channel], SIGNATURE_NAME[found.channel]}:
            raise NoSuchNoticeError
        if name == SIGNATURE_NAME[found.channel]:
            return files[1].encode()
        await notice_store.mark_downloaded(db, agency, notice, portal.today())
    return files[0]
