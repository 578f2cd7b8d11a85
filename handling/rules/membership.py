"""pure: how the member list may change: one change at a time, each possible or refused with a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from handling.rules.member_list import (
    BYTES,
    FIRST,
    KEY_TAKEN,
    LAST_ANALYST,
    LAST_HANDLER,
    LAST_KEY,
    NAME,
    RECIPIENT,
    SHAPE,
    TAKEN,
    ZONES,
    Authenticator,
    Body,
    Entry,
    Keys,
    MembershipError,
    Zone,
    check,
    count,
    day,
    entry_keys,
    keys_body,
    listed,
    mapping,
    matching,
    read_keys,
    refuse,
)
from handling.rules.release import Duty

__all__ = [
    "FIRST",
    "Admit",
    "Authenticator",
    "Change",
    "Entry",
    "Equip",
    "FirstReaders",
    "Keys",
    "MembershipError",
    "NewVault",
    "Remove",
    "Renew",
    "Replace",
    "Unequip",
    "Zone",
    "apply",
    "change_between",
    "check",
    "concerned",
    "from_json",
    "signers",
    "to_json",
    "vault_due",
]

_REVIEWERS = 2  # handlers: one writes a report, another reviews it

UNKNOWN = "Nobody of this name is on the member list."
NO_REVIEWER = "With one handler nobody could review a report. Admit another handler first."
LAST_READER = "This is the only first reader. Name another first reader first."
EPOCH = "A new vault has the number after the one in use, and a key of its own."
EARLIER = "The new last day is not after the one that stands."
NOTHING = "This changes nothing."
NO_AUTHENTICATOR = "This person has no such authenticator."
AFTERWARDS = "Whoever joins registers an authenticator afterwards, at the guard."


@dataclass(frozen=True, slots=True)
class Admit:
    """Somebody joins."""

    member: Entry


@dataclass(frozen=True, slots=True)
class Remove:
    """Somebody leaves."""

    name: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Somebody gets new keys, because the old ones or their passphrase are lost."""

    name: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class NewVault:
    """A zone gets a new vault, whose key somebody who left never had."""

    zone: Zone
    epoch: int
    recipient: str


@dataclass(frozen=True, slots=True)
class Renew:
    """The list stays valid for longer."""

    valid_until: date


@dataclass(frozen=True, slots=True)
class FirstReaders:
    """Other handlers read first what names somebody of the unit."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Equip:
    """Somebody gets an authenticator: from then on they sign only with one."""

    name: str
    authenticator: Authenticator


@dataclass(frozen=True, slots=True)
class Unequip:
    """Somebody's authenticator is taken away, because it is lost or no longer used."""

    name: str
    credential: str


Change = Admit | Remove | Replace | NewVault | Renew | FirstReaders | Equip | Unequip


def apply(body: Body, change: Change, *, previous_sha256: bytes) -> dict[str, Any]:
    """Return the next list: *body* with exactly this change, following the statement with this hash.

    Raises:
        MembershipError: the change is not possible; the text says why.
    """
    following = dict(check(body))
    following["version"] = body["version"] + 1
    following["previous"] = previous_sha256.hex()
    _APPLY[type(change)](following, change)
    check(following)
    return following


def change_between(before: Body, after: Body) -> Change | None:
    """Return the one change that leads from one list to the next, or None when there is no such single change."""
    try:
        change = _found(before, after)
        if change is None:
            return None
        made = apply(before, change, previous_sha256=bytes.fromhex(str(after["previous"])))
    except (MembershipError, ValueError):
        return None
    return change if made == after else None


def concerned(change: Change) -> frozenset[str]:
    """Names of those whom the change is about: they never sign it."""
    if isinstance(change, Admit):
        return frozenset({change.member.name})
    if isinstance(change, Remove | Replace | Equip | Unequip):
        return frozenset({change.name})
    return frozenset()


def signers(body: Body, change: Change) -> dict[str, frozenset[str]]:
    """Duties of everybody of *body* who may sign this change, as the rules of signing take them."""
    about = concerned(change)
    return {entry["name"]: frozenset(entry["duties"]) for entry in body["members"] if entry["name"] not in about}


