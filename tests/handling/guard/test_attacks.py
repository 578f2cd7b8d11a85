"""A desk, a corridor or a database that lies gets nothing out, and the guard says why."""

import base64
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from crypto import age
from crypto.canonical import canonical
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import undersigned
from handling.guard import agreed
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import today
from handling.guard.store import State
from handling.rules.agreements import Side
from handling.rules.package import MANIFEST, REPORT_HTML, pack, unpack
from handling.store import agencies, agreements, members
from handling.store.members import MemberListError
from tests.conftest import RolePool
from tests.handling.guard.world import CUSTOMS, PARKS, Forgery, World
from tests.practice import agree
from tipline.base.database import INSIDE_ROLES


def _append(files: dict[str, Any], text: str, name: str = REPORT_HTML) -> None:
    files[name] = files[name].replace(b"</main>", text.encode() + b"</main>")


def _extra_file(archive: bytes) -> bytes:
    buffer = io.BytesIO(archive)
    with zipfile.ZipFile(buffer, "a") as opened:
        opened.writestr("raw-tip.txt", "what the source wrote")
    return buffer.getvalue()


def _later(manifest: dict[str, Any]) -> None:
    manifest["delete_by"] = (today() + timedelta(days=9999)).isoformat()


def _stale(manifest: dict[str, Any]) -> None:
    manifest["acknowledge_by"] = (today() - timedelta(days=1)).isoformat()


def _rename(it: dict[str, Any]) -> None:
    it["title"] = "Another title"


FORGED = {
    "a review signed by a key of no member": (Forgery(reviewer=SigningKey.generate()), "not signed by one handler"),
    "a review of another report": (Forgery(report=_rename), "of another report"),
    "a review that names its signer as author": (Forgery(review=lambda it: it.update(author="ben")), "own author"),
    "a review by an author nobody knows": (Forgery(review=lambda it: it.update(author="zoe")), "not a member"),
    "a review of tomorrow": (
        Forgery(review=lambda it: it.update(day=(today() + timedelta(days=1)).isoformat())),
        "after today",
    ),
    "an agency off the positive list": (
        Forgery(review=lambda it: (it.update(agencies=[PARKS]), it["facts"].update(agencies=[PARKS]))[0]),
        "Handler restriction",
    ),
    "a positive list that differs from the facts": (
        Forgery(review=lambda it: it["facts"].update(agencies=[CUSTOMS, PARKS])),
        "agencies in the facts",
    ),
    "facts better than the report": (
        Forgery(review=lambda it: it["facts"].update(handling={"code": "C", "action": "A1", "sanitisation": "S1"})),
        "handling in the facts",
    ),
    "suspected false": (Forgery(review=lambda it: it["facts"].update(suspected_false=True)), "false/suspected"),
    "a live operation": (
        Forgery(deconfliction=lambda it: it.update(answer="conflict")),
        "neither somebody's source nor a live operation",
    ),
    "an answer about it that no analyst wrote down": (
        Forgery(deconfliction=lambda it: it.update(by="ben")),
        "is no analyst",
    ),
    "an answer about it of tomorrow": (
        Forgery(deconfliction=lambda it: it.update(on=(today() + timedelta(days=1)).isoformat())),
        "a day that has not come",
    ),
    "a longer time to keep it": (Forgery(manifest=_later), "not those that follow"),
    "a condition left out": (Forgery(manifest=lambda it: it["conditions"].pop()), "not those that follow"),
    "another agreement": (
        Forgery(manifest=lambda it: it["agreement"].update(version=7)),
        "agreement that decides today",
    ),
    "other bytes of the agreement": (
        Forgery(manifest=lambda it: it["agreement"].update(sha256="0" * 64)),
        "agreement that decides today",
    ),
    "an agency that is not enrolled": (Forgery(manifest=lambda it: it.update(agency="nobody")), "not enrolled"),
    "another enrolled agency": (Forgery(manifest=lambda it: it.update(agency=PARKS)), "Handler restriction"),
    "a purpose that was not agreed": (
        Forgery(manifest=lambda it: it.update(purpose="compliance")),
        "purpose/not-agreed",
    ),
    "a manifest of another release": (Forgery(row=uuid4()), "another release"),
    "a manifest of tomorrow": (Forgery(day=today() + timedelta(days=1)), "after today"),
    "a request older than its deadlines": (Forgery(manifest=_stale), "has passed"),
    "a requester nobody knows": (Forgery(requested_by="zoe"), "not asked for by an analyst"),
    "a page changed after the manifest": (Forgery(members=lambda it: _append(it, "<p>More.</p>")), "SHA-256"),
    "a script in a page": (Forgery(members=lambda it: _append(it, "<script>x</script>")), "script"),
    "a picture from elsewhere": (Forgery(members=lambda it: _append(it, "<img src='//x.example/'>")), "must not leave"),
    "a form": (Forgery(members=lambda it: _append(it, "<form></form>")), "must not leave"),
    "a redirect": (Forgery(members=lambda it: _append(it, "<meta http-equiv='refresh'>")), "must not leave"),
    "a handler's name": (Forgery(members=lambda it: _append(it, "<p>Written by Ben.</p>")), "names the inside"),
    "the unit's address": (Forgery(members=lambda it: _append(it, "<p>127.0.0.1</p>")), "names the inside"),
    "an extra file": (Forgery(archive=_extra_file), "a file too many"),
    "bytes behind the package": (Forgery(archive=lambda data: data + b"x"), "bytes beside"),
    "no package": (Forgery(archive=lambda _: b"PK"), "not built as agreed"),
}


