"""What is known ahead of tips: conflicts of interest, and people of agencies. Kept under one record key of the corridor vault.

Every session can open it, because whoever is signed in re-seals and hears names; pages show a conflict only to whoever
declared it and to first readers whom it is not about.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from crypto import age, columns, padding
from crypto.canonical import canonical
from crypto.errors import CryptoError
from handling import data
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.session import Handler
from handling.corridor.store import interests as rows
from handling.corridor.store.interests import Arrived, Kept
from handling.rules import interests as rules
from handling.rules.exclusions import Person, Said
from handling.rules.folded import fold
from handling.rules.interests import Conflict, Ended, Enrolled, InterestError, Interests, KnownPerson, Met
from handling.store import agencies
from handling.store.members import Duty, MemberList
from tipline.base.database import Db, Pool
from tipline.base.jsons import JsonError, parse_object

ADMINISTRATOR = "administrator"
"""Who entered what came by `tipline agency people`; nobody signs in by this name."""

_TABLE, _COLUMN = "corridor.interests", "sealed"
_OLDER = "What is known ahead of tips is older than the tips say, or gone. Nothing is heard or kept until it is brought back."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known today, and what it takes to hear a text by it."""

    interests: Interests
    revision: int
    enrolled: Enrolled
    members: MemberList
    today: date

    def heard(self, said: Iterable[Said], out: Iterable[str] = ()) -> Met:
        """Return what these texts touch, and which agencies know the members that are *out* as their own."""
        names = set(out)
        people = [person for person in handlers(self.members) if person.name in names]
        return rules.heard(self.interests, said, people, self.enrolled, self.today)

    def further(self, met: Met, before: Iterable[str]) -> Met:
        """Return what of it was not met *before*: somebody decided about that, or will."""
        new = met.entries - set(before)
        members = {one.member for one in self.interests.conflicts if one.id in new}
        theirs = {one.agency for one in self.interests.people if one.id in new}
        return Met(new, met.members & members, met.agencies & theirs)

    def why(self, met: Iterable[str]) -> tuple[KnownPerson, ...]:
        """The people of agencies among the entries that were met."""
        ids = set(met)
        return tuple(one for one in self.interests.people if one.id in ids)


def handlers(members: MemberList) -> tuple[Person, ...]:
    """Everybody who may read tips at all, as a source may name them."""
    return tuple(Person(m.name, m.display) for m in members.having(Duty.HANDLER) if m.corridor is not None)


def said(asked: str, text: str) -> Said:
    """Words as a reader sees them: a name in letters that only look like its own is the name."""
    lookalikes = data.lexicon().lookalikes
    return Said(fold(asked, lookalikes).text, fold(text, lookalikes).text)


async def known(db: Db, handler: Handler) -> Known:
    """Open what is known.

    Raises:
        RefusedError: it is older than what tips were held against already.
    """
    kept = await rows.get(db)
    if await rows.highest_looked(db) > (0 if kept is None else kept.revision):
        raise RefusedError(_OLDER)
    found = Interests() if kept is None else await asyncio.to_thread(_open, handler, kept)
    enrolled = await agencies.all_(db)
    return Known(
        found,
        0 if kept is None else kept.revision,
        Enrolled({one.id: one.name for one in enrolled}, agencies.tree_of(enrolled)),
        handler.members,
        datetime.now(UTC).date(),
    )


async def declare(pool: Pool, handler: Handler, conflict: Conflict) -> None:
    """Keep a conflict of interest.

    Raises:
        RefusedError: what was typed cannot be kept; the text says why.
    """
    async with pool.acquire() as db, db.transaction():
        before = await _held(db, handler)
        _check(conflict, before, handler)
        await _keep(db, handler, before, replace(before.interests, conflicts=(*before.interests.conflicts, conflict)))


async def add_person(pool: Pool, handler: Handler, person: KnownPerson) -> None:
    """Keep somebody of an agency; raises `RefusedError` where the agency is not enrolled."""
    async with pool.acquire() as db, db.transaction():
        before = await _held(db, handler)
        if person.agency not in before.enrolled.names:
            raise RefusedError("Choose one of the agencies.")
        await _keep(db, handler, before, replace(before.interests, people=(*before.interests.people, person)))


async def end(pool: Pool, handler: Handler, entry: str, *, first: bool) -> None:
    """End an entry: from now on no text is searched for it. What it took away or excluded stays until it is decided on.

    Raises:
        NotThereError: there is none that this person may end.
    """
    async with pool.acquire() as db, db.transaction():
        before = await _held(db, handler)
        all_: tuple[Conflict | KnownPerson, ...] = (*before.interests.conflicts, *before.interests.people)
        if not any(one.id == entry and rules.may_end(one, handler.member.name, first=first) for one in all_):
            raise NotThereError
        after = before.interests.ending(entry, Ended(handler.member.name, before.today))
        await _keep(db, handler, before, after)


