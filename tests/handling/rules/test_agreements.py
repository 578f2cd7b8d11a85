"""An agreement is read strictly: every problem with its key path, syntax with its line."""

import re
from datetime import date

import pytest

from handling.data import codes
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import Channel, Onward, Purpose, activation_problems
from handling.rules.grading import HandlingCode
from tests.handling.rules.samples import TOML, agreement

TABLES = re.findall(r"^\[(.*)\]$", TOML, re.MULTILINE)


def problems(toml: str | bytes) -> list[str]:
    with pytest.raises(AgreementError) as caught:
        parse(toml if isinstance(toml, bytes) else toml.encode(), codes())
    return [str(problem) for problem in caught.value.problems]


def paths(toml: str) -> list[str]:
    return [re.split(r":| \(line", problem)[0] for problem in problems(toml)]


def changed(old: str, new: str) -> str:
    assert TOML.count(old) == 1, "the change must hit exactly one place"
    return TOML.replace(old, new)


def test_the_whole_agreement_is_read():
    read = agreement()

    assert (read.id, read.version, read.title) == ("customs-2026", 1, "Sharing with the customs service")
    assert read.valid_from == date(2026, 1, 1)
    assert read.purposes == {Purpose.INTELLIGENCE, Purpose.INVESTIGATION, Purpose.SEIZURE}
    assert read.handling == {HandlingCode.P, HandlingCode.C}
    assert read.agency.channel is Channel.AGE
    assert read.onward.rule is Onward.ASK
    assert read.duties.acknowledge_working_days == 2
    assert read.unit.lawful_basis == "Wildlife Act, section 12"
    assert not activation_problems(read)


def test_the_hash_is_of_the_bytes_as_they_were_signed():
    assert agreement().sha256 != agreement(TOML + "\n").sha256
    assert len(agreement().sha256) == 64


LINES = TOML.splitlines(keepends=True)


@pytest.mark.parametrize("at", [at for at, line in enumerate(LINES) if "=" in line and "lawful_basis" not in line])
def test_no_key_may_be_missing(at):
    assert any("is missing" in problem for problem in problems("".join(LINES[:at] + LINES[at + 1 :])))


@pytest.mark.parametrize("table", TABLES)
def test_no_table_may_be_missing(table):
    without = re.sub(rf"\[{table}\]\n(?:[^\[\n].*\n)*", "", TOML)

    assert f"{table}: is missing" in problems(without)


