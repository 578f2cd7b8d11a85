"""`tipline grade`: what a code of one grading scheme is in another. Needs no installation; decides nothing that the table does not."""

import argparse
import json
import sys
from typing import Any

from handling import data
from handling.rules.grading import Grade, GradeError
from handling.rules.mapping import Mapped, MappedGrade, Original, Relation
from tipline.base.settings import Settings

BAD_INPUT = 2

_SAYS = {
    Relation.SAME: "the same",
    Relation.LOWER: "less, and never more",
    Relation.CANNOT_SAY: "cannot say: a person decides",
}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("grade", help="say what a grade is in another scheme")
    acts = parser.add_subparsers(dest="act", metavar="map|list", required=True)
    mapping = acts.add_parser("map", help="map one code or a whole grade")
    mapping.add_argument("grade", metavar="SCHEME:CODE", help="as 3x5x2:E, or 3x5x2:2D for both axes")
    mapping.add_argument("target", metavar="SCHEME", choices=data.SCHEMES, help=", ".join(data.SCHEMES))
    listing = acts.add_parser("list", help="every code of a scheme with its meaning")
    listing.add_argument("scheme", metavar="SCHEME", choices=data.SCHEMES, help=", ".join(data.SCHEMES))
    for act in (mapping, listing):
        act.add_argument("--json", action="store_true", help="print for a program")


def run(args: argparse.Namespace, settings: Settings | None) -> int:  # noqa: ARG001 - every command's signature
    """Print it; 0 when done, also where the table cannot say, 2 when there is no such code."""
    if args.act == "list":
        return _list(args)
    try:
        asked = data.mappings().read(args.grade)
    except GradeError:
        print(f"tipline: {args.grade!r} is no code of a scheme: write it as 3x5x2:E or 3x5x2:2D", file=sys.stderr)
        return BAD_INPUT
    if isinstance(asked, Grade):
        whole = data.mappings().grade(asked, args.target)
        print(json.dumps(_grade_json(whole), ensure_ascii=False) if args.json else _grade_words(whole))
    else:
        one = data.mappings().code(asked, args.target)
        print(json.dumps(_json(one), ensure_ascii=False) if args.json else _words(one))
    return 0


def _list(args: argparse.Namespace) -> int:
    scheme = data.schemes()[args.scheme]
    axes = {"source": scheme.source, "information": scheme.information}
    if args.json:
        listed = {
            axis: [
                {"code": c.code, "label": c.label, "meaning": c.meaning, "standing": c.standing.value, "rank": c.rank}
                for c in codes
            ]
            for axis, codes in axes.items()
        }
        markings = [{"code": m.code, "label": m.label, "meaning": m.meaning} for m in scheme.markings]
        whole = {
            "scheme": scheme.name,
            "version": scheme.version,
            "definition": scheme.definition,
            "handling": markings,
        }
        print(json.dumps(whole | listed, ensure_ascii=False))
        return 0
    print(f"{scheme.title}\n{scheme.definition}")
    for axis, codes in axes.items():
        print(f"\n{axis}")
        for code in codes:
            print(f"  {code.code}  {code.label}. {code.meaning}")
    if scheme.markings:
        print("\nhandling")
    for marking in scheme.markings:
        print(f"  {marking.code:<2}  {marking.label}. {marking.meaning}")
    return 0


def _words(mapped: Mapped) -> str:
    label = data.mappings().label(mapped.original).label
    lines = [f"{mapped.original} ({label}), {mapped.original.axis}", f"in {mapped.scheme}: {_SAYS[mapped.relation]}"]
    if mapped.code is not None:
        lines.append(f"  {mapped.code}  {_label(mapped, mapped.code)}")
    if mapped.nearest is not None:
        lines.append(f"  nearest, and not the same: {mapped.nearest}  {_label(mapped, mapped.nearest)}")
    if mapped.text:
        lines.append(f"  {mapped.text}")
    lines.append(f"Always with it: {mapped.original}{', suspected to be false' if mapped.suspected_false else ''}.")
    return "\n".join(lines)


def _grade_words(mapped: MappedGrade) -> str:
    grade = mapped.grade
    whole = f"{mapped.original} in {mapped.source.scheme}: {grade or 'cannot say: a person decides'}"
    return "\n\n".join((whole, _words(mapped.source), _words(mapped.information)))


def _label(mapped: Mapped, code: str) -> str:
    return data.mappings().label(Original(mapped.scheme, mapped.original.axis, code)).label


def _json(mapped: Mapped) -> dict[str, Any]:
    return {
        "from": {"scheme": mapped.original.scheme, "axis": mapped.original.axis, "code": mapped.original.code},
        "to": {"scheme": mapped.scheme, "code": mapped.code},
        "relation": mapped.relation.value,
        "nearest": mapped.nearest,
        "text": mapped.text,
        "suspected_false": mapped.suspected_false,
    }


def _grade_json(mapped: MappedGrade) -> dict[str, Any]:
    grade = mapped.grade
    return {
        "from": {"scheme": mapped.original.scheme, "grade": mapped.original.source + mapped.original.information},
        "to": {"scheme": mapped.source.scheme, "grade": None if grade is None else grade.source + grade.information},
        "source": _json(mapped.source),
        "information": _json(mapped.information),
        "texts": list(mapped.texts),
    }
