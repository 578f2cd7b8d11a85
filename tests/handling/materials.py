"""Material for tests: one good piece, every field of which a test can change, and a strategy for any."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from crypto import sshsig
from crypto.signing import SigningKey
from handling import data
from handling.material import NAMESPACE, Material, Signed
from handling.rules.agreements import Purpose
from handling.rules.grading import Action, Grade, Handling, HandlingCode, Sanitisation
from handling.rules.material import LINE_MAX, LINES_MAX, Conditions, PassOn, Piece, as_narrow
from handling.rules.terms import AgencyClass, Tlp

DAY = date(2026, 11, 26)
CONDITIONS = Conditions(
    PassOn.MAY,
    agencies=frozenset({"river-parks"}),
    classes=frozenset({AgencyClass.CUSTOMS}),
    purposes=frozenset({Purpose.INTELLIGENCE, Purpose.SEIZURE}),
    delete_by=date(2027, 6, 30),
    marking=Tlp.AMBER,
    handling=Handling(HandlingCode.C, Action.A2, Sanitisation.S2),
    lines=("Name no officer of ours.",),
)
MATERIAL = Material(
    id=UUID("5f0c8a52-8f0e-4c7b-9d55-0c1d5f6a7b8c"),
    unit="practice",
    sender="ab" * 32,
    reference="CG/2026/114",
    text="The dhow Petrel lay off the point.\nTwo men carried drums.",
    grade=Grade("admiralty", "B", "3"),
    conditions=CONDITIONS,
    answers="",
    on=DAY,
)
AGENCIES = ("harbour-customs", "river-parks", "port-police")
ASKED = Conditions(PassOn.ASK)

_LINES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=LINE_MAX)


@st.composite
def conditions(draw: st.DrawFn, lines: st.SearchStrategy[str] = _LINES) -> Conditions:
    """Any conditions that an agency can state."""
    pass_on = draw(st.sampled_from(PassOn))
    agencies = draw(st.frozensets(st.sampled_from(["river-parks", "harbour-customs", "port-police"])))
    classes = draw(st.frozensets(st.sampled_from(AgencyClass), max_size=3))
    if pass_on is not PassOn.MAY:
        agencies = classes = frozenset()
    elif not agencies and not classes:
        classes = frozenset({AgencyClass.POLICE})
    return Conditions(
        pass_on,
        agencies,
        classes,
        purposes=draw(st.none() | st.frozensets(st.sampled_from(Purpose), min_size=1)),
        delete_by=draw(st.none() | st.dates(date(2026, 1, 1), date(2029, 1, 1))),
        marking=draw(st.none() | st.sampled_from(Tlp)),
        handling=draw(st.none() | handlings()),
        lines=tuple(draw(st.lists(lines, max_size=LINES_MAX, unique=True))),
    )


PIECES = st.lists(
    st.builds(
        Piece,
        st.sampled_from(["aa" * 32, "bb" * 32, "cc" * 32]),
        st.sampled_from(AGENCIES),
        conditions(st.sampled_from(["Name no officer of ours.", "Call before any search."])),
    ),
    max_size=2,
    unique_by=lambda piece: piece.sha256,
).map(lambda found: tuple(sorted(found, key=lambda piece: piece.sha256)))
"""What a report may rest on, as its facts state it."""


def narrower(before: Conditions) -> st.SearchStrategy[Conditions]:
    """The same conditions with one more of them, or one that is stricter."""
    asked = {"agencies": frozenset(), "classes": frozenset()}
    ways = [
        st.just(replace(before, pass_on=PassOn.NEVER, **asked)),
        st.just(before if before.pass_on is PassOn.NEVER else replace(before, pass_on=PassOn.ASK, **asked)),
        st.sampled_from(sorted(before.purposes or Purpose, key=str)).map(
            lambda one: replace(before, purposes=frozenset({one}))
        ),
        st.dates(date(2026, 1, 1), date(2029, 1, 1)).map(
            lambda day: replace(before, delete_by=min(day, before.delete_by or day))
        ),
        st.sampled_from([tlp for tlp in Tlp if before.marking is None or before.marking.within(tlp)]).map(
            lambda tlp: replace(before, marking=tlp)
        ),
        handlings().map(
            lambda one: (
                replace(before, handling=one) if before.handling is None or as_narrow(one, before.handling) else before
            )
        ),
        st.just(replace(before, lines=(*before.lines, "One more.")[:LINES_MAX])),
    ]
    return st.one_of(ways)


def handlings() -> st.SearchStrategy[Handling]:
    """Any handling code with its conditions."""
    under_c = st.builds(Handling, st.just(HandlingCode.C), st.sampled_from(Action), st.sampled_from(Sanitisation))
    return st.just(Handling(HandlingCode.P)) | under_c


@st.composite
def materials(draw: st.DrawFn) -> Material:
    """Any material that an agency can write."""
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), min_size=1, max_size=300)
    schemes = data.schemes()
    scheme = schemes[draw(st.sampled_from(sorted(schemes)))]
    source, information = draw(st.sampled_from(scheme.source)), draw(st.sampled_from(scheme.information))
    grade = draw(st.sampled_from([None, scheme.grade(source.code, information.code)]))
    return Material(
        id=draw(st.uuids()),
        unit=draw(st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)),
        sender="ab" * 32,
        reference=draw(_LINES.map(lambda line: line[:100])),
        text=draw(text.filter(str.strip)),
        grade=grade,
        conditions=draw(conditions()),
        answers=draw(st.sampled_from(["", "0a1b2c3d"])),
        on=draw(st.dates(date(2020, 1, 1), date(2040, 1, 1))),
    )


def signed(material: Material | bytes, key: SigningKey, *, namespace: str = NAMESPACE) -> Signed:
    """Material as an agency with an SSH key or open.html signs it."""
    document = material if isinstance(material, bytes) else material.encode()
    return Signed(document, sshsig.sign(key, document, namespace=namespace).encode())


def a_piece(agency: str = "port-police", digest: str = "aa", **changes: Any) -> Piece:
    """One piece as a report states it; nothing is said but that its agency wants to be asked."""
    return Piece(digest * 32, agency, replace(ASKED, **changes))
