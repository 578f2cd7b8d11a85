"""The chain of member lists: each version follows the one before, signed by the root or by two of its handlers. Trusts nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crypto import webauthn
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules import membership
from handling.rules.member_list import FIRST, ZONES, Zone
from handling.rules.membership import MembershipError
from handling.rules.release import Duty
from handling.store import authenticators

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


def verify(root: bytes, statements: Iterable[tuple[int, bytes, bytes | None]]) -> tuple[Link, ...]:
    """Verify versions, statements and what authenticators answered to them, in order, from version 1 and without a gap.

    Blocking; raises `ChainError`.
    """
    links: list[Link] = []
    for version, statement, assertions in statements:
        link = follow(root, links[-1] if links else None, statement, assertions)
        if link.version != version:
            raise ChainError
        links.append(link)
    if not links:
        raise ChainError
    return tuple(links)


def follow(root: bytes, before: Link | None, statement: bytes, assertions: bytes | None = None) -> Link:
    """Verify the statement that comes after *before*, or version 1; raises `ChainError`. Blocking.

    Of two handlers who sign, each who has authenticators in the version before has answered with one: *assertions* as
    `together` puts them.
    """
    try:
        parsed = Statement.parse(statement)
        body = membership.check(parsed.body)
        _place(before, body)
        keys = tuple(signed.public for signed in parsed.signatures)
        if keys == (root,):
            parsed.verify(TYPE, [root])
        else:
            parsed.verify(TYPE, _handlers(before, body, keys), needed=SIGNERS)
            _answered(before, parsed, assertions)
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


def together(assertions: Mapping[bytes, bytes | None]) -> bytes | None:
    """Return what stands beside a statement: each answer by the signing key that it goes with; None where there is none."""
    given = {key.hex(): parse(answer) for key, answer in assertions.items() if answer is not None}
    return canonical(given) if given else None


def _answered(before: Link | None, statement: Statement, assertions: bytes | None) -> None:
    given = {} if assertions is None else parse(assertions)
    entries = {entry["signing"]: entry for entry in before.body["members"]} if before else {}
    for signed in statement.signatures:
        key = signed.public.hex()
        answer = canonical(given[key]) if isinstance(given, dict) and key in given else None
        if not webauthn.answered(authenticators.of(entries[key]), TYPE, statement.payload(), answer):
            raise ChainError


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
