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
        elif isinstance(node, ast.AsyncFunctionDef):
            yield from _read_in(node)
        if name not in READERS and _begins_multipart(node):
            yield "multipart outside its readers"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    modules = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
    if any(module.split(".")[0] in ("tempfile", "cgi") for module in modules):
        yield "tempfile"


def _begins_multipart(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _named(node.func) in {"multipart", "MultipartReader"}
    return isinstance(node, ast.Attribute) and _named(node.value) == "MultipartReader"


def _named(one: ast.expr) -> str:
    return one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")


def _read_in(function: ast.AsyncFunctionDef) -> Iterator[str]:
    """What a coroutine reads whole, whether it awaits that itself or hands it to a task or a time limit."""
    for call in ast.walk(function):
        match call:
            case ast.Call(func=ast.Attribute(attr=reading)) if reading in _WHOLE and not _is_bounded(call.args):
                yield f"reads a whole body with .{reading}()"


def _is_bounded(given: list[ast.expr]) -> bool:
    """Whether the first argument says how much: no other one does, and a negative number or None means all there is."""
    match given:
        case [] | [ast.UnaryOp(op=ast.USub()) | ast.Constant(value=None | str()), *_]:
            return False
    return True


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
        "async def f(request):\n    return await request.content.read(-1)",
        "async def f(request):\n    return await request.content.read(n=-1)",
        "async def f(request):\n    return await request.json(loads=canonical)",
        "async def f(request):\n    return await asyncio.wait_for(request.read(), 10)",
        "async def f(request):\n    return asyncio.create_task(request.content.read())",
        "async def f(part):\n    return await part.read(decode=True)",
        "async def f(part):\n    return await part.text(encoding='utf-8')",
        "async def f(part):\n    return await part.form()",
        "async def f(response):\n    return await response.text('utf-8')",
        "async def f(request):\n    return await request.multipart()",
        "def f(request):\n    return MultipartReader(request.headers, request.content)",
        "def f(request):\n    return aiohttp.MultipartReader(request.headers, request.content)",
        "def f(response):\n    return MultipartReader.from_response(response)",
        "import tempfile",
        "from tempfile import SpooledTemporaryFile as S",
        "import os, tempfile as t",
    ],
)
def test_the_lint_finds_each_fault_when_it_is_planted(planted: str) -> None:
    assert list(faults(planted, "tipline/source/arrive.py"))


def test_both_readers_begin_and_read_in_pieces() -> None:
    for name in READERS:
        text = (ROOT / name).read_text("utf-8")
        assert list(faults(text, "elsewhere")) == ["multipart outside its readers"]
        assert "read_chunk(" in text
