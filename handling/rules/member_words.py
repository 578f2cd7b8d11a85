"""pure: a change of the member list in plain words, and beside them every difference there is, for the two who sign it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from handling.rules.clocks import MONTHS
from handling.rules.member_list import Authenticator, Body, Entry, day
from handling.rules.membership import (
    Admit,
    Change,
    Equip,
    FirstReaders,
    NewVault,
    Remove,
    Renew,
    Replace,
    Unequip,
    apply,
)
from handling.rules.release import Duty

_DUTIES: Final[Mapping[str, str]] = {
    Duty.HANDLER: "handler: opens tips, writes and reviews reports, signs releases first, signs changes of this list",
    Duty.ANALYST: "analyst: reads reviewed reports and asks for releases",
    Duty.OFFICER: "officer: gives the second signature on a release",
    Duty.OUTSIDE: (
        "outside second, of another unit: gives one signature where somebody here is absent or excluded, sees the manifest "
        "and the sanitised report only, and has no account here"
    ),
}
PREVIOUS: Final = "Fingerprint of the version before"
_LABELS: Final[Mapping[str, str]] = {
    "version": "Version",
    "previous": PREVIOUS,
    "unit": "Unit",
    "valid_from": "Valid from",
    "valid_until": "Valid until",
    "recovery": "Recovery key",
    "corridor_vault": "Vault of the corridor",
    "desk_vault": "Vault of the desk",
    "desk_intake": "Intake of the desk",
    "departed": "Last departure",
    "intake_signer": "Key that signs intake keys",
    "package_signer": "Key that signs packages",
    "package_pgp": "OpenPGP key that signs packages",
    "first_readers": "First readers",
    "members": "Member",
    "display": "shown name",
    "duties": "duties",
    "corridor": "corridor key",
    "desk": "desk key",
    "release": "release key",
    "signing": "signing key",
    "epoch": "number",
    "recipient": "key",
    "since": "since version",
    "serial": "serial",
    "authenticators": "authenticator",
    "label": "label",
    "credential": "id",
    "public_key": "public key",
    "origin": "answers at",
    "counter": "counter when registered",
}
_LONG = 64  # characters; a longer value, or one that is hexadecimal throughout, is shown by its fingerprint
_NONE = "nothing"
_NO_KEY = "no such key"


@dataclass(frozen=True, slots=True)
class Words:
    """A change as its signers read it.

    Attributes:
        title: the change in one sentence.
        lines: what it means, a sentence each.
        compare: what to do with the fingerprint; empty when there is none.
        fingerprint: in groups of four, to be read aloud; empty when there is nothing to compare.
    """

    title: str
    lines: tuple[str, ...]
    compare: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same in two lists."""

    what: str
    before: str
    after: str


def groups(hexadecimal: str) -> str:
    """Return hexadecimal digits in groups of four, as they are read aloud."""
    return " ".join(hexadecimal[start : start + 4] for start in range(0, len(hexadecimal), 4))


