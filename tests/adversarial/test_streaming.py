"""A lint: what people send is only ever streamed. No body is read whole beyond its limit and nothing is spooled to a disk."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READERS = ("tipline/source/form.py", "tipline/base/forms.py")
"""The two places that may begin to read a multipart body; both take it in pieces and count them."""

_WHOLE = {"read", "text", "json", "form", "post"}
_SPOOLING = {"SpooledTemporaryFile", "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp"}


def faults(source: str, name: str) -> Iterator[str]:
    """What this module does that could keep a body in memory or write it to a disk."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Name) and node.id in _SPOOLING:
            yield "spooling"
        elif isinstance(node, ast.Call) and _named(node.func) == "MultipartReader" and name not in READERS:
            yield "multipart outside its readers"
        elif isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            yield from _awaited(node.value, name)


def _named(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    modules = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
    if any(module.split(".")[0] in ("tempfile", "cgi") for module in modules):
        yield "tempfile"


def _awaited(call: ast.Call, name: str) -> Iterator[str]:
    if not isinstance(call.func, ast.Attribute):
        return
    if call.func.attr == "multipart" and name not in READERS:
        yield "multipart outside its readers"
    if call.func.attr in _WHOLE and not call.args and not call.keywords:
        yield f"awaits .{call.func.attr}() of a whole body"


def modules() -> list[str]:
    return sorted(
        str(path.relative_to(ROOT)) for package in ("tipline", "handling") for path in (ROOT / package).rglob("*.py")
    )


@pytest.mark.parametrize("name", modules())
def test_no_module_reads_a_body_whole_or_spools_it(name: str) -> None:
    assert list(faults((ROOT / name).read_text("utf-8"), name)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "async def f(request):\n    return await request.post()",
        "async def f(request):\n    return await request.read()",
        "async def f(request):\n    return await request.text()",
        "async def f(request):\n    return await request.json()",
        "async def f(request):\n    return await request.content.read()",
        "async def f(part):\n    return await part.read()",
        "async def f(part):\n    return await part.form()",
        "async def f(request):\n    return await request.multipart()",
        "def f(request):\n    return MultipartReader(request.headers, request.content)",
        "def f(request):\n    return aiohttp.MultipartReader(request.headers, request.content)",
        "import tempfile",
        "from tempfile import SpooledTemporaryFile as S",
        "import os, tempfile as t",
    ],
)
def test_the_lint_finds_each_fault_when_it_is_planted(planted: str) -> None:
    assert list(faults(planted, "tipline/source/arrive.py"))


def test_both_readers_exist_and_read_in_pieces() -> None:
    for name in READERS:
        text = (ROOT / name).read_text("utf-8")
        assert ".multipart()" in text or "MultipartReader(" in text
        assert "read_chunk(" in text
