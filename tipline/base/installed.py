"""Where the files are that come with the code."""

from importlib import resources
from pathlib import Path


def templates() -> Path:
    """Return the folder of templates: inside the installed package, or beside it in a checkout."""
    package = Path(str(resources.files("tipline")))
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
