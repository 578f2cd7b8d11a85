"""Scripts of pages, as they were bundled when Tipline was set up."""

from functools import cache
from importlib import resources


@cache
def script(name: str) -> bytes | None:
    """Return a page's script by its name, None where it was not built. Blocking."""
    try:
        return resources.files("tipline").joinpath("away", "built", f"{name}.js").read_bytes()
    except FileNotFoundError:
        return None
