"""What may leave is a value that only its own check can make: held by reading the source."""

import ast
from pathlib import Path

import pytest

from handling import guard

FOLDER = Path(guard.__path__[0])
MAKERS = {"Scanned": "scan", "Examined": "verify", "Verified": "verify", "Sealed": "seal", "Package": "releases"}


def calls(name: str) -> set[str]:
    """Modules of the guard that call *name*, by itself or as an attribute."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    found.add(path.stem)
    return found


@pytest.mark.parametrize(("value", "maker"), MAKERS.items())
def test_each_proof_is_made_by_one_module(value: str, maker: str) -> None:
    assert calls(value) == {maker}


def test_one_place_hands_a_package_to_the_exchange() -> None:
    statements = [path.stem for path in FOLDER.glob("*.py") if "INTO exchange." in path.read_text()]

    assert statements == ["store"]
    assert calls("add_package") == {"releases"}


def test_keys_are_unlocked_only_by_the_acts_and_for_what_is_signed_elsewhere() -> None:
    assert calls("with_keys") == {
        "reviews",
        "releases",
        "phrases",
        "admission",
        "elsewhere",
        "emergency",
        "notices",
        "agreeing",
        "equipping",
    }
    assert calls("unlocked") == {"service"}
    assert calls("unlock") == {"keys"}
