"""Settings of one installation, read once from `<data>/tipline.toml` and the environment. Anything unknown or half said refuses to start."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

PORTS: Mapping[str, int] = MappingProxyType(
    {"source": 8080, "corridor": 8081, "exchange": 8082, "drop": 8083, "desk": 8084, "guard": 8085}
)
ZONES = ("public", "inside")
FILE = "tipline.toml"

_T = TypeVar("_T")
_DEFAULT_DATA = Path("data")
_DEFAULT_BUNDLE_TIMES = (time(6), time(18))
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,300}")
_PROXY = re.compile(r"socks5h://([A-Za-z0-9.-]{1,253}):([0-9]{1,5})")
_UNIT = re.compile(r"[a-z0-9-]{1,32}")
_TICK_RANGE = range(1, 86_401)  # seconds: one day at most, or urgent tips would lie unread

_DAYS_RANGE = range(91)  # longer, and a destroyed intake seed would outlive every promise about it

_MEGABYTES_RANGE = range(1, 100_001)

_CEILING_RANGE = range(1, 1_000_000_001)

_WAIT_RANGE = range(61)  # seconds; longer, and honest people would be asked to send twice

_PRACTICE = """\
# A practice unit: its keys stand beside its data. Never use it for a real tip.
practice = true
unit = "unit"
name = "Practice Unit"
"""


class SettingsError(Exception):
    """A setting is missing, unknown or contradicts another; the text names the key and what to do."""


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
        emergency: number or words shown to a source in danger.
        reading_hours: when somebody reads tips, in words.
        reads: the languages that somebody reads tips in, in words.
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
    reads: str = "English"
    zones: tuple[str, ...] = ZONES
    drop: str | None = None
    drop_proxy: str | None = None

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
    table = _Table(_parse(folder / FILE), environ)
    settings = Settings(
        data=folder,
        practice=table.flag("practice"),
        unit=table.matching("unit", _UNIT, "1 to 32 of a-z, 0-9 and -"),
        name=table.text("name"),
        host=table.text("host", "127.0.0.1"),
        ports=table.ports(),
        public_dsn=table.optional_text("public_dsn"),
        inside_dsn=table.optional_text("inside_dsn"),
        emergency=table.text("emergency", "your local emergency number"),
        reading_hours=table.text("reading_hours", "on working days"),
        reads=table.text("reads", "English"),
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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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


class _Table:
    """One parsed file over which the environment has the last word; it remembers which keys were asked for."""

    def __init__(self, values: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._values = values
        self._environ = environ
        self._known: set[str] = set()
        self._known_variables = {"TIPLINE_DATA"}

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if value is None:
            raise SettingsError(f'{key} is missing: add `{key} = "…"` to {FILE} or set {_variable(key)}')
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{key} must be a text that is not empty")
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self._get(key, None) is None else self.text(key)

    def matching(self, key: str, pattern: re.Pattern[str], words: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise SettingsError(f"{key} must be {words}")
        return value

    def optional_matching(self, key: str, pattern: re.Pattern[str], words: str) -> str | None:
        return None if self._get(key, None) is None else self.matching(key, pattern, words)

    def flag(self, key: str) -> bool:
        value = self._get(key, default=False)
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value)
        if not isinstance(value, bool):
            raise SettingsError(f"{key} must be true or false")
        return value

    def seconds(self, key: str, default: int) -> int:
        return self._number(key, self._get(key, default), _TICK_RANGE, "whole seconds, 1 to 86400")

    def days(self, key: str, default: int) -> int:
        return self._number(key, self._get(key, default), _DAYS_RANGE, "whole days, 0 to 90")

    def megabytes(self, key: str, default: int) -> int:
        return self._number(key, self._get(key, default), _MEGABYTES_RANGE, "millions of bytes, 1 to 100000")

    def ceiling(self, key: str, default: int) -> int:
        return self.number(key, default, _CEILING_RANGE, "a whole number, 1 to 1000000000")

    def number(self, key: str, default: int, allowed: range, words: str) -> int:
        return self._number(key, self._get(key, default), allowed, words)

    def times(self, key: str, default: tuple[time, ...]) -> tuple[time, ...]:
        value = self._get(key, [t.isoformat("minutes") for t in default])
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(sorted(set(self._each(key, listed, _clock_time, 'times of day, as ["06:00", "18:00"]'))))

    def zones(self) -> tuple[str, ...]:
        value = self._get("zones", list(ZONES))
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(sorted(set(self._each("zones", listed, _zone, 'of "public" and "inside"')), key=ZONES.index))

    def ports(self) -> Mapping[str, int]:
        self._known.add("ports")
        given = self._values.get("ports", {})
        if not isinstance(given, dict):
            raise SettingsError("ports must be a table, as [ports] with source = 8080")
        unknown = sorted(set(given) - set(PORTS))
        if unknown:
            raise SettingsError(f"ports.{unknown[0]} is not a process: remove it; the processes are {', '.join(PORTS)}")
        ports = {}
        for name, default in PORTS.items():
            variable = _variable(f"port_{name}")
            self._known_variables.add(variable)
            value = self._environ.get(variable) or given.get(name, default)
            ports[name] = self._number(f"ports.{name}", value, range(1, 65_536), "a port, 1 to 65535")
        return MappingProxyType(ports)

    def refuse_unknown(self) -> None:
        """A misspelt key would silently leave a default in force."""
        for key in sorted(set(self._values) - self._known):
            raise SettingsError(f"{key} is not a setting: remove it from {FILE} or correct its spelling")
        variables = {name for name in self._environ if name.startswith("TIPLINE_")}
        for name in sorted(variables - self._known_variables):
            raise SettingsError(f"{name} is not a setting: unset it or correct its spelling")

    def _get(self, key: str, default: object) -> Any:  # noqa: ANN401 - TOML values are of any type until checked
        self._known.add(key)
        self._known_variables.add(_variable(key))
        return self._environ.get(_variable(key)) or self._values.get(key, default)

    @staticmethod
    def _number(key: str, value: object, allowed: range, words: str) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            raise SettingsError(f"{key} must be {words}")
        return value

    @staticmethod
    def _each(key: str, listed: object, parse: "Callable[[object], _T | None]", words: str) -> "list[_T]":
        parsed = [parse(one) for one in listed] if isinstance(listed, list) else []
        if not parsed or None in parsed:
            raise SettingsError(f"{key} must be a list {words}")
        return [one for one in parsed if one is not None]


def _variable(key: str) -> str:
    return f"TIPLINE_{key.upper()}"


def _clock_time(value: object) -> time | None:
    try:
        return time.fromisoformat(value.strip()).replace(tzinfo=None) if isinstance(value, str) else None
    except ValueError:
        return None


def _zone(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() in ZONES else None
