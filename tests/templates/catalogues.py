"""Loads the tool that keeps the catalogues: it stands beside them, in no package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_TOOL = Path(__file__).parents[2] / "templates" / "locale" / "catalogues.py"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogues", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogues"] = module
    spec.loader.exec_module(module)
    return module