async def take_in(pool: Pool, handler: Handler) -> None:
    """Take over what `tipline agency people` laid down; what cannot be read stays where it is."""
    async with pool.acquire() as db:
        if not await rows.arrived(db):
            return
    async with pool.acquire() as db, db.transaction():
        before = await _held(db, handler)
        people = []
        for one in await rows.arrived(db):
            person = await asyncio.to_thread(_arrived, handler, one, before.today)
            if person is not None and person.agency in before.enrolled.names:
                people.append(person)
                await rows.taken(db, one.id)
        if people:
            await _keep(db, handler, before, replace(before.interests, people=(*before.interests.people, *people)))


def arriving(members: MemberList, agency: str, called: Iterable[str]) -> bytes:
    """Seal somebody of an agency to the corridor vault, as the administrator's command lays them down. Blocking."""
    body = {"agency": agency, "called": list(called)}
    return age.seal(padding.pad_message(canonical(body)), [members.corridor_vault])


async def _held(db: Db, handler: Handler) -> Known:
    await rows.lock(db)
    return await known(db, handler)


async def _keep(db: Db, handler: Handler, before: Known, after: Interests) -> None:
    kept = await rows.get(db)
    record = uuid4() if kept is None else kept.id
    sealed = await asyncio.to_thread(_seal, handler, record, after, before.revision + 1, new=kept is None)
    await rows.put(db, Kept(record, before.revision + 1, sealed))


def _check(conflict: Conflict, before: Known, handler: Handler) -> None:
    if conflict.agency is not None and conflict.agency not in before.enrolled.names:
        raise RefusedError("Choose one of the agencies.")
    if conflict.agency is None and not conflict.called:
        raise RefusedError("Write a person's names, or choose an agency.")
    if conflict.until is not None and conflict.until < before.today:
        raise RefusedError("The last day is over already.")
    if len(conflict.reason) > rules.REASON_LIMIT:
        raise RefusedError(f"Keep the reason under {rules.REASON_LIMIT} characters.")
    if conflict.member not in {one.name for one in handlers(handler.members)}:
        raise RefusedError("Choose one of the handlers.")


def _seal(handler: Handler, record: UUID, interests: Interests, revision: int, *, new: bool) -> bytes:
    key = handler.vault.new_record(record) if new else handler.vault.record(record)
    body = {
        "revision": revision,
        "conflicts": [_body(one) for one in interests.conflicts],
        "people": [_body(one) for one in interests.people],
    }
    return columns.seal(key, padding.pad_message(canonical(body)), table=_TABLE, column=_COLUMN, row=str(record))


def _open(handler: Handler, kept: Kept) -> Interests:
    key = handler.vault.record(kept.id)
    body = json.loads(columns.open_(key, kept.sealed, table=_TABLE, column=_COLUMN, row=str(kept.id)))
    if body["revision"] != kept.revision:
        raise RefusedError(_OLDER)
    return Interests(
        tuple(
            Conflict(
                **{
                    **_common(one),
                    "until": None if one["until"] is None else date.fromisoformat(one["until"]),
                }
            )
            for one in body["conflicts"]
        ),
        tuple(KnownPerson(**_common(one)) for one in body["people"]),
    )


def _body(entry: Conflict | KnownPerson) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": entry.id,
        "agency": entry.agency,
        "called": list(entry.called),
        "by": entry.by,
        "on": entry.on.isoformat(),
        "ended": None if entry.ended is None else {"by": entry.ended.by, "on": entry.ended.on.isoformat()},
    }
    if isinstance(entry, Conflict):
        until = None if entry.until is None else entry.until.isoformat()
        body |= {"member": entry.member, "until": until, "reason": entry.reason}
    return body


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    ended = body["ended"]
    return {
        **body,
        "called": tuple(body["called"]),
        "on": date.fromisoformat(body["on"]),
        "ended": None if ended is None else Ended(ended["by"], date.fromisoformat(ended["on"])),
    }


def _arrived(handler: Handler, one: Arrived, today: date) -> KnownPerson | None:
    try:
        body = parse_object(handler.vault.unseal(one.sealed))
        return KnownPerson(str(one.id), str(body["agency"]), rules.checked(body["called"]), ADMINISTRATOR, today)
    except (CryptoError, InterestError, JsonError, ValueError, KeyError, TypeError, AttributeError):
        return None
