"""Material that agencies send: what they write comes back whole, and nothing that only looks like it is taken."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from crypto import age, passphrase, pgp, sshsig
from crypto.signing import SigningKey
from handling import data, material
from handling.material import Material, MaterialError, Signed
from handling.rules.agreements import Channel
from handling.rules.material import AGENCIES_MAX
from handling.store.agencies import Agency
from handling.undersigned import NAMESPACE as AGREEMENT
from tests.handling.materials import DAY, MATERIAL, materials, signed

DESK = age.Identity.generate()
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
COAST = Agency("coast", "Coast Guard", Channel.AGE, "", "ab" * 32, DAY, acknowledge=KEY.public)
BODY: dict[str, Any] = json.loads(MATERIAL.encode())


def read(**changes: Any) -> Material:
    return Material.read(json.dumps({**BODY, **changes}).encode(), data.schemes())


@given(written=materials())
@settings(max_examples=60)
def test_what_an_agency_writes_comes_back_signed_and_sealed_to_the_letter(written: Material) -> None:
    text = material.seal(signed(written, KEY), DESK.recipient)

    opened = material.open_(material.sealed_file(text), DESK)

    assert Material.read(opened.document, data.schemes()) == written
    assert opened.holds(COAST)


def test_what_is_sealed_weighs_one_of_three_sizes() -> None:
    weights = {
        len(material.sealed_file(material.seal(signed(replace(MATERIAL, text="x" * length), KEY), DESK.recipient)))
        for length in (1, 200, 1_000, 3_500, 6_000, 10_000)
    }

    assert weights == {age.sealed_size(4096), age.sealed_size(16_384)}


def test_any_spelling_of_the_json_is_read_and_the_hash_is_that_of_the_bytes_that_were_signed() -> None:
    spelt = json.dumps(BODY, indent=2, sort_keys=False).encode() + b"\n"

    opened = Signed.parse(signed(spelt, KEY).encode())

    assert opened.document == spelt
    assert opened.holds(COAST)
    assert Material.read(opened.document, data.schemes()) == MATERIAL


def test_a_text_that_holds_the_beginning_of_a_signature_is_read_whole() -> None:
    told = replace(MATERIAL, text="-----BEGIN SSH SIGNATURE-----\nis what their file began with")

    opened = Signed.parse(signed(told, KEY).encode())

    assert Material.read(opened.document, data.schemes()) == told
    assert opened.holds(COAST)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "tipline/material/v2"},
        {"id": "114"},
        {"unit": "Practice Unit"},
        {"reference": ""},
        {"reference": "two\nlines"},
        {"text": "  \n"},
        {"text": "x" * (material.TEXT_MAX + 1)},
        {"text": "a\u0000b"},
        {"text": "\ud800"},
        {"grade": ["admiralty", "B"]},
        {"grade": ["admiralty", "G", "3"]},
        {"grade": ["house", "B", "3"]},
        {"grade": [1, 2, 3]},
        {"pass_on": "maybe"},
        {"pass_on": "never"},  # with a list of who may have it
        {"pass_on": "may", "agencies": [], "classes": []},
        {"agencies": ["river-parks", "river-parks"]},
        {"agencies": ["The informant is the cook."]},
        {"agencies": ["river-parks\u202e"]},
        {"agencies": ["x" * 33]},
        {"agencies": [f"agency-{number}" for number in range(AGENCIES_MAX + 1)]},
        {"classes": ["spies"]},
        {"purposes": []},
        {"purposes": ["gossip"]},
        {"purposes": "seizure"},
        {"delete_by": "2027-6-30"},
        {"delete_by": 20270630},
        {"marking": "PINK"},
        {"handling": "C"},
        {"handling": "P A1 S1"},
        {"handling": "C A1 S1 "},
        {"conditions": ["one", "one"]},
        {"conditions": ["two\nlines"]},
        {"conditions": [" "]},
        {"conditions": ["x" * 201]},
        {"conditions": list("abcdef")},
        {"conditions": [{}]},
        {"answers": ""},
        {"answers": "0A1B2C3D"},
        {"on": "today"},
        {"urgent": True},
    ],
)
def test_each_thing_that_is_not_of_the_form_is_refused(changes: dict[str, Any]) -> None:
    assert read() == MATERIAL

    with pytest.raises(MaterialError):
        read(**changes)


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b"\xff{}", b'{"a": 1, "a": 1}', b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_document_at_all_is_refused(document: bytes) -> None:
    with pytest.raises(MaterialError):
        Material.read(document, data.schemes())


def test_a_missing_key_is_refused_each_time() -> None:
    for key in BODY:
        with pytest.raises(MaterialError):
            Material.read(json.dumps({name: value for name, value in BODY.items() if name != key}).encode(), {})


@pytest.mark.parametrize("how", ["another key", "another purpose", "changed", "no key", "an agreement's key alone"])
def test_only_the_agencys_own_key_over_exactly_these_bytes_for_this_purpose_counts(how: str) -> None:
    good = signed(MATERIAL, KEY)
    one, agency = {
        "another key": (signed(MATERIAL, OTHER), COAST),
        "another purpose": (signed(MATERIAL, KEY, namespace=AGREEMENT), COAST),
        "changed": (replace(good, document=good.document.replace(b"Petrel", b"Kestrel")), COAST),
        "no key": (good, replace(COAST, acknowledge=None)),
        "an agreement's key alone": (good, replace(COAST, acknowledge=None, signing=OTHER.public)),
    }[how]

    assert good.holds(COAST)
    assert good.holds(replace(COAST, acknowledge=None, signing=KEY.public))
    assert not one.holds(agency)


@pytest.mark.parametrize(
    "how", ["nothing", "cut", "binary", "another file", "two recipients", "classical", "too large"]
)
def test_what_is_no_sealed_material_is_not_taken_by_whoever_cannot_open_it(how: str) -> None:
    good = material.seal(signed(MATERIAL, KEY), DESK.recipient)
    armour = age.Armorer()
    files = {
        "two recipients": lambda: age.seal(b"{}", [DESK.recipient, age.Identity.generate().recipient]),
        "too large": lambda: age.seal(bytes(material.PLAIN_MAX + 1), [DESK.recipient]),
        "another file": lambda: b"age-encryption.org/v1\n" + bytes(3000),
        "classical": lambda: _classical(b"{}"),
    }
    text = (
        (armour.update(files[how]()) + armour.finish()).decode()
        if how in files
        else {"nothing": "", "cut": good[: len(good) // 2], "binary": "\u00e9" + good}[how]
    )

    with pytest.raises(MaterialError):
        material.sealed_file(text)


def test_what_is_sealed_to_somebody_else_or_damaged_does_not_open() -> None:
    sealed = material.sealed_file(material.seal(signed(MATERIAL, KEY), DESK.recipient))

    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-40]):
        with pytest.raises(MaterialError):
            material.open_(wrong, DESK)
    with pytest.raises(MaterialError):
        material.open_(sealed, age.Identity.generate())
    with pytest.raises(MaterialError):
        material.open_(age.seal(MATERIAL.encode(), [DESK.recipient]), DESK)  # nobody signed it


@pytest.fixture(scope="module")
def parks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[pgp.Gpg, Agency, Any, str]]:
    phrase = passphrase.generate()
    with pgp.Gpg(tmp_path_factory.mktemp("parks")) as gpg:
        made = gpg.generate("River Parks", phrase)
        yield gpg, Agency("parks", "River Parks", Channel.OPENPGP, gpg.public_key(made), made, DAY), phrase, made


def test_a_file_made_with_gnupg_as_the_portal_says_holds(parks: tuple[pgp.Gpg, Agency, Any, str]) -> None:
    gpg, agency, phrase, made = parks
    document = json.dumps(BODY, indent=1).encode() + b"\n"

    opened = Signed.parse(document + gpg.sign_detached(document, made, phrase))

    assert opened.holds(agency)
    assert not replace(opened, document=document + b" ").holds(agency)
    assert not signed(document, KEY).holds(agency)


def test_a_file_made_with_ssh_keygen_as_the_portal_says_holds(tmp_path: Path) -> None:
    keygen = shutil.which("ssh-keygen")
    assert keygen
    file = tmp_path / "material.json"
    file.write_text(json.dumps(BODY, indent=1) + "\n")
    for arguments in (
        ["-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")],
        ["-q", "-Y", "sign", "-f", str(tmp_path / "key"), "-n", material.NAMESPACE, str(file)],
    ):
        subprocess.run([keygen, *arguments], check=True, capture_output=True)
    public = sshsig.public_key((tmp_path / "key.pub").read_text())

    opened = Signed.parse(file.read_bytes() + (tmp_path / "material.json.sig").read_bytes())

    assert opened.holds(replace(COAST, acknowledge=None, signing=public))
    assert Material.read(opened.document, data.schemes()).conditions.delete_by == date(2027, 6, 30)


def _classical(plain: bytes) -> bytes:
    sealer = age.ClassicalSealer([age.ClassicalIdentity.generate().recipient])
    return sealer.update(plain) + sealer.finish()