NOTHING_LEFT = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
async def nothing_left(world: World) -> Any:
    """Check, whatever the test did, that no package left."""
    yield
    assert await world.packages() == 0


async def _reasons(world: World, release: Any, name: str) -> str:
    try:
        await world.sign_release(release, name)
    except RefusedError as error:
        return " ".join(error.refused.reasons)
    return "signed without a word"


@NOTHING_LEFT
async def test_each_lie_of_a_desk_is_refused_with_its_reason(world: World) -> None:
    """One unit for all lies, since enrolling it costs more than trying them."""
    wrong = {}
    for name, (forged, why) in FORGED.items():
        release = await world.ask_release(forged)

        said = await _reasons(world, release, "ben")

        state, signed = await world.state("release", release), await world.signed_by(release)
        if why not in said or (state, signed) != ("waiting", []):
            wrong[name] = (said, state, signed)
    assert wrong == {}


@NOTHING_LEFT
async def test_the_second_signer_is_told_of_each_lie_as_well(world: World) -> None:
    """As if the first signer and the desk conspired: a signature and a state that the database's owner put there."""
    ben = await world.signing_key("ben")
    wrong = {}
    for name, (forged, why) in FORGED.items():
        content = await world.release_content(forged)
        release = await world.ask_release(forged, content)
        await _first_signature(world, release, ben, world.to_sign(content))

        said = await _reasons(world, release, "clara")

        if why not in said or await world.state("release", release) != "void":
            wrong[name] = said
    assert wrong == {}


async def _first_signature(world: World, release: Any, key: SigningKey, body: dict[str, Any]) -> None:
    signature = Statement.make("tipline/release/v1", body, key).signatures[0].signature
    sql = "INSERT INTO guard.signature (subject, kind, signer, signature) VALUES ($1, 'manifest', 'ben', $2)"
    await world.owner.execute(sql, release, signature)
    await world.owner.execute("UPDATE guard.release SET state = 'signed-once' WHERE id = $1", release)


@NOTHING_LEFT
async def test_a_first_signature_by_another_key_is_void(world: World) -> None:
    content = await world.release_content()
    release = await world.ask_release(content=content)
    await _first_signature(world, release, SigningKey.generate(), world.to_sign(content))

    assert "void" in await _reasons(world, release, "clara")


@NOTHING_LEFT
async def test_a_first_signature_in_somebody_elses_name_does_not_count(world: World) -> None:
    content = await world.release_content()
    release = await world.ask_release(content=content)
    await _first_signature(world, release, await world.signing_key("clara"), world.to_sign(content))

    assert "void" in await _reasons(world, release, "clara")


@NOTHING_LEFT
async def test_a_signature_over_a_review_is_none_over_a_manifest(world: World) -> None:
    content = await world.release_content()
    release = await world.ask_release(content=content)
    key = await world.signing_key("ben")
    signature = Statement.make("tipline/review/v1", world.to_sign(content), key).signatures[0].signature
    sql = "INSERT INTO guard.signature (subject, kind, signer, signature) VALUES ($1, 'manifest', 'ben', $2)"
    await world.owner.execute(sql, release, signature)
    await world.owner.execute("UPDATE guard.release SET state = 'signed-once' WHERE id = $1", release)

    assert "void" in await _reasons(world, release, "clara")


