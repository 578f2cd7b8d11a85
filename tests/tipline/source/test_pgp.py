"""The page with the unit's OpenPGP key: only a key of the unit's own signer that is valid today, and how it is used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crypto.signing import SigningKey
from tests.journeys.browser import Browser
from tests.tipline.source.running import Zone, a_zone, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.pgpkey import PgpKey, PgpKeyError
from tipline.source.pgp import choose
from tipline.source.ways import PGP
from tipline.units import Unit

TODAY = datetime.now(UTC).date()
ARMOUR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + "mDMEawYl" * 8 + "\n=kLz0\n-----END PGP PUBLIC KEY BLOCK-----\n"
KEY = PgpKey("unit", 1, "AB12" * 10, "CD34" * 10, ARMOUR, TODAY, TODAY + timedelta(days=119))


async def publish(db: Db, key: PgpKey, signer: SigningKey) -> None:
    await db.execute(
        "INSERT INTO zone.pgp_key VALUES ($1, $2, $3, $4, $5)",
        key.unit,
        key.serial,
        key.sign(signer),
        key.not_before,
        key.not_after,
    )


async def test_the_page_shows_the_key_its_fingerprint_and_how_to_seal_without_script(
    settings: Settings, public_db: Db
) -> None:
    zone: Zone = await a_zone(settings, public_db)
    await publish(public_db, KEY, zone.unit.signer)
    await publish(public_db, replace(KEY, serial=2, fingerprint="EE" * 20), zone.oversight.signer)

    with running(zone):
        async with Browser(zone.url) as browser:
            page = await browser.open((await browser.open("/")).link("/pgp"))
            file = await browser.open("/pgp/key.asc")

    assert " ".join(["AB12"] * 10) in page.text
    assert "mDMEawYl" * 8 in page.text
    assert "gpg --encrypt --armor --recipient-file key.asc report.txt" in page.text
    assert PGP.not_against in page.text
    assert PGP.same in page.text
    assert b"<script" not in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert file.body.decode() == ARMOUR
    assert "key.asc" in file.headers["Content-Disposition"]


async def test_while_there_is_no_valid_key_the_page_sends_people_to_the_form(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            page = await browser.open("/pgp", status=404)
            await browser.open("/pgp/key.asc", status=404)

    assert "There is no PGP key to seal with just now" in page.text


@pytest.mark.parametrize("days", [-1, 120])
def test_a_key_is_shown_on_its_days_alone(days: int) -> None:
    signer = SigningKey.generate()
    unit = Unit("unit", "unit", "River Unit", bytes(32), signer.public)

    assert choose(unit, [KEY.sign(signer)], TODAY) == KEY
    assert choose(unit, [KEY.sign(signer)], TODAY + timedelta(days=days)) is None


def test_the_newest_of_the_units_own_is_shown_and_nobody_elses() -> None:
    signer = SigningKey.generate()
    unit = Unit("unit", "unit", "River Unit", bytes(32), signer.public)
    others = [
        replace(KEY, serial=9).sign(SigningKey.generate()),
        replace(KEY, serial=9, unit="oversight").sign(signer),
        b"no statement",
    ]

    assert choose(unit, [KEY.sign(signer), replace(KEY, serial=2).sign(signer), *others], TODAY) == replace(
        KEY, serial=2
    )
    assert choose(unit, others, TODAY) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "no key"},
        {"key": ARMOUR * 2},
        {"key": ARMOUR.replace("PUBLIC", "PRIVATE")},
        {"key": ARMOUR.replace("\n\n", "\nComment: <b>\n\n")},
        {"fingerprint": "ab12" * 10},
        {"subkey": "AB12"},
        {"serial": 0},
    ],
)
def test_no_other_text_is_ever_signed_as_a_key(wrong: dict[str, object]) -> None:
    with pytest.raises(PgpKeyError):
        replace(KEY, **wrong).sign(SigningKey.generate())  # type: ignore[arg-type]  # broken on purpose
