"""What an agency does with notices: see that one waits, fetch it, and answer where it asks for consent.

What a notice says is sealed to the agency and unknown here. An answer is kept sealed to the desk.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from uuid import UUID, uuid4

from crypto import age
from crypto.canonical import canonical
from handling import consents
from handling.exchange import list_store, notice_store
from handling.exchange.notice_store import Answered, Notice
from handling.exchange.portal import NoSuchPackageError, Portal
from handling.rules.agreements import Channel
from handling.rules.consent import Answer, ConsentError
from handling.store import agencies, members

SHOWN = 20
ANSWERS_MAX = 100  # to one notice; a no is taken all the same
SEALED_NAME: Mapping[Channel, str] = {Channel.AGE: "notice.age", Channel.OPENPGP: "notice.txt.gpg"}
OPENED_NAME = "notice.txt"
SIGNATURE_NAME: Mapping[Channel, str] = {Channel.AGE: "notice.age.sig", Channel.OPENPGP: "notice.txt.gpg.asc"}


class Refusal(Enum):
    """Why an answer was not taken, in the words that the officer reads."""

    NOTHING = "Paste the answer with its signature below it, or choose both files."
    UNREADABLE = (
        "This is no answer with its signature, or a part of it was lost on the way. The answer is one line from the first "
        "brace to the last; the signature follows, from its first line of dashes to its last."
    )
    SIGNATURE = (
        "This is not signed with the key that your agency enrolled, or was changed after it. With ssh-keygen, sign with "
        "-n tipline-consent."
    )
    OTHER_NOTICE = "This answers another notice. Open that notice here and hand it in there."
    PAST = "The last day of this consent has passed already. Answer again with a later one."
    TOO_MANY = (
        "Your agency has answered this notice a hundred times. A no is still taken; for anything else, call the unit, on a number"
        " that you already have."
    )
    BEFORE = "This very answer is here already, and counts once. To say something else, sign another answer."


class NotTakenError(Exception):
    """Nothing was taken; *refusal* says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name)
        self.refusal = refusal


class NoListError(Exception):
    """The agency's agreement gives it no list of all that it was sent."""

    def __init__(self) -> None:
        super().__init__("the agreement gives no list")


class NoSuchNoticeError(NoSuchPackageError):
    """No notice to this agency has this id; whether another agency has it is not told."""


async def listing(portal: Portal, agency: str) -> tuple[Notice, ...]:
    """The newest notices to *agency*."""
    async with portal.pool.acquire() as db:
        return tuple(await notice_store.newest(db, agency, limit=SHOWN))


@dataclass(frozen=True, slots=True)
class ListState:
    """Whether the agreement gives an agency the list of all that it was sent, and its newest request."""

    given: bool
    asked: list_store.Asked | None


async def list_state(portal: Portal, agency: str) -> ListState:
    """Where the list of all that *agency* was sent stands."""
    async with portal.pool.acquire() as db:
        return ListState(await list_store.is_given(db, agency), await list_store.newest(db, agency))


async def ask_list(portal: Portal, agency: str) -> None:
    """Ask for the list. A request stands until it is answered, so asking again changes nothing.

    Raises:
        NoListError: the agreement gives none.
    """
    async with portal.pool.acquire() as db:
        if not await list_store.is_given(db, agency):
            raise NoListError
        await list_store.add(db, uuid4(), agency, portal.today())


async def open_(portal: Portal, agency: str, notice: UUID) -> Notice:
    """One notice to *agency*, or `NoSuchNoticeError`."""
    async with portal.pool.acquire() as db:
        found = await notice_store.get(db, agency, notice)
    if found is None:
        raise NoSuchNoticeError
    return found


@dataclass(frozen=True, slots=True)
class Opened:
    """One notice with the answers handed in so far."""

    notice: Notice
    answers: tuple[Answered, ...]


async def look(portal: Portal, agency: str, notice: UUID) -> Opened:
    """One notice to *agency* with its answers, or `NoSuchNoticeError`."""
    found = await open_(portal, agency, notice)
    async with portal.pool.acquire() as db:
        return Opened(found, await notice_store.answers(db, agency, notice))


def chosen(typed: str, file: str, signature: str) -> str:
    """Return the answer with its signature, from the box or from both files, or raise `NotTakenError`."""
    files = [one for one in (file, signature) if one.strip()]
    if bool(typed.strip()) is bool(files) or len(files) == 1:
        raise NotTakenError(Refusal.NOTHING)
    return typed if typed.strip() else "\n".join(files)


async def take(portal: Portal, agency: str, notice: UUID, text: str) -> None:
    """Take an answer that the agency's enrolled key has signed. It stands behind those that are there.

    Raises:
        NoSuchNoticeError: there is no such notice to *agency*.
        NotTakenError: it cannot be taken, with the cause.
    """
    await open_(portal, agency, notice)
    async with portal.pool.acquire() as db:
        enrolled = await agencies.get(db, agency)
        if enrolled is None:
            raise NoSuchNoticeError
        try:
            signed = await asyncio.to_thread(consents.read, text, enrolled)
        except ConsentError:
            raise NotTakenError(Refusal.UNREADABLE) from None
        if signed is None:
            raise NotTakenError(Refusal.SIGNATURE)
        token, today = signed.token(), portal.today()
        if token.request != notice or token.asked.originator != agency:
            raise NotTakenError(Refusal.OTHER_NOTICE)
        if token.until is not None and token.until < today:
            raise NotTakenError(Refusal.PAST)
        if token.answer is not Answer.NO and len(await notice_store.answers(db, agency, notice)) >= ANSWERS_MAX:
            raise NotTakenError(Refusal.TOO_MANY)
        desk = (await members.load(db, portal.trust, today)).desk_intake
        sealed = await asyncio.to_thread(age.seal, canonical(signed.to_body()), [desk])
        if not await notice_store.add_answer(db, agency, signed, token, sealed=sealed, day=today):
            raise NotTakenError(Refusal.BEFORE)


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