@pytest.mark.parametrize("place", ["id =", *(f"[{table}]\n" for table in TABLES)])
def test_an_unknown_key_is_refused_in_every_table(place):
    new = f"surprise = 1\n{place}" if place == "id =" else f"{place}surprise = 1\n"

    found = problems(TOML.replace(place, new, 1))

    table = "" if place == "id =" else place.strip("[]\n") + "."
    line = TOML.replace(place, new, 1).splitlines().index("surprise = 1") + 1
    assert found == [f"{table}surprise (line {line}): is not a key of an agreement"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('id = "customs-2026"', 'id = "Customs 2026"', "id"),
        ('id = "customs-2026"', "id = 2026", "id"),
        ("version = 1", "version = 0", "version"),
        ("version = 1", "version = true", "version"),
        ("version = 1", 'version = "1"', "version"),
        ("version = 1", "version = 1.0", "version"),
        ('"Sharing with the customs service"', '""', "title"),
        ('"Sharing with the customs service"', '"  "', "title"),
        ('"Sharing with the customs service"', '"two\\nlines"', "title"),
        ('"Sharing with the customs service"', '"right\\u202eto left"', "title"),
        ('"Sharing with the customs service"', f'"{"x" * 301}"', "title"),
        ("valid_from = 2026-01-01", 'valid_from = "2026-01-01"', "valid_from"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01T00:00:00Z", "valid_from"),
        ("valid_from = 2026-01-01", "valid_from = 2027-07-01", "review_by"),
        ("expires_on = 2027-12-31", "expires_on = 2027-06-29", "review_by"),
        ("suspended = false", 'suspended = "no"', "suspended"),
        ("suspended = false", "suspended = true", "suspended_since"),
        ("suspended = false", "suspended = false\nsuspended_since = 2026-03-01", "suspended_since"),
        ('"seizure"', '"anything"', "purposes[2]"),
        ('"seizure"', '"intelligence"', "purposes[2]"),
        ('["intelligence", "investigation", "seizure"]', "[]", "purposes"),
        ('["intelligence", "investigation", "seizure"]', '"intelligence"', "purposes"),
        ('"goods.ivory"', '"goods.unicorn"', "subjects[1]"),
        ('["wildlife", "goods.ivory", "crime.customs"]', "[]", "subjects"),
        ('["P", "C"]', '["P", "Q"]', "handling[1]"),
        ('["P", "C"]', "[]", "handling"),
        ('["Keep the report apart from the case file."]', '[""]', "conditions[0]"),
        ('["Keep the report apart from the case file."]', '"text"', "conditions"),
        ('id = "unit"', 'id = "UNIT"', "unit.id"),
        ('id = "harbour-customs"', 'id = "unit"', "agency.id"),
        ('channel = "age"', 'channel = "email"', "agency.channel"),
        ('channel = "age"', 'channel = "openpgp"', "agency.fingerprint"),
        ('"000102', '"zz0102', "agency.fingerprint"),
        ('lawful_basis = "Customs Act, section 3"', "lawful_basis = 3", "agency.lawful_basis"),
        ('scheme = "3x5x2"', 'scheme = "5x5x5"', "grading.scheme"),
        ('source_minimum = "3"', 'source_minimum = "2"', "grading.source_minimum"),
        ('source_minimum = "3"', "source_minimum = 3", "grading.source_minimum"),
        ('information_minimum = "C"', 'information_minimum = "E"', "grading.information_minimum"),
        ("suspected_false_may_go = false", "suspected_false_may_go = 0", "grading.suspected_false_may_go"),
        ('rule = "ask"', 'rule = "yes"', "onward.rule"),
        ('rule = "ask"', 'rule = "listed"', "onward.agencies"),
        ('rule = "ask"', 'rule = "ask"\nagencies = ["Parks"]', "onward.agencies"),
        ("retention_days = 365", "retention_days = 0", "duties.retention_days"),
        ("retention_days = 365", "retention_days = 40000", "duties.retention_days"),
        ("feedback_days = 90", "feedback_days = -1", "duties.feedback_days"),
        ('["assessed", "outcome"]', '["assessed", "received"]', "duties.stages[1]"),
        ('["assessed", "outcome"]', "[]", "duties.stages"),
        ("disposal_proof = true", 'disposal_proof = "yes"', "duties.disposal_proof"),
        ('class = "customs"', 'class = "friends"', "agency.class"),
        ('country = "KE"', 'country = "Kenya"', "agency.country"),
        ('country = "KE"', 'country = "ZZ"', "agency.country"),
        ('channel = "age"', 'channel = "age"\nkey_expires_on = "2027"', "agency.key_expires_on"),
        ('data = ["contact", "conveyance", "trade"]', 'data = ["gossip"]', "content.data[0]"),
        ("named_persons = true", "named_persons = 1", "content.named_persons"),
        (
            'special_categories = ["conviction"]',
            'special_categories = ["conviction", "shoes"]',
            "content.special_categories[1]",
        ),
        ("minors = false", 'minors = "no"', "content.minors"),
        ('maximum = "AMBER"', 'maximum = "PURPLE"', "marking.maximum"),
        ('actions = ["A1", "A2"]', 'actions = ["A4"]', "marking.actions[0]"),
        ('actions = ["A1", "A2"]', "actions = []", "marking.actions"),
        ('sanitisations = ["S1", "S2"]', 'sanitisations = ["S3"]', "marking.sanitisations[0]"),
        ('about = ["KE", "TZ"]', 'about = ["KE", "EU"]', "geography.about[1]"),
        ('about = ["KE", "TZ"]', "about = []", "geography.about"),
        ('transfer = ["KE"]', 'transfer = ["ZZ"]', "geography.transfer[0]"),
        ('evidence = "ask"', 'evidence = "yes"', "use.evidence"),
        ('attribution = "may"', "attribution = false", "use.attribution"),
        ('in_transit = "must"', 'in_transit = "should"', "encryption.in_transit"),
        ('at_rest = "must"', 'at_rest = "should"', "encryption.at_rest"),
        ('rule = "ask"', 'rule = "class"', "onward.classes"),
        ('rule = "ask"', 'rule = "ask"\nclasses = ["police"]', "onward.classes"),
        ('rule = "ask"', 'rule = "class"\nclasses = ["friends"]', "onward.classes[0]"),
        ("may_go = true\nreview", 'may_go = "yes"\nreview', "threat_to_life.may_go"),
        ("review_days = 7", "review_days = 0", "threat_to_life.review_days"),
        ("rfi_working_days = 5", "rfi_working_days = 0", "accountability.rfi_working_days"),
        ("reciprocity_days = 180", "reciprocity_days = 0", "accountability.reciprocity_days"),
        ("dissemination_list = true", "dissemination_list = 1", "accountability.dissemination_list"),
        ("breach_hours = 72", "breach_hours = 721", "accountability.breach_hours"),
        ('termination = "destroy"', 'termination = "burn"', "accountability.termination"),
    ],
)
def test_each_value_broken_alone_is_named_by_its_path(old, new, path):
    assert paths(changed(old, new)) == [path]


