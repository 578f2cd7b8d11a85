"""open.html: the page with which an agency makes its key, opens packages and signs what it says about them. One file, offline.

It carries nothing of any unit, so that the same bytes serve every agency. Reads templates and the built script; writes nothing.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import ClassVar, Final

from markupsafe import Markup

from crypto.digest import sha256
from tipline.base.installed import templates
from tipline.base.web import Site, render_text

NAME: Final = "open.html"
_ENDS: Final = ("</script", "<script", "<!--", "\r")  # what would end a script inside a page, or change its bytes
_POLICY: Final = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'unsafe-inline'; worker-src blob:; connect-src 'none'; "
    "form-action 'none'; base-uri 'none'; img-src 'none'; require-trusted-types-for 'script'; trusted-types tipline"
)
"""Inline styles, because the frame of a package's page takes this policy over and brings a stylesheet of its own."""


class OpenPageError(Exception):
    """The page cannot be made; the text says what to do."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What the template shows; all of it is public."""

    policy: str
    style: Markup
    script: Markup

    template: ClassVar[str] = "away/open.html"


@cache
def build() -> bytes:
    """Return the page: nothing of the machine, the unit or the hour of the build is in it.

    Raises:
        OpenPageError: the script is not built, or could not stand inside a page.
    """
    script = _script()
    if any(end in script.lower() for end in _ENDS):
        raise OpenPageError("the script holds letters that end a script in HTML; build it again with `make setup`")
    site = Site(name="open", title="Open a package", practice=False, style="agency")
    page = _Page(
        policy=_POLICY.format(script=b64encode(sha256(script.encode())).decode()),
        style=site.css + "\n" + Markup(_style()),  # noqa: S704 - our own file, not input
        script=Markup(script),  # noqa: S704 - our own file, not input
    )
    return render_text(site, page).encode()


def _script() -> str:
    try:
        return (resources.files("tipline") / "away" / "built" / "open.js").read_text("utf-8")
    except OSError:
        raise OpenPageError("the script of this page is not built yet: run `make setup`") from None


def _style() -> str:
    return (templates() / "style" / "open.css").read_text("utf-8").strip()
