"""pure: what a member list is made of, read strictly: each name and each key once, and somebody for every act."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

from handling.rules.release import Duty

Body = Mapping[str, Any]
Zone = Literal["corridor", "desk"]

ZONES: Final[tuple[Zone, ...]] = get_args(Zone)
FIRST: Final = "0" * 64  # what stands as `previous` in version 1

_BODY = frozenset(
    [
        "version",
        "previous",
        "unit",
        "valid_from",
        "valid_until",
        "recovery",
        "corridor_vault",
        "desk_vault",
        "desk_intake",
        "departed",
        "intake_signer",
        "package_signer",
        "package_pgp",
        "first_readers",
        "members",
    ]
)
_ENTRY = frozenset({"name", "display", "duties", "corridor", "desk", "release", "signing"})
_AUTHENTICATORS = "authenticators"  # stands only where there are some
_AUTHENTICATOR = frozenset({"label", "credential", "public_key", "origin", "counter"})
_VAULT = frozenset({"epoch", "recipient", "since"})
_INTAKE = frozenset({"serial", "recipient"})
NAME = re.compile(r"[a-z0-9-]{1,32}")
RECIPIENT = re.compile(r"age1pq1[02-9ac-hj-np-z]{58,}")
_PUBLIC = re.compile(r"[0-9a-f]{64}")
_PGP = re.compile(r"[0-9A-F]{40,64}")
BYTES = re.compile(r"(?:[0-9a-f]{2}){1,2048}")
_ORIGIN = re.compile(r"https?://[a-z0-9.:-]{1,300}")
_DISPLAY_LENGTH = 80  # characters
LABEL_LENGTH: Final = 40  # characters
AUTHENTICATORS: Final = 5  # of one person: one in use, one put away, and room for the next


class MembershipError(Exception):
    """This list, or this change of it, is not allowed; the text is a fixed sentence that says why."""

    code = "membership"


def refuse(text: str) -> MembershipError:
    """Return the error with one of the fixed texts."""
    return MembershipError(text)


SHAPE = "This is not in the form of a member list or of a change to one."
TAKEN = "Somebody of this sign-in name is on the member list already."
KEY_TAKEN = "One of these keys stands on the member list already. Every key belongs to one person and one job."
LAST_HANDLER = "A unit needs at least one handler."
LAST_ANALYST = "A unit needs at least one analyst. Admit another one first."
_ALONE = (
    "Nobody but this {duty} opens the {zone}'s vault, and nobody else could hand it to new keys. While the old passphrase "
    "still works, admit another {duty}, who signs in once. If it is lost: root and recovery key, with `tipline recover`."
)
LAST_KEY: Final[Mapping[str, str]] = {
    "corridor": _ALONE.format(duty="handler", zone="corridor"),
    "desk": _ALONE.format(duty="analyst", zone="desk"),
}
AUTHENTICATOR_TAKEN = "This authenticator, or one of this label, stands on the member list already."
TOO_MANY = f"Nobody has more than {AUTHENTICATORS} authenticators. Take one away first."
OUTSIDE_HAS_NONE = "An outside second signs on their own machine and has no authenticator here."
OUTSIDE_ALONE = "An outside second is of another unit and has no other duty here."
NOT_A_READER = "Every first reader is a handler on the member list, and there is at least one."


@dataclass(frozen=True, slots=True)
class Keys:
    """One person's public keys: age recipients for corridor (handlers), desk (analysts) and release; Ed25519 in hex."""

    corridor: str | None
    desk: str | None
    release: str
    signing: str


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What answers beside somebody's passphrase at the guard: id and COSE key in hexadecimal, and where it was registered."""

    label: str
    credential: str
    public_key: str
    origin: str
    counter: int  # how often it had signed then; 0 in one that does not count

    def body(self) -> dict[str, Any]:
        """The authenticator as it stands in an entry."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def read(cls, value: object) -> "Authenticator":
        """Read one strictly, or raise `MembershipError`."""
        given = mapping(value, _AUTHENTICATOR)
        if _integer(given["counter"]) < 0:
            raise refuse(SHAPE)
        return cls(
            label=_words(given["label"], LABEL_LENGTH),
            credential=matching(given["credential"], BYTES),
            public_key=matching(given["public_key"], BYTES),
            origin=matching(given["origin"], _ORIGIN),
            counter=given["counter"],
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the list. Who has authenticators signs only with one of them."""

    name: str
    display: str
    duties: tuple[str, ...]
    keys: Keys
    authenticators: tuple[Authenticator, ...] = ()

    def body(self) -> dict[str, Any]:
        """The entry as it stands in the list."""
        body = {"name": self.name, "display": self.display, "duties": list(self.duties), **keys_body(self.keys)}
        if self.authenticators:
            body[_AUTHENTICATORS] = [one.body() for one in self.authenticators]
        return body

    @classmethod
    def read(cls, value: object) -> "Entry":
        """Read one entry strictly, or raise `MembershipError`."""
        has_some = isinstance(value, Mapping) and _AUTHENTICATORS in value
        given = mapping(value, _ENTRY | {_AUTHENTICATORS} if has_some else _ENTRY)
        entry = cls(
            name=matching(given["name"], NAME),
            display=_words(given["display"], _DISPLAY_LENGTH),
            duties=_duties(given["duties"]),
            keys=read_keys(given),
            authenticators=_authenticators(given[_AUTHENTICATORS]) if has_some else (),
        )
        if Duty.OUTSIDE in entry.duties and entry.authenticators:
            raise refuse(OUTSIDE_HAS_NONE)
        if Duty.OUTSIDE in entry.duties and len(entry.duties) > 1:
            raise refuse(OUTSIDE_ALONE)
        has = {Duty.HANDLER: entry.keys.corridor, Duty.ANALYST: entry.keys.desk}
        if any((key is not None) != (duty in entry.duties) for duty, key in has.items()):
            raise refuse(SHAPE)
        return entry


