"""A corridor and a desk with every check cut out of them put what they like before the signers: nothing gets out, and each refusal says why.

The desk's own code asks here, under the desk's own role, with the functions that decide replaced by ones that do not.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.corridor import asking
from handling.corridor.document import Finished, Kept
from handling.corridor.store import reports as corridor_reports
from handling.desk import deconfliction, ledger, matching, reports, request, store
from handling.desk.deconfliction import Said
from handling.desk.matching import Match
from handling.desk.reports import Report, Review
from handling.desk.request import Requested, Wanted
from handling.desk.session import Desk, open_desk
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import today
from handling.rules import policy
from handling.rules.agreements import Purpose
from handling.rules.deconfliction import Answer
from handling.rules.facts import ReportFacts
from handling.rules.package import MANIFEST, REPORT_HTML, REPORT_JSON, pack, unpack
from handling.rules.policy import evaluate
from handling.store.keyring import Keyring
from tests.handling.guard.world import CUSTOMS, PARKS, Edit, Forgery, World, a_report, facts_of, unchanged
from tests.lists import root_signs, with_duties
from tests.practice import agree
from tipline.base import accounts


@dataclass(slots=True)
class Lawless:
    """The unit whose desk decides nothing: what it is given it builds, seals and asks for."""

    world: World
    desk: Desk
    builds: Edit = unchanged  # edits the members of each package once its manifest is made

    async def ask(
        self,
        *,
        report: Edit = unchanged,
        review: Edit = unchanged,
        reviewer: str = "ben",
        agency: str = CUSTOMS,
        purpose: Purpose = Purpose.INTELLIGENCE,
        answer: Answer = Answer.CLEAR,
    ) -> UUID:
        """Put a report into the desk as if it had been reviewed, and ask to release it. *report* changes it after its review."""
        document = a_report()
        body = {
            "report_sha256": sha256(canonical(document)).hex(),
            "urn": document["urn"],
            "facts": facts_of(document, agency),
            "agencies": [agency],
            "author": "amina",
            "residue_kept": 0,
            "risk_sha256": None,
            "day": today().isoformat(),
        }
        review(body)
        key = SigningKey.generate() if reviewer == "nobody" else await self.world.signing_key(reviewer)
        statement = Statement.make(reports.REVIEW, body, key)
        report(document)
        read = Report.parse(document)
        row = reports.seal(self.desk.vault, read, Review.parse(body, reviewer=reviewer, statement=statement), today())
        wanted = Wanted(read.id, agency, purpose)
        async with self.world.desk.acquire() as db:
            await store.add_report(db, row)
            said = Said("Deconfliction centre", answer)
            await deconfliction.keep(db, self.desk, self.world.listed, report=read.id, said=said, today=today())
            asked = await request.ask(db, self.desk, self.world.listed, wanted, unit="River Unit", today=today())
        assert isinstance(asked, Requested), asked
        return asked.release

    async def agree(self, *lines: str, agency: str = CUSTOMS, **changes: str) -> None:
        """Store a further version of an agreement: each line of the name given is left out, and *lines* are added."""
        toml = await self.toml(agency)
        kept = [line for line in toml.splitlines() if line.split(" = ")[0] not in {*changes, "version"}]
        added = [f"{name} = {value}" for name, value in changes.items() if value]
        text = "\n".join(["version = 2", *added, *lines, *kept])
        await agree(self.world.owner, self.world.settings, text.encode(), today=today())

    async def toml(self, agency: str = CUSTOMS) -> str:
        sql = "SELECT toml FROM unit.agreement WHERE agency = $1 ORDER BY version DESC LIMIT 1"
        return (await self.world.owner.fetchval(sql, agency)).decode()

    async def content(self, release: UUID) -> dict[str, Any]:
        """What was sealed to the signers, opened with Ben's release key."""
        key = age.Identity.parse(Secret((await self.world.account("ben"))["release_identity"].encode()))
        sealed = await self.world.owner.fetchval("SELECT sealed FROM guard.release WHERE id = $1", release)
        found: dict[str, Any] = parse(age.open_(sealed, [key]))
        return found

    async def swap(self, release: UUID, content: Mapping[str, Any]) -> None:
        """Put other bytes in the place of what was asked for, as the database's owner can."""
        readers = [self.world.listed.member(name).release for name in ("ben", "clara")]
        sealed = age.seal(canonical(dict(content)), readers)
        await self.world.owner.execute("UPDATE guard.release SET sealed = $2 WHERE id = $1", release, sealed)

    async def put(self, release: UUID, content: Mapping[str, Any]) -> UUID:
        """Ask under the desk's role for what was built elsewhere, or before."""
        return await self.world.ask_release(Forgery(row=release), dict(content))

    async def ask_review(
        self, *, kept: tuple[Kept, ...] = (), document: Edit = unchanged, facts: Edit = unchanged
    ) -> UUID:
        """Seal a report for review with the corridor's own code, whatever its author left undecided."""
        report = a_report()
        document(report)
        stated = facts_of(report)
        facts(stated)
        finished = Finished(report, ReportFacts.from_body(stated), (CUSTOMS,), kept, None, "Several know it.")
        to = [member.release for member in self.world.listed.members]  # the author too
        async with self.world.corridor.acquire() as db:
            await corridor_reports.queue(
                db,
                report=UUID(report["urn"]),
                sealed=asking.request(finished, "amina", to),
                requested_by="amina",
                requested_on=today(),
                shown_to=None,
            )
        return UUID(report["urn"])


