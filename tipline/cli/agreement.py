"""`tipline agreement`: store an agreement, list what is stored, or try one file out, without any database or on a year of reports."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from handling import data
from handling.rules.agreements import Agreement, AgreementError, activation_problems, parse
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.policy import Decision, Obligations, Verdict, evaluate, would_permit_if
from handling.rules.toml_table import Problem
from handling.store import agreements
from tipline.base.settings import Settings
from tipline.cli import inside, whatif

REFUSED, BAD_INPUT = 1, 2


class _InputError(Exception):
    """Something given on the command line cannot be used; the text says what."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("agreement", help="add or check an agreement")
    acts = parser.add_subparsers(dest="act", metavar="add|list|check|what-if", required=True)
    adding = acts.add_parser("add", help="store a new version")
    adding.add_argument("file", type=Path, metavar="FILE")
    acts.add_parser("list", help="every stored version")
    check = acts.add_parser("check", help="read a file and say what is wrong, or what it would decide")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--facts", type=Path, metavar="FILE", help="the facts of a report, as JSON: decide about it")
    check.add_argument("--agency", metavar="ID", help="who would receive it (the agreement's own agency)")
    check.add_argument("--purpose", metavar="CODE", help="what for (the agreement's only purpose)")
    check.add_argument("--today", metavar="DAY", help="decide as on this day, YYYY-MM-DD (today, UTC)")
    check.add_argument("--json", action="store_true", help="print for a program")
    replay = acts.add_parser("what-if", help="hold a year of reports against a draft; an analyst signs in for it")
    replay.add_argument("file", type=Path, metavar="DRAFT")
    replay.add_argument("--name", required=True, help="sign-in name of the analyst at the desk")
    replay.add_argument("--json", action="store_true", help="print for a program")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Carry it out; 0 when done or permitted, 1 when refused, 2 when an input cannot be used."""
    try:
        if args.act == "check":
            return _check(args)
        if args.act == "what-if":
            return whatif.run(args, settings, parse(_read(args.file), data.codes()))
        return asyncio.run(_list(settings) if args.act == "list" else _add(args, settings))
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
    try:
        async with inside.owner(settings) as db:
            await agreements.add(db, toml, today=datetime.now(UTC).date())
    except agreements.AgreementRefusedError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return REFUSED
    print(f"{_name(agreement)}: stored, SHA-256 {agreement.sha256}")
    return 0


async def _list(settings: Settings) -> int:
    async with inside.owner(settings) as db:
        for listed in await agreements.list_(db):
            print(f"{listed.agency}  {listed.id}  version {listed.version}  {listed.added_on}  {listed.sha256}")
    return 0


def _check(args: argparse.Namespace) -> int:
    agreement = parse(_read(args.file), data.codes())
    missing = activation_problems(agreement)
    decision = None if args.facts is None else _decide(args, agreement)
    if args.json:
        print(json.dumps(_as_json(agreement, missing, decision), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_as_text(agreement, missing, decision)))
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
    return evaluate(facts, agreement, args.agency or agreement.agency.id, purpose, _today(args.today))


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


def _name(agreement: Agreement) -> str:
    return f"{agreement.id} version {agreement.version} with {agreement.agency.name}"


def _print_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"valid": False, "problems": _problems(problems)}, indent=2, ensure_ascii=False))
        return
    for problem in problems:
        print(problem, file=sys.stderr)


def _as_text(agreement: Agreement, missing: Sequence[Problem], decision: Decision | None) -> list[str]:
    lines = [f"{_name(agreement)}: valid, SHA-256 {agreement.sha256}", *(str(problem) for problem in missing)]
    if decision is None:
        return lines
    width = max(len(verdict.rule) for verdict in decision.verdicts)
    lines += ["", *(_verdict_line(verdict, width) for verdict in decision.verdicts), ""]
    lines.append(f"Outcome: {decision.outcome.code}")
    lines += [f"Only this stands in the way: {verdict.rule}" for verdict in would_permit_if(decision)]
    if decision.obligations is not None:
        due = decision.obligations
        lines += [
            f"Acknowledge by {due.acknowledge_by}, feedback by {due.feedback_due}, delete by {due.delete_by}",
            *(f"Condition: {condition}" for condition in due.conditions),
        ]
    return lines


def _verdict_line(verdict: Verdict, width: int) -> str:
    answer = "warning" if verdict.warning else verdict.answer.code
    shown = "; ".join(f"{name}: {value}" for name, value in verdict.values)
    return f"  {answer:<8} {verdict.rule:<{width}}  {verdict.text}" + (f" ({shown})" if shown else "")


def _as_json(agreement: Agreement, missing: Sequence[Problem], decision: Decision | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "valid": True,
        "id": agreement.id,
        "version": agreement.version,
        "sha256": agreement.sha256,
        "agency": agreement.agency.id,
        "problems": _problems(missing),
    }
    if decision is not None:
        body |= {
            "outcome": decision.outcome.code,
            "verdicts": [_verdict(verdict) for verdict in decision.verdicts],
            "would_permit_if": [verdict.rule for verdict in would_permit_if(decision)],
            "obligations": None if decision.obligations is None else _obligations(decision.obligations),
        }
    return body


def _problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"path": problem.path, "text": problem.text} for problem in problems]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "clause": verdict.clause,
        "rule": verdict.rule,
        "answer": verdict.answer.code,
        "text": verdict.text,
        "values": dict(verdict.values),
        "warning": verdict.warning,
    }


def _obligations(due: Obligations) -> dict[str, Any]:
    return {
        "acknowledge_by": due.acknowledge_by.isoformat(),
        "feedback_due": due.feedback_due.isoformat(),
        "delete_by": due.delete_by.isoformat(),
        "stages": sorted(stage.value for stage in due.stages),
        "conditions": list(due.conditions),
    }