@NOTHING_LEFT
async def test_a_state_without_its_signature_lets_nothing_out(world: World) -> None:
    release = await world.ask_release()
    await world.owner.execute("UPDATE guard.release SET state = 'signed-once' WHERE id = $1", release)

    with pytest.raises(NotNowError):
        await world.sign_release(release, "clara")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"suspended = true\nsuspended_since = {today()}", "suspension/suspended"),
        (f"suspended = false\nexpires_on = {today() - timedelta(days=1)}", "dates/expired"),
    ],
    ids=["suspended", "expired"],
)
@NOTHING_LEFT
async def test_under_a_suspended_or_expired_agreement_nothing_leaves(world: World, line: str, why: str) -> None:
    """Here the manifest names the very version that denies, so that only evaluating it again can find out."""
    content = await world.release_content()
    toml = (await world.owner.fetchval("SELECT toml FROM unit.agreement WHERE agency = $1", CUSTOMS)).decode()
    kept = [text for text in toml.splitlines() if not text.startswith("suspended")]
    if "expires_on" in line:
        kept = [text for text in kept if not text.startswith(("expires_on", "review_by", "valid_from"))]
        line += f"\nreview_by = {today() - timedelta(days=2)}\nvalid_from = {today() - timedelta(days=9)}"
    text = "\n".join(kept).replace("version = 1", f"version = 2\n{line}")
    now = await agree(world.owner, world.settings, text.encode(), today=today())
    manifest = content["manifest"]
    manifest["agreement"] = {"id": now.id, "version": 2, "sha256": now.sha256}
    archive = unpack(base64.b64decode(content["zip"])) | {MANIFEST: canonical(manifest)}
    content["zip"] = base64.b64encode(pack(archive)).decode()
    release = await world.ask_release(content=content)

    assert why in await _reasons(world, release, "ben")


@pytest.mark.parametrize("side", list(Side))
@NOTHING_LEFT
async def test_an_agreement_that_one_side_has_not_signed_lets_nothing_out_whatever_its_rows_say(
    world: World, side: Side
) -> None:
    """A signature is kept beside the new version for each side, so a desk believes it; one was made over other bytes."""
    toml = (await world.owner.fetchval("SELECT toml FROM unit.agreement WHERE agency = $1", CUSTOMS)).decode()
    text = toml.replace("version = 1", "version = 2").encode()
    agreement = await agreements.add(world.owner, text, today=today())
    keys = {Side.UNIT: "root.key", Side.AGENCY: "harbour-customs/signing.key"}
    for signer, file in keys.items():
        seed = bytes.fromhex((world.settings.data / "practice" / file).read_text())
        signed = text if signer is not side else text + b"\n"
        signature = undersigned.sign(SigningKey.from_seed(Secret(seed)), signed)
        await agreements.sign(world.owner, agreement, signer, signature, today=today())
    release = await world.ask_release()

    assert "signatures/missing" in await _reasons(world, release, "ben")


@NOTHING_LEFT
async def test_where_the_origin_is_not_told_no_file_may_name_the_unit(world: World) -> None:
    toml = (await world.owner.fetchval("SELECT toml FROM unit.agreement WHERE agency = $1", CUSTOMS)).decode()
    text = toml.replace("version = 1", "version = 2").replace('attribution = "may"', 'attribution = "must-not"')
    await agree(world.owner, world.settings, text.encode(), today=today())
    honest = await world.ask_release()
    named = Forgery(report=lambda it: it.update(title=f"What {world.settings.name} heard"))
    telling = await world.ask_release(named)

    assert await world.sign_release(honest, "ben") is State.SIGNED_ONCE
    assert "report.json names the unit" in await _reasons(world, telling, "ben")


@NOTHING_LEFT
async def test_an_agency_to_which_a_key_for_acknowledgements_was_added_receives_nothing(world: World) -> None:
    """The agreement pins both keys by one fingerprint, so nobody else can begin to acknowledge in the agency's name."""
    release = await world.ask_release()
    await world.sign_release(release, "ben")
    sql = "UPDATE unit.agency SET acknowledge = $2 WHERE id = $1"
    await world.owner.execute(sql, CUSTOMS, SigningKey.generate().public)

    assert "pins by its fingerprint" in await _reasons(world, release, "clara")


@NOTHING_LEFT
async def test_a_key_put_into_the_database_signs_no_agreement_for_the_agency(world: World) -> None:
    """The unit alone has signed the next version. Whoever writes the database signs it for the agency with another key."""
    toml = (await world.owner.fetchval("SELECT toml FROM unit.agreement WHERE agency = $1", CUSTOMS)).decode()
    agency = await agencies.get(world.owner, CUSTOMS)
    assert agency
    bare = age.Recipient.parse(agency.key).fingerprint()
    reasons = []
    for version, pinned in ((2, agency.fingerprint), (3, bare)):  # 3 is for an agency whose own key signs nothing
        text = toml.replace("version = 1", f"version = {version}").replace(agency.fingerprint, pinned).encode()
        sql = "UPDATE unit.agency SET signing = $2, fingerprint = $3 WHERE id = $1"
        await world.owner.execute(sql, CUSTOMS, None, pinned)
        drafted = await agreements.add(world.owner, text, today=today())
        attacker = SigningKey.generate()
        await world.owner.execute(sql, CUSTOMS, attacker.public, pinned)
        root = SigningKey.from_seed(Secret(bytes.fromhex((world.settings.data / "practice" / "root.key").read_text())))
        for side, key in ((Side.UNIT, root), (Side.AGENCY, attacker)):
            await agreements.sign(world.owner, drafted, side, undersigned.sign(key, text), today=today())
        reasons.append(await _reasons(world, await world.ask_release(), "ben"))

    for said in reasons:
        assert "pins by its fingerprint" in said
        assert "signatures/missing" in said