def check(body: object) -> Body:
    """Return *body* when it is a whole and lawful member list, or raise `MembershipError`. Key bytes are not decoded."""
    given = mapping(body, _BODY)
    for field in ("version", "unit", "previous", "recovery", "intake_signer", "package_signer", "package_pgp"):
        _FIELDS[field](given[field])
    for zone in ZONES:
        vault = mapping(given[f"{zone}_vault"], _VAULT)
        count(vault["epoch"]), matching(vault["recipient"], RECIPIENT), count(vault["since"])
        if not 0 <= _integer(mapping(given["departed"], frozenset(ZONES))[zone]) <= given["version"]:
            raise refuse(SHAPE)
        if vault["since"] > given["version"]:
            raise refuse(SHAPE)
    intake = mapping(given["desk_intake"], _INTAKE)
    count(intake["serial"]), matching(intake["recipient"], RECIPIENT)
    if day(given["valid_until"]) < day(given["valid_from"]):
        raise refuse(SHAPE)
    _people([Entry.read(entry) for entry in listed(given["members"])], given)
    return given


def _people(entries: Sequence[Entry], body: Body) -> None:
    """Each name and each key stands once, and every act that a unit needs has somebody for it."""
    names = [entry.name for entry in entries]
    keys = [key for entry in entries for key in entry_keys(entry.body())]
    jobs = [body["recovery"], body["intake_signer"], body["package_signer"], body["desk_intake"]["recipient"]]
    keys += [*jobs, *(body[f"{zone}_vault"]["recipient"] for zone in ZONES)]
    handlers = [entry.name for entry in entries if Duty.HANDLER in entry.duties]
    readers = [matching(name, NAME) for name in listed(body["first_readers"])]
    if len(set(names)) != len(names):
        raise refuse(TAKEN)
    if len(set(keys)) != len(keys):
        raise refuse(KEY_TAKEN)
    answering = [one for entry in entries for one in entry.authenticators]
    if any(len({getattr(one, of) for one in answering}) != len(answering) for of in ("credential", "public_key")):
        raise refuse(AUTHENTICATOR_TAKEN)
    if not handlers:
        raise refuse(LAST_HANDLER)
    if not any(Duty.ANALYST in entry.duties for entry in entries):
        raise refuse(LAST_ANALYST)
    if not readers or len(set(readers)) != len(readers) or not set(readers) <= set(handlers):
        raise refuse(NOT_A_READER)


def entry_keys(entry: Body) -> list[str]:
    """Every key of one entry."""
    return [entry[key] for key in ("corridor", "desk", "release", "signing") if entry[key] is not None]


def read_keys(given: Mapping[str, Any]) -> Keys:
    """Read one person's keys strictly."""

    def optional(value: object) -> str | None:
        return None if value is None else matching(value, RECIPIENT)

    return Keys(
        corridor=optional(given["corridor"]),
        desk=optional(given["desk"]),
        release=matching(given["release"], RECIPIENT),
        signing=matching(given["signing"], _PUBLIC),
    )


def keys_body(keys: Keys) -> dict[str, Any]:
    """The keys as they stand in an entry."""
    return {"corridor": keys.corridor, "desk": keys.desk, "release": keys.release, "signing": keys.signing}


def mapping(value: object, fields: frozenset[str]) -> Mapping[str, Any]:
    """Return an object with exactly these fields."""
    if not isinstance(value, Mapping) or value.keys() != fields:
        raise refuse(SHAPE)
    return value


def listed(value: object) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise refuse(SHAPE)
    return value


def matching(value: object, pattern: re.Pattern[str]) -> str:
    """Return text of exactly this form."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise refuse(SHAPE)
    return value


def _words(value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise refuse(SHAPE)
    return value


def _authenticators(value: object) -> tuple[Authenticator, ...]:
    found = tuple(Authenticator.read(one) for one in listed(value))
    if not found:
        raise refuse(SHAPE)
    if len(found) > AUTHENTICATORS:
        raise refuse(TOO_MANY)
    if len({one.label for one in found}) != len(found):
        raise refuse(AUTHENTICATOR_TAKEN)
    return found


def _duties(value: object) -> tuple[str, ...]:
    duties = listed(value)
    known = {duty.value for duty in Duty}
    if not duties or not all(isinstance(duty, str) and duty in known for duty in duties):
        raise refuse(SHAPE)
    if duties != sorted(set(duties)):
        raise refuse(SHAPE)
    return tuple(duties)


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse(SHAPE)
    return value


def count(value: object) -> int:
    """Return a whole number from 1."""
    if _integer(value) < 1:
        raise refuse(SHAPE)
    return _integer(value)


def day(value: object) -> date:
    """Return a day written as ``2026-11-23``."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise refuse(SHAPE)
    return day


_FIELDS: Final[Mapping[str, Callable[[object], object]]] = {
    "version": count,
    "unit": lambda value: matching(value, NAME),
    "previous": lambda value: matching(value, _PUBLIC),
    "recovery": lambda value: matching(value, RECIPIENT),
    "intake_signer": lambda value: matching(value, _PUBLIC),
    "package_signer": lambda value: matching(value, _PUBLIC),
    "package_pgp": lambda value: matching(value, _PGP),
}
