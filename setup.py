"""Carries `templates/` into the wheel as `tipline/templates`, its catalogues compiled, and makes none without the pages' scripts.

Everything else about the package stands in pyproject.toml.
"""

import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_TEMPLATES = Path(__file__).parent / "templates"
_FOR_BUILDING = shutil.ignore_patterns("*.po", "*.py", "*.mo", "__pycache__")

sys.path.insert(0, str(_TEMPLATES / "locale"))
import catalogues  # noqa: E402 - it stands beside the catalogues


class BuildWithTemplates(build_py):
    """Copies the templates after the modules; an editable install reads them where they are."""

    def run(self) -> None:
        """Build, then copy."""
        if not self.editable_mode and not list((Path(__file__).parent / "tipline/away/built").glob("*.js")):
            raise SystemExit("The scripts of the pages are not built. Run this first: make setup")
        super().run()
        if not self.editable_mode:
            shutil.copytree(_TEMPLATES, self._target(), dirs_exist_ok=True, ignore=_FOR_BUILDING)
            catalogues.compile_into(self._target() / "locale")

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: FBT001, FBT002 - setuptools' own signature
        """Name the copies too, so that an uninstall removes them."""
        copied = [file for file in self._target().rglob("*") if file.is_file()]
        return [*super().get_outputs(include_bytecode), *map(str, copied)]

    def _target(self) -> Path:
        return Path(self.build_lib) / "tipline" / "templates"


setup(cmdclass={"build_py": BuildWithTemplates})
