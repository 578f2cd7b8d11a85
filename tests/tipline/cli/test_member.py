"""Joining, leaving and new keys as an administrator types them: everything is a proposal, and nothing opens by it."""

import asyncio
import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crypto import age
from crypto.signing import SigningKey
from handling import people
from handling.rules import member_words
from handling.rules.membership import Admit, Remove, Unequip
from handling.signing import OutsideCard
from handling.store import members, proposals
from handling.store.proposals import State
from tests.authenticator import SoftAuthenticator
from tests.lists import kept, root_signs, with_authenticators, without
from tests.practice import LOG_N
from tipline.base import accounts
from tipline.base import settings as settings_
from tipline.base.accounts import SignInError
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main

TODAY = datetime.now(UTC).date()
DINA = "dina:Dina Okello:handler"


@pytest.fixture
async def data(practice_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The practice unit, its databases given to the command."""
    assert practice_settings.public_dsn
    assert practice_settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", practice_settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", practice_settings.inside_dsn)
    monkeypatch.setitem(people.seal_accounts.__kwdefaults__, "log_n", LOG_N)
    (practice_settings.data / settings_.FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    return practice_settings.data


async def member(data: Path, *args: str) -> int:
    return await asyncio.to_thread(main, ["--data", str(data), "member", *args])


async def test_adding_somebody_prints_cards_once_and_adds_nobody(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await member(data, "add", DINA) == 0

    said = capsys.readouterr().out
    (proposal,) = await proposals.newest(inside_db)
    assert isinstance(proposal.change, Admit)
    fingerprint = member_words.groups(member_words.person(proposal.change.member.body()))
    assert said.count(fingerprint) == 2  # on the card, and for those who sign
    assert "Amina (handler 1, also analyst), Ben (handler 2)" in said
    assert "Then another handler signs in to the corridor once" in said
    assert "Then another analyst" not in said
    listed = await members.load(inside_db, members.trust(data / "inside", "tests"), TODAY)
    assert [one.name for one in listed.members] == ["amina", "ben", "clara"]
    passphrases = re.findall(r"passphrase +(.+)", said)
    assert len(passphrases) == 2  # corridor and guard
    content = await accounts.unlock(inside_db, "guard", "dina", passphrases[1])
    assert set(content) == {"totp", "release_identity", "signing_seed"}

    assert await member(data, "add", DINA) == 1
    assert "has accounts here already" in capsys.readouterr().err
    assert len(await proposals.newest(inside_db)) == 1


async def test_what_the_list_cannot_become_is_refused_with_its_reason_and_leaves_nothing(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    for args, words in (
        (("add", "ben:Another Ben:handler"), "on the member list already"),
        (("remove", "ben"), "With one handler nobody could review a report"),
        (("remove", "nobody"), "not on the signed member list"),
        (("replace", "amina"), "Nobody but this analyst opens the desk's vault"),
        (("replace", "nobody", "--yes"), "`tipline member list` shows who is"),
        (("replace", "nobody"), "not on the signed member list"),
        (("first-readers", "clara"), "Every first reader is a handler"),
        (("again", "00000000-0000-4000-8000-000000000000"), "no such proposal"),
    ):
        assert await member(data, *args) == 1
        assert words in capsys.readouterr().err

    assert await proposals.newest(inside_db) == ()
    assert await inside_db.fetchval("SELECT count(*) FROM guard.account") == 3


async def test_new_keys_close_the_old_accounts_and_are_proposed(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await inside_db.fetchval("SELECT sealed FROM guard.account WHERE name = 'clara'")

    assert await member(data, "replace", "clara", "--yes") == 0

    said = capsys.readouterr().out
    passphrase = re.findall(r"passphrase +(.+)", said)[0]
    assert await inside_db.fetchval("SELECT sealed FROM guard.account WHERE name = 'clara'") != before
    assert await accounts.unlock(inside_db, "guard", "clara", passphrase)
    assert "Proposed for version 2" in said
    with pytest.raises(SignInError):
        await accounts.unlock(inside_db, "guard", "clara", "the old one")


@pytest.mark.parametrize("typed", ["", "ben", "Clara"])
async def test_without_the_name_typed_again_no_passphrase_ends(
    typed: str, data: Path, inside_db: Db, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await inside_db.fetch("SELECT name, sealed FROM guard.account ORDER BY name")
    assert await member(data, "replace", "clara") == 2
    assert "there is no terminal to ask at; say --yes" in capsys.readouterr().err
    terminal(monkeypatch, typed)

    assert await member(data, "replace", "clara") == 1

    assert "ends every passphrase of Clara" in capsys.readouterr().out
    assert await inside_db.fetch("SELECT name, sealed FROM guard.account ORDER BY name") == before
    assert await proposals.newest(inside_db) == ()


def terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """Let the command read *typed* as from a terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))


