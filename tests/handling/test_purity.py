"""The rules are pure: each module says so, and does nothing that only the outside can answer."""

import ast
import sys
from pathlib import Path

import pytest

MODULES = sorted(Path("handling/rules").glob("*.py"))
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
FORBIDDEN_METHODS = {
    *("now", "utcnow", "today", "fromtimestamp", "localtime", "time", "monotonic"),
    *("read_text", "read_bytes", "write_text", "write_bytes", "urandom", "uuid1", "uuid4", "getenv"),
}
FORBIDDEN_MODULES = {
    *("asyncio", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "ssl", "subprocess"),
    *("sys", "tempfile", "threading", "time", "urllib", "importlib", "locale", "getpass", "platform"),
}
IMPURE = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await, ast.Global, ast.Nonlocal)


def offences(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, IMPURE):
            found.append(type(node).__name__)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(node.func.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FORBIDDEN_METHODS:
            found.append(node.func.attr)
        found += [name for name in imported(node) if not allowed(name)]
    return found


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def allowed(name: str) -> bool:
    top = name.partition(".")[0]
    return name.startswith("handling.rules") or (top in sys.stdlib_module_names and top not in FORBIDDEN_MODULES)


def test_there_are_rules_to_look_at():
    assert len(MODULES) > 10


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_rule_says_that_it_is_pure_in_its_first_line(module):
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""

    assert docstring.startswith("pure: ")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_rule_reads_no_clock_no_file_no_chance_and_waits_for_nothing(module):
    assert offences(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f(): pass",
        "def f():\n    global x\n    x = 1",
        "open('x')",
        "print(1)",
        "date.today()",
        "datetime.now(UTC)",
        "import os",
        "from pathlib import Path",
        "import random",
        "import asyncpg",
        "from crypto import age",
        "from handling.store import agreements",
        "from handling import data",
        "uuid.uuid4()",
    ],
)
def test_this_check_sees_what_it_looks_for(source):
    assert offences(source) != []
