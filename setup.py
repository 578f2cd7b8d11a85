"""Carries `templates/` into the wheel as `tipline/templates`, and makes none without the pages' scripts, which are built first.

Everything else about the package stands in pyproject.toml.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithTemplates(build_py):
    """Copies the templates after the modules; an editable install reads them where they are."""

    def run(self) -> None:
        """Build, then copy."""
        if not self.editable_mode and not list((Path(__file__).parent / "tipline/away/built").glob("*.js")):
            raise SystemExit("The scripts of the pages are not built. Run this first: make setup")
        super().run()
        if not self.editable_mode:
            shutil.copytree(self._source(), self._target(), dirs_exist_ok=True)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:  # noqa: FBT001, FBT002 - setuptools' own signature
        """Name the copies too, so that an uninstall removes them."""
        source = self._source()
        copied = [self._target() / file.relative_to(source) for file in source.rglob("*") if file.is_file()]
        return [*super().get_outputs(include_bytecode), *map(str, copied)]

    @staticmethod
    def _source() -> Path:
        return Path(__file__).parent / "templates"

    def _target(self) -> Path:
        return Path(self.build_lib) / "tipline" / "templates"


setup(cmdclass={"build_py": BuildWithTemplates})