@pytest.fixture
async def lawless(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lawless]:
    """The desk with each of its checks cut out; whatever a test does, no package has left at its end."""
    content = await accounts.unlock(world.owner, "desk", "amina", world.practice.passphrase("desk", "amina"))
    desk = open_desk("amina", content, world.listed, Keyring(world.settings.inside / "desk" / "keyring"))
    made = Lawless(world, desk)

    def permits(facts: ReportFacts, party: matching.Party, purpose: Purpose, day: date) -> Match:
        decision = evaluate(facts, party.agreement, party.recipient, purpose.value, day)
        return Match(party, replace(decision, outcome=policy.Answer.PERMIT))

    def packs(members: Mapping[str, bytes]) -> bytes:
        changed = dict(members)
        made.builds(changed)
        return pack(changed)

    monkeypatch.setattr(matching, "match", permits)
    monkeypatch.setattr(request, "verify_again", lambda *_: None)
    monkeypatch.setattr(request, "deconflicted", lambda *_: True)
    monkeypatch.setattr(request, "missing_signers", lambda *_: "")
    monkeypatch.setattr(request, "_asked_before", lambda *_: None)
    monkeypatch.setattr(request, "pack", packs)
    yield made
    assert await world.packages() == 0


# What a lawless desk asks for: refused at the first signature ---------------------------------------------------------


async def _no_review(it: Lawless) -> UUID:
    return await it.ask(reviewer="nobody")


async def _a_live_operation(it: Lawless) -> UUID:
    return await it.ask(answer=Answer.CONFLICT)


async def _an_officers_review(it: Lawless) -> UUID:
    return await it.ask(reviewer="clara")


async def _the_authors_own_review(it: Lawless) -> UUID:
    return await it.ask(reviewer="amina")


async def _a_report_written_anew_after_its_review(it: Lawless) -> UUID:
    return await it.ask(report=lambda report: report.update(summary="The source is the harbour master's brother."))


async def _a_forged_positive_list(it: Lawless) -> UUID:
    """The agency is on the list that stands in the facts, and not on the one that was signed, and the other way round."""
    return await it.ask(review=lambda body: body.update(agencies=[PARKS]))


async def _an_agency_off_the_list(it: Lawless) -> UUID:
    return await it.ask(review=lambda body: (body.update(agencies=[PARKS]), body["facts"].update(agencies=[PARKS]))[0])


async def _facts_that_nobody_stated(it: Lawless) -> UUID:
    return await it.ask(review=lambda body: body["facts"].update(suspected_false=None))


async def _a_suspended_agreement(it: Lawless) -> UUID:
    await it.agree(suspended="true", suspended_since=f"{today()}")
    return await it.ask()


async def _an_expired_agreement(it: Lawless) -> UUID:
    past = {"valid_from": 9, "review_by": 2, "expires_on": 1}
    await it.agree(**{name: f"{today() - timedelta(days=days)}" for name, days in past.items()})
    return await it.ask()


async def _an_agreement_for_another_purpose(it: Lawless) -> UUID:
    return await it.ask(purpose=Purpose.COMPLIANCE)


async def _a_foreign_agreement(it: Lawless) -> UUID:
    """The manifest is of Customs, the agreement that it names is the one with the Parks."""
    release = await it.ask()
    content, row = await it.content(release), uuid4()
    other = await it.world.agreement(PARKS)
    named = {"agreement": {"id": other.id, "version": other.version, "sha256": other.sha256}, "release": str(row)}
    return await it.put(row, _rebuilt(content, lambda manifest: manifest.update(named)))


