"""Rules of the house for this package, held against its own source."""

import ast
from pathlib import Path

import pytest

import crypto

MODULES = sorted(Path(crypto.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_says_what_it_is_and_stays_short(module: Path) -> None:
    text = module.read_text()

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_nothing_here_logs_or_prints(module: Path) -> None:
    names = {node.id for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Name)}

    assert not names & {"print", "logging", "logger", "warnings"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_every_error_has_its_fixed_text(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            formatted = [argument for argument in node.exc.args if not isinstance(argument, ast.Constant)]
            assert not formatted or ast.unparse(node.exc).startswith(("CodenameError(", "ShareError("))
