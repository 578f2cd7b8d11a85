"""All fuzz targets by name, from every module of `targets`; one alone is found without importing the others."""

import importlib
from pathlib import Path

from tests.fuzz.target import Target

MODULES = tuple(sorted((Path(__file__).parent / "targets").glob("*.py")))


def targets(module: Path) -> dict[str, Target]:
    """Import one module and return its table."""
    table: dict[str, Target] = importlib.import_module(f"tests.fuzz.targets.{module.stem}").TARGETS
    return table


def find(name: str) -> Target:
    """Return one target; imports only the module whose text names it."""
    for module in MODULES:
        if f'"{name}": Target(' in module.read_text("utf-8"):
            return targets(module)[name]
    raise SystemExit(f"there is no target {name}")


def every() -> dict[str, Target]:
    """Return all targets."""
    return {name: target for module in MODULES for name, target in targets(module).items()}
