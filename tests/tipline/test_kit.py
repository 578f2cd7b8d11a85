"""The kit as a file: the same bytes from the same inputs, nothing of the machine in it, and a statement that names it."""

import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.digest import sha256
from crypto.signing import SigningKey
from tests.handins import Receiver
from tipline import kit
from tipline.kit import Inputs, KitError, KitStatement
from tipline.onefile import OneFileError
from tipline.pins import Keys, Pinned, Pins, PinsError
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried
from tipline.source.ways import KIT

TODAY = datetime.now(UTC).date()
UNIT = Receiver(TODAY)
INPUTS = Inputs(UNIT.keys(), "112", practice=False, questionnaire=Carried.of(current.default()))
SCRIPT = "document.title = '1 < 2';"


def page(inputs: Inputs = INPUTS, script: str = SCRIPT) -> str:
    return kit.build(inputs, script).decode()


def named(name: str, oversight: str = "") -> Keys:
    """Keys of a unit, and of an oversight body, whose names are these."""
    units = [Pinned("unit", "unit", name, UNIT.signer.public)]
    if oversight:
        units.append(Pinned("board", "oversight", oversight, bytes(32)))
    pins = Pins(tuple(units), TODAY, TODAY + timedelta(days=90))
    return replace(UNIT.keys(), pins=pins.sign(UNIT.root))


def test_the_page_admits_its_own_script_and_style_and_nothing_from_anywhere() -> None:
    made = page()

    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', made.replace("&#39;", "'"))
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    (script,) = re.findall(r"<script>(.*?)</script>", made, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    assert rules.pop("script-src") == f"'sha256-{b64encode(sha256(script.encode())).decode()}'"
    assert rules.pop("style-src") == f"'sha256-{b64encode(sha256(style.encode())).decode()}'"
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert set(rules) == {
        "default-src", "connect-src", "form-action", "base-uri", "img-src", "trusted-types",
    }  # fmt: skip
    assert set(rules.values()) == {"'none'"}
    assert made.index("Content-Security-Policy") < made.index("<style>")
    assert not re.search(r"\b(src|href|action|srcset|style|on\w+)=(?!\"#main\")", made.split("<script>")[0])


def test_a_kit_holds_all_that_it_was_made_from_and_nothing_of_the_machine() -> None:
    made = kit.build(INPUTS, SCRIPT)

    assert Inputs.of_page(made) == INPUTS
    assert kit.build(Inputs.of_page(made), SCRIPT) == made
    data = rb'<script type="application/json" id="(keys|questionnaire)">.*?</script>'
    assert str(TODAY.year).encode() not in re.sub(data, b"", made)


@given(st.text(), st.text(), st.text(min_size=1))
@settings(deadline=None)
def test_no_name_and_no_number_breaks_out_of_the_page(name: str, emergency: str, oversight: str) -> None:
    inputs = Inputs(
        named(f"</script><b>{name}", oversight),
        f"<!--{emergency}",
        practice=True,
        questionnaire=INPUTS.questionnaire,
    )

    made = kit.build(inputs, SCRIPT)

    assert Inputs.of_page(made) == inputs
    assert made.count(b"</script>") == 4
    assert b"<b>" not in made
    assert b"<!--" not in made


@pytest.mark.parametrize("script", ["'</script>'", "'</SCRIPT '", "1 <!--x", "'<script>'", "a\r\nb"])
def test_a_script_that_would_end_early_or_be_read_as_another_makes_no_kit(script: str) -> None:
    with pytest.raises(OneFileError, match="make setup"):
        page(script=script)


def test_keys_that_the_root_beside_them_did_not_sign_make_no_kit() -> None:
    with pytest.raises(PinsError):
        page(replace(INPUTS, keys=replace(UNIT.keys(), root=SigningKey.generate().public)))


def test_how_it_was_sealed_is_said_where_it_is_sealed_and_where_replies_are_read_as_on_a_sources_other_pages() -> None:
    made = unescape(page())

    for section in ("sealed", "replies"):
        (shown,) = re.findall(rf'<section id="{section}".*?</section>', made, re.DOTALL)
        assert f"{KIT.label}: what this protects, and what not" in shown
        assert all(words in shown for words in (KIT.protects, KIT.not_against, KIT.same))


def test_practice_is_said_and_real_is_not() -> None:
    assert "for trying things out" not in page()
    assert "for trying things out" in page(replace(INPUTS, practice=True))


def test_without_an_oversight_body_the_kit_says_not_to_report_about_the_unit() -> None:
    assert "do not report here" in page()
    assert "do not report here" not in page(replace(INPUTS, keys=named("Unit", "Board")))


def test_the_statement_says_hash_unit_and_last_day_and_only_its_root_is_believed() -> None:
    made = kit.build(INPUTS, SCRIPT)

    said = KitStatement.of(made)

    assert (said.sha256, said.unit, said.valid_until) == (sha256(made), "unit", TODAY + timedelta(days=6))
    assert KitStatement.read(said.sign(UNIT.root), UNIT.root.public) == said
    with pytest.raises(KitError, match="not signed by this root"):
        KitStatement.read(said.sign(SigningKey.generate()), UNIT.root.public)
    assert said.groups().replace(" ", "") == sha256(made).hex()
    assert {len(group) for group in said.groups().split()} == {4}


def test_a_kit_ends_with_its_pins_where_they_end_first() -> None:
    pins = Pins((Pinned("unit", "unit", "Unit", UNIT.signer.public),), TODAY, TODAY + timedelta(days=2))
    inputs = replace(INPUTS, keys=replace(UNIT.keys(), pins=pins.sign(UNIT.root)))

    assert KitStatement.of(kit.build(inputs, SCRIPT)).valid_until == TODAY + timedelta(days=2)


@pytest.mark.parametrize("change", [b"", b"<html></html>", b"twice"])
def test_what_is_no_kit_is_refused(change: bytes) -> None:
    made = kit.build(INPUTS, SCRIPT)
    given_ = made + made if change == b"twice" else change

    with pytest.raises(KitError, match="no kit"):
        KitStatement.of(given_)


def test_the_script_bundled_in_two_places_by_one_bundler_is_the_same_bytes(tmp_path: Path) -> None:
    away = Path(kit.__file__).parent / "away"
    for place in ("one", "far/away/other"):
        folder = tmp_path / place
        shutil.copytree(away, folder, ignore=shutil.ignore_patterns("node_modules", "built"))
        (folder / "node_modules").symlink_to(away / "node_modules")
        node = shutil.which("node", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        assert node is not None
        subprocess.run([node, folder / "build.mjs"], check=True, capture_output=True, timeout=120)

    one, other = ((tmp_path / place / "built" / "kit.js").read_bytes() for place in ("one", "far/away/other"))
    assert one == other
    assert one.decode() == kit.built_script()
    assert str(tmp_path).encode() not in one