def test_all_problems_are_told_at_once():
    broken = TOML.replace("version = 1", "version = 0").replace('channel = "age"', 'channel = "fax"')

    assert paths(broken) == ["version", "agency.channel"]


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (TOML.replace("version = 1", "version = = 1"), "line 2"),
        (TOML.replace("[unit]", "[unit"), "line 13"),
        (TOML + 'agency = "', f"line {TOML.count(chr(10)) + 1}"),
        (TOML.replace("version = 1", "version = 1\nversion = 2"), "line 3"),
    ],
)
def test_a_syntax_error_names_its_line(toml, line):
    assert paths(toml) == [line]


def test_text_that_is_not_utf_8_names_its_line():
    assert problems(TOML.encode().replace(b"customs service", b"customs \xff")) == ["line 3: is not UTF-8 text"]


def test_endless_nesting_is_refused_like_any_other_fault():
    assert paths("a = " + "[" * 100_000) in (["line 1"], ["line 2"])


def test_a_table_where_a_value_belongs_and_a_value_where_a_table_belongs_are_refused():
    assert paths("onward = 1\n" + TOML.replace('[onward]\nrule = "ask"\n', ""))[0] == "onward"
    assert "title" in paths(TOML.replace('title = "Sharing with the customs service"\n', "") + "[title]\n")


@pytest.mark.parametrize("party", ["unit", "agency"])
def test_without_a_lawful_basis_it_can_be_read_but_not_put_into_force(party):
    line = {
        "unit": 'lawful_basis = "Wildlife Act, section 12"\n',
        "agency": 'lawful_basis = "Customs Act, section 3"\n',
    }

    missing = activation_problems(agreement(changed(line[party], "")))

    assert [problem.path for problem in missing] == [f"{party}.lawful_basis"]


def test_the_list_of_onward_agencies_stands_in_the_sentence():
    read = agreement(changed('rule = "ask"', 'rule = "listed"\nagencies = ["Parks", "Port police"]'))

    assert str(read.onward) == "Do not pass this on, except to: Parks, Port police."


def test_only_the_agreed_key_is_pinned():
    read = agreement()

    assert read.pins("age", read.agency.fingerprint)
    assert not read.pins("openpgp", read.agency.fingerprint)
    assert not read.pins("age", "f" * 64)