@NOTHING_LEFT
async def test_an_agreement_set_back_to_an_older_version_lets_nothing_out_once_the_guard_has_seen_the_newer_one(
    world: World,
) -> None:
    """The newer one suspends, so that nothing was ever asked for under it; the guard saw it when somebody signed in."""
    toml = (await world.owner.fetchval("SELECT toml FROM unit.agreement WHERE agency = $1", CUSTOMS)).decode()
    before = await world.ask_release()
    suspended = toml.replace("suspended = false", f"suspended = true\nsuspended_since = {today()}")
    newer = suspended.replace("version = 1", "version = 2").encode()
    await agree(world.owner, world.settings, newer, today=today())
    to_come = toml.replace("version = 1", "version = 3").replace(str(today()), str(today() + timedelta(days=9)), 1)
    await agree(world.owner, world.settings, to_come.encode(), today=today())
    await agreed.look(world.guard, world.owner, world.listed, today())
    for table in ("agreement_signature", "agreement"):
        await world.owner.execute(f"ALTER TABLE unit.{table} DISABLE TRIGGER immutable")
        await world.owner.execute(f"DELETE FROM unit.{table} WHERE version > 1")
    after = await world.ask_release()

    for release in (before, after):
        assert "version/rolled-back" in await _reasons(world, release, "ben")
    await agree(world.owner, world.settings, newer, today=today())
    said = await _reasons(world, after, "ben")
    assert "rolled-back" not in said
    assert "agreement that decides today is" in said


async def test_a_release_does_not_leave_twice_under_one_id(world: World) -> None:
    content = await world.release_content()
    release = await world.ask_release(content=content)
    await world.sign_release(release, "ben")
    await world.sign_release(release, "clara")

    with pytest.raises(asyncpg.UniqueViolationError):
        await world.ask_release(content=content)
    await world.owner.execute("DELETE FROM guard.signature; DELETE FROM guard.release")
    await world.ask_release(content=content)
    await world.sign_release(release, "ben")
    assert "left already" in await _reasons(world, release, "clara")

    assert await world.packages() == 1
    assert await world.state("release", release) == "signed-once"


@NOTHING_LEFT
async def test_a_member_list_of_another_root_closes_the_guard(world: World) -> None:
    release = await world.ask_release()
    (world.settings.inside / "root.pub").write_text(SigningKey.generate().public.hex())
    stranger = replace(world, guard=replace(world.guard, trust=members.trust(world.settings.inside, "guard")))

    with pytest.raises(MemberListError):
        await stranger.sign_release(release, "ben")


async def test_only_the_guard_may_hand_a_package_to_the_exchange(world: World, role_pool: RolePool) -> None:
    sql = """
        INSERT INTO exchange.package (id, agency, channel, sealed, signature, "check",
                                      released_on, acknowledge_by, feedback_due, delete_by)
        VALUES ($1, $2, 'age', 'x', 'x', sha256('x'), $3, $3, $3, $3)
    """
    for role in INSIDE_ROLES:
        pool = await role_pool(role)
        if role == "tipline_guard":
            await pool.execute(sql, uuid4(), CUSTOMS, today())
            continue
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(sql, uuid4(), CUSTOMS, today())
    assert await world.packages() == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE guard.release SET state = 'signed-once'",
        "UPDATE guard.review SET state = 'signed'",
        "UPDATE guard.phrase SET state = 'approved'",
        "INSERT INTO guard.signature (subject, kind, signer, signature) VALUES (gen_random_uuid(), 'phrase', 'x', 'x')",
        "INSERT INTO guard.release (id, sealed, requested_by, requested_on, state) VALUES"  # noqa: ISC004 - one statement
        " (gen_random_uuid(), 'x', 'x', now(), 'signed-once')",
        "SELECT sealed FROM guard.account",
    ],
)
@pytest.mark.parametrize("role", [role for role in INSIDE_ROLES if role != "tipline_guard"])
async def test_no_other_role_signs_or_moves_a_request(role_pool: RolePool, role: str, sql: str) -> None:
    pool = await role_pool(role)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(sql)
