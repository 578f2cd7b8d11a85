"""pure: the closed sets that agreements and the facts of a report speak in, each code with its words. Decides nothing."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

WORLD: Final = "world"
"""Stands in an agreement's geography for every country, the high seas and places nobody knows."""

NOT_KNOWN: Final = "ZZ"
"""The country code of a report whose place nobody knows; only `WORLD` covers it."""


NOWHERE: Final = frozenset({"XZ", NOT_KNOWN})
"""Codes of the list of countries that are none: the high seas, and a place nobody knows."""


class DataCategory(Enum):
    """What a report can hold about people beside their names."""

    CONTACT = "contact"
    WHEREABOUTS = "whereabouts"
    CONVEYANCE = "conveyance"
    TRADE = "trade"
    FINANCE = "finance"
    COMMUNICATIONS = "communications"
    IMAGE = "image"
    ONLINE = "online"


DATA_LABELS: Final[Mapping[DataCategory, str]] = {
    DataCategory.CONTACT: "Phone numbers, e-mail addresses, handles",
    DataCategory.WHEREABOUTS: "Addresses, places and journeys of people",
    DataCategory.CONVEYANCE: "Vehicles, vessels, aircraft, containers",
    DataCategory.TRADE: "Shipments, permits, trade papers",
    DataCategory.FINANCE: "Accounts, payments, wallets",
    DataCategory.COMMUNICATIONS: "Content or records of calls and messages",
    DataCategory.IMAGE: "Pictures and recordings of people",
    DataCategory.ONLINE: "Profiles, sites, listings",
}


class SpecialCategory(Enum):
    """Personal data that most laws protect more than other data."""

    HEALTH = "health"
    ORIGIN = "origin"
    BELIEF = "belief"
    POLITICS = "politics"
    UNION = "union"
    BIOMETRIC = "biometric"
    SEXUALITY = "sexuality"
    CONVICTION = "conviction"


SPECIAL_LABELS: Final[Mapping[SpecialCategory, str]] = {
    SpecialCategory.HEALTH: "Health",
    SpecialCategory.ORIGIN: "Racial or ethnic origin",
    SpecialCategory.BELIEF: "Religion or belief",
    SpecialCategory.POLITICS: "Political opinion",
    SpecialCategory.UNION: "Membership of a trade union",
    SpecialCategory.BIOMETRIC: "Genetic or biometric data",
    SpecialCategory.SEXUALITY: "Sex life or orientation",
    SpecialCategory.CONVICTION: "Criminal convictions",
}


class Removable(Enum):
    """What a stricter version of a report could do without, so that the answer is to sanitise first."""

    DATA = "data"
    PERSONS = "named-persons"
    SPECIAL = "special-categories"
    MINORS = "minors"
    MARKING = "marking"


REMOVABLE_LABELS: Final[Mapping[Removable, str]] = {
    Removable.DATA: "the kinds of data ticked above",
    Removable.PERSONS: "the names of persons",
    Removable.SPECIAL: "the specially protected data",
    Removable.MINORS: "all that concerns minors",
    Removable.MARKING: "what makes this marking or these handling codes necessary",
}


class Tlp(Enum):
    """The Traffic Light Protocol 2.0, from the least to the most restricted."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"

    def within(self, most: "Tlp") -> bool:
        """Whether this marking is at most as restricted as *most*."""
        return _TLP_RANK[self] <= _TLP_RANK[most]


_TLP_RANK: Final[Mapping[Tlp, int]] = {tlp: rank for rank, tlp in enumerate(Tlp)}

TLP_LABELS: Final[Mapping[Tlp, str]] = {
    Tlp.CLEAR: "no limit on who may read it",
    Tlp.GREEN: "for the community that works on it",
    Tlp.AMBER: "for the agency and those it works for, where they need to know",
    Tlp.AMBER_STRICT: "for the agency alone, where its people need to know",
    Tlp.RED: "for the named recipients alone",
}


class AgencyClass(Enum):
    """What kind of organisation an agency is."""

    POLICE = "police"
    CUSTOMS = "customs"
    PARKS = "parks"
    FINANCIAL_INTELLIGENCE = "financial-intelligence"
    PROSECUTOR = "prosecutor"
    REGULATOR = "regulator"
    NGO = "ngo"
    AIRLINE = "airline"
    SHIPPER = "shipper"
    BANK = "bank"
    MARKETPLACE = "marketplace"
    INSURER = "insurer"


CLASS_LABELS: Final[Mapping[AgencyClass, str]] = {
    AgencyClass.POLICE: "police",
    AgencyClass.CUSTOMS: "customs services",
    AgencyClass.PARKS: "parks and wildlife authorities",
    AgencyClass.FINANCIAL_INTELLIGENCE: "financial intelligence units",
    AgencyClass.PROSECUTOR: "prosecutors",
    AgencyClass.REGULATOR: "regulators and oversight bodies",
    AgencyClass.NGO: "non-governmental organisations",
    AgencyClass.AIRLINE: "airlines",
    AgencyClass.SHIPPER: "shippers and forwarders",
    AgencyClass.BANK: "banks",
    AgencyClass.MARKETPLACE: "market places",
    AgencyClass.INSURER: "insurers",
}


class Evidence(Enum):
    """Whether a report may be used as evidence in court; H1 of the Europol codes is `ASK`."""

    NEVER = "never"
    ASK = "ask"
    MAY = "may"


class Attribution(Enum):
    """Does the agency name where a report came from?"""

    MUST = "must"
    MAY = "may"
    MUST_NOT = "must-not"


class Encryption(Enum):
    """Is encryption a duty?"""

    MUST = "must"
    MAY = "may"


class Termination(Enum):
    """What becomes of copies when the agreement ends."""

    DESTROY = "destroy"
    RETURN = "return"
    KEEP = "keep"
