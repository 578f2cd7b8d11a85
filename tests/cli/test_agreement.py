"""`tipline agreement` and `tipline agency`: what an administrator types and reads."""

import asyncio
import json

import pytest

from crypto import age, sshsig
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import undersigned
from handling.agencyfiles import signing_fingerprint
from handling.rules.amendments import LABELS
from handling.rules.policy import CLAUSES
from handling.store import agreements
from handling.undersigned import Ours
from tests.handling.rules.samples import AGENCY, FACTS, TOML
from tipline.cli.main import main

KEY = str(age.Identity.generate().recipient)
PINNED = TOML.replace(
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", age.Recipient.parse(KEY).fingerprint()
)


@pytest.fixture
def here(settings, monkeypatch):
    """A practice installation over this test's databases; the folder for the files that are typed."""
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", settings.inside_dsn)
    (settings.data / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    monkeypatch.setenv("TIPLINE_DATA", str(settings.data))
    return settings.data


def put(folder, name: str, text: str | bytes) -> str:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(folder / name)


def facts(folder, **change) -> str:
    return put(folder, "facts.json", json.dumps({**FACTS.to_body(), **change}))


def check(*words: str) -> int:
    return main(["agreement", "check", *words])


def test_a_valid_file_is_told_with_its_hash(here, capsys):
    assert check(put(here, "a.toml", TOML)) == 0

    assert "customs-2026 version 1 with Harbour Customs Service: valid, SHA-256 " in capsys.readouterr().out


def test_every_problem_is_told_with_its_path(here, capsys):
    broken = TOML.replace("version = 1", "version = 0").replace('channel = "age"', 'channel = "fax"')

    assert check(put(here, "a.toml", broken)) == 2

    assert capsys.readouterr().err.splitlines() == [
        "version (line 2): must be a whole number from 1 to 2147483647",
        "agency.channel (line 23): must be one of: age, openpgp",
    ]


def test_a_syntax_error_is_told_with_its_line(here, capsys):
    assert check(put(here, "a.toml", TOML.replace("version = 1", "version 1"))) == 2

    assert capsys.readouterr().err.startswith("line 2: ")


def test_a_program_gets_the_problems_as_json(here, capsys):
    assert check(put(here, "a.toml", TOML.replace("version = 1", "version = 0")), "--json") == 2

    told = json.loads(capsys.readouterr().out)
    assert told["valid"] is False
    assert [(problem["path"], problem["line"]) for problem in told["problems"]] == [("version", 2)]


def test_a_draft_without_a_lawful_basis_is_valid_and_cannot_be_put_into_force(here, capsys):
    draft = TOML.replace('lawful_basis = "Customs Act, section 3"\n', "")

    assert check(put(here, "a.toml", draft)) == 1

    assert "agency.lawful_basis: is missing" in capsys.readouterr().out


def test_with_facts_every_clause_is_told_and_a_permit_ends_with_0(here, capsys):
    words = (put(here, "a.toml", TOML), "--facts", facts(here), "--purpose", "seizure", "--today", "2026-11-23")

    assert check(*words) == 0

    told = capsys.readouterr().out
    assert "Outcome: permit" in told
    assert "grade/met" in told
    assert "Acknowledge by 2026-11-25, feedback by 2027-02-21, delete by 2027-11-23" in told
    assert "Condition: Keep the report apart from the case file." in told


def test_a_refusal_ends_with_1_and_names_what_alone_stands_in_the_way(here, capsys):
    words = (put(here, "a.toml", TOML), "--facts", facts(here, reviewed=None), "--purpose", "seizure")

    assert check(*words, "--today", "2026-11-23") == 1

    assert "Only this stands in the way: review/missing" in capsys.readouterr().out


def test_another_agency_is_refused(here, capsys):
    words = (put(here, "a.toml", TOML), "--facts", facts(here), "--purpose", "seizure", "--today", "2026-11-23")

    assert check(*words, "--agency", "river-parks", "--json") == 1

    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] == "deny"
    assert told["would_permit_if"] == ["agency/not-party"]
    assert told["obligations"]["terms"]["evidence"] == "ask"
    assert len(told["verdicts"]) == len(CLAUSES)


def test_the_only_agreed_purpose_need_not_be_named(here):
    single = TOML.replace('["intelligence", "investigation", "seizure"]', '["seizure"]')

    assert check(put(here, "a.toml", single), "--facts", facts(here), "--today", "2026-11-23") == 0


