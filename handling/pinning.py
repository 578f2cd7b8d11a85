"""Whose intake keys sources may seal to: pinned units in the public zone, and the root's signature over them. Decides nothing else."""

from datetime import date, timedelta

from crypto.signing import SigningKey
from tipline.base.files import write_private
from tipline.base.settings import Settings
from tipline.pins import Pinned, Pins
from tipline.units import Unit, Units

VALID_DAYS = 366
PINS, ROOT = "pins.json", "root.pub"


def pin(settings: Settings, units: Units) -> None:
    """Write `units.json` of the public zone: the keys that its processes believe."""
    write_private(settings.public / "units.json", units.encode() + b"\n")


def unsigned(units: Units, *, today: date, until: date | None = None) -> Pins:
    """Return what the root is asked to sign: these units, from *today* to *until*, a year when left out."""
    pinned = tuple(Pinned.of(unit) for unit in units.pinned)
    return Pins(pinned, today, until or today + timedelta(days=VALID_DAYS))


def sign(settings: Settings, pins: Pins, root: SigningKey) -> None:
    """Put the signed pins and the root's public key where source and kit find them."""
    write_private(settings.public / PINS, pins.sign(root))
    write_private(settings.public / ROOT, root.public.hex().encode() + b"\n")


def found(settings: Settings, unit: Unit, root: SigningKey, *, today: date) -> None:
    """Pin the unit that was just founded, and nobody else, with the root's signature."""
    units = Units((unit,))
    pin(settings, units)
    sign(settings, unsigned(units, today=today), root)