async def _an_agreement_of_another_unit(it: Lawless) -> UUID:
    toml = (await it.toml()).replace('[unit]\nid = "', '[unit]\nid = "other-')
    text = toml.replace("version = 1", "version = 2").encode()
    await agree(it.world.owner, it.world.settings, text, today=today())
    return await it.ask()


async def _a_file_changed_after_the_manifest(it: Lawless) -> UUID:
    it.builds = lambda members: members.update({REPORT_HTML: members[REPORT_HTML].replace(b"ivory", b"tusks", 1)})
    return await it.ask()


async def _a_report_changed_in_the_package_alone(it: Lawless) -> UUID:
    it.builds = lambda members: members.update({REPORT_JSON: members[REPORT_JSON].replace(b"ivory", b"tusks", 1)})
    return await it.ask()


async def _a_file_too_many(it: Lawless) -> UUID:
    content = await it.content(await it.ask())
    content["zip"] = base64.b64encode(base64.b64decode(content["zip"]) + b"the tip").decode()
    return await it.put(uuid4(), content)


async def _a_manifest_of_another_release(it: Lawless) -> UUID:
    return await it.put(uuid4(), await it.content(await it.ask()))


async def _the_manifest_of_a_release_that_was_refused(it: Lawless) -> UUID:
    release = await it.ask()
    content = await it.content(release)
    await it.world.owner.execute("UPDATE guard.release SET state = 'refused', sealed = '' WHERE id = $1", release)
    return await it.put(uuid4(), content)


async def _an_old_manifest(it: Lawless) -> UUID:
    """All of it is as it once was, and the days in it have gone by."""
    content = await it.content(await it.ask())
    past = {name: f"{today() - timedelta(days=400)}" for name in ("day", "acknowledge_by")}
    row = uuid4()
    return await it.put(row, _rebuilt(content, lambda manifest: manifest.update(past, release=str(row))))


async def _conditions_struck_out(it: Lawless) -> UUID:
    content, row = await it.content(await it.ask()), uuid4()
    return await it.put(row, _rebuilt(content, lambda manifest: manifest.update(conditions=[], release=str(row))))


