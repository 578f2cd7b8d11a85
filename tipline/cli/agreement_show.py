"""How `tipline agreement` prints an agreement, its problems and a decision: for people, and for programs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from handling.rules.agreements import Agreement
from handling.rules.amendments import Amendment
from handling.rules.obligations import Obligations
from handling.rules.policy import Decision, Verdict, would_permit_if
from handling.rules.toml_table import Problem


def name(agreement: Agreement) -> str:
    """Return what an agreement is called in a line."""
    return f"{agreement.id} version {agreement.version} with {agreement.agency.name}"


def as_text(agreement: Agreement, missing: Sequence[Problem], decision: Decision | None) -> list[str]:
    """Return the lines that say whether it is valid, and what it decides."""
    lines = [f"{name(agreement)}: valid, SHA-256 {agreement.sha256}", *(str(problem) for problem in missing)]
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


def as_json(agreement: Agreement, missing: Sequence[Problem], decision: Decision | None) -> dict[str, Any]:
    """Return the same for a program."""
    body: dict[str, Any] = {
        "valid": True,
        "id": agreement.id,
        "version": agreement.version,
        "sha256": agreement.sha256,
        "agency": agreement.agency.id,
        "problems": problems_json(missing),
    }
    if decision is not None:
        body |= {
            "outcome": decision.outcome.code,
            "verdicts": [_verdict(verdict) for verdict in decision.verdicts],
            "would_permit_if": [verdict.rule for verdict in would_permit_if(decision)],
            "obligations": None if decision.obligations is None else _obligations(decision.obligations),
        }
    return body


def problems_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems with the line they stand on, for a program."""
    return [{"path": problem.path, "line": problem.line, "text": problem.text} for problem in problems]


def amendment_json(change: Amendment) -> dict[str, Any]:
    """Return one changed field, for a program."""
    return {
        "path": change.path,
        "effect": change.effect.value,
        "was": value_json(change.was),
        "now": value_json(change.now),
        "added": list(change.added),
        "removed": list(change.removed),
        "sentence": str(change),
    }


def value_json(value: Any) -> Any:  # noqa: ANN401 - a value of TOML
    """Return a value of TOML as JSON has it: a day as text."""
    return value.isoformat() if isinstance(value, date) else value


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
        "terms": dict(due.agreed),
    }
