"""The kit: one HTML file that seals on a source's own device, the same bytes from the same inputs, and the root's statement of its hash.

Layout: docs/format.md, "Keys for sealing elsewhere". Holds no secret; reads templates and the built script, and writes nothing.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, Self

from markupsafe import Markup

from crypto import canonical
from crypto.digest import groups, sha256
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline import onefile, strict
from tipline.base.inline import escaped
from tipline.base.web import Site, render_text
from tipline.onefile import Inside
from tipline.pins import Keys
from tipline.questionnaire.carried import Carried
from tipline.strict import EnvelopeError

PAGE_NAME: Final = "kit.html"
STATEMENT_NAME: Final = "kit.statement.json"

_BLOCK: Final = rb'<script type="application/json" id="%s">([^<]*)</script>'
_POLICY: Final = (
    "default-src 'none'; script-src {script}; style-src {style}; connect-src 'none'; form-action 'none'; "
    "base-uri 'none'; img-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


class KitError(Exception):
    """This is no kit, or not the one that its statement names; the text says which."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that differs between two kits of one version of the software.

    Attributes:
        keys: whom the kit seals to, with the root that it pins.
        emergency: number or words for somebody in danger, as on the report page.
        practice: True for a kit of invented people.
        questionnaire: what it asks beside the message.
    """

    keys: Keys
    emergency: str
    practice: bool
    questionnaire: Carried

    _KEYS: ClassVar[frozenset[str]] = frozenset({"emergency", "practice"})

    def about(self) -> bytes:
        """Return what is not about keys, as canonical JSON."""
        return canonical.canonical({"emergency": self.emergency, "practice": self.practice})

    @classmethod
    def of_page(cls, page: bytes) -> Self:
        """Read what a kit was made from, without believing any of it; raises `KitError`."""
        try:
            keys = Keys.parse(_block(page, b"keys"))
            about = strict.json_object(_block(page, b"about"), cls._KEYS)
            asked = Carried.parse(_block(page, b"questionnaire"))
            return cls(keys, strict.text(about["emergency"]), strict.flag(about["practice"]), asked)
        except (CryptoError, EnvelopeError):
            raise KitError("this file is no kit") from None


def _block(page: bytes, name: bytes) -> bytes:
    """Return the one block of JSON with this id, which `escaped` has written."""
    found = re.findall(_BLOCK % name, page)
    if len(found) != 1:
        raise EnvelopeError
    return bytes(found[0]).replace(rb"\u003c", b"<")


@dataclass(frozen=True, slots=True)
class _Page:
    """What the template shows; all of it is public."""

    unit: str
    oversight: str
    emergency: str
    inside: Inside
    keys: Markup
    about: Markup
    questionnaire: Markup

    template: ClassVar[str] = "away/kit.html"


def build(inputs: Inputs, script: str) -> bytes:
    """Return the kit with this *script*: nothing of the machine, the version or the hour of the build is in it.

    Raises:
        KitError: no unit is pinned.
        OneFileError: the script could not stand inside a page.
        PinsError: the pins are not signed by the root that stands beside them.
    """
    pins = inputs.keys.verified(inputs.keys.root)
    unit, oversight = pins.get("unit"), pins.get("oversight")
    if unit is None:
        raise KitError("no unit is pinned in these keys")
    site = Site(name="kit", title=unit.name, practice=inputs.practice, style="source")
    page = _Page(
        unit=unit.name,
        oversight=oversight.name if oversight else "",
        emergency=inputs.emergency,
        inside=onefile.inside(site, "kit", script, policy=_POLICY),
        keys=escaped(inputs.keys.encode()),
        about=escaped(inputs.about()),
        questionnaire=escaped(inputs.questionnaire.encode()),
    )
    return render_text(site, page).encode()


def built_script() -> str:
    """Return the kit's script as `make setup` has built it; raises `OneFileError` where it has not."""
    return onefile.built_script("kit")


@dataclass(frozen=True, slots=True)
class KitStatement:
    """What the root says of one kit: its SHA-256, whose it is, and the last day on which it seals."""

    sha256: bytes
    unit: str
    valid_until: date

    TYPE: ClassVar[str] = "tipline/kit/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"sha256", "unit", "valid_until"})

    @classmethod
    def of(cls, page: bytes) -> Self:
        """Return what there is to sign about a kit; raises `KitError`, `PinsError` or `IntakeKeyError`."""
        keys = Inputs.of_page(page).keys
        pinned = keys.verified(keys.root).get("unit")
        if pinned is None:
            raise KitError("no unit is pinned in these keys")
        return cls(sha256(page), pinned.unit, keys.last_day(keys.root, "unit"))

    def sign(self, root: SigningKey) -> bytes:
        """Return the signed statement."""
        body: dict[str, Any] = {
            "sha256": self.sha256.hex(),
            "unit": self.unit,
            "valid_until": self.valid_until.isoformat(),
        }
        return Statement.make(self.TYPE, body, root).encode()

    @classmethod
    def read(cls, statement: bytes, root: bytes) -> Self:
        """Read a statement signed by *root*; raises `KitError`."""
        try:
            body = strict.fields(Statement.parse(statement).verify(cls.TYPE, [root]), cls._KEYS)
            return cls(strict.hash32(body["sha256"]), strict.unit(body["unit"]), strict.day(body["valid_until"]))
        except (CryptoError, EnvelopeError):
            raise KitError("the statement is not signed by this root") from None

    def groups(self) -> str:
        """Return the hash in groups of four, as it stands on a poster."""
        return groups(self.sha256)
