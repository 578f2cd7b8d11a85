"""pure: every key of an installation in a line: its job, its place, its age, what happens to it next and when.

The jobs are those of docs/format.md, "Lives of keys".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from handling.rules import keylife
from handling.rules.member_list import Body, Entry, Zone
from handling.rules.release import Duty

RENEW_DAYS = 30  # before the member list ends: holders of shares have to travel
PUBLISH_DAYS = 14  # before the last published intake key ends, and before a kit does: it has to reach people

_HELD = "inside/{process}, under {name}'s passphrase"
_ELSEWHERE = "on their own machine, in another unit"
_MEMBER_KEYS = (  # field of the list, job, process whose account holds it
    ("corridor", "opens the corridor's vault", "corridor"),
    ("desk", "opens the desk's vault", "desk"),
    ("release", "opens what waits at the guard, for one request", "guard"),
    ("signing", "signs reviews, releases, phrases and the member list", "guard"),
)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key.

    Attributes:
        key: its name.
        job: the one thing it is for.
        where: its place; never its value.
        since: the day it was made or came into force, where that is known.
        valid_until: last day of use, where there is one.
        act: what happens to it next, and who does that; empty when nothing is planned.
        act_on: the day of that act.
        overdue: that day is over, or the key is not where it must be.
    """

    key: str
    job: str
    where: str
    since: date | None = None
    valid_until: date | None = None
    act: str = ""
    act_on: date | None = None
    overdue: bool = False

    def body(self, today: date) -> dict[str, Any]:
        """Return the line as JSON, with the age in days."""
        body = asdict(self)
        days = ("since", "valid_until", "act_on")
        return {
            **body,
            **{name: None if body[name] is None else body[name].isoformat() for name in days},
            "age_days": None if self.since is None else (today - self.since).days,
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """The verified member list, and on which day each of its versions was proposed, where that is known."""

    body: Body
    since: Mapping[str, int]
    days: Mapping[int, date]
    due: tuple[Zone, ...]

    def day(self, version: int) -> date | None:
        """Day on which a version came into force; the first one's stands in the list itself."""
        return date.fromisoformat(self.body["valid_from"]) if version == 1 else self.days.get(version)


@dataclass(frozen=True, slots=True)
class ZoneFiles:
    """Which vault files a zone's keyring holds: numbers of epochs, and how many keys lie beside them."""

    zone: Zone
    vaults: frozenset[int]
    pending: int
    history: int
    records: int
    restricted: int
    oldest: date | None


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """One intake key; *seed* when its seed is in the keyring."""

    serial: int
    not_before: date
    not_after: date
    seed: bool


def of_members(listed: Listed, root_since: date | None, today: date) -> Iterator[KeyLine]:
    """Root, recovery, and the keys of everybody on the list."""
    until = date.fromisoformat(listed.body["valid_until"])
    yield KeyLine(
        "root",
        "signs the member list",
        "offline, in shares; its public key in inside/root.pub",
        root_since,
        until,
        "the holders renew the member list: `tipline root renew`, or two handlers at the guard",
        until - timedelta(days=RENEW_DAYS),
        today > until - timedelta(days=RENEW_DAYS),
    )
    yield KeyLine("recovery", "opens every vault when all members are lost", "offline, in shares", listed.day(1))
    for entry in listed.body["members"]:
        for field, job, process in _MEMBER_KEYS:
            if entry[field]:
                where = (
                    _ELSEWHERE if Duty.OUTSIDE in entry["duties"] else _HELD.format(process=process, name=entry["name"])
                )
                yield KeyLine(f"{field} of {entry['name']}", job, where, listed.day(listed.since[entry["name"]]))
        for one in Entry.read(entry).authenticators:
            job = f"answers beside {entry['name']}'s signature, which counts for nothing without it"
            yield KeyLine(
                f"authenticator “{one.label}” of {entry['name']}", job, f"with {entry['name']}; for {one.origin}"
            )


def of_zone(listed: Listed, files: ZoneFiles, today: date) -> Iterator[KeyLine]:
    """A zone's vaults, and the keys that lie under them."""
    zone, place = files.zone, f"inside/{files.zone}/keyring"
    vault = listed.body[f"{zone}_vault"]
    epoch, due = vault["epoch"], zone in listed.due
    missing = epoch not in files.vaults and not files.pending
    act = "two handlers sign the next epoch at the guard: somebody left" if due else ""
    yield KeyLine(
        f"{zone} vault, epoch {epoch}",
        f"wraps the {zone}'s record keys",
        f"{place}/vault",
        listed.day(vault["since"]),
        None,
        "restore the keyring: the vault in force is missing" if missing else act,
        today if missing or due else None,
        missing or due,
    )
    for old in sorted(files.vaults - {epoch}):
        act = "somebody who could open it signs in, and its keys are moved"
        yield KeyLine(
            f"{zone} vault, epoch {old}", "is being left", f"{place}/vault", None, None, act, today, overdue=True
        )
    if files.history:
        job = "open what was sealed to an earlier vault"
        yield KeyLine(f"{files.history} earlier {zone} vaults", job, f"{place}/vault-history, under the vault in force")
    where = f"{place}/record and {place}/restricted"
    many = f"{files.records + files.restricted} record keys of the {zone}, {files.restricted} of them restricted"
    yield KeyLine(many, "all columns and files of one record", where, files.oldest, None, "each goes with its record")


def of_intake(keys: Sequence[IntakeFile], today: date) -> Iterator[KeyLine]:
    """Every intake key that has a statement or a seed, and how far ahead the line is open."""
    for key in sorted(keys, key=lambda one: one.serial):
        act, on, overdue = _intake_act(key, today)
        where = "inside/corridor/keyring/intake, under the vault" if key.seed else "its seed is gone"
        yield KeyLine(
            f"intake {key.serial}", "opens one week's envelopes", where, key.not_before, key.not_after, act, on, overdue
        )
    last = max((key.not_after for key in keys if key.seed), default=None)
    by = today if last is None else last - timedelta(days=PUBLISH_DAYS)
    yield KeyLine(
        "the next intake keys",
        "keep the line open",
        "not made yet",
        None,
        last,
        "a handler signs in, and the coming weeks' keys are made",
        by,
        today >= by,
    )


def of_pgp(keys: Sequence[IntakeFile], today: date, *, primary: bool) -> Iterator[KeyLine]:
    """The OpenPGP intake key: the primary key that certifies, and every subkey that tips may be sealed to."""
    where = "inside/corridor/keyring/pgp-intake, under the vault"
    if not primary:
        act = "install bubblewrap, then a handler signs in, and it is made"
        yield KeyLine(
            "PGP intake, primary", "certifies the subkeys; opens nothing", "not made yet", act=act, overdue=True
        )
    for key in sorted(keys, key=lambda one: one.serial):
        goes = keylife.deadline(key.not_after)
        ended = today > key.not_after
        act, on = ("is destroyed, whatever nobody has opened", goes) if ended else ("ends", key.not_after)
        yield KeyLine(
            f"PGP intake, subkey {key.serial}",
            "opens tips sealed with PGP",
            where if key.seed else "its secret is gone",
            key.not_before,
            key.not_after,
            act,
            on,
            (ended and today >= goes) or not key.seed,
        )
    newest = max((key.not_before for key in keys if key.seed), default=None)
    if newest is not None:
        by = newest + timedelta(days=keylife.PGP_REPLACED_DAYS)
        act = "a handler signs in, and it is made and published"
        yield KeyLine(
            "the next PGP subkey",
            "goes on taking tips sealed with PGP",
            "not made yet",
            act=act,
            act_on=by,
            overdue=today > by,
        )


def of_pins(valid: tuple[date, date] | None, today: date) -> KeyLine:
    """What the root says of whose keys may be sealed to; None where it says nothing that can be believed."""
    job = "say whose intake keys a kit and the page with script may seal to"
    first, last = valid or (None, None)
    by = today if last is None else last - timedelta(days=RENEW_DAYS)
    act = "the root's holders sign them: `tipline root pins`, then `tipline kit`"
    return KeyLine(
        "pins", job, "public/pins.json, signed by the root", first, last, act, by, today > by or last is None
    )


def of_kit(last: date | None, today: date) -> KeyLine:
    """The newest kit that was made here, by the last day on which it seals; None where there is none."""
    job, place = "seals on a source's own device", "with sources; what the root says of it in public/kit.statement.json"
    if last is None:
        return KeyLine("kit", job, "not made here yet", act="whoever joins the root makes one: `tipline kit -o FOLDER`")
    by = last - timedelta(days=PUBLISH_DAYS)
    act = "make a new one, and hand it out: `tipline kit -o FOLDER`"
    return KeyLine("kit", job, place, None, last, act, by, today > by)


def _intake_act(key: IntakeFile, today: date) -> tuple[str, date | None, bool]:
    if not key.seed:
        missing = key.not_after >= today
        return ("restore the keyring: sources seal to a key that nobody has" if missing else ""), None, missing
    if today < key.not_before:
        return "comes into use", key.not_before, False
    if today <= key.not_after:
        return "ends", key.not_after, False
    goes = keylife.deadline(key.not_after)
    return "is destroyed when all has come in, on this day at the latest", goes, today >= goes
