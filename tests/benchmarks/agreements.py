"""A year of reports against every agreement: each pair decided, with the words for whoever is refused one."""

import time
from dataclasses import replace

from handling.rules.agreements import Agreement
from handling.rules.facts import ReportFacts
from handling.rules.grading import Grade
from handling.rules.policy import CLAUSES, evaluate, prepare
from tests.benchmarks.table import Row
from tests.handling.rules.samples import AGREEMENT, FACTS, PURPOSE, TODAY
from tests.handling.test_dry_run import FACT, TERM, Dice

REPORTS, AGREEMENTS = 1_000, 200
PROMISED = 2  # seconds of one core


def figures() -> list[Row]:
    """Decide about all pairs, and beside it about some of them one by one, as a single page does."""
    facts, agreements = _drawn()
    began = time.process_time()
    refusals = _decide(facts, agreements)
    spent = time.process_time() - began
    began = time.process_time()
    _one_by_one(facts, agreements)
    alone = (time.process_time() - began) * 100
    bare = _bare()
    beside = (
        f"{spent / bare:.1f} times as long as calling {len(CLAUSES)} empty functions for each; {alone:.1f} s one by one"
    )
    work = f"decide {REPORTS:,} reports x {AGREEMENTS} agreements, {refusals:,} refusals explained"
    return [Row(work, f"{spent:.2f} s", f"{beside}; promised in under {PROMISED} s")]


def _drawn() -> tuple[list[ReportFacts], list[Agreement]]:
    dice = Dice(1)
    grades = [Grade("3x5x2", source, information) for source in "12" for information in "ABCD"]
    facts = [
        replace(dice.changed(FACTS, FACT, 1), grades=tuple(dice.choices(grades, k=dice.randint(1, 5))))
        for _ in range(REPORTS)
    ]
    return facts, [dice.changed(AGREEMENT, TERM, 1) for _ in range(AGREEMENTS)]


def _decide(facts: list[ReportFacts], agreements: list[Agreement]) -> int:
    """Count refusals, each put into words as a page shows it."""
    refusals = 0
    for agreement in agreements:
        standing = prepare(agreement, agreement.recipient(), PURPOSE, TODAY)
        for one in facts:
            decision = standing.decide(one)
            if not decision.permits:
                refusals += 1
                _ = [(verdict.rule, verdict.text) for verdict in decision.failing]
    return refusals


def _one_by_one(facts: list[ReportFacts], agreements: list[Agreement]) -> None:
    for one in facts[::10]:
        for agreement in agreements[::10]:
            evaluate(one, agreement, agreement.recipient(), PURPOSE, TODAY)


def _bare() -> float:
    """What the interpreter takes to call as many functions as there are clauses, for each pair."""
    empty = [lambda _standing, _facts: None] * len(CLAUSES)
    began = time.process_time()
    for _ in range(REPORTS * AGREEMENTS):
        for clause in empty:
            clause(None, None)
    return time.process_time() - began
