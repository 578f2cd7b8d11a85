"""The member list and its proposed changes in words. Pure; decides nothing."""

from collections.abc import Sequence
from datetime import date, timedelta

from handling.guard import words
from handling.guard.admission import Standing
from handling.guard.models import Ask, MembersPage, ProposalPage, ProposalRow, ShownAct, ShownPerson, Trouble
from handling.guard.verify import duties
from handling.rules import member_words, staffing
from handling.rules.member_list import Entry
from handling.rules.member_words import groups
from handling.store.members import Member, MemberList, NotAMemberError
from handling.store.proposals import State

ADMINISTRATOR = "administrator"
_WARN = timedelta(days=45)  # before the list ends: time to get two people to a table, or the holders of the root
_STATES = {
    State.WAITING: "Nobody has signed it yet. Two handlers must.",
    State.SIGNED_ONCE: "One handler has signed it. A second one must.",
    State.ACCEPTED: "It is signed, and is part of the member list.",
    State.REFUSED: "It was refused.",
    State.OVERTAKEN: "Another version of the list was accepted first, so this came to nothing.",
}


def row(at: Standing) -> ProposalRow:
    """One proposal as a line."""
    one = at.proposal
    title = at.next.words.title if at.next else ""
    return ProposalRow(
        path=f"/members/{one.id}",
        reference=str(one.id)[:8],
        title=title or (member_words.brief(one.change) + "." if one.change else "A change that cannot be read."),
        asked_by=_display(one.proposed_by, at.listed),
        asked_on=words.day(one.proposed_on),
        state=_STATES[one.state],
        open=one.open,
        may_sign=at.may_sign,
        why_not=at.fault or at.why_not,
        next=", ".join(_display(name, at.listed) for name in at.signers),
    )


def proposal_page(at: Standing, trouble: Trouble, ask: Ask | None, *, signed: bool) -> ProposalPage:
    """The page of one proposal."""
    coming = at.next if at.proposal.open else None
    return ProposalPage(
        at=row(at),
        version=at.proposal.version,
        signed_by=", ".join(_display(name, at.listed) for name in at.names),
        lines=coming.words.lines if coming else (),
        compare=coming.words.compare if coming else "",
        fingerprint=coming.words.fingerprint if coming else "",
        differences=_differences(at, hashes=False),
        hashes=_differences(at, hashes=True),
        seen=coming.seen if coming else "",
        signed=signed,
        fault=at.fault,
        void=tuple(_display(name, at.listed) for name in at.void),
        reason=words.visible(at.proposal.reason),
        may_sign=at.may_sign,
        may_refuse=at.may_refuse,
        may_repeat=at.may_repeat,
        ask=ask,
        trouble=trouble,
    )


def _differences(at: Standing, *, hashes: bool) -> tuple[tuple[str, str, str], ...]:
    """What differs; of the version before only its hash is shown, which no one judges, so it stands apart."""
    coming = at.next if at.proposal.open else None
    found = coming.differences if coming else ()
    return tuple((one.what, one.before, one.after) for one in found if (one.what == member_words.PREVIOUS) == hashes)


def members_page(listed: MemberList, changes: Sequence[Standing], today: date) -> MembersPage:
    """Today's list with every fingerprint, and the proposals, what waits first."""
    left = (listed.valid_until - today).days
    return MembersPage(
        version=listed.version,
        valid_until=words.day(listed.valid_until),
        ends_in=left if listed.valid_until - today < _WARN else None,
        fingerprint=groups(listed.sha256.hex()),
        first_readers=", ".join(_display(name, listed) for name in listed.first_readers),
        people=tuple(
            _person(member, entry, listed) for member, entry in zip(listed.members, _entries(listed), strict=True)
        ),
        acts=tuple(_act(one, listed) for one in staffing.standing(duties(listed))),
        two_keys=", ".join(_display(name, listed) for name in staffing.two_keys(duties(listed))),
        unit_keys=_unit_keys(listed),
        rows=tuple(row(at) for at in changes),
    )


def cannot(listed: MemberList) -> tuple[str, ...]:
    """Say which acts today's members cannot do, and why."""
    return tuple(f"{one.task.value}. {one.why_not}" for one in staffing.standing(duties(listed)) if not one.possible)


def _act(one: staffing.Standing, listed: MemberList) -> ShownAct:
    by, outside = (", ".join(_display(name, listed) for name in names) for names in (one.by, one.outside))
    return ShownAct(one.task.value, one.possible, by, outside, one.why_not)


def _entries(listed: MemberList) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = listed.body()["members"]
    return entries


def _person(member: Member, entry: dict[str, object], listed: MemberList) -> ShownPerson:
    keys = {"corridor": member.corridor, "desk": member.desk, "release": member.release}
    shown = [(f"{job} key", groups(key.fingerprint())) for job, key in keys.items() if key]
    return ShownPerson(
        name=member.name,
        display=member.display,
        duties=", ".join(sorted(duty.value for duty in member.duties)),
        since=listed.since[member.name],
        fingerprint=groups(member_words.person(entry)),
        keys=(*shown, ("signing key", groups(member.signing.hex()))),
        authenticators=tuple(
            (one.label, groups(member_words.authenticator(one))) for one in Entry.read(entry).authenticators
        ),
    )


def _unit_keys(listed: MemberList) -> tuple[tuple[str, str], ...]:
    return (
        (f"Vault of the corridor, number {listed.corridor_epoch}", groups(listed.corridor_vault.fingerprint())),
        (f"Vault of the desk, number {listed.desk_epoch}", groups(listed.desk_vault.fingerprint())),
        (f"Intake of the desk, serial {listed.desk_intake_serial}", groups(listed.desk_intake.fingerprint())),
        ("Recovery", groups(listed.recovery.fingerprint())),
        ("Signs intake keys", groups(listed.intake_signer.hex())),
        ("Signs packages", groups(listed.package_signer.hex())),
        ("Signs OpenPGP packages", groups(listed.package_pgp)),
    )


def _display(name: str, listed: MemberList) -> str:
    if name == ADMINISTRATOR:
        return "the administrator"
    try:
        return listed.member(name).display
    except NotAMemberError:
        return f"{words.visible(name)} (not a member today)"