def test_among_several_purposes_one_must_be_named(here, capsys):
    assert check(put(here, "a.toml", TOML), "--facts", facts(here)) == 2

    assert "--purpose" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"surprise": 1}', '{"reviewed": 1}', b"\xff", "[" * 100_000])
def test_facts_that_are_none_are_refused(here, capsys, text):
    words = (put(here, "a.toml", TOML), "--facts", put(here, "facts.json", text), "--purpose", "seizure")

    assert check(*words) == 2

    assert "does not hold the facts of a report" in capsys.readouterr().err


def test_a_file_that_is_not_there_and_a_day_that_is_none_are_told(here, capsys):
    assert check(str(here / "nothing.toml")) == 2
    words = (put(here, "a.toml", TOML), "--facts", facts(here), "--purpose", "seizure", "--today", "tomorrow")
    assert check(*words) == 2

    told = capsys.readouterr().err
    assert "nothing.toml cannot be read" in told
    assert "--today must be a day" in told


def test_an_agency_and_its_agreement_are_enrolled_and_listed(here, capsys):
    key = put(here, "key.txt", KEY + "\n")
    enrol = ["agency", "add", AGENCY, "--name", "Harbour Customs Service", "--key", key]

    assert main(enrol) == 0
    assert main(enrol) == 0
    assert main(["agreement", "add", put(here, "a.toml", PINNED)]) == 0
    assert main(["agreement", "add", put(here, "a.toml", PINNED)]) == 0
    capsys.readouterr()

    assert main(["agency", "list"]) == 0
    assert main(["agreement", "list"]) == 0
    agency, agreement = capsys.readouterr().out.splitlines()
    assert agency.startswith(f"{AGENCY}  age  ")
    assert agreement.startswith(f"{AGENCY}  customs-2026  version 1  ")
    assert main(["agreement", "list", "--json"]) == 0
    assert [(one["agency"], one["version"]) for one in json.loads(capsys.readouterr().out)] == [(AGENCY, 1)]