def vault_due(body: Body) -> tuple[Zone, ...]:
    """Return the zones whose vault is older than the last departure of somebody who could open it."""
    return tuple(zone for zone in ZONES if body["departed"][zone] > body[f"{zone}_vault"]["since"])


def to_json(change: Change) -> dict[str, Any]:
    """Return a change as a JSON object, to be stored in canonical form."""
    kind, fields = _WRITE[type(change)]
    return {"kind": kind, **fields(change)}


def from_json(value: object) -> Change:
    """Read exactly what `to_json` writes, or raise `MembershipError`."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in _READ:
        raise refuse(SHAPE)
    fields, read = _READ[kind]
    return read(mapping(value, fields | {"kind"}))


def _admit(body: dict[str, Any], change: Admit) -> None:
    if any(entry["name"] == change.member.name for entry in body["members"]):
        raise refuse(TAKEN)
    if change.member.authenticators:  # the fingerprint that is compared by voice does not cover them
        raise refuse(AFTERWARDS)
    body["members"] = [*body["members"], change.member.body()]


def _remove(body: dict[str, Any], change: Remove) -> None:
    gone = _entry(body, change.name)
    body["members"] = [entry for entry in body["members"] if entry["name"] != change.name]
    duties = [duty for entry in body["members"] for duty in entry["duties"]]
    if Duty.HANDLER in gone["duties"] and duties.count(Duty.HANDLER) < _REVIEWERS:
        raise refuse(NO_REVIEWER if Duty.HANDLER in duties else LAST_HANDLER)
    if Duty.ANALYST not in duties:
        raise refuse(LAST_ANALYST)
    body["first_readers"] = [name for name in body["first_readers"] if name != change.name]
    if not body["first_readers"]:
        raise refuse(LAST_READER)
    _departed(body, gone)


def _replace(body: dict[str, Any], change: Replace) -> None:
    old = _entry(body, change.name)
    entry = replace(Entry.read(old), keys=change.keys)
    if set(entry_keys(old)) & set(entry_keys(entry.body())):
        raise refuse(KEY_TAKEN)
    for zone in ZONES:  # whoever signs, the root too: afterwards only the recovery key could open the zone's vault
        if old[zone] and not any(other[zone] for other in body["members"] if other["name"] != change.name):
            raise refuse(LAST_KEY[zone])
    _instead(body, entry)
    _departed(body, old)


def _new_vault(body: dict[str, Any], change: NewVault) -> None:
    old = body[f"{change.zone}_vault"]
    if change.epoch != old["epoch"] + 1 or change.recipient == old["recipient"]:
        raise refuse(EPOCH)
    body[f"{change.zone}_vault"] = {"epoch": change.epoch, "recipient": change.recipient, "since": body["version"]}


def _renew(body: dict[str, Any], change: Renew) -> None:
    if change.valid_until <= day(body["valid_until"]):
        raise refuse(EARLIER)
    body["valid_until"] = change.valid_until.isoformat()


def _first_readers(body: dict[str, Any], change: FirstReaders) -> None:
    if list(change.names) == body["first_readers"]:
        raise refuse(NOTHING)
    body["first_readers"] = list(change.names)


def _equip(body: dict[str, Any], change: Equip) -> None:
    old = Entry.read(_entry(body, change.name))
    _instead(body, replace(old, authenticators=(*old.authenticators, change.authenticator)))


def _unequip(body: dict[str, Any], change: Unequip) -> None:
    old = Entry.read(_entry(body, change.name))
    kept = tuple(one for one in old.authenticators if one.credential != change.credential)
    if kept == old.authenticators:
        raise refuse(NO_AUTHENTICATOR)
    _instead(body, replace(old, authenticators=kept))


def _instead(body: dict[str, Any], entry: Entry) -> None:
    """Put *entry* in the place of the one of that name."""
    body["members"] = [entry.body() if other["name"] == entry.name else other for other in body["members"]]


_APPLY: Final[Mapping[type, Callable[[dict[str, Any], Any], None]]] = {
    Admit: _admit,
    Remove: _remove,
    Replace: _replace,
    NewVault: _new_vault,
    Renew: _renew,
    FirstReaders: _first_readers,
    Equip: _equip,
    Unequip: _unequip,
}


def _departed(body: dict[str, Any], gone: Body) -> None:
    """Note in which zones somebody's key must stop opening what comes."""
    body["departed"] = {zone: body["version"] if gone[zone] else body["departed"][zone] for zone in ZONES}


