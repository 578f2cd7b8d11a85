"""Agencies form a tree: what stands above what, and no circle."""

from datetime import date

import pytest

from crypto import age
from handling.rules import exclusions
from handling.store import agencies
from handling.store.agencies import AgencyTakenError, AgencyTreeError
from tipline.base.database import Db

TODAY = date(2026, 11, 23)
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
