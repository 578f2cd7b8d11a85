"""open.html: the page with which an agency makes its key, opens packages and signs what it says about them. One file, offline.

It carries nothing of any unit, so that the same bytes serve every agency. Reads templates and the built script; writes nothing.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from tipline import onefile
from tipline.base.web import Site, render_text
from tipline.onefile import Inside

NAME: Final = "open.html"
_POLICY: Final = (
    "default-src 'none'; script-src {script}; style-src 'unsafe-inline'; worker-src blob:; connect-src 'none'; "
    "form-action 'none'; base-uri 'none'; img-src 'none'; require-trusted-types-for 'script'; trusted-types tipline"
)
"""Inline styles, because the frame of a package's page takes this policy over and brings a stylesheet of its own."""


@dataclass(frozen=True, slots=True)
class _Page:
    inside: Inside

    template: ClassVar[str] = "away/open.html"


@cache
def build() -> bytes:
    """Return the page; raises `onefile.OneFileError`."""
    site = Site(name="open", title="Open a package", practice=False, style="agency")
    inside = onefile.inside(site, "open", onefile.built_script("open"), policy=_POLICY)
    return render_text(site, _Page(inside)).encode()
