"""What the portal shows of material that an agency sent in: that it came and was opened, never what it says."""

from dataclasses import dataclass
from typing import ClassVar

from handling.agencyfiles import UnitKeys
from handling.exchange import forms, guide
from handling.exchange.store import Sent
from handling.rules.clocks import in_words
from handling.rules.member_words import groups
from handling.store.agencies import Agency


@dataclass(frozen=True, slots=True)
class SentView:
    """One file of material in words."""

    mark: str
    received_on: str
    opened_on: str


@dataclass(frozen=True, slots=True)
class MaterialPage:
    """What the agency sent in, and the form for more."""

    template: ClassVar[str] = "agency/material.html"
    agency: str
    unit_name: str
    unit_fingerprint: str
    recipient_fingerprint: str
    opens: bool
    sent: tuple[SentView, ...]
    hand_in: forms.Field
    steps: tuple[guide.Step, ...]
    example: str
    recipient_name: str = guide.RECIPIENT_NAME


def material_page(agency: Agency, sent: tuple[Sent, ...], unit: UnitKeys, hand_in: forms.Field) -> MaterialPage:
    """Show what the agency sent in, and how more is made: with open.html, or with stock tools."""
    return MaterialPage(
        agency=agency.name,
        unit_name=unit.name,
        unit_fingerprint=groups(unit.fingerprint()),
        recipient_fingerprint=groups(unit.desk_intake.fingerprint()),
        opens=agency.acknowledge is not None,
        sent=tuple(
            SentView(one.mark, in_words(one.received_on), in_words(one.opened_on) if one.opened_on else "")
            for one in sent
        ),
        hand_in=hand_in,
        steps=guide.sending(agency.channel),
        example=guide.example(unit.unit, agency.fingerprint),
    )
