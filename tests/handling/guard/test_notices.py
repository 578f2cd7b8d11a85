"""A notice leaves after one officer's signature, sealed to its agency; a desk that lies sends nothing."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from crypto import age, sshsig
from crypto.canonical import parse
from crypto.errors import SignatureError
from crypto.pgp import Gpg, verify_detached
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.guard import notices, service
from handling.guard.refusal import ChangedError, GuardError, NotNowError, RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.rules.notices import Notice
from handling.rules.release import Kind
from handling.store import agencies
from tests.handling.guard.noticed import Asking, Edit, ask, sign
from tests.handling.guard.world import CUSTOMS, PARKS, World
from tests.handling.materials import a_piece

PIECE = a_piece()


async def test_one_officers_signature_sends_a_notice_that_its_agency_alone_opens_and_anybody_verifies(
    world: World, tmp_path: Path
) -> None:
    notice = await ask(world)

    assert await sign(world, notice) is State.SENT

    row = await world.owner.fetchrow("SELECT * FROM exchange.notice WHERE id = $1", notice)
    key = (world.settings.data / "practice" / CUSTOMS / "key.txt").read_text().strip()
    text = age.open_(row["sealed"], [age.Identity.parse(Secret(key.encode()))])
    assert (row["agency"], row["channel"], row["sent_on"]) == (CUSTOMS, "age", today())
    assert sshsig.verify(row["signature"], row["sealed"], namespace="tipline-notice") == world.listed.package_signer
    with pytest.raises(SignatureError):
        sshsig.verify(row["signature"], row["sealed"], namespace="tipline-package")
    (tmp_path / "signers").write_text(
        sshsig.public_line(world.listed.package_signer, "unit").replace("ssh-", "x ssh-", 1)
    )
    (tmp_path / "sig").write_text(row["signature"])
    command = ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "x", "-n", "tipline-notice", "-s", "sig"]
    subprocess.run(command, input=row["sealed"], cwd=tmp_path, check=True, capture_output=True)  # noqa: ASYNC221 - milliseconds
    said = text.decode()
    assert "River Parks Authority (river-parks)" in said
    assert "Before the season opens" in said
    assert Notice.from_body(parse(said.splitlines()[-1].encode())).id == notice


async def test_what_an_originator_learns_is_recipient_purpose_and_reference_and_nothing_of_the_report(
    world: World,
) -> None:
    asking = Asking()
    notice = await ask(world, asking)

    view = await notices.open_(world.guard, notice, world.hand("clara"), today())

    said, document = view.examined.text.decode(), asking.document
    assert document["urn"] in said
    for text in (document["title"], document["summary"], *(item["text"] for item in document["items"])):
        shared = {word for word in text.split() if len(word) > 4 and word in said}
        assert shared <= {"files", "harbour"}  # of how to answer, and of the agency's own id
    assert document["date"] not in said


async def test_a_notice_over_openpgp_opens_and_verifies_with_gnupg(world: World) -> None:
    notice = await ask(world, Asking(originator=PARKS, recipient=CUSTOMS))

    await sign(world, notice)

    row = await world.owner.fetchrow("SELECT * FROM exchange.notice WHERE id = $1", notice)
    folder = world.settings.data / "practice" / PARKS
    verify_detached(
        (world.settings.inside / "guard" / "package.asc").read_text(), row["sealed"], row["signature"].encode()
    )
    with Gpg(folder / "gnupg") as gpg:
        text = gpg.decrypt(row["sealed"], Secret((folder / "passphrase.txt").read_text().strip().encode()))
    assert b"Harbour Customs Service" in text


async def test_nobody_but_an_officer_who_did_not_ask_for_it_signs_or_opens_a_notice(world: World) -> None:
    notice = await ask(world)

    for name in ("amina", "ben"):
        turn, _ = await service.look(world.guard, Kind.NOTICE, notice, name, today())
        assert not turn.may_sign
        with pytest.raises(NotNowError):
            await sign(world, notice, name)

    assert await _sent(world) == 0


async def test_what_was_shown_is_what_is_signed(world: World) -> None:
    notice = await ask(world)

    with pytest.raises(ChangedError):
        await notices.sign(world.guard, notice, world.hand("clara", "0" * 64), today())

    assert await _sent(world) == 0


async def test_a_refusal_ends_it_with_a_reason_for_the_desk(world: World) -> None:
    notice = await ask(world)

    await service.refuse(world.guard, Kind.NOTICE, notice, who="clara", reason="Ask by telephone.", today=today())

    row = await world.owner.fetchrow("SELECT * FROM guard.notice WHERE id = $1", notice)
    assert (row["state"], row["sealed"]) == ("refused", b"")
    with pytest.raises(NotNowError):
        await sign(world, notice)


def _other(body: dict[str, Any]) -> None:
    body["report"] = body["reference"] = f"urn:uuid:{uuid4()}"


def _resting_on(agency: str) -> Edit:
    """A report that rests on one piece, which *agency* sent."""

    def edit(body: dict[str, Any]) -> None:
        piece = replace(PIECE, agency=agency)
        body["facts"].update(material=[piece.to_body()], originators=sorted({CUSTOMS, agency}))

    return edit


FORGED = {
    "an originator whose material is not in it": (
        Asking(review=lambda it: it["facts"].update(originators=["river-parks"])),
        "does not rest on material",
    ),
    "an originator off the positive list": (
        Asking(review=lambda it: (it.update(agencies=[PARKS]), it["facts"].update(agencies=[PARKS]))[0]),
        "Handler restriction",
    ),
    "a recipient off the positive list": (
        Asking(review=lambda it: (it.update(agencies=[CUSTOMS]), it["facts"].update(agencies=[CUSTOMS]))[0]),
        "Handler restriction",
    ),
    "a recipient that nobody enrolled": (Asking(about=lambda it: it.update(recipient="nobody")), "is not enrolled"),
    "another version of the report": (
        Asking(about=lambda it: it.update(report_sha256="0" * 64)),
        "another report than the review",
    ),
    "material that the report does not rest on": (
        Asking(about=lambda it: it.update(material=["ab" * 32])),
        "does not name exactly the material",
    ),
    "material that another agency sent": (
        Asking(review=_resting_on(PARKS), about=lambda it: it.update(material=[PIECE.sha256])),
        "does not name exactly the material",
    ),
    "fewer pieces than the report rests on": (
        Asking(review=_resting_on(CUSTOMS)),
        "does not name exactly the material",
    ),
    "a review by no member": (Asking(reviewer=SigningKey.generate()), "not signed by one handler"),
    "a requester nobody knows": (Asking(requested_by="zoe"), "not asked for by an analyst"),
    "a notice of another request": (Asking(row=uuid4()), "another request"),
    "a line that names a handler": (Asking(notice=lambda it: it.update(words="Ask Ben.")), "names the inside"),
    "a notice of tomorrow": (Asking(notice=lambda it: it.update(on="2999-01-01", day="2999-01-02")), "after today"),
    "a day that has passed": (Asking(notice=lambda it: it.update(on="2020-01-01", day="2020-01-02")), "has passed"),
    "a notice to another agency than the one asked": (
        Asking(notice=lambda it: it.update(agency=PARKS)),
        "agreed format",
    ),
    "a kind that nobody knows": (Asking(notice=lambda it: it.update(kind="tip")), "agreed format"),
}


async def test_each_lie_of_a_desk_is_refused_and_nothing_is_sent(world: World) -> None:
    wrong = {}
    for name, (asking, why) in FORGED.items():
        notice = await ask(world, asking)

        said = await _reasons(world, notice)

        if why not in said or await world.state("notice", notice) != "waiting":
            wrong[name] = said
    assert wrong == {}
    assert await _sent(world) == 0


async def test_the_pieces_that_the_agency_sent_and_the_report_rests_on_are_named(world: World) -> None:
    asking = Asking(review=_resting_on(CUSTOMS), about=lambda it: it.update(material=[PIECE.sha256]))

    assert await sign(world, await ask(world, asking)) is State.SENT


async def test_an_agency_whose_key_no_signed_agreement_pins_is_sent_nothing(world: World) -> None:
    notice = await ask(world)
    other = age.Identity.generate().recipient
    await world.owner.execute("UPDATE unit.agency SET key = $1 WHERE id = $2", str(other), CUSTOMS)
    assert (await agencies.get(world.owner, CUSTOMS)) is not None

    assert "names the key" in await _reasons(world, notice)
    assert await _sent(world) == 0


async def _reasons(world: World, notice: Any) -> str:
    try:
        await sign(world, notice)
    except RefusedError as error:
        return " ".join(error.refused.reasons)
    except GuardError as error:
        return str(error)
    return "signed without a word"


async def _sent(world: World) -> int:
    count: int = await world.owner.fetchval("SELECT count(*) FROM exchange.notice")
    return count
