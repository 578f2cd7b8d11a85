"""`tipline agreement`: store agreements, list, check, compare, export them, and try a draft out on a year of reports."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

from handling import data, undersigned
from handling.rules import iep
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreement_schema import schema
from handling.rules.agreement_text import document, write
from handling.rules.agreements import Agreement, Side, activation_problems
from handling.rules.amendments import LABELS, amendments
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.policy import Decision, evaluate
from handling.rules.toml_table import Problem
from handling.store import agencies, agreements, members
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli import agreement_show as show
from tipline.cli import inside, whatif

REFUSED, BAD_INPUT = 1, 2
_NOT_GOOD = (
    "a signature is not good over this file: it is neither of the agency's enrolled key, nor are they of two different "
    "handlers or releasing officers of today's member list"
)
_HOW_TO_SIGN: Mapping[Side, str] = {
    Side.UNIT: "Not signed by the unit yet: run `tipline root agreement FILE`, or let two members sign. Until both sides have signed it permits nothing.",
    Side.AGENCY: "Not signed by the agency yet: add it again with --signature. Until both sides have signed it permits nothing.",
}


class _InputError(Exception):
    """Something given on the command line cannot be used; the text says what."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("agreement", help="add, check, compare or export agreements")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    adding = acts.add_parser("add", help="store a new version")
    adding.add_argument("file", type=Path, metavar="FILE")
    adding.add_argument(
        "--signature",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.sig",
        help="a detached signature over the file, of the agency or (both at once) of two members; may come later",
    )
    listing = acts.add_parser("list", help="every stored version")
    check = acts.add_parser("check", help="read a file and say what is wrong, or what it would decide")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--facts", type=Path, metavar="FILE", help="the facts of a report, as JSON: decide about it")
    check.add_argument("--agency", metavar="ID", help="who would receive it (the agreement's own agency)")
    check.add_argument("--purpose", metavar="CODE", help="what for (the agreement's only purpose)")
    check.add_argument("--today", metavar="DAY", help="decide as on this day, YYYY-MM-DD (today, UTC)")
    diff = acts.add_parser("diff", help="what one version changes against another, field by field")
    diff.add_argument("old", type=Path, metavar="OLD")
    diff.add_argument("new", type=Path, metavar="NEW")
    canonical = acts.add_parser("canonical", help="print the same terms as canonical TOML")
    canonical.add_argument("file", type=Path, metavar="FILE")
    export = acts.add_parser("export", help="print it as a FIRST IEP 2.0 policy, and what that cannot carry")
    export.add_argument("file", type=Path, metavar="FILE")
    acts.add_parser("schema", help="print the JSON Schema of agreements")
    replay = acts.add_parser("what-if", help="hold a year of reports against a draft; an analyst signs in for it")
    replay.add_argument("file", type=Path, metavar="DRAFT")
    replay.add_argument("--name", required=True, help="sign-in name of the analyst at the desk")
    for act in (adding, listing, check, diff, export, replay):
        act.add_argument("--json", action="store_true", help="print for a program")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Carry it out; 0 when done or permitted, 1 when refused, 2 when an input cannot be used."""
    try:
        if args.act in _OF_FILES:
            return _OF_FILES[args.act](args)
        if args.act == "what-if":
            return whatif.run(args, settings, _parsed(args.file))
        return asyncio.run(_list(args, settings) if args.act == "list" else _add(args, settings))
    except _InputError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return BAD_INPUT
    except AgreementError as error:
        _print_problems(error.problems, as_json=getattr(args, "json", False))
        return BAD_INPUT


async def _add(args: argparse.Namespace, settings: Settings) -> int:
    toml = _read(args.file)
    agreement = parse(toml, data.codes())
    if agreement.unit.id != settings.unit:
        raise _InputError(f'unit.id is "{agreement.unit.id}", and this installation is "{settings.unit}"')
    today = datetime.now(UTC).date()
    signatures = [_read(path) for path in args.signature]
    try:
        async with inside.owner(settings) as db, db.transaction():
            await agreements.add(db, toml, today=today)
            if signatures:
                await _sign(db, settings, agreement, toml, signatures=signatures, today=today)
            missing = await _unsigned(db, agreement)
    except agreements.AgreementRefusedError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return REFUSED
    if args.json:
        _print_json(show.as_json(agreement, (), None) | {"stored": True})
    else:
        print(f"{show.name(agreement)}: stored, SHA-256 {agreement.sha256}")
        for side in missing:
            print(_HOW_TO_SIGN[side])
    return 0


async def _sign(
    db: Db, settings: Settings, agreement: Agreement, toml: bytes, *, signatures: list[bytes], today: date
) -> None:
    """Keep signatures that are good under the agency's enrolled key, and those of two members together."""
    agency = await agencies.get(db, agreement.agency.id)
    if agency is None or any(len(one) > undersigned.LIMIT for one in signatures):
        raise _InputError(_NOT_GOOD)
    theirs = [one for one in signatures if await asyncio.to_thread(undersigned.by_agency, toml, one, agency)]
    for one in theirs:
        await agreements.sign(db, agreement, Side.AGENCY, one, today=today)
    together = b"".join(one for one in signatures if one not in theirs)
    if not together:
        return
    try:
        trust = members.trust(settings.inside, "admin")
        ours = undersigned.Ours.of(trust.root, await members.load(db, trust, today))
    except members.MemberListError:
        raise _InputError(_NOT_GOOD) from None
    if not undersigned.by_unit(toml, together, ours):
        raise _InputError(_NOT_GOOD)
    await agreements.sign(db, agreement, Side.UNIT, together, today=today)


