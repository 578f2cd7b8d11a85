"""What stands inside a page: JSON for its script, and the name by which a policy admits a style or script."""

import base64
import hashlib
from functools import cache

from markupsafe import Markup


def escaped(json: bytes) -> Markup:
    """Return JSON that ends no element of a page: `<` is written as an escape."""
    return Markup(json.replace(b"<", rb"\u003c").decode())  # noqa: S704 - JSON in which no `<` is left


@cache
def source_hash(text: str) -> str:
    """Return what a Content-Security-Policy calls this style or script: ``'sha256-…'``."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def integrity(script: bytes) -> str:
    """Return what a script element says of the only script that it takes from elsewhere: its SHA-384."""
    return f"sha384-{base64.b64encode(hashlib.sha384(script).digest()).decode()}"
