"""What the desk says would happen is what the guard does: 10,000 random cases, decided on both sides."""

import json
import random
from dataclasses import fields, replace
from datetime import date, timedelta

from crypto.canonical import canonical
from handling.data import scheme, subjects
from handling.desk import matching
from handling.rules.agreements import (
    Agreement,
    ContentLimits,
    Encrypted,
    Geography,
    MarkingLimits,
    Purpose,
    ThreatToLife,
)
from handling.rules.consent import Consented
from handling.rules.facts import ReportFacts
from handling.rules.grading import Action, HandlingCode, Sanitisation
from handling.rules.manifest import NotPermittedError, manifest_of
from handling.rules.material import PassOn
from handling.rules.policy import Answer, evaluate, prepare
from handling.rules.recipient import Recipient, RecipientKey
from handling.rules.risk import RiskFact
from handling.rules.terms import AgencyClass, DataCategory, Encryption, Removable, SpecialCategory, Tlp
from tests.handling.materials import a_piece
from tests.handling.rules.cases import AGENCIES, CONSENTS, COUNTRIES, FLOORS, HANDLING, SCOPES, SUBJECTS
from tests.handling.rules.samples import AGREEMENT, FACTS, RECIPIENT, TODAY, grade
from tests.handling.rules.test_manifest import MEMBERS, RELEASE, URN

CASES = 10_000
GRADES = [grade(f"{source}{information}") for source in "123" for information in "ABCDE"]


class Dice(random.Random):
    """Draws values. Most of what is drawn is left as it stands in the valid case, so that every answer occurs."""

    def some(self, known):
        known = list(known)
        return frozenset(self.sample(known, self.randint(0, min(3, len(known)))))

    def day(self) -> date:
        return TODAY + timedelta(days=self.randint(-400, 400))

    def flip(self) -> bool:
        return self.random() < 0.5

    def changed(self, value, ways, most: int):
        """The value with up to *most* of its fields drawn anew."""
        names = self.sample(sorted(ways), self.randint(0, most))
        return replace(value, **{name: ways[name](self) for name in names})


FACT = {
    "subjects": lambda dice: dice.some(SUBJECTS),
    "grades": lambda dice: tuple(dice.choices(GRADES, k=dice.randint(0, 3))),
    "handling": lambda dice: dice.choice(HANDLING),
    "suspected_false": Dice.flip,
    "agencies": lambda dice: dice.some(AGENCIES),
    "date": Dice.day,
    "marking": lambda dice: dice.choice(list(Tlp)),
    "data": lambda dice: dice.some(DataCategory),
    "named_persons": Dice.flip,
    "special_categories": lambda dice: dice.some(SpecialCategory),
    "minors": Dice.flip,
    "removable": lambda dice: dice.some(Removable),
    "about": lambda dice: dice.some(COUNTRIES),
    "originators": lambda dice: dice.some(AGENCIES),
    "by_hand": lambda dice: dice.some(AGENCIES),
    "material": lambda dice: tuple(
        a_piece(
            dice.choice(AGENCIES),
            digest,
            **dice.choice(
                [
                    {},
                    {"pass_on": PassOn.NEVER},
                    {"pass_on": PassOn.MAY, "agencies": frozenset({RECIPIENT.agency})},
                    {"pass_on": PassOn.MAY, "classes": frozenset({dice.choice(list(AgencyClass))})},
                ]
            ),
            purposes=dice.choice([None, frozenset({dice.choice(list(Purpose))})]),
            delete_by=dice.choice([None, dice.day()]),
            marking=dice.choice([None, dice.choice(list(Tlp))]),
            handling=dice.choice([None, dice.choice(HANDLING)]),
        )
        for digest in ("aa", "bb")[: dice.randint(0, 2)]
    ),
    "consents": lambda dice: dice.some(CONSENTS),
    "approvals": lambda dice: dice.some(AGENCIES),
    "threat_to_life": Dice.flip,
    "risk": lambda dice: dice.choice(list(RiskFact)),
    "immunity": Dice.flip,
}
TERM = {
    "valid_from": Dice.day,
    "expires_on": Dice.day,
    "suspended": Dice.flip,
    "purposes": lambda dice: dice.some(Purpose),
    "covered": lambda dice: subjects().covered(dice.some(SCOPES)),
    "handling": lambda dice: dice.some(HandlingCode),
    "grades": lambda dice: dice.choice(FLOORS),
    "content": lambda dice: ContentLimits(
        dice.some(DataCategory), dice.flip(), dice.some(SpecialCategory), dice.flip()
    ),
    "marking": lambda dice: MarkingLimits(dice.choice(list(Tlp)), dice.some(Action), dice.some(Sanitisation)),
    "geography": lambda dice: Geography(dice.some([*COUNTRIES, "world"]), dice.some([*COUNTRIES, "world"])),
    "encryption": lambda dice: Encrypted(*dice.choices(list(Encryption), k=2)),
    "approver": lambda dice: dice.choice([None, "Head of the Wildlife Service"]),
    "threat_to_life": lambda dice: ThreatToLife(dice.flip(), 7),
}
WAY = {
    "agency": lambda dice: dice.choice(AGENCIES),
    "key": lambda dice: dice.choice(
        [None, RecipientKey("age", "0" * 64), replace(RECIPIENT.key, expires_on=dice.day())]
    ),
    "in_transit": lambda dice: dice.choice([None, True, False]),
    "at_rest": lambda dice: dice.choice([None, True, False]),
}
Case = tuple[ReportFacts, Agreement, Recipient, Purpose]