async def _unsigned(db: Db, agreement: Agreement) -> list[Side]:
    _, kept = await agreements.signed(db, agreement)
    return [side for side in Side if side not in {of for of, _ in kept}]


async def _list(args: argparse.Namespace, settings: Settings) -> int:
    async with inside.owner(settings) as db:
        stored = await agreements.list_(db)
    if args.json:
        _print_json([asdict(listed) | {"added_on": listed.added_on.isoformat()} for listed in stored])
        return 0
    for listed in stored:
        signed = f"signed by {' and '.join(listed.signed)}" if listed.signed else "not signed"
        print(f"{listed.agency}  {listed.id}  version {listed.version}  {listed.added_on}  {signed}  {listed.sha256}")
    return 0


def _schema(_: argparse.Namespace) -> int:
    _print_json(schema(data.codes()))
    return 0


def _canonical(args: argparse.Namespace) -> int:
    print(write(_parsed(args.file), data.scheme()).decode(), end="")
    return 0


def _diff(args: argparse.Namespace) -> int:
    old, new = _named(args.old), _named(args.new)
    changes = amendments(document(old, data.scheme()), document(new, data.scheme()), data.scheme())
    if args.json:
        _print_json({"changes": [show.amendment_json(change) for change in changes]})
    else:
        print("\n".join(map(str, changes)) or "The terms are the same.")
    return 0


def _export(args: argparse.Namespace) -> int:
    agreement = _parsed(args.file)
    policy, left = iep.policy(agreement), iep.not_carried(agreement, data.scheme())
    if args.json:
        said = [{"path": one.path, "label": LABELS[one.path], "value": show.value_json(one.value)} for one in left]
        _print_json({"policy": policy, "not_carried": said})
        return 0
    _print_json(policy)
    print("\nThe policy does not carry, or says more strictly:")
    print("\n".join(f"  {one}" for one in left))
    return 0


def _check(args: argparse.Namespace) -> int:
    agreement = _parsed(args.file)
    missing = activation_problems(agreement)
    decision = None if args.facts is None else _decide(args, agreement)
    if args.json:
        _print_json(show.as_json(agreement, missing, decision))
    else:
        print("\n".join(show.as_text(agreement, missing, decision)))
    return REFUSED if missing or (decision is not None and not decision.permits) else 0


def _decide(args: argparse.Namespace, agreement: Agreement) -> Decision:
    purpose = args.purpose
    if purpose is None:
        if len(agreement.purposes) > 1:
            raise _InputError("several purposes are agreed: name one with --purpose")
        purpose = next(purpose.value for purpose in agreement.purposes)
    try:
        facts = ReportFacts.from_body(json.loads(_read(args.facts)))
    except (FactsError, ValueError, RecursionError):
        raise _InputError(f"{args.facts} does not hold the facts of a report (docs/agreements.md)") from None
    recipient = agreement.recipient() if args.agency is None else replace(agreement.recipient(), agency=args.agency)
    return evaluate(facts, agreement.as_signed(), recipient, purpose, _today(args.today))


def _today(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _InputError("--today must be a day such as 2026-11-23") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _InputError(f"{path} cannot be read") from None


def _parsed(path: Path) -> Agreement:
    return parse(_read(path), data.codes())


def _named(path: Path) -> Agreement:
    """Read one of several files: its problems name it."""
    try:
        return _parsed(path)
    except AgreementError as error:
        raise AgreementError(tuple(replace(one, path=f"{path}: {one.path}") for one in error.problems)) from None


def _print_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        _print_json({"valid": False, "problems": show.problems_json(problems)})
        return
    for problem in problems:
        print(problem, file=sys.stderr)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


_OF_FILES: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "check": _check,
    "diff": _diff,
    "canonical": _canonical,
    "export": _export,
    "schema": _schema,
}