def fingerprint_of(text: str) -> str:
    """Return the fingerprint of an encoded key: SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def person(entry: Body) -> str:
    """Return one fingerprint over an entry: name, shown name, duties and every key, as canonical JSON.

    Authenticators are not in it: each has a fingerprint of its own, and the one on a person's card stays as it is.
    """
    return _fingerprint({name: value for name, value in entry.items() if name != "authenticators"})


def authenticator(one: Authenticator) -> str:
    """Return one fingerprint over an authenticator: label, id, public key, origin and counter, as canonical JSON."""
    return _fingerprint(one.body())


def _fingerprint(value: Body) -> str:
    return fingerprint_of(json.dumps(dict(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def describe(change: Change, body: Body) -> Words:
    """Say in plain words what *change* does to the list *body*; raises `MembershipError` when it cannot be done."""
    after = apply(body, change, previous_sha256=bytes(32))
    return _DESCRIBE[type(change)](change, body, after)


def brief(change: Change) -> str:
    """Name a change in a few words, whatever list it was proposed for."""
    return _BRIEF[type(change)](change)


def differences(before: Body, after: Body) -> tuple[Difference, ...]:
    """Every value in which two lists differ, known to this program or not; equal lists give none."""
    was, now = dict(_leaves(before)), dict(_leaves(after))
    paths = [*was, *(path for path in now if path not in was)]
    return tuple(
        Difference(_label(path), _shown(was.get(path)), _shown(now.get(path)))
        for path in paths
        if was.get(path) != now.get(path)
    )


def _admits(change: Admit, _: Body, __: Body) -> Words:
    entry = change.member
    if Duty.OUTSIDE in entry.duties:
        return Words(
            f"{entry.display} becomes an outside second, named “{entry.name}”.",
            (f"Duty: {_DUTIES[Duty.OUTSIDE]}.", "Their keys were made on their own machine and lie nowhere here."),
            f"Call {entry.display} through their unit, at a number that you know, and let them read the fingerprint that "
            "`tipline sign key` showed them. Sign only if every group is the same.",
            groups(person(entry.body())),
        )
    return Words(
        f"{entry.display} joins the unit and signs in as “{entry.name}”.",
        tuple(f"Duty: {_DUTIES[duty]}." for duty in entry.duties),
        f"Call {entry.display}, whose voice you know, and let them read the fingerprint from their card. "
        "Sign only if every group is the same.",
        groups(person(entry.body())),
    )


def _removes(change: Remove, body: Body, _: Body) -> Words:
    name = change.name
    entry = _named(body, name)
    lines = [
        f"{entry['display']} can no longer sign in, open or sign anything, and their signatures on what waits stop counting.",
        "What they copied while they were a member stays readable to them.",
    ]
    zones = [zone for zone in ("corridor", "desk") if entry[zone]]
    lines += [f"A new vault of the {zone} is due then; it is proposed by itself." for zone in zones]
    if name in body["first_readers"]:
        lines.append("They are no longer a first reader.")
    return Words(f"{entry['display']} (“{name}”) leaves the unit.", tuple(lines))


def _replaces(change: Replace, _: Body, after: Body) -> Words:
    name = change.name
    entry = _named(after, name)
    return Words(
        f"{entry['display']} (“{name}”) gets new keys.",
        (
            "Their old keys and passphrases open and sign nothing any more.",
            "Duties stay as they are: " + ", ".join(entry["duties"]) + ".",
        ),
        f"Call {entry['display']}, whose voice you know, and let them read the fingerprint from their new card. "
        "Sign only if every group is the same.",
        groups(person(entry)),
    )


def _equips(change: Equip, _: Body, after: Body) -> Words:
    entry, one = _named(after, change.name), change.authenticator
    return Words(
        f"{entry['display']} (“{change.name}”) gets the authenticator “{one.label}”.",
        (
            "From then on nothing that they sign counts without an answer of one of their authenticators.",
            "What they signed before and has not left yet counts no longer.",
            "They sign at the guard alone, and no longer on their own machine.",
            f"It answers at {one.origin} and nowhere else.",
        ),
        f"Call {entry['display']}, whose voice you know, and let them read the fingerprint that they wrote down "
        "when they registered it. Sign only if every group is the same.",
        groups(authenticator(one)),
    )


def _unequips(change: Unequip, before: Body, after: Body) -> Words:
    entry = Entry.read(_named(before, change.name))
    label = next(one.label for one in entry.authenticators if one.credential == change.credential)
    left = Entry.read(_named(after, change.name)).authenticators
    return Words(
        f"{entry.display} (“{entry.name}”) no longer has the authenticator “{label}”.",
        (
            "Its answers count no longer, nor what was signed with it and has not left yet.",
            "They sign with another authenticator: " + ", ".join(f"“{one.label}”" for one in left) + "."
            if left
            else "From then on their passphrase alone signs, until they have registered another one.",
            f"Call {entry.display}, whose voice you know, and ask whether they want this.",
        ),
    )


def _vault(change: NewVault, _: Body, __: Body) -> Words:
    return Words(
        f"The {change.zone} gets a new vault, number {change.epoch}.",
        (
            "Keys of records are wrapped to it from then on; nothing is encrypted anew.",
            "Whoever holds its key can open every record of that zone.",
        ),
        f"Compare this fingerprint with the one that the {change.zone} shows to somebody who is signed in there. "
        "Sign only if every group is the same.",
        groups(fingerprint_of(change.recipient)),
    )


def _renews(_: Renew, body: Body, after: Body) -> Words:
    until = _day_words(after["valid_until"])
    lines = (f"Today's list is valid until {_day_words(body['valid_until'])}. No person and no key changes.",)
    return Words(f"The member list stays valid until {until}.", lines)


def _readers(change: FirstReaders, _: Body, after: Body) -> Words:
    shown = {entry["name"]: entry["display"] for entry in after["members"]}
    return Words(
        "First readers from now on: " + ", ".join(shown[name] for name in change.names) + ".",
        ("They alone see a tip that names somebody of the unit, and decide who else may.",),
    )


_DESCRIBE: Final[Mapping[type, Callable[[Any, Body, Body], Words]]] = {
    Admit: _admits,
    Remove: _removes,
    Replace: _replaces,
    NewVault: _vault,
    Renew: _renews,
    FirstReaders: _readers,
    Equip: _equips,
    Unequip: _unequips,
}
_BRIEF: Final[Mapping[type, Callable[[Any], str]]] = {
    Admit: lambda it: (
        f"{it.member.display} {'becomes an outside second' if Duty.OUTSIDE in it.member.duties else 'joins the unit'}"
    ),
    Remove: lambda it: f"“{it.name}” leaves the unit",
    Replace: lambda it: f"“{it.name}” gets new keys",
    NewVault: lambda it: f"A new vault of the {it.zone}, number {it.epoch}",
    Renew: lambda it: f"The list stays valid until {_day_words(it.valid_until.isoformat())}",
    FirstReaders: lambda it: "Other first readers: " + ", ".join(it.names),
    Equip: lambda it: f"“{it.name}” gets the authenticator “{it.authenticator.label}”",
    Unequip: lambda it: f"An authenticator of “{it.name}” is taken away",
}


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give every value with its place. Members go by their names, and their order is a value of its own."""
    if path == ("members",) and isinstance(value, list) and _have_names(value):
        names = [entry["name"] for entry in value]
        yield (*path, "order"), json.dumps(names)
        value = {f"{entry['name']} #{names[:at].count(entry['name'])}": entry for at, entry in enumerate(value)}
    if path[-1:] == ("authenticators",) and isinstance(value, list) and value:
        value = {str(at + 1): entry for at, entry in enumerate(value)}
    if isinstance(value, Mapping) and value:
        for key in value:
            yield from _leaves(value[key], (*path, str(key)))
    else:
        yield path, json.dumps(value, sort_keys=True, ensure_ascii=False)


def _have_names(entries: list[Any]) -> bool:
    return all(isinstance(entry, Mapping) and isinstance(entry.get("name"), str) for entry in entries)


def _label(path: tuple[str, ...]) -> str:
    if path[0] == "members" and len(path) > 1:
        if path[1] == "order":
            return "Members, in this order"
        name = path[1].removesuffix(" #0")
        return ", ".join([f"Member {name}", *(_LABELS.get(part, part) for part in path[2:])])
    return ", ".join(_LABELS.get(part, part) for part in path)


def _shown(leaf: str | None) -> str:
    """One value in words: a key as its fingerprint, a list as its parts."""
    if leaf is None:
        return _NONE
    value = json.loads(leaf)
    if value is None:
        return _NO_KEY
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    if not isinstance(value, str):
        return leaf
    if len(value) < _LONG:
        return value
    return groups(value if set(value) <= set("0123456789abcdef") else fingerprint_of(value))


def _named(body: Body, name: str) -> Body:
    found: Body = next(entry for entry in body["members"] if entry["name"] == name)
    return found


def _day_words(text: str) -> str:
    when = day(text)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
