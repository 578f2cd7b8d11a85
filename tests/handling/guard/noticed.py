"""Requests for consent as the desk puts them at the guard, honest or forged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from crypto import age
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.guard import notices
from handling.guard.service import today
from handling.guard.store import State
from tests.handling.guard.world import CUSTOMS, PARKS, World, a_report, facts_of, unchanged

Edit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a request differs from what an honest desk sends: customs' consent that a report goes to the parks."""

    review: Edit = unchanged
    about: Edit = unchanged
    notice: Edit = unchanged
    reviewer: SigningKey | None = None
    requested_by: str = "amina"
    row: UUID | None = None
    document: dict[str, Any] = field(default_factory=a_report)
    originator: str = CUSTOMS
    recipient: str = PARKS


async def ask(world: World, asking: Asking | None = None) -> UUID:
    """Put it where the desk puts it."""
    asking = asking or Asking()
    document = asking.document
    body = review_of(document, originators=[asking.originator], agencies=[CUSTOMS, PARKS])
    asking.review(body)
    review = Statement.make("tipline/review/v1", body, asking.reviewer or await world.signing_key("ben"))
    about = {
        "originator": asking.originator,
        "recipient": asking.recipient,
        "purpose": "intelligence",
        "report": document["urn"],
        "report_sha256": sha256(canonical(document)).hex(),
        "material": [],
    }
    asking.about(about)
    notice = {
        "format": "tipline/notice/v1",
        "id": str(uuid4()),
        "kind": "consent-request",
        "agency": asking.originator,
        "reference": document["urn"],
        "words": "Before the season opens, if you can.",
        "day": (today() + timedelta(days=10)).isoformat(),
        "on": today().isoformat(),
        "about": about,
    }
    asking.notice(notice)
    row = asking.row or UUID(notice["id"])
    readers = [member.release for member in world.listed.members if member.name == "clara"]
    sealed = age.seal(canonical({"notice": notice, "review": review.to_json()}), readers)
    sql = "INSERT INTO guard.notice (id, sealed, requested_by, requested_on) VALUES ($1, $2, $3, $4)"
    await world.desk.execute(sql, row, sealed, asking.requested_by, today())
    return row


def review_of(document: dict[str, Any], *, originators: list[str], agencies: list[str]) -> dict[str, Any]:
    """The body of a review of a report that rests on material of others."""
    return {
        "report_sha256": sha256(canonical(document)).hex(),
        "urn": document["urn"],
        "facts": {**facts_of(document), "agencies": sorted(agencies), "originators": originators},
        "agencies": sorted(agencies),
        "author": "amina",
        "residue_kept": 0,
        "risk_sha256": None,
        "day": today().isoformat(),
    }


async def sign(world: World, notice: UUID, name: str = "clara") -> State:
    """Open it and sign what was shown."""
    view = await notices.open_(world.guard, notice, world.hand(name), today())
    return await notices.sign(world.guard, notice, world.hand(name, view.examined.seen), today())
