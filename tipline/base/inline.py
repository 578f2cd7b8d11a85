"""JSON that a page carries for its script."""

from markupsafe import Markup


def escaped(json: bytes) -> Markup:
    """Return JSON that ends no element of a page: `<` is written as an escape."""
    return Markup(json.replace(b"<", rb"\u003c").decode())  # noqa: S704 - JSON in which no `<` is left
