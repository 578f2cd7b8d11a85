"""Whom `tipline tip` seals to: keys out of a kit or a file, believed only under the root that the poster names; and what a kit asks."""

import re
from datetime import date
from typing import Final, NamedTuple

from crypto.digest import groups
from tipline.cli import streams
from tipline.cli.streams import RefusedError
from tipline.envelope import IntakeKey, IntakeKeyError
from tipline.kit import Inputs, KitError
from tipline.pins import Keys, Pinned, Pins, PinsError
from tipline.questionnaire.carried import Carried as Questions
from tipline.strict import EnvelopeError

_KIT_MAX: Final = 16 * 1024 * 1024  # bytes of a kit; its script is far smaller
_ROOT: Final = re.compile(r"[0-9a-f]{64}")
_NEW_KIT: Final = "get a new kit from a place that you trust, and check that this device's clock is right"


class Receiver(NamedTuple):
    """The unit that a tip goes to, and the key it is sealed to today."""

    pinned: Pinned
    intake: IntakeKey


def root(typed: str) -> bytes:
    """Read the root's public key as it stands on a poster: 64 hexadecimal digits, in groups or not."""
    digits = re.sub(r"[\s:-]", "", typed).lower()
    if not _ROOT.fullmatch(digits):
        raise RefusedError("--root is not 64 digits of 0-9 and a-f: copy what is printed on the unit's poster")
    return bytes.fromhex(digits)


class Carried(NamedTuple):
    """What the kit or file called *name* carries, and whom its root has signed; a file of keys asks nothing."""

    name: str
    keys: Keys
    pins: Pins
    asked: Questions | None

    def first(self, *, oversight: bool, today: date) -> Receiver:
        """Choose whom a first message goes to, and the key to seal it to."""
        pinned = self.pins.get("oversight" if oversight else "unit")
        if pinned is None:
            raise RefusedError(f"the keys in {self.name} name no oversight body: nothing was sealed")
        return self._today(pinned, today)

    def again(self, unit: str, today: date) -> Receiver:
        """Choose the key of the unit that has the thread already, and of no other."""
        pinned = self.pins.of(unit)
        if pinned is None:
            raise RefusedError(
                f"your report is with “{unit}”, and {self.name} has no key of it: nothing was sealed. "
                "Use a kit that names it, or seal a new tip"
            )
        return self._today(pinned, today)

    def _today(self, pinned: Pinned, today: date) -> Receiver:
        try:
            return Receiver(pinned, self.keys.choose_for(self.keys.root, pinned.unit, today))
        except PinsError:
            raise RefusedError(f"the keys in {self.name} are not valid today: {_NEW_KIT}") from None
        except IntakeKeyError:
            raise RefusedError(f"{self.name} has no key of this unit that is valid today: {_NEW_KIT}") from None


def carried(name: str, trusted: bytes) -> Carried:
    """Read the kit or file called *name*; refuses whatever *trusted* did not sign."""
    keys, asked = _inside(name)
    if keys.root != trusted:
        raise RefusedError(
            f"the keys in {name} are not under the root that you named but under {groups(keys.root)}. "
            "It is not this unit's kit: do not use it"
        )
    try:
        return Carried(name, keys, keys.verified(trusted), asked)
    except PinsError:
        raise RefusedError(f"the keys in {name} are not signed by that root: somebody changed them") from None


def questions(name: str) -> Questions:
    """Return what the kit called *name* asks."""
    return asking(name, _inside(name)[1])


def asking(name: str, asked: Questions | None) -> Questions:
    """Refuse a file of keys: nothing says there what is asked."""
    if asked is None:
        raise RefusedError(f"{name} holds keys and no questions: name the unit's kit.html with --kit")
    return asked


def _inside(name: str) -> tuple[Keys, Questions | None]:
    """Read what `/keys` hands out, or a kit in which the same stands beside what is asked."""
    data = streams.read_all(name, _KIT_MAX)
    whole = data.strip()
    try:
        if whole.startswith(b"{"):
            return Keys.parse(whole), None
        inputs = Inputs.of_page(data)
    except (EnvelopeError, KitError):
        raise RefusedError(f"{name} is no kit and no file of keys, or it is damaged") from None
    return inputs.keys, inputs.questionnaire
