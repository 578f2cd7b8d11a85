"""pure: every key of an installation in a line: its job, its place, its age, what happens to it next and when.

The jobs are those of docs/format.md, "Lives of keys".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from handling.rules import keylife
from handling.rules.member_list import Body, Entry, Zone
from handling.rules.release import Duty

RENEW_DAYS = 30  # before the member list ends: holders of shares have to travel
PUBLISH_DAYS = 14  # before the last published intake key ends, and before a kit does: it has to reach people

WITH_THE_UNIT = "kept for as long as the unit; whoever doubts it founds a new one"
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
        act: what happens to it next, and who does that; or how long it is kept.
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
    """Every version of the verified member list, oldest first, and the day on which each was proposed, where that is known."""

    chain: Sequence[Body]
    days: Mapping[int, date]
    due: tuple[Zone, ...]

    @property
    def body(self) -> Body:
        """The newest version."""
        return self.chain[-1]

    def day(self, version: int) -> date | None:
        """Day on which a version came into force; of a unit's first list, and of its first after a recovery, it says so itself."""
        first = {body["valid_from"]: body["version"] for body in reversed(self.chain)}
        said = {begun: date.fromisoformat(day) for day, begun in first.items()}
        return self.days.get(version, said.get(version))

    def epoch_day(self, zone: Zone, epoch: int) -> date | None:
        """Day on which an epoch of a zone's vault came into force."""
        since = {body[f"{zone}_vault"]["epoch"]: body[f"{zone}_vault"]["since"] for body in self.chain}
        return self.day(since[epoch]) if epoch in since else None

    def day_of(self, value: Callable[[Body], object]) -> date | None:
        """Day since which every version has said what the newest one says there."""
        since: int = self.body["version"]
        for body in reversed(self.chain):
            if value(body) != value(self.body):
                break
            since = body["version"]
        return self.day(since)


@dataclass(frozen=True, slots=True)
class ZoneFiles:
    """Which vault files a zone's keyring holds, by the numbers of their epochs, and how many keys lie beside them."""

    zone: Zone
    vaults: frozenset[int]
    pending: int
    history: frozenset[int]
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
    job = "opens every vault when all members are lost"
    yield KeyLine("recovery", job, "offline, in shares", listed.day(1), act=WITH_THE_UNIT)
    for entry in listed.body["members"]:
        for field, job, process in _MEMBER_KEYS:
            if entry[field]:
                where = (
                    _ELSEWHERE if Duty.OUTSIDE in entry["duties"] else _HELD.format(process=process, name=entry["name"])
                )
                since = listed.day_of(partial(_key, name=entry["name"], field=field))
                yield KeyLine(f"{field} of {entry['name']}", job, where, since, act=_member_act(entry))
        for one in Entry.read(entry).authenticators:
            job = f"answers beside {entry['name']}'s signature, which counts for nothing without it"
            yield KeyLine(
                f"authenticator “{one.label}” of {entry['name']}",
                job,
                f"with {entry['name']}; for {one.origin}",
                listed.day_of(partial(_has, name=entry["name"], credential=one.credential)),
                act=f"kept until two handlers sign it away: `tipline member take-authenticator {entry['name']} LABEL`",
            )


def _key(body: Body, *, name: str, field: str) -> object:
    """Return a member's key on this version, None where there is none."""
    return next((entry[field] for entry in body["members"] if entry["name"] == name), None)


def _has(body: Body, *, name: str, credential: str) -> bool:
    """Whether an authenticator answers for a member on this version."""
    entries = [Entry.read(entry) for entry in body["members"] if entry["name"] == name]
    return any(one.credential == credential for entry in entries for one in entry.authenticators)


def _member_act(entry: Mapping[str, Any]) -> str:
    if Duty.OUTSIDE in entry["duties"]:
        return f"kept until {entry['name']} leaves, or brings another card: `tipline member outside`"
    return f"kept until {entry['name']} leaves or asks for new keys: `tipline member replace {entry['name']}`"


def of_zone(listed: Listed, files: ZoneFiles, today: date) -> Iterator[KeyLine]:
    """A zone's vaults, and the keys that lie under them."""
    zone, place = files.zone, f"inside/{files.zone}/keyring"
    vault = listed.body[f"{zone}_vault"]
    epoch, due = vault["epoch"], zone in listed.due
    missing = epoch not in files.vaults and not files.pending
    act = "kept until somebody who can open it leaves or gets new keys"
    act = "two handlers sign the next epoch at the guard: somebody left" if due else act
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
        since = listed.epoch_day(zone, old)
        yield KeyLine(
            f"{zone} vault, epoch {old}", "is being left", f"{place}/vault", since, None, act, today, overdue=True
        )
    for old in sorted(files.history):
        yield KeyLine(
            f"{zone} vault, epoch {old}, as it was kept",
            "opens what was sealed to it and comes in late",
            f"{place}/vault-history, under the vault in force",
            listed.epoch_day(zone, old),
            act="kept for as long as the unit; it wraps no key any more",
        )
    where = f"{place}/record and {place}/restricted"
    many = f"{files.records + files.restricted} record keys of the {zone}, {files.restricted} of them restricted"
    since = files.oldest if epoch == 1 else None  # to move a key to a new vault writes its file afresh
    yield KeyLine(many, "all columns and files of one record", where, since, None, "each goes with its record")


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


def of_forms(goes: Mapping[date, date] | None, today: date) -> Iterator[KeyLine]:
    """The keys of report forms, one for each day, with the day on which it goes; None where their folder is not seen."""
    job = "opens the time at which a report form was fetched"
    if goes is None:
        where = "public/form-DAY.key; that folder is not seen from here"
        act = "look there: at 00:05 UTC the source destroys that of the day before yesterday"
        yield KeyLine("form keys", job, where, act=act)
    elif not goes:
        act = "the source makes one for each day, when it starts and at 00:05 UTC"
        yield KeyLine("form keys", job, "not made yet", act=act)
    for day, gone in sorted((goes or {}).items()):
        overdue = today > gone
        act = "start the source again, or run `tipline rewrite`" if overdue else "is destroyed at 00:05 UTC"
        where, last = f"public/form-{day}.key", gone - timedelta(days=1)
        yield KeyLine(f"form key of {day}", job, where, day, last, act, gone, overdue)


def _intake_act(key: IntakeFile, today: date) -> tuple[str, date | None, bool]:
    if not key.seed:
        missing = key.not_after >= today
        act = "restore the keyring: sources seal to a key that nobody has"
        return act if missing else "none: its seed is gone for good", None, missing
    if today < key.not_before:
        return "comes into use", key.not_before, False
    if today <= key.not_after:
        return "ends", key.not_after, False
    goes = keylife.deadline(key.not_after)
    return "is destroyed when all has come in, on this day at the latest", goes, today >= goes
