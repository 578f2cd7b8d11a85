"""Which keys this installation has, read from file names, signed lists and rows. Opens none of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path

from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.pinning import PINS
from handling.rules import keylist, membership
from handling.rules.keylist import WITH_THE_UNIT, IntakeFile, KeyLine, Listed, ZoneFiles
from handling.rules.member_list import ZONES, Zone
from handling.store import agencies, members
from handling.store.keyring import Keyring, Kind, MissingKeyError
from handling.store.members import MemberList
from handling.store.pgpkeys import PRIMARY
from handling.store.rewrap import epochs_of
from tipline.base.database import Db, store_errors
from tipline.base.settings import Settings
from tipline.kit import STATEMENT_NAME, KitError, KitStatement
from tipline.pins import Pins, PinsError

_PACKAGE = "kept until everybody is lost and `tipline recover` makes new ones"
_VERSIONS = """
    SELECT version, proposed_on
      FROM unit.proposal
     WHERE state = 'accepted'
"""
_FIRST_PGP = "SELECT min(made_on) FROM corridor.pgp_key"


async def inventory(db: Db, settings: Settings, today: date) -> tuple[KeyLine, ...]:
    """Return a line for every key; raises `MemberListError` when no member list can be trusted."""
    inside = settings.inside
    listed = await _listed(db, await members.versions(db, members.trust(inside, "admin")))
    enrolled = await agencies.all_(db)
    lines = [*keylist.of_members(listed, _made(inside / "root.pub"), today)]
    for zone in ZONES:
        lines += keylist.of_zone(listed, _zone_files(_keyring(inside, zone), zone), today)
    lines.append(_desk_intake(inside, listed))
    corridor = _keyring(inside, "corridor")
    lines += keylist.of_intake(_intake(corridor, "intake", "intake-statement"), today)
    lines += _pgp(corridor, today, await _pgp_since(db))
    if "public" in settings.zones:
        lines += _for_sources(settings, today)
    lines += _unattended(inside, listed)
    for agency in enrolled:
        job = f"{agency.name} opens its packages with it"
        lines.append(
            KeyLine(
                f"agency {agency.id} ({agency.channel.value})",
                job,
                "with the agency; pinned in agreements",
                agency.added_on,
                agency.key_expires_on,
                "kept with this id; another key is enrolled under another one: `tipline agency add`",
            )
        )
    return tuple(lines)


async def _listed(db: Db, versions: Sequence[MemberList]) -> Listed:
    with store_errors():
        rows = await db.fetch(_VERSIONS)
    chain, days = [one.body() for one in versions], {row["version"]: row["proposed_on"] for row in rows}
    return Listed(chain, days, membership.vault_due(chain[-1]))


def _zone_files(keyring: Keyring, zone: Zone) -> ZoneFiles:
    records, restricted = keyring.stamps("record"), keyring.stamps("restricted")
    times = [stamp[1] for stamp in (*records.values(), *restricted.values())]
    return ZoneFiles(
        zone=zone,
        vaults=frozenset(epochs_of(keyring, "vault")),
        pending=len(keyring.names("pending-vault")),
        history=frozenset(epochs_of(keyring, "vault-history")),
        records=len(records),
        restricted=len(restricted),
        oldest=_day(min(times) / 1e9) if times else None,
    )


async def _pgp_since(db: Db) -> date | None:
    with store_errors():
        since: date | None = await db.fetchval(_FIRST_PGP)
    return since


def _pgp(keyring: Keyring, today: date, noted: date | None) -> list[KeyLine]:
    """The primary OpenPGP key, when it is there, and the subkeys."""
    subkeys = _intake(keyring, "pgp-intake", "pgp-intake-statement")
    lines = list(keylist.of_pgp(subkeys, today, primary=keyring.modified("pgp-intake", PRIMARY) is not None))
    if keyring.modified("pgp-intake", PRIMARY) is None:
        return lines
    firsts = [one.not_before for one in subkeys]
    job, where = "certifies the subkeys; opens nothing", "inside/corridor/keyring/pgp-intake, under the vault"
    made = KeyLine(
        "PGP intake, primary", job, where, min(filter(None, (noted, *firsts)), default=None), act=WITH_THE_UNIT
    )
    return [made, *lines]


def _intake(keyring: Keyring, secrets: Kind, statements: Kind) -> list[IntakeFile]:
    seeds, found = keyring.names(secrets), []
    for name in keyring.names(statements):
        try:
            body = Statement.parse(keyring.get(statements, name)).body
            first, last = date.fromisoformat(body["not_before"]), date.fromisoformat(body["not_after"])
            found.append(IntakeFile(int(name), first, last, name in seeds))
        except (CryptoError, MissingKeyError, KeyError, TypeError, ValueError):
            continue
    return found


def _for_sources(settings: Settings, today: date) -> tuple[KeyLine, KeyLine]:
    """What the root has signed for those who seal on their own devices. What it has not signed counts as missing."""
    try:
        root = bytes.fromhex((settings.inside / "root.pub").read_text("ascii"))
        pins = Pins.read((settings.public / PINS).read_bytes(), root)
        valid = (pins.valid_from, pins.valid_until)
    except (OSError, ValueError, PinsError):
        return keylist.of_pins(None, today), keylist.of_kit(None, today)
    try:
        kit = KitStatement.read((settings.public / STATEMENT_NAME).read_bytes(), root).valid_until
    except (OSError, KitError):
        kit = None
    return keylist.of_pins(valid, today), keylist.of_kit(kit, today)


def _desk_intake(inside: Path, listed: Listed) -> KeyLine:
    serial = str(listed.body["desk_intake"]["serial"])
    return _lying(
        _keyring(inside, "desk"),
        ("intake", serial),
        KeyLine(
            f"desk intake {serial}",
            "opens what other processes seal to the desk",
            "inside/desk/keyring/intake, under the vault",
            listed.day_of(itemgetter("desk_intake")),
            act=WITH_THE_UNIT,
        ),
    )


def _unattended(inside: Path, listed: Listed) -> list[KeyLine]:
    """Keys that work while nobody is signed in, and those that open within a signer's request."""
    corridor, guard = _keyring(inside, "corridor"), Keyring(inside / "guard" / "keyring")
    collector = inside / "corridor" / "collector.key"
    place = "inside/guard/keyring, under the signers' release keys"
    openpgp = f"package, OpenPGP {listed.body['package_pgp'][-16:]}"
    signed_since, pgp_since = listed.day_of(itemgetter("package_signer")), listed.day_of(itemgetter("package_pgp"))
    return [
        _lying(
            corridor,
            ("signer", "intake"),
            KeyLine(
                "intake signer",
                "signs intake keys",
                "inside/corridor/keyring/signer, under the vault",
                listed.day_of(itemgetter("intake_signer")),
                act=WITH_THE_UNIT,
            ),
        ),
        KeyLine(
            "collector",
            "asks the drop for envelopes; opens nothing",
            "inside/corridor/collector.key",
            _made(collector),
            act=WITH_THE_UNIT if collector.exists() else "restore it: nothing is collected without it",
            overdue=not collector.exists(),
        ),
        _lying(
            guard,
            ("package", "ed25519"),
            KeyLine("package, age", "signs packages sealed with age", place, signed_since, act=_PACKAGE),
        ),
        _lying(
            guard,
            ("package", "openpgp"),
            KeyLine(openpgp, "signs OpenPGP packages", place, pgp_since, act=_PACKAGE),
        ),
    ]


def _lying(keyring: Keyring, file: tuple[Kind, str], line: KeyLine) -> KeyLine:
    """Hold a line against the file of its key. That file's own day says nothing: moving it to a new vault changes that."""
    if keyring.stamp(*file) is None:
        return replace(line, act="restore the keyring: it is missing", overdue=True)
    return line


def _keyring(inside: Path, zone: Zone) -> Keyring:
    return Keyring(inside / zone / "keyring")


def _made(file: Path) -> date | None:
    try:
        return _day(file.stat().st_mtime)
    except FileNotFoundError:
        return None


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
