"""Settings of one installation, read once from `<data>/tipline.toml` and the environment. Anything unknown or half said refuses to start."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from tipline.base.settingvalues import FILE, PORTS, ZONES, SettingsError, Table
from tipline.text import Text

__all__ = ["FILE", "PORTS", "ZONES", "Settings", "SettingsError", "create_practice", "data_folder", "load", "read"]

_DEFAULT_DATA = Path("data")
_DEFAULT_BUNDLE_TIMES = (time(6), time(18))
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,300}")
_ORIGIN = re.compile(
    r"https://(?:[a-z0-9-]{1,63}\.)*[a-z][a-z0-9-]{0,62}(?::[0-9]{1,5})?|http://localhost(?::[0-9]{1,5})?"
)
_PROXY = re.compile(r"socks5h://([A-Za-z0-9.-]{1,253}):([0-9]{1,5})")
_UNIT = re.compile(r"[a-z0-9-]{1,32}")
_WAIT_RANGE = range(61)  # seconds; longer, and honest people would be asked to send twice
_EMERGENCY = Text("your local emergency number")
_READING_HOURS = Text("on working days")
_READS = ("English",)
_PRACTICE = """\
# A practice unit: its keys stand beside its data. Never use it for a real tip.
practice = true
unit = "unit"
name = "Practice Unit"
reads = ["English", "Français", "Kiswahili"]

[emergency]
en = "112, or the number of the place where you are"
fr = "le 112, ou le numéro du lieu où vous êtes"
es = "112, o el número del lugar donde está"
pt = "112, ou o número do lugar onde está"
sw = "112, au namba ya mahali ulipo"
ar = "112، أو رقم المكان الذي أنت فيه"
vi = "112, hoặc số của nơi bạn đang ở"
zh = "112 或您所在地的号码"
id = "112, atau nomor di tempat Anda berada"

[reading_hours]
en = "on working days, 8 to 16 hours"
fr = "les jours ouvrables, de 8 h à 16 h"
es = "en días laborables, de 8 a 16 horas"
pt = "nos dias úteis, das 8 às 16 horas"
sw = "siku za kazi, saa 2 asubuhi hadi saa 10 jioni"
ar = "في أيام العمل، من الساعة 8 إلى 16"
vi = "ngày làm việc, từ 8 đến 16 giờ"
zh = "工作日 8 时至 16 时"
id = "pada hari kerja, pukul 8 sampai 16"
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that may differ between two installations.

    Attributes:
        data: the data folder, absolute.
        practice: True for an installation whose keys stand beside its data; every page says so.
        unit: id of the unit, ``[a-z0-9-]{1,32}``.
        name: the unit's name as sources and agencies read it.
        zones: which halves this machine runs, of `ZONES`.
        host: address every process listens on.
        ports: port by process name.
        public_dsn, inside_dsn: owner DSNs of own databases; None means the embedded PostgreSQL.
        emergency: number or words shown to a source in danger, in each language of the pages if given so.
        reading_hours: when somebody reads tips, in words; in each language if given so.
        reads: the languages that somebody reads tips in, each by its own name.
        bundle_times: times of day (UTC) at which every mailbox bundle is replaced.
        drop: where the drop listens; None means this machine's own. Another unit's public zone may serve this unit.
        drop_proxy: Tor's SOCKS port as ``socks5h://host:port``, which resolves the drop's name; None goes there straight.
        urgent_tick, tick: seconds between two collections of urgent and of all envelopes.
        file_megabytes: how large one file of a source may be, in millions of bytes.
        form_seconds: how long the report form must have been open before it is taken.
        waiting_gigabytes, waiting_envelopes: the most that may wait for its unit, in thousands of millions of bytes, and
            in sealed pieces.
        mailboxes_a_day: the most new codenames of one day.
        free_gigabytes: how much of the disk is left alone.
        guard_origin: the address at which members open the guard, at which alone their authenticators answer; None takes
            no authenticator.
        keyring_backup_days: how long backups of the keyring are kept; what is destroyed is gone for good after that.
    """

    data: Path
    practice: bool
    unit: str
    name: str
    host: str
    ports: Mapping[str, int]
    public_dsn: str | None
    inside_dsn: str | None
    emergency: str
    reading_hours: str
    bundle_times: tuple[time, ...]
    urgent_tick: int = 300
    tick: int = 3600
    keyring_backup_days: int = 7
    file_megabytes: int = 2000
    form_seconds: int = 3
    waiting_gigabytes: int = 50
    waiting_envelopes: int = 200_000
    mailboxes_a_day: int = 250_000
    free_gigabytes: int = 2
    reads: tuple[str, ...] = _READS
    zones: tuple[str, ...] = ZONES
    drop: str | None = None
    drop_proxy: str | None = None
    guard_origin: str | None = None

    @property
    def public(self) -> Path:
        """Folder of the public zone."""
        return self.data / "public"

    @property
    def inside(self) -> Path:
        """Folder of corridor, desk, guard and exchange."""
        return self.data / "inside"

    @property
    def secrets(self) -> Path:
        """Folder of the database roles' passwords."""
        return self.data / "secrets"