async def test_new_keys_made_twice_leave_only_the_newer_to_be_signed(
    data: Path, inside_db: Db, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, "ben")
    assert await member(data, "replace", "ben") == 0
    (first,) = await proposals.newest(inside_db)
    await inside_db.execute("UPDATE unit.proposal SET state = 'signed-once'")
    assert await member(data, "replace", "clara", "--yes") == 0
    capsys.readouterr()

    assert await member(data, "replace", "ben", "--yes") == 0

    said = capsys.readouterr().out
    assert "An earlier proposal of new keys for this person can no longer be signed" in said
    assert "Then another handler signs in to the corridor once, and only after that the new card works there." in said
    found = await proposals.newest(inside_db)
    assert [one.open for one in found] == [True, True, False]
    assert (found[2].id, found[2].state) == (first.id, State.OVERTAKEN)

    assert await member(data, "again", str(first.id)) == 1
    assert "newer keys for this person wait" in capsys.readouterr().err


async def test_where_two_handlers_cannot_sign_the_root_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await member(data, "replace", "ben", "--yes") == 0

    assert re.search(r"The holders of the root key can: tipline root sign [0-9a-f-]{36}", capsys.readouterr().out)


async def test_the_accounts_of_somebody_who_left_are_deleted_by_removing_them_again(
    data: Path, settings: Settings, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await member(data, "remove", "clara") == 0
    (proposal,) = await proposals.newest(inside_db)
    assert proposal.change == Remove("clara")
    assert await inside_db.fetchval("SELECT count(*) FROM guard.account WHERE name = 'clara'") == 1

    await root_signs(settings, inside_db, without("clara"))
    assert await member(data, "remove", "clara") == 0

    assert "1 accounts of that name were deleted" in capsys.readouterr().out
    assert await inside_db.fetchval("SELECT count(*) FROM guard.account WHERE name = 'clara'") == 0


async def test_lists_and_proposals_are_shown_with_what_became_of_them(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await member(data, "renew") == 1  # the list is new: a year from now is no later day
    assert await member(data, "first-readers", "ben") == 0
    await inside_db.execute("UPDATE unit.proposal SET state = 'refused', reason = 'Not now.'")
    (refused,) = await proposals.newest(inside_db)
    assert await member(data, "again", str(refused.id)) == 0
    capsys.readouterr()

    assert await member(data, "list") == 0
    assert await member(data, "proposals") == 0

    said = capsys.readouterr().out
    assert "version 1, valid until" in said
    assert "first readers: amina, ben" in said
    assert re.search(r"clara  officer  since version 1  Clara", said)
    assert re.search(r"refused  Other first readers: ben  \(Not now\.\)", said)
    assert [one.state for one in await proposals.newest(inside_db)] == [State.WAITING, State.REFUSED]


async def test_an_outside_second_is_proposed_from_their_card_and_gets_no_account_here(
    data: Path, inside_db: Db, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = outside_card()
    file = tmp_path / "ruth.card"
    file.write_bytes(card.encode() + b"\n")

    assert await member(data, "outside", str(file)) == 0

    said = capsys.readouterr().out
    (proposal,) = await proposals.newest(inside_db)
    assert isinstance(proposal.change, Admit)
    assert proposal.change.member == card.entry()
    assert "Ruth Okello, Lake Unit becomes an outside second" in said
    assert member_words.groups(member_words.person(card.entry().body())) in said
    for zone in ("corridor", "desk", "guard"):
        assert not await inside_db.fetchval(f"SELECT count(*) FROM {zone}.account WHERE name = 'ruth'")


async def test_a_card_that_is_none_or_a_person_typed_as_one_from_outside_proposes_nothing(
    data: Path, inside_db: Db, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ruth.card"
    for wrong in (b"{}", outside_card().encode().replace(b"age1pq1", b"age1xx1"), b"\xff"):
        file.write_bytes(wrong)
        assert await member(data, "outside", str(file)) == 2
        assert "this is no card of an outside second" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        await member(data, "add", "ruth:Ruth:outside")

    assert await proposals.newest(inside_db) == ()


async def test_an_outside_second_on_the_list_gets_no_new_keys_made_here(
    data: Path, settings: Settings, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = outside_card().entry().body()
    await root_signs(settings, inside_db, lambda body: body["members"].append(entry))

    assert await member(data, "replace", "ruth", "--yes") == 1

    assert "makes new keys on their own machine" in capsys.readouterr().err


def outside_card() -> OutsideCard:
    release, signing = age.Identity.generate().recipient, SigningKey.generate().public
    return OutsideCard("ruth", "Ruth Okello, Lake Unit", str(release), signing.hex())


async def test_a_lost_authenticator_is_shown_and_proposed_to_count_no_longer(
    data: Path, settings: Settings, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    soft = SoftAuthenticator()
    await root_signs(settings, inside_db, with_authenticators(clara=soft))

    assert await member(data, "list") == 0
    shown = capsys.readouterr().out
    assert await member(data, "take-authenticator", "clara", "Red key") == 1
    assert "has no such authenticator" in capsys.readouterr().err
    assert await member(data, "take-authenticator", "clara", "Blue key") == 0

    assert "authenticator “Blue key”, for http://localhost:8085" in shown
    assert member_words.groups(member_words.authenticator(kept(soft))) in shown
    (proposal,) = await proposals.newest(inside_db)
    assert proposal.change == Unequip("clara", soft.credential.hex())
