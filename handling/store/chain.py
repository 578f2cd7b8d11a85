"""The chain of member lists: each version follows the one before, signed by the root or by two of its handlers. Trusts nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules import membership
from handling.rules.member_list import FIRST, ZONES, Zone
from handling.rules.membership import MembershipError
from handling.rules.release import Duty

TYPE = "tipline/member-list/v1"
SIGNERS = 2  # handlers of the version before


class ChainError(Exception):
    """A version is missing, does not follow, or is not signed by those who may sign it."""

    code = "member-chain"

    def __init__(self) -> None:
        super().__init__("this member list does not follow from the versions before it")


@dataclass(frozen=True, slots=True)
class Link:
    """One verified version.

    Attributes:
        sha256: of the statement as it is stored.
        since: of each member, the version in which today's entry first stood.
        former: vault keys that members had before they were replaced, each with its member's name and its zone; never of a leaver.
    """

    version: int
    sha256: bytes
    body: Mapping[str, Any]
    since: Mapping[str, int]
    former: Mapping[str, tuple[str, Zone]]


def verify(root: bytes, statements: Iterable[tuple[int, bytes]]) -> tuple[Link, ...]:
    """Verify versions and statements in order, from version 1 and without a gap; raises `ChainError`. Blocking."""
    links: list[Link] = []
    for version, statement in statements:
        link = follow(root, links[-1] if links else None, statement)
        if link.version != version:
            raise ChainError
        links.append(link)
    if not links:
        raise ChainError
    return tuple(links)


def follow(root: bytes, before: Link | None, statement: bytes) -> Link:
    """Verify the statement that comes after *before*, or version 1; raises `ChainError`. Blocking."""
    try:
        parsed = Statement.parse(statement)
        body = membership.check(parsed.body)
        _place(before, body)
        keys = tuple(signed.public for signed in parsed.signatures)
        if keys == (root,):
            parsed.verify(TYPE, [root])
        else:
            parsed.verify(TYPE, _handlers(before, body, keys), needed=SIGNERS)
    except (CryptoError, MembershipError):
        raise ChainError from None
    return Link(body["version"], sha256(statement), body, _since(before, body), _former(before, body))


def _place(before: Link | None, body: Mapping[str, Any]) -> None:
    if before is None:
        placed = body["version"] == 1 and body["previous"] == FIRST
    else:
        follows = body["version"] == before.version + 1 and body["previous"] == before.sha256.hex()
        placed = follows and body["unit"] == before.body["unit"]
    if not placed:
        raise ChainError


def _handlers(before: Link | None, body: Mapping[str, Any], keys: Sequence[bytes]) -> list[bytes]:
    """Keys of the two handlers who signed, if they were allowed to: one change, and neither of them is who it is about."""
    change = membership.change_between(before.body, body) if before else None
    if before is None or change is None or len(keys) != SIGNERS:
        raise ChainError
    duties = membership.signers(before.body, change)
    trusted = [
        bytes.fromhex(entry["signing"])
        for entry in before.body["members"]
        if Duty.HANDLER in duties.get(entry["name"], frozenset())
    ]
    if len(set(keys)) != SIGNERS or not set(keys) <= set(trusted):
        raise ChainError
    return trusted


def _since(before: Link | None, body: Mapping[str, Any]) -> dict[str, int]:
    was = {entry["name"]: entry for entry in before.body["members"]} if before else {}
    return {
        entry["name"]: before.since[entry["name"]] if before and was.get(entry["name"]) == entry else body["version"]
        for entry in body["members"]
    }


def _former(before: Link | None, body: Mapping[str, Any]) -> dict[str, tuple[str, Zone]]:
    """Whoever left is forgotten, so that another person who joins under the same name inherits nothing."""
    if before is None:
        return {}
    now = {entry["name"]: entry for entry in body["members"]}
    former = {key: owner for key, owner in before.former.items() if owner[0] in now}
    for entry in before.body["members"]:
        for zone in ZONES:
            if entry["name"] in now and entry[zone] and entry[zone] != now[entry["name"]][zone]:
                former[entry[zone]] = entry["name"], zone
    return former