def drawn(dice: Dice) -> Case:
    facts = dice.changed(FACTS, FACT, 2)
    if dice.random() < 0.05:
        facts = replace(facts, **{dice.choice(sorted(FACT)): None})
    purpose = dice.choice([Purpose.INVESTIGATION] * 12 + list(Purpose))
    if dice.flip():
        facts = replace(facts, removable=frozenset(Removable))
    agreement = dice.changed(AGREEMENT, TERM, dice.randint(0, 2))
    return facts, agreement, dice.changed(RECIPIENT, WAY, dice.random() < 0.1), purpose


def dry_run(facts: ReportFacts, agreement: Agreement, recipient: Recipient, purpose: Purpose) -> matching.Match:
    """The desk's page: the facts are those of the verified review."""
    return matching.match(facts, matching.Party("An agency", recipient, agreement), purpose, TODAY)


def let_out(
    signed: bytes, consents: frozenset[Consented] | None, agreement: Agreement, recipient: Recipient, purpose: Purpose
) -> bool:
    """The guard: the facts are read from the signed bytes, consents from tokens, and a manifest is made or is not."""
    stated = ReportFacts.from_body(json.loads(signed))
    facts = replace(stated.as_reviewed(), agencies=stated.agencies, consents=consents)
    decision = evaluate(facts, agreement, recipient, purpose.value, TODAY)
    try:
        manifest_of(
            decision,
            agreement,
            release=RELEASE,
            report=URN,
            purpose=purpose.value,
            facts=facts,
            scheme=scheme(),
            members=MEMBERS,
            day=TODAY,
        )
    except NotPermittedError:
        return False
    return True


def test_a_dry_run_permits_exactly_what_the_guard_lets_out() -> None:
    dice, outcomes = Dice(20261123), dict.fromkeys(Answer, 0)

    for _ in range(CASES):
        facts, *otherwise = drawn(dice)
        said = dry_run(facts, *otherwise).decision
        outcomes[said.outcome] += 1

        assert let_out(canonical(facts.to_body()), facts.consents, *otherwise) is said.permits
        agreement, recipient, purpose = otherwise
        assert prepare(agreement, recipient, purpose.value, TODAY).decide(facts) == said

    assert all(count >= CASES // 200 for count in outcomes.values()), outcomes  # every answer is among the cases


def test_every_fact_and_every_term_is_drawn() -> None:
    assert set(FACT) == {field.name for field in fields(ReportFacts)} - {"reviewed"}
    assert set(TERM) <= {field.name for field in fields(Agreement)}
