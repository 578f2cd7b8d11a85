"""An honest release leaves after two signatures, sealed and signed so that stock tools open and check it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from crypto import age, sshsig
from crypto.digest import acknowledgement_check, sha256
from crypto.pgp import Gpg, verify_detached
from crypto.secret import Secret
from handling.data import scheme, subjects
from handling.guard import releases, service, views
from handling.guard.refusal import ChangedError, NotNowError, NoWordError
from handling.guard.service import Hand, today
from handling.guard.store import State
from handling.rules.package import NAMES, unpack
from handling.rules.release import Kind, Reason
from tests.handling.guard.world import PARKS, Forgery, World
from tipline.base.staff import SignInError


async def test_two_signatures_let_a_release_out_sealed_to_its_agency_and_signed_by_the_unit(
    world: World, tmp_path: Path
) -> None:
    release = await world.ask_release()

    assert await world.sign_release(release, "ben") is State.SIGNED_ONCE
    assert await world.packages() == 0
    assert await world.sign_release(release, "clara") is State.RELEASED

    row = await world.owner.fetchrow("SELECT * FROM exchange.package WHERE id = $1", release)
    identity = age.Identity.parse(
        (world.settings.data / "practice" / "harbour-customs" / "key.txt").read_text().strip()
    )
    archive = age.open_(row["sealed"], [identity])
    assert set(unpack(archive)) == NAMES
    assert row["check"] == acknowledgement_check(sha256(archive))
    assert (row["agency"], row["channel"], row["released_on"]) == ("harbour-customs", "age", today())
    ssh_keygen_accepts(world, row["sealed"], row["signature"], tmp_path)


async def test_where_immunity_is_claimed_nothing_leaves_without_the_officers_explicit_word(world: World) -> None:
    def claimed(review: dict[str, Any]) -> None:
        review["facts"]["immunity"] = True

    release = await world.ask_release(Forgery(review=claimed))
    await world.sign_release(release, "ben")
    shown = await releases.open_(world.guard, release, world.hand("clara"), today())

    with pytest.raises(NoWordError):
        await world.sign_release(release, "clara")
    assert await world.packages() == 0
    assert views.release_page(shown, scheme(), subjects(), None).immunity
    assert await world.sign_release(release, "clara", immunity=True) is State.RELEASED


async def test_signers_hear_that_the_author_grades_both_axes_alike(world: World) -> None:
    release = await world.ask_release(Forgery(review=lambda said: said.update(alike=True)))

    shown = await releases.open_(world.guard, release, world.hand("ben"), today())

    assert views.release_page(shown, scheme(), subjects(), None).alike


async def test_a_release_over_openpgp_opens_and_verifies_with_gnupg(world: World) -> None:
    release = await world.ask_release(Forgery(agency=PARKS))

    await world.sign_release(release, "ben")
    await world.sign_release(release, "clara")

    row = await world.owner.fetchrow("SELECT * FROM exchange.package WHERE id = $1", release)
    folder = world.settings.data / "practice" / "river-parks"
    with Gpg(folder / "gnupg") as gpg:
        archive = gpg.decrypt(row["sealed"], Secret((folder / "passphrase.txt").read_bytes().strip()))
    assert row["check"] == acknowledgement_check(sha256(archive))
    unit_key = (world.settings.inside / "guard" / "package.asc").read_text()
    verify_detached(unit_key, row["sealed"], row["signature"].encode())


async def test_a_release_that_left_keeps_no_copy_at_the_guard(world: World) -> None:
    release = await world.ask_release()
    await world.sign_release(release, "ben")
    await world.sign_release(release, "clara")

    assert await world.owner.fetchval("SELECT sealed FROM guard.release WHERE id = $1", release) == b""
    with pytest.raises(NotNowError):
        await world.sign_release(release, "clara")
    assert await world.packages() == 1


async def test_what_is_signed_is_what_was_shown(world: World) -> None:
    release = await world.ask_release()

    with pytest.raises(ChangedError):
        await releases.sign(world.guard, release, world.hand("ben", "0" * 64), today())

    assert await world.signed_by(release) == []
    assert await world.state("release", release) == "waiting"


async def test_a_wrong_passphrase_opens_and_signs_nothing(world: World) -> None:
    release = await world.ask_release()

    for act in (releases.open_, releases.sign):
        with pytest.raises(SignInError):
            await act(world.guard, release, Hand("ben", "not the passphrase"), today())

    assert await world.signed_by(release) == []


async def test_a_refusal_ends_the_request_and_its_reason_opens_at_the_desk_only(world: World) -> None:
    release = await world.ask_release()
    await world.sign_release(release, "ben")

    await service.refuse(world.guard, Kind.MANIFEST, release, who="clara", reason="Wrong quay.", today=today())

    row = await world.owner.fetchrow("SELECT state, reason, sealed FROM guard.release WHERE id = $1", release)
    assert row["state"] == "refused"
    assert row["sealed"] == b""
    assert b"quay" not in row["reason"]
    with pytest.raises(NotNowError):
        await world.sign_release(release, "clara")
    assert await world.packages() == 0


async def test_who_asked_can_neither_sign_nor_refuse(world: World) -> None:
    release = await world.ask_release()

    with pytest.raises(NotNowError, match="prepared"):
        await world.sign_release(release, "amina")
    with pytest.raises(NotNowError):
        await service.refuse(world.guard, Kind.MANIFEST, release, who="amina", reason="No.", today=today())

    assert await world.state("release", release) == "waiting"


async def test_an_officer_does_not_sign_first(world: World) -> None:
    release = await world.ask_release()

    with pytest.raises(NotNowError, match=Reason.DUTY.value):
        await world.sign_release(release, "clara")

    assert await world.signed_by(release) == []


async def test_nobody_signs_twice(world: World) -> None:
    release = await world.ask_release()
    await world.sign_release(release, "ben")

    with pytest.raises(NotNowError, match=Reason.SIGNED.value):
        await world.sign_release(release, "ben")

    assert await world.signed_by(release) == ["ben"]
    assert await world.packages() == 0


def ssh_keygen_accepts(world: World, sealed: bytes, signature: str, folder: Path) -> None:
    """Raise unless stock OpenSSH finds the unit's signature over the sealed file."""
    (folder / "signers").write_text(f"unit {sshsig.public_line(world.listed.package_signer, '')}\n")
    (folder / "package.age.sig").write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "unit", "-n", "tipline-package"]
    command += ["-s", "package.age.sig"]
    subprocess.run(command, cwd=folder, input=sealed, check=True, capture_output=True)