def _rebuilt(content: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """The same request with another manifest, in the package too."""
    manifest = content["manifest"]
    edit(manifest)
    files = unpack(base64.b64decode(content["zip"])) | {MANIFEST: canonical(manifest)}
    return content | {"zip": base64.b64encode(pack(files)).decode()}


LAWLESS: Mapping[str, tuple[Callable[[Lawless], Awaitable[UUID]], str]] = {
    "the review dropped": (_no_review, "not signed by one handler"),
    "a live operation": (_a_live_operation, "neither somebody's source nor a live operation"),
    "an officer's review": (_an_officers_review, "not signed by one handler"),
    "the author's own review": (_the_authors_own_review, "own author"),
    "a report written anew after its review": (_a_report_written_anew_after_its_review, "another report"),
    "a forged positive list": (_a_forged_positive_list, "Handler restriction"),
    "an agency off the positive list": (_an_agency_off_the_list, "Handler restriction"),
    "facts that nobody stated": (_facts_that_nobody_stated, "Agreement:"),
    "a suspended agreement": (_a_suspended_agreement, "suspension/suspended"),
    "an expired agreement": (_an_expired_agreement, "dates/expired"),
    "another purpose": (_an_agreement_for_another_purpose, "purpose/not-agreed"),
    "a foreign agreement": (_a_foreign_agreement, "the manifest names another"),
    "an agreement of another unit": (_an_agreement_of_another_unit, "agreement is of another unit"),
    "a file changed after the manifest": (_a_file_changed_after_the_manifest, "SHA-256"),
    "a report changed in the package alone": (_a_report_changed_in_the_package_alone, "report in the package"),
    "bytes behind the package": (_a_file_too_many, "bytes beside"),
    "a manifest of another release": (_a_manifest_of_another_release, "another release"),
    "the manifest of a refused release": (_the_manifest_of_a_release_that_was_refused, "another release"),
    "an old manifest": (_an_old_manifest, "has passed"),
    "conditions struck out": (_conditions_struck_out, "not those that follow"),
}


@pytest.mark.parametrize("what", LAWLESS)
async def test_what_a_lawless_desk_asks_for_is_not_even_signed_once(lawless: Lawless, what: str) -> None:
    ask, words = LAWLESS[what]
    release = await ask(lawless)

    with pytest.raises(RefusedError) as refused:
        await lawless.world.sign_release(release, "ben")

    assert words in " ".join(refused.value.refused.reasons)
    assert await lawless.world.signed_by(release) == []


async def test_a_lawless_desk_that_asks_lawfully_gets_its_first_signature(lawless: Lawless) -> None:
    """So that it is not the cutting itself that the guard refuses."""
    release = await lawless.ask()

    await lawless.world.sign_release(release, "ben")

    assert await lawless.world.signed_by(release) == ["ben"]


# What changes between the first signature and the second: the first counts for nothing --------------------------------


async def _the_report(it: Lawless, release: UUID, other: dict[str, Any]) -> None:
    """Another report of its own review and manifest, put under the same release."""
    await it.swap(release, _rebuilt(other, lambda manifest: manifest.update(release=str(release))))


async def _the_bytes_of_a_file(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    content = await it.content(release)
    files = dict(unpack(base64.b64decode(content["zip"])))
    files[REPORT_HTML] = files[REPORT_HTML].replace(b"ivory", b"tusks", 1)
    await it.swap(release, content | {"zip": base64.b64encode(pack(files)).decode()})


async def _a_file_and_the_manifest_with_it(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    content = await it.content(release)
    files = dict(unpack(base64.b64decode(content["zip"])))
    files[REPORT_HTML] = files[REPORT_HTML].replace(b"</main>", b"<p>More.</p></main>", 1)
    content["manifest"]["members"][REPORT_HTML] = sha256(files[REPORT_HTML]).hex()
    files[MANIFEST] = canonical(content["manifest"])
    await it.swap(release, content | {"zip": base64.b64encode(pack(files)).decode()})


async def _the_manifest(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    content = await it.content(release)
    later = f"{date.fromisoformat(content['manifest']['delete_by']) + timedelta(days=999)}"
    await it.swap(release, _rebuilt(content, lambda manifest: manifest.update(delete_by=later)))


async def _the_positive_list(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    """A second review of the same report, lawfully signed, with a longer list: manifest and package stay the same."""
    content = await it.content(release)
    body = content["review"]["body"]
    body = body | {"agencies": [CUSTOMS, PARKS], "facts": body["facts"] | {"agencies": [CUSTOMS, PARKS]}}
    review = Statement.make(reports.REVIEW, body, await it.world.signing_key("ben"))
    await it.swap(release, content | {"review": review.to_json()})


async def _the_review(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    content = await it.content(release)
    review = Statement.make(reports.REVIEW, content["review"]["body"], SigningKey.generate())
    await it.swap(release, content | {"review": review.to_json()})


async def _the_agreement(it: Lawless, *_: object) -> None:
    await it.agree("# The same, in a new version.")


async def _the_agreement_is_suspended(it: Lawless, *_: object) -> None:
    await it.agree(suspended="true", suspended_since=f"{today()}")


async def _the_agreement_is_narrowed(it: Lawless, *_: object) -> None:
    await it.agree(purposes='["seizure"]')


async def _the_member_list(it: Lawless, *_: object) -> None:
    """Nobody comes or goes: one member gets a further duty."""
    await root_signs(it.world.settings, it.world.owner, with_duties({"clara": ["analyst", "officer"]}))


async def _the_agencys_key(it: Lawless, *_: object) -> None:
    other = str(age.Identity.generate().recipient)
    await it.world.owner.execute("UPDATE unit.agency SET key = $2 WHERE id = $1", CUSTOMS, other)


async def _the_agencys_key_and_its_fingerprint(it: Lawless, *_: object) -> None:
    other = age.Identity.generate().recipient
    sql = "UPDATE unit.agency SET key = $2, fingerprint = $3 WHERE id = $1"
    await it.world.owner.execute(sql, CUSTOMS, str(other), other.fingerprint())


async def _who_asked(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    await it.world.owner.execute("UPDATE guard.release SET requested_by = 'zoe' WHERE id = $1", release)


async def _the_signature(it: Lawless, release: UUID, _: dict[str, Any]) -> None:
    sql = "UPDATE guard.signature SET signature = $2 WHERE subject = $1"
    body = it.world.to_sign(await it.content(release))
    forged = Statement.make("tipline/release/v1", body, SigningKey.generate()).signatures[0].signature
    await it.world.owner.execute(sql, release, forged)


async def _an_older_manifest_and_its_signature(it: Lawless, release: UUID, other: dict[str, Any]) -> None:
    """A release that was signed once some other day is put in the place of this one, signature and all."""
    signed = Statement.make("tipline/release/v1", it.world.to_sign(other), await it.world.signing_key("ben"))
    await it.swap(release, other)
    sql = "UPDATE guard.signature SET signature = $2 WHERE subject = $1"
    await it.world.owner.execute(sql, release, signed.signatures[0].signature)


CHANGED: Mapping[str, tuple[Callable[[Lawless, UUID, dict[str, Any]], Awaitable[None]], str]] = {
    "the report": (_the_report, "void"),
    "the bytes of a file": (_the_bytes_of_a_file, "SHA-256"),
    "a file and the manifest with it": (_a_file_and_the_manifest_with_it, "void"),
    "the manifest": (_the_manifest, "not those that follow"),
    "the positive list": (_the_positive_list, "void"),
    "the review": (_the_review, "not signed by one handler"),
    "the agreement's version": (_the_agreement, "the manifest names another"),
    "the agreement, suspended": (_the_agreement_is_suspended, "the manifest names another"),
    "the agreement, narrowed": (_the_agreement_is_narrowed, "the manifest names another"),
    "the member list": (_the_member_list, "void"),
    "the agency's key": (_the_agencys_key, "pins by its fingerprint"),
    "the agency's key and its fingerprint": (_the_agencys_key_and_its_fingerprint, "pins by its fingerprint"),
    "who asked for it": (_who_asked, "not asked for by an analyst"),
    "the signature": (_the_signature, "void"),
    "all of it for an older one": (_an_older_manifest_and_its_signature, "another release"),
}


@pytest.mark.parametrize("what", CHANGED)
async def test_what_changes_after_the_first_signature_makes_it_count_for_nothing(lawless: Lawless, what: str) -> None:
    change, words = CHANGED[what]
    world, release = lawless.world, await lawless.ask()
    other = await lawless.content(await lawless.ask())
    await world.sign_release(release, "ben")
    await change(lawless, release, other)

    with pytest.raises(RefusedError) as refused:
        await world.sign_release(release, "clara")

    said = " ".join(refused.value.refused.reasons)
    assert words in said
    assert "The first signature counts for nothing" in said
    assert await world.state("release", release) == "void"
    for name in ("ben", "clara"):
        with pytest.raises(NotNowError, match="decided"):
            await world.sign_release(release, name)


async def test_a_release_whose_signature_is_void_tells_the_desk_why_and_can_be_asked_for_again(
    lawless: Lawless,
) -> None:
    world, release = lawless.world, await lawless.ask()
    await world.sign_release(release, "ben")
    await _the_member_list(lawless)
    with pytest.raises(RefusedError):
        await world.sign_release(release, "clara")

    async with world.desk.acquire() as db:
        row = await store.release(db, release)
    assert row is not None
    told = ledger.open_(lawless.desk.vault, lawless.desk.intake, row)
    assert told.state_words.startswith("Void")
    assert "member list was changed after signing" in told.reason


# A corridor whose author decides nothing and hides it -----------------------------------------------------------------

CORRIDOR: Mapping[str, tuple[dict[str, Any], str]] = {
    "a telephone number that nobody decided about": (
        {"document": lambda it: it.update(summary="The source can be reached on +254 722 000 123.")},
        "could lead back to a source",
    ),
    "facts better than the report": (
        {"facts": lambda it: it.update(handling={"code": "C", "action": "A1", "sanitisation": "S1"})},
        "handling in the facts",
    ),
    "grades that were raised": ({"facts": lambda it: it["grades"].pop()}, "grades in the facts"),
    "another list than the facts": ({"facts": lambda it: it.update(agencies=[PARKS])}, "agencies in the facts"),
}


@pytest.mark.parametrize("what", CORRIDOR)
async def test_what_a_lawless_corridor_asks_for_is_not_reviewed(lawless: Lawless, what: str) -> None:
    asked, words = CORRIDOR[what]
    review = await lawless.ask_review(**asked)

    with pytest.raises(RefusedError) as refused:
        await lawless.world.sign_review(review, "ben")

    assert words in " ".join(refused.value.refused.reasons)
    assert await lawless.world.owner.fetchval("SELECT count(*) FROM desk.inbox") == 0


@pytest.mark.parametrize("name", ["amina", "clara"])
async def test_neither_the_author_nor_an_officer_reviews_what_a_lawless_corridor_sealed_to_them(
    lawless: Lawless, name: str
) -> None:
    review = await lawless.ask_review()

    with pytest.raises(NotNowError):
        await lawless.world.sign_review(review, name)

    assert await lawless.world.owner.fetchval("SELECT count(*) FROM desk.inbox") == 0