def data_folder(data: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the absolute data folder: the argument, else TIPLINE_DATA, else ``./data``."""
    return (data or Path(environ.get("TIPLINE_DATA") or _DEFAULT_DATA)).absolute()


def load(data: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings of an enrolled installation.

    Raises:
        SettingsError: as `read` does, and when a real unit has no pinned root key.
    """
    settings = read(data, environ)
    root = settings.inside / "root.pub"
    if "inside" in settings.zones and not settings.practice and not root.exists():
        raise SettingsError(
            f"root.pub is missing: put the unit's root key at {root}, or enrol the unit with `tipline init`"
        )
    return settings


def create_practice(data: Path | None, environ: Mapping[str, str]) -> bool:
    """Write the settings of a practice unit into a folder that has none; False when there are some already."""
    folder = data_folder(data, environ)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with (folder / FILE).open("x", encoding="utf-8") as file:
            file.write(_PRACTICE)
    except FileExistsError:
        return False
    return True


def read(data: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read and check file and environment, without asking whether the unit is enrolled.

    Raises:
        SettingsError: naming the key and what to do.
    """
    folder = data_folder(data, environ)
    table = Table(_parse(folder / FILE), environ)
    settings = Settings(
        data=folder,
        practice=table.flag("practice"),
        unit=table.matching("unit", _UNIT, "1 to 32 of a-z, 0-9 and -"),
        name=table.text("name"),
        host=table.text("host", "127.0.0.1"),
        ports=table.ports(),
        public_dsn=table.optional_text("public_dsn"),
        inside_dsn=table.optional_text("inside_dsn"),
        emergency=table.said("emergency", _EMERGENCY),
        reading_hours=table.said("reading_hours", _READING_HOURS),
        reads=table.names("reads", _READS),
        bundle_times=table.times("bundle_times", _DEFAULT_BUNDLE_TIMES),
        urgent_tick=table.seconds("urgent_tick", 300),
        tick=table.seconds("tick", 3600),
        keyring_backup_days=table.days("keyring_backup_days", 7),
        file_megabytes=table.megabytes("file_megabytes", 2000),
        form_seconds=table.number("form_seconds", 3, _WAIT_RANGE, "whole seconds, 0 to 60"),
        waiting_gigabytes=table.ceiling("waiting_gigabytes", 50),
        waiting_envelopes=table.ceiling("waiting_envelopes", 200_000),
        mailboxes_a_day=table.ceiling("mailboxes_a_day", 250_000),
        free_gigabytes=table.ceiling("free_gigabytes", 2),
        zones=table.zones(),
        drop=table.optional_matching("drop", _ADDRESS, "an address as http://127.0.0.1:8083"),
        drop_proxy=table.optional_matching("drop_proxy", _PROXY, "Tor's SOCKS port, as socks5h://127.0.0.1:9050"),
        guard_origin=table.optional_matching(
            "guard_origin", _ORIGIN, "https:// and the name at which members open the guard, or http://localhost:8085"
        ),
    )
    table.refuse_unknown()
    _refuse_half(settings)
    return settings


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{file} is missing: run `tipline init` to set up a unit, or `tipline practice` to try Tipline with made-up keys"
        ) from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{file} is not TOML: {error}") from None


def _refuse_half(settings: Settings) -> None:
    """Databases are either all embedded or all the operator's own: a mixture is a forgotten line."""
    given = {"public": settings.public_dsn, "inside": settings.inside_dsn}
    used = [zone for zone in settings.zones if given[zone]]
    missing = [zone for zone in settings.zones if not given[zone]]
    if used and missing:
        raise SettingsError(
            f"{missing[0]}_dsn is missing although {used[0]}_dsn is set: "
            f"set TIPLINE_{missing[0].upper()}_DSN too, or remove both to use the embedded PostgreSQL"
        )
    if settings.drop and ".onion" in settings.drop and not settings.drop_proxy:
        raise SettingsError("drop_proxy is missing although drop is an onion address: set it to Tor's SOCKS port")
    ports = [settings.ports[name] for name in PORTS]
    for name, port in settings.ports.items():
        if ports.count(port) > 1:
            raise SettingsError(f"ports.{name}: {port} is given to two processes; choose another")
