"""A kit that was changed, or whose keys do not count: it seals nothing, and says in words what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.signing import SigningKey
from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.kitpage import TODAY, Station
from tipline.pins import Keys, Pinned, Pins


def with_another_letter(station: Station) -> None:
    """Somebody changes one letter of the script."""
    page = station.file.read_text()
    station.file.write_text(page.replace("Not sealed yet.", "Not sealed yes."))


def with_a_script_of_their_own(station: Station) -> None:
    page = station.file.read_text()
    station.file.write_text(page.replace("</body>", "<script>document.title='taken'</script></body>"))


@pytest.mark.parametrize("change", [with_another_letter, with_a_script_of_their_own])
def test_a_script_that_is_not_the_one_in_the_policy_does_not_run(
    change: Callable[[Station], None], chromium: Chromium, station: Station
) -> None:
    change(station)

    chromium.open(station.file.as_uri())

    assert any("Content Security Policy" in said for said in chromium.refused)
    assert chromium.run("return document.title") != "taken"
    if change is with_another_letter:
        assert "the kit does not run here" in chromium.text("#starting")
        assert not chromium.shows("#start")


def another_root(station: Station) -> Keys:
    return replace(station.keys(), root=SigningKey.generate().public)


def pins_of_a_thief(station: Station) -> Keys:
    thief = Pins((Pinned("unit", "unit", "Practice Unit", bytes(32)),), TODAY, TODAY).sign(SigningKey.generate())
    return replace(station.keys(), pins=thief)


def key_of_a_thief(station: Station) -> Keys:
    thief = station.unit.intake.sign(SigningKey.generate())
    return replace(station.keys(), intake=(thief, station.keys().intake[1]))


def last_key_of_a_thief(station: Station) -> Keys:
    """Nothing is sealed to it today, but it makes the kit look good for longer than it is."""
    ours = station.unit.intake
    later = replace(
        ours, serial=ours.serial + 1, not_before=ours.not_after, not_after=ours.not_after + timedelta(days=60)
    )
    return replace(station.keys(), intake=(*station.keys().intake, later.sign(SigningKey.generate())))


def key_for_this_week_of_a_thief(station: Station) -> Keys:
    """The weeks before and after are good."""
    ours, week = station.unit.intake, timedelta(days=7)
    before, after = (
        replace(
            ours, serial=ours.serial + n, not_before=ours.not_before + n * week, not_after=ours.not_after + n * week
        )
        for n in (-1, 1)
    )
    weeks = (before.sign(station.unit.signer), ours.sign(SigningKey.generate()), after.sign(station.unit.signer))
    return replace(station.keys(), intake=(*weeks, station.keys().intake[1]))


def keys_of_one_unit(station: Station) -> Keys:
    return replace(station.keys(), intake=station.keys().intake[1:])


def no_json(station: Station) -> Keys:
    page = station.file.read_bytes()
    station.file.write_bytes(page.replace(b'"format":"tipline/keys/v1"', b'"format":"tipline/keys/v2"'))
    return station.keys()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (another_root, "not signed by this kit's root key"),
        (pins_of_a_thief, "not signed by this kit's root key"),
        (key_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (last_key_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (key_for_this_week_of_a_thief, "A key in this kit is not signed by Practice Unit or Oversight Board"),
        (keys_of_one_unit, "holds no key to lock anything with"),
        (no_json, "cannot be read"),
    ],
)
def test_a_kit_whose_keys_were_changed_seals_nothing_and_says_what_is_wrong(
    change: Callable[[Station], Keys], words: str, chromium: Chromium, station: Station
) -> None:
    changed = change(station)
    if change is not no_json:
        station.write(changed)

    chromium.open(station.file.as_uri())
    chromium.wait_for("#refused")

    assert words in chromium.text("#refused")
    assert not chromium.shows("#go-tell")
    assert axe.violations(chromium) == []


@pytest.mark.parametrize(("first", "words"), [(-30, "This kit ended on"), (3, "This kit is not good before")])
def test_a_kit_whose_keys_have_all_ended_or_not_begun_seals_nothing_and_says_where_a_new_one_is(
    first: int, words: str, chromium: Chromium, tmp_path: Path
) -> None:
    station = Station(tmp_path, timedelta(days=first))

    chromium.open(station.file.as_uri())
    chromium.wait_for("#start-expired")

    said = chromium.text("#start-expired")
    assert words in said
    assert "set its clock first" in said
    assert first > 0 or "Get a new kit where you got this one, or from the report page" in said
    assert chromium.disabled("#go-tell")
    assert not chromium.disabled("#go-open")


@pytest.mark.parametrize("sizes", [(1,) * 21, (1 << 30, 1 << 30, 1)])
def test_more_than_20_files_or_2_gb_is_refused_in_words_before_anything_is_sealed(
    sizes: tuple[int, ...], chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        with file.open("wb") as sparse:
            sparse.truncate(size)
    chromium.open(station.file.as_uri())
    chromium.wait_for("#go-tell")
    chromium.click("#go-tell")
    chromium.click("input[name=involved][value=no]")
    chromium.fill("#message", "They are in the files.")
    chromium.upload("#tell-files", *files)
    chromium.click("#tell-form button[type=submit]")
    chromium.wait_for("#tell-files-problem:not([hidden])")

    said = chromium.text("#tell-files-problem")
    assert said == "One report takes at most 20 files and 2 GB. Seal the rest as another report."
    assert chromium.run("return document.activeElement.id") == "tell-files"
    assert "Not sealed yet." in chromium.text("#tell-problem")
    assert not chromium.shows("#sealed")
    assert chromium.value("#message") == "They are in the files."
