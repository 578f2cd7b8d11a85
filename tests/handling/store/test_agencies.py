"""Agencies form a tree: what stands above what, and no circle."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from crypto import age
from crypto.signing import SigningKey
from handling.agencyfiles import AgencyKey
from handling.rules import exclusions
from handling.store import agencies
from handling.store.agencies import AgencyTakenError, AgencyTreeError
from tipline.base.database import Db

TODAY = date(2026, 11, 23)
COVERED = Path("handling/migrations/028_signing_fingerprint.sql").read_text(encoding="utf-8")
KEY = str(age.Identity.generate().recipient)


async def _tree(db: Db) -> None:
    for agency, parent in (("finance", None), ("customs", "finance"), ("harbour", "customs"), ("police", None)):
        await agencies.add(db, agency, name=agency.title(), key=KEY, today=TODAY, parent=parent)


async def test_agencies_are_listed_below_those_above_them(inside_db: Db) -> None:
    await _tree(inside_db)

    listed = agencies.in_tree(await agencies.all_(inside_db))

    assert [(depth, agency.id) for depth, agency in listed] == [
        (0, "finance"),
        (1, "customs"),
        (2, "harbour"),
        (0, "police"),
    ]
    tree = agencies.tree_of(await agencies.all_(inside_db))
    assert exclusions.ancestors(tree, "harbour") == ("customs", "finance")


async def test_an_agency_moves_and_never_below_itself(inside_db: Db) -> None:
    await _tree(inside_db)

    await agencies.move(inside_db, "customs", "police")
    for agency, parent in (("police", "harbour"), ("customs", "customs"), ("nobody", None), ("customs", "nobody")):
        with pytest.raises(AgencyTreeError):
            await agencies.move(inside_db, agency, parent)

    assert agencies.tree_of(await agencies.all_(inside_db)) == {
        "customs": "police",
        "finance": None,
        "harbour": "customs",
        "police": None,
    }


async def test_an_unknown_parent_and_another_parent_are_refused(inside_db: Db) -> None:
    await _tree(inside_db)

    with pytest.raises(AgencyTreeError):
        await agencies.add(inside_db, "parks", name="Parks", key=KEY, today=TODAY, parent="nobody")
    with pytest.raises(AgencyTakenError):
        await agencies.add(inside_db, "customs", name="Customs", key=KEY, today=TODAY, parent="police")
    with pytest.raises(AgencyTreeError):
        await agencies.add(inside_db, "parks", name="Parks", key=KEY, today=TODAY, parent="parks")


def test_a_circle_loses_nobody() -> None:
    circle = [agencies.Agency(i, i, agencies.Channel.AGE, "", "", TODAY, p) for i, p in (("a", "b"), ("b", "a"))]

    assert {agency.id for _, agency in agencies.in_tree(circle)} == {"a", "b"}


async def test_an_enrolment_file_stores_both_keys_and_one_fingerprint_over_them(inside_db: Db) -> None:
    key, signer = age.Identity.generate().recipient, SigningKey.generate()
    file = AgencyKey("The harbour", key, signer.public, TODAY).sign(signer).decode()

    enrolled = await agencies.add(inside_db, "harbour", name="Harbour", key=file, today=TODAY)
    again = await agencies.add(inside_db, "harbour", name="Harbour", key=file, today=TODAY)

    assert enrolled == again == await agencies.get(inside_db, "harbour")
    assert (enrolled.key, enrolled.acknowledge) == (str(key), signer.public)
    assert agencies.keys_of(enrolled).fingerprint == enrolled.fingerprint != key.fingerprint()


async def test_a_key_for_acknowledgements_is_never_added_changed_or_dropped_in_place(inside_db: Db) -> None:
    key, signer, other = age.Identity.generate().recipient, SigningKey.generate(), SigningKey.generate()
    file, changed = (AgencyKey("x", key, one.public, TODAY).sign(one).decode() for one in (signer, other))
    await agencies.add(inside_db, "bare", name="Bare", key=str(key), today=TODAY)
    await agencies.add(inside_db, "both", name="Both", key=file, today=TODAY)

    for agency, name, offered in (("bare", "Bare", file), ("both", "Both", str(key)), ("both", "Both", changed)):
        with pytest.raises(AgencyTakenError):
            await agencies.add(inside_db, agency, name=name, key=offered, today=TODAY)


async def test_an_agency_enrolled_before_its_signing_key_counted_gets_the_fingerprint_over_both(inside_db: Db) -> None:
    key, signer = str(age.Identity.generate().recipient), SigningKey.generate()
    now = await agencies.add(inside_db, "harbour", name="Harbour", key=key, today=TODAY, signing=signer.public)
    bare = agencies.read_key(key).fingerprint
    await inside_db.execute("UPDATE unit.agency SET fingerprint = $1", bare)

    await inside_db.execute(COVERED)

    assert await agencies.get(inside_db, "harbour") == now
    assert agencies.keys_of(now).fingerprint == now.fingerprint != bare


@pytest.mark.parametrize("change", [lambda file: file[:-1], lambda file: file.replace("harbour", "harvest")])
def test_a_damaged_enrolment_file_is_no_key(change: Callable[[str], str]) -> None:
    signer = SigningKey.generate()
    file = AgencyKey("The harbour", age.Identity.generate().recipient, signer.public, TODAY).sign(signer).decode()

    assert agencies.read_key(f"{file}\n").name == "The harbour"
    with pytest.raises(agencies.AgencyKeyError):
        agencies.read_key(change(file))
