"""The poster: in each language a sheet to print, and a page for any web server, that say how a source comes to the unit.

Both stand alone: no script, no form, no request to anywhere, nothing of the machine or the hour they were made. Writes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import segno
from markupsafe import Markup

from crypto.digest import groups
from tipline.base.inline import source_hash
from tipline.base.languages import ENGLISH, LANGUAGES, Language
from tipline.base.web import Site, render_text
from tipline.kit import KitStatement

SHEETS: Final = "print"
PAGES: Final = "web"

_GROUP: Final = 4  # letters that a person copies at one glance
_POLICY: Final = "default-src 'none'; style-src {style}; form-action 'none'; base-uri 'none'"


@dataclass(frozen=True)
class Address:
    """Where sources go: an onion, or for practice a page of this machine."""

    host: str
    port: int | None = None

    @property
    def onion(self) -> bool:
        """Whether only Tor Browser opens it."""
        return self.host.endswith(".onion")

    @property
    def url(self) -> str:
        """What stands in the QR code."""
        return f"http://{self.host}/" if self.port is None else f"http://{self.host}:{self.port}/"

    @property
    def groups(self) -> tuple[str, ...]:
        """What stands in print: joined, it is the address without blanks."""
        if not self.onion:
            return (self.url,)
        last = self.host.index(".") - _GROUP
        return (*(self.host[at : at + _GROUP] for at in range(0, last, _GROUP)), self.host[last:])

    @cached_property
    def code(self) -> Markup:
        """The QR code as SVG, black on white with its quiet zone in any colour scheme."""
        made = segno.make(self.url, error="m", micro=False)
        svg = made.svg_inline(omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None)
        return Markup(svg)  # noqa: S704 - squares, no text


@dataclass(frozen=True, slots=True)
class Poster:
    """All that it says of the unit; *root* is the root's public key, *kit* what the root says of the kit, if there is one."""

    unit: str
    emergency: str
    reading_hours: str
    reads: str
    practice: bool
    address: Address
    root: bytes
    kit: KitStatement | None = None


@dataclass(frozen=True, slots=True)
class _Paper:
    """What both templates show."""

    poster: Poster
    root: str
    policy: str


@dataclass(frozen=True, slots=True)
class _Sheet(_Paper):
    template: ClassVar[str] = "poster/sheet.html"


@dataclass(frozen=True, slots=True)
class _Page(_Paper):
    template: ClassVar[str] = "poster/page.html"


def build(poster: Poster) -> Mapping[str, bytes]:
    """Return every file by its name: ``print/<code>.html`` and ``web/<code>.html``, of which the English is ``index.html``."""
    site = Site("poster", poster.unit, practice=poster.practice, style="poster")
    shown = (poster, groups(poster.root), _POLICY.format(style=source_hash(site.css)))
    made = {}
    for language in LANGUAGES.values():
        elsewhere = [(other, page_name(other)) for other in LANGUAGES.values()]
        sheet = render_text(site, _Sheet(*shown), language=language)
        page = render_text(site, _Page(*shown), language=language, elsewhere=elsewhere)
        made[f"{SHEETS}/{language.code}.html"] = sheet.encode()
        made[f"{PAGES}/{page_name(language)}"] = page.encode()
    return made


def page_name(language: Language) -> str:
    """Return the name of a language's page on the web server."""
    return "index.html" if language is ENGLISH else f"{language.code}.html"