def test_an_amendment_is_told_field_by_field(here, capsys):
    old, new = put(here, "1.toml", TOML), put(here, "2.toml", TOML.replace("minors = false", "minors = true"))

    assert main(["agreement", "diff", old, new]) == 0
    assert main(["agreement", "diff", old, old]) == 0
    assert main(["agreement", "diff", old, new, "--json"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("Minors: no becomes yes. This widens it.\nThe terms are the same.\n")
    changes = json.loads(told[told.index("{") :])["changes"]
    assert [(one["path"], one["effect"], one["was"], one["now"]) for one in changes] == [
        ("content.minors", "widens", False, True)
    ]


def test_of_two_files_the_wrong_one_is_named(here, capsys):
    wrong = put(here, "2.toml", TOML.replace("version = 1", "version = 0"))

    assert main(["agreement", "diff", put(here, "1.toml", TOML), wrong]) == 2

    assert capsys.readouterr().err.startswith(f"{wrong}: version (line 2): ")


def test_the_canonical_text_reads_as_the_same_terms(here, capsys):
    assert main(["agreement", "canonical", put(here, "1.toml", TOML)]) == 0
    written = put(here, "2.toml", capsys.readouterr().out)

    assert main(["agreement", "diff", str(here / "1.toml"), written]) == 0
    assert capsys.readouterr().out == "The terms are the same.\n"


def test_an_export_says_what_the_policy_cannot_carry(here, capsys):
    assert main(["agreement", "export", put(here, "1.toml", TOML)]) == 0
    told = capsys.readouterr().out
    assert main(["agreement", "export", str(here / "1.toml"), "--json"]) == 0

    both = json.loads(capsys.readouterr().out)
    assert json.loads(told[: told.index("\n\n")]) == both["policy"]
    assert "duties.retention_days: Days it may be kept" in told
    assert {"path": "duties.retention_days", "label": "Days it may be kept", "value": 365} in both["not_carried"]


@pytest.mark.usefixtures("here")
def test_the_schema_is_printed_as_json(capsys):
    assert main(["agreement", "schema"]) == 0

    assert "purposes" in json.loads(capsys.readouterr().out)["required"]


def pinning(theirs: SigningKey) -> str:
    """The agreement with an agency that signs with *theirs*."""
    both = signing_fingerprint(age.Recipient.parse(KEY), theirs.public)
    return PINNED.replace(age.Recipient.parse(KEY).fingerprint(), both)


def signed_by(capsys) -> list[str]:
    capsys.readouterr()
    assert main(["agreement", "list", "--json"]) == 0
    return json.loads(capsys.readouterr().out)[0]["signed"]


def test_both_sides_sign_and_until_then_each_that_is_missing_is_told(here, capsys):
    root, theirs = SigningKey.generate(), SigningKey.generate()
    pinned = pinning(theirs)
    inside = here / "inside"
    inside.mkdir(exist_ok=True)
    (inside / "root.pub").write_text(root.public.hex())
    keys = put(here, "root.key", root.seed.expose().hex()), put(here, "ssh.pub", sshsig.public_line(theirs.public, "x"))
    file = put(here, "a.toml", pinned)
    enrol = ["agency", "add", AGENCY, "--name", "Harbour Customs Service", "--key", put(here, "key.txt", KEY)]
    assert main([*enrol, "--signing-key", keys[1]]) == 0

    assert main(["agreement", "add", file]) == 0
    told = capsys.readouterr().out
    assert "Not signed by the unit yet" in told
    assert "Not signed by the agency yet" in told
    assert main(["root", "agreement", file, "--key", keys[0], "--yes"]) == 0
    assert "Fingerprint of its key: " in capsys.readouterr().out
    assert undersigned.by_unit(pinned.encode(), (here / "a.toml.unit.sig").read_bytes(), Ours(root.public, frozenset()))
    assert signed_by(capsys) == ["unit"]

    wrong = put(here, "wrong.sig", undersigned.sign(root, pinned.encode()))
    assert main(["agreement", "add", file, "--signature", wrong]) == 2
    assert "a signature is not good over this file" in capsys.readouterr().err
    right = put(here, "a.toml.sig", undersigned.sign(theirs, pinned.encode()))
    assert main(["agreement", "add", file, "--signature", right]) == 0
    assert "Not signed" not in capsys.readouterr().out
    assert signed_by(capsys) == ["agency", "unit"]


def test_the_root_signs_only_what_is_stored_and_shows_what_it_changes(here, capsys):
    root = SigningKey.generate()
    (here / "inside").mkdir(exist_ok=True)
    (here / "inside" / "root.pub").write_text(root.public.hex())
    sign = ["--key", put(here, "root.key", root.seed.expose().hex()), "--yes"]
    assert main(["agency", "add", AGENCY, "--name", "Customs", "--key", put(here, "key.txt", KEY)]) == 0
    second = put(
        here, "b.toml", PINNED.replace("version = 1", "version = 2").replace("minors = false", "minors = true")
    )
    assert main(["agreement", "add", put(here, "a.toml", PINNED)]) == 0

    assert main(["root", "agreement", second, *sign]) == 2
    assert "this version is not stored" in capsys.readouterr().err
    assert main(["root", "agreement", put(here, "c.toml", PINNED + "\n"), *sign]) == 2
    assert "stored with other bytes" in capsys.readouterr().err
    assert main(["root", "agreement", put(here, "d.toml", "a = 1"), *sign]) == 2
    assert "is no agreement" in capsys.readouterr().err


def test_the_root_reads_every_term_and_changes_only_against_what_both_sides_have_signed(here, capsys):
    root, theirs = SigningKey.generate(), SigningKey.generate()
    (here / "inside").mkdir(exist_ok=True)
    (here / "inside" / "root.pub").write_text(root.public.hex())
    sign = ["--key", put(here, "root.key", root.seed.expose().hex()), "--yes"]
    line = put(here, "ssh.pub", sshsig.public_line(theirs.public, "x"))
    enrol = ["agency", "add", AGENCY, "--name", "Customs", "--key", put(here, "key.txt", KEY), "--signing-key", line]
    assert main(enrol) == 0
    first = pinning(theirs)
    second = first.replace("version = 1", "version = 2").replace("minors = false", "minors = true")
    third = second.replace("version = 2", "version = 3").replace("review_days = 7", "review_days = 8")

    signature = put(here, "1.sig", undersigned.sign(theirs, first.encode()))
    assert main(["agreement", "add", put(here, "1.toml", first), "--signature", signature]) == 0
    assert main(["root", "agreement", str(here / "1.toml"), *sign]) == 0
    assert "No version that both sides have signed is stored" in capsys.readouterr().out
    for name, text in (("2.toml", second), ("3.toml", third)):
        assert main(["agreement", "add", put(here, name, text)]) == 0
    capsys.readouterr()
    assert main(["root", "agreement", str(here / "3.toml"), *sign]) == 0

    whole, changes = capsys.readouterr().out.split("Against version 1, the newest that both sides have signed:")
    assert f"{LABELS['content.minors']}: True" in whole
    assert LABELS["content.minors"] in changes
    assert LABELS["threat_to_life.review_days"] in changes


def test_a_key_for_signing_is_enrolled_once_and_only_if_it_is_one(here, capsys):
    line = put(here, "ssh.pub", sshsig.public_line(SigningKey.generate().public, "x"))
    assert main(["agency", "signing-key", AGENCY, line]) == 1
    assert main(["agency", "add", AGENCY, "--name", "Customs", "--key", put(here, "key.txt", KEY)]) == 0

    assert main(["agency", "signing-key", AGENCY, line]) == 0
    both = signing_fingerprint(age.Recipient.parse(KEY), sshsig.public_key((here / "ssh.pub").read_text()))
    assert f"over both of its keys: {both}" in capsys.readouterr().out
    assert main(["agency", "list"]) == 0
    assert both in capsys.readouterr().out
    assert main(["agency", "signing-key", AGENCY, line]) == 1
    with pytest.raises(SystemExit):
        main(["agency", "signing-key", AGENCY, put(here, "no.pub", "ssh-rsa AAAA")])
    assert "cannot be read as an SSH public key" in capsys.readouterr().err


def test_what_the_store_refuses_ends_with_1_and_says_why(here, capsys):
    assert main(["agreement", "add", put(here, "a.toml", PINNED)]) == 1

    assert agreements.Refusal.NO_AGENCY.value in capsys.readouterr().err


def test_an_agreement_of_another_unit_is_refused(here, capsys):
    assert main(["agreement", "add", put(here, "a.toml", PINNED.replace('id = "unit"', 'id = "other"'))]) == 2

    assert 'unit.id is "other"' in capsys.readouterr().err


def test_an_agency_is_not_replaced(here, capsys):
    first, second = put(here, "1", KEY), put(here, "2", str(age.Identity.generate().recipient))

    assert main(["agency", "add", AGENCY, "--name", "Customs", "--key", first]) == 0
    assert main(["agency", "add", AGENCY, "--name", "Customs", "--key", second]) == 1

    assert "nothing was changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("agency", "name", "key"),
    [
        ("Harbour", "Customs", KEY),
        ("harbour", " ", KEY),
        ("harbour", "Cus\ntoms", KEY),
        ("harbour", "Customs", "no key"),
        ("harbour", "Customs", b"\xff"),
        ("harbour", "Customs", "x" * (1024 * 1024 + 1)),
    ],
)
def test_a_bad_id_name_or_key_ends_with_2(here, capsys, agency, name, key):
    assert main(["agency", "add", agency, "--name", name, "--key", put(here, "key", key)]) == 2

    assert capsys.readouterr().err.startswith("tipline: ")


def test_a_secret_key_given_by_mistake_is_never_printed(here, capsys):
    secret = age.Identity.generate().encode().expose().decode()

    assert main(["agency", "add", AGENCY, "--name", "Customs", "--key", put(here, "key", secret)]) == 2

    told = capsys.readouterr()
    assert secret not in told.out + told.err


async def test_two_members_of_the_list_sign_for_the_unit_together(
    settings, practice_unit, inside_db, monkeypatch, capsys
):
    for name, value in (("PUBLIC_DSN", settings.public_dsn), ("INSIDE_DSN", settings.inside_dsn)):
        monkeypatch.setenv(f"TIPLINE_{name}", value)
    (settings.data / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    monkeypatch.setenv("TIPLINE_DATA", str(settings.data))
    stored = await inside_db.fetchval("SELECT toml FROM unit.agreement WHERE agency = 'harbour-customs'")
    toml = stored.replace(b"version = 1", b"version = 2")
    file, signatures = put(settings.data, "a.toml", toml), {}
    for name in ("ben", "clara"):
        sealed = await inside_db.fetchval("SELECT sealed FROM guard.account WHERE name = $1", name)
        seed = json.loads(age.open_passphrase(sealed, practice_unit.cards["guard", name].passphrase))["signing_seed"]
        signed = undersigned.sign(SigningKey.from_seed(Secret(bytes.fromhex(seed))), toml)
        signatures[name] = put(settings.data, f"{name}.sig", signed)

    async def add(*names: str) -> int:
        words = [word for name in names for word in ("--signature", signatures[name])]
        return await asyncio.to_thread(main, ["agreement", "add", file, *words])

    assert await add("ben") == 2
    assert await add("ben", "ben") == 2
    assert await inside_db.fetchval("SELECT count(*) FROM unit.agreement WHERE version = 2") == 0
    assert await add("ben", "clara") == 0
    assert "Not signed by the unit" not in capsys.readouterr().out