def _found(before: Body, after: Body) -> Change | None:
    was, now = ({entry["name"]: entry for entry in body["members"]} for body in (before, after))
    for name in now.keys() - was.keys():
        return Admit(Entry.read(now[name]))
    for name in was.keys() - now.keys():
        return Remove(name)
    for name in was:
        if was[name] != now[name]:
            return _changed(Entry.read(was[name]), Entry.read(now[name]))
    for zone in ZONES:
        vault = after[f"{zone}_vault"]
        if vault != before[f"{zone}_vault"]:
            return NewVault(zone, vault["epoch"], vault["recipient"])
    if after["valid_until"] != before["valid_until"]:
        return Renew(day(after["valid_until"]))
    return FirstReaders(tuple(after["first_readers"]))


def _changed(was: Entry, now: Entry) -> Change:
    """What may have changed about one person; whether that is all, is seen by doing it."""
    gone = set(was.authenticators) - set(now.authenticators)
    if len(now.authenticators) > len(was.authenticators):
        return Equip(was.name, now.authenticators[-1])
    if gone:
        return Unequip(was.name, gone.pop().credential)
    return Replace(was.name, now.keys)


def _entry(body: Body, name: str) -> dict[str, Any]:
    for entry in body["members"]:
        if entry["name"] == name:
            return dict(entry)
    raise refuse(UNKNOWN)


def _zone(value: object) -> Zone:
    for zone in ZONES:
        if value == zone:
            return zone
    raise refuse(SHAPE)


_READ: Final[Mapping[str, tuple[frozenset[str], Callable[[Mapping[str, Any]], Change]]]] = {
    "admit": (frozenset({"member"}), lambda v: Admit(Entry.read(v["member"]))),
    "remove": (frozenset({"name"}), lambda v: Remove(matching(v["name"], NAME))),
    "replace": (
        frozenset({"name", "corridor", "desk", "release", "signing"}),
        lambda v: Replace(matching(v["name"], NAME), read_keys(v)),
    ),
    "new-vault": (
        frozenset({"zone", "epoch", "recipient"}),
        lambda v: NewVault(_zone(v["zone"]), count(v["epoch"]), matching(v["recipient"], RECIPIENT)),
    ),
    "renew": (frozenset({"valid_until"}), lambda v: Renew(day(v["valid_until"]))),
    "first-readers": (
        frozenset({"names"}),
        lambda v: FirstReaders(tuple(matching(name, NAME) for name in listed(v["names"]))),
    ),
    "equip": (
        frozenset({"name", "authenticator"}),
        lambda v: Equip(matching(v["name"], NAME), Authenticator.read(v["authenticator"])),
    ),
    "unequip": (
        frozenset({"name", "credential"}),
        lambda v: Unequip(matching(v["name"], NAME), matching(v["credential"], BYTES)),
    ),
}
_WRITE: Final[Mapping[type, tuple[str, Callable[[Any], dict[str, Any]]]]] = {
    Admit: ("admit", lambda it: {"member": it.member.body()}),
    Remove: ("remove", lambda it: {"name": it.name}),
    Replace: ("replace", lambda it: {"name": it.name, **keys_body(it.keys)}),
    NewVault: ("new-vault", lambda it: {"zone": it.zone, "epoch": it.epoch, "recipient": it.recipient}),
    Renew: ("renew", lambda it: {"valid_until": it.valid_until.isoformat()}),
    FirstReaders: ("first-readers", lambda it: {"names": list(it.names)}),
    Equip: ("equip", lambda it: {"name": it.name, "authenticator": it.authenticator.body()}),
    Unequip: ("unequip", lambda it: {"name": it.name, "credential": it.credential}),
}
