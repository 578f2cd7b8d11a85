"""What may leave is a value that only its own check can make: held by reading the source."""

import ast
import re
from pathlib import Path

import pytest

from handling import guard

INTO = re.compile(r"INTO exchange\.(\w+)")
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


def test_one_place_hands_a_package_to_the_exchange_and_one_a_notice() -> None:
    into = {(path.stem, table) for path in FOLDER.glob("*.py") for table in INTO.findall(path.read_text())}

    assert into == {("store", "package"), ("notice_store", "notice")}
    assert calls("add_package") == {"releases"}
    assert calls("add_notice") == {"notices"}


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
