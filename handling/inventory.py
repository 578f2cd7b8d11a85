"""Which keys this installation has, read from file names, signed lists and rows. Opens none of them."""

from datetime import UTC, date, datetime
from pathlib import Path

from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.pinning import PINS
from handling.rules import keylist, membership
from handling.rules.keylist import IntakeFile, KeyLine, Listed, ZoneFiles
from handling.rules.member_list import ZONES, Zone
from handling.store import agencies, members
from handling.store.keyring import Keyring, Kind, MissingKeyError
from handling.store.members import MemberList
from handling.store.pgpkeys import PRIMARY
from tipline.base.database import Db, store_errors
from tipline.base.settings import Settings
from tipline.kit import STATEMENT_NAME, KitError, KitStatement
from tipline.pins import Pins, PinsError

_VERSIONS = """
    SELECT version, proposed_on
      FROM unit.proposal
     WHERE state = 'accepted'
"""


async def inventory(db: Db, settings: Settings, today: date) -> tuple[KeyLine, ...]:
    """Return a line for every key; raises `MemberListError` when no member list can be trusted."""
    inside = settings.inside
    found = await members.latest(db, members.trust(inside, "admin"))
    listed = await _listed(db, found)
    enrolled = await agencies.all_(db)
    lines = [*keylist.of_members(listed, _made(inside / "root.pub"), today)]
    for zone in ZONES:
        lines += keylist.of_zone(listed, _zone_files(_keyring(inside, zone), zone), today)
    lines += _desk_intake(inside, listed)
    corridor = _keyring(inside, "corridor")
    lines += keylist.of_intake(_intake(corridor, "intake", "intake-statement"), today)
    lines += _pgp(corridor, today)
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
            )
        )
    return tuple(lines)


async def _listed(db: Db, found: MemberList) -> Listed:
    with store_errors():
        rows = await db.fetch(_VERSIONS)
    body = found.body()
    return Listed(body, found.since, {row["version"]: row["proposed_on"] for row in rows}, membership.vault_due(body))


def _zone_files(keyring: Keyring, zone: Zone) -> ZoneFiles:
    records, restricted = keyring.stamps("record"), keyring.stamps("restricted")
    times = [stamp[1] for stamp in (*records.values(), *restricted.values())]
    return ZoneFiles(
        zone=zone,
        vaults=frozenset(int(name) for name in keyring.names("vault") if name.isdigit()),
        pending=len(keyring.names("pending-vault")),
        history=len(keyring.names("vault-history")),
        records=len(records),
        restricted=len(restricted),
        oldest=_day(min(times) / 1e9) if times else None,
    )


def _pgp(keyring: Keyring, today: date) -> list[KeyLine]:
    """The primary OpenPGP key, when it is there, and the subkeys."""
    subkeys = _intake(keyring, "pgp-intake", "pgp-intake-statement")
    lines = list(keylist.of_pgp(subkeys, today, primary=keyring.modified("pgp-intake", PRIMARY) is not None))
    if keyring.modified("pgp-intake", PRIMARY) is None:
        return lines
    job, where = "certifies the subkeys; opens nothing", "inside/corridor/keyring/pgp-intake, under the vault"
    return [_file(keyring, ("pgp-intake", PRIMARY), "PGP intake, primary", job, where), *lines]


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


def _desk_intake(inside: Path, listed: Listed) -> list[KeyLine]:
    serial, keyring = listed.body["desk_intake"]["serial"], _keyring(inside, "desk")
    job = "opens what other processes seal to the desk"
    return [
        _file(
            keyring,
            ("intake", str(serial)),
            f"desk intake {serial}",
            job,
            "inside/desk/keyring/intake, under the vault",
        )
    ]


def _unattended(inside: Path, listed: Listed) -> list[KeyLine]:
    """Keys that work while nobody is signed in, and those that open within a signer's request."""
    corridor, guard = _keyring(inside, "corridor"), Keyring(inside / "guard" / "keyring")
    collector = inside / "corridor" / "collector.key"
    place = "inside/guard/keyring, under the signers' release keys"
    return [
        _file(
            corridor,
            ("signer", "intake"),
            "intake signer",
            "signs intake keys",
            "inside/corridor/keyring/signer, under the vault",
        ),
        KeyLine(
            "collector",
            "asks the drop for envelopes; opens nothing",
            "inside/corridor/collector.key",
            _made(collector),
            act="" if collector.exists() else "restore it: nothing is collected without it",
            overdue=not collector.exists(),
        ),
        _file(guard, ("package", "ed25519"), "package, age", "signs packages sealed with age", place),
        _file(
            guard,
            ("package", "openpgp"),
            f"package, OpenPGP {listed.body['package_pgp'][-16:]}",
            "signs OpenPGP packages",
            place,
        ),
    ]


def _file(keyring: Keyring, file: tuple[Kind, str], key: str, job: str, where: str) -> KeyLine:
    made = keyring.modified(*file)
    if made is None:
        return KeyLine(key, job, where, act="restore the keyring: it is missing", overdue=True)
    return KeyLine(key, job, where, _day(made))


def _keyring(inside: Path, zone: Zone) -> Keyring:
    return Keyring(inside / zone / "keyring")


def _made(file: Path) -> date | None:
    try:
        return _day(file.stat().st_mtime)
    except FileNotFoundError:
        return None


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()
