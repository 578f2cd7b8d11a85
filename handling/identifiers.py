"""Identifiers that a text holds: phones, accounts, plates, containers and their like, with their check digits by library.

The forms are a unit's data (`handling/data/identifiers.toml`). A form that many words have counts with its check digit, or
where a word before it says what it is. One that nothing else has, as a container's, counts without: a number with a slip of
the pen leads to the same box.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import bitcoin, iban, imei, iso6346, luhn
from stdnum.exceptions import ValidationError

from handling.rules.folded import Folded
from handling.rules.references import References, references_of
from handling.rules.residue import Detector, Found, Residue

BEFORE: Final = 28
"""Letters before an identifier in which a word may say what it is."""
BEHIND: Final = 16
"""Letters behind it, the same."""
PROPOSALS: Final[Mapping[Residue, str]] = MappingProxyType(
    {
        Residue.PHONE: "a phone number",
        Residue.EMAIL: "an e-mail address",
        Residue.URL: "a page on the web",
        Residue.HANDLE: "an account on a network",
        Residue.ADDRESS: "a machine's address",
        Residue.PLATE: "a vehicle",
        Residue.VESSEL: "a vessel",
        Residue.AIRCRAFT: "an aircraft",
        Residue.CONTAINER: "a container",
        Residue.WAYBILL: "a consignment",
        Residue.ACCOUNT: "an account",
        Residue.CARD: "a payment card",
        Residue.WALLET: "a wallet",
        Residue.COORDINATES: "in the district of …",
        Residue.DOCUMENT: "an identity document",
        Residue.DEVICE: "a device",
        Residue.REFERENCE: "a number",
    }
)
_PHONE: Final = re.compile(r"(?<![\w.@/-])(?:\+ ?|00)?\(?\d[\d ().-]{5,20}\d(?![\w@])(?!-\d)")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[.-]\d{1,2}[.-]\d{2,4}")
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_PHONE_DIGITS: Final = 7
_DECIMAL: Final = re.compile(r"[+-]?\d+\.\d+")


@dataclass(frozen=True, slots=True)
class _Form:
    """One form: its pattern, the check that its text passes, and the words of which one stands before it instead.

    Where the pattern takes in words around the identifier, its group `it` is the identifier alone.
    """

    residue: Residue
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None
    near: re.Pattern[str] | None

    def detect(self, folded: Folded) -> Iterator[Found]:
        for match in self.pattern.finditer(folded.plain):
            if self._counts(match, folded):
                start, end = match.span("it" if "it" in self.pattern.groupindex else 0)
                yield Found(self.residue, start, end, proposal=PROPOSALS[self.residue])

    def _counts(self, match: re.Match[str], folded: Folded) -> bool:
        if self.check is not None and self.check(match[0]):
            return True
        return _says(self.near, folded, match) if self.near is not None else self.check is None


@dataclass(frozen=True, slots=True)
class Identifiers:
    """All forms of a unit, ready to search with."""

    forms: tuple[_Form, ...]
    says_phone: re.Pattern[str]
    regions: tuple[str, ...]
    references: References

    def detectors(self) -> tuple[Detector, ...]:
        """Return the detectors: one of all forms, and one of phone numbers."""
        return (self._by_form, self._phones, self.references.detect)

    def _by_form(self, folded: Folded) -> Iterator[Found]:
        for form in self.forms:
            yield from form.detect(folded)

    def _phones(self, folded: Folded) -> Iterator[Found]:
        """Find numbers with a country code wherever they are possible, others where a region's plan or a word says so."""
        for candidate in _PHONE.finditer(folded.plain):
            raw = candidate[0]
            if len(_digits(raw)) < _PHONE_DIGITS or _DAY.fullmatch(raw.strip()):
                continue
            for start, end in self._numbers(folded, candidate):
                yield Found(Residue.PHONE, start, end, proposal=PROPOSALS[Residue.PHONE])

    def _numbers(self, folded: Folded, candidate: re.Match[str]) -> list[tuple[int, int]]:
        raw = candidate[0]
        if raw.lstrip("( ").startswith(("+", "00")):
            return [candidate.span()] if _international(raw) else []
        if _says(self.says_phone, folded, candidate):
            return [candidate.span()]
        if not raw.startswith(("0", "(0")) or _AMOUNT.fullmatch(raw.strip()):
            return []
        for region in self.regions:
            found = [(match.start, match.end) for match in PhoneNumberMatcher(raw, region, Leniency.VALID)]
            if found:
                return [(candidate.start() + start, candidate.start() + end) for start, end in found]
        return []


def identifiers_of(table: Mapping[str, Any]) -> Identifiers:
    """Build the forms from their data file as parsed.

    Raises:
        KeyError, ValueError, re.error: the file is none. It ships with the product, or a unit changed it.
    """
    says = {name: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") for name, words in table["says"].items()}
    forms = tuple(
        _Form(
            Residue(row["class"]),
            re.compile(row["pattern"]),
            _CHECKS[row["check"]] if "check" in row else None,
            says[row["near"]] if "near" in row else None,
        )
        for row in table["form"]
    )
    return Identifiers(forms, says["phone"], tuple(table["regions"]), references_of(table["reference"]))


def _says(words: re.Pattern[str], folded: Folded, match: re.Match[str]) -> bool:
    start, end = match.span()
    before = words.search(folded.lower, max(0, start - BEFORE), start)
    return before is not None or words.search(folded.lower, end, end + BEHIND) is not None


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def _compact(text: str) -> str:
    return re.sub(r"[\s./-]+", "", text).upper()


def _international(raw: str) -> bool:
    try:
        number = phonenumbers.parse("+" + _digits(raw).removeprefix("00"))
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _passes(validate: Callable[[str], object]) -> Callable[[str], bool]:
    """Turn one of the library's checks, which raises, into a question."""

    def check(text: str) -> bool:
        try:
            validate(_compact(text))
        except ValidationError:
            return False
        return True

    return check


def _card(text: str) -> bool:
    digits = _digits(text)
    return digits[0] in "23456" and len(set(digits)) > 2 and luhn.is_valid(digits)  # noqa: PLR2004 - not 4444 4444 …


def _container(text: str) -> bool:
    """Say yes to four capitals and seven digits whatever the check digit, and to small letters only with it."""
    return text[:4].isupper() or iso6346.is_valid(_compact(text))


def _bitcoin(text: str) -> bool:
    return text.startswith("bc1") or bool(bitcoin.is_valid(text))


def _air_waybill(text: str) -> bool:
    """Say whether the eighth digit is the seven before it modulo seven (IATA Resolution 600a)."""
    serial = _digits(text)[3:]
    return int(serial[:7]) % 7 == int(serial[7])


def _postal(text: str) -> bool:
    """Say whether the ninth digit is the check digit of the eight before it (UPU S10)."""
    digits = [int(digit) for digit in _digits(text)]
    check = 11 - sum(weight * digit for weight, digit in zip((8, 6, 4, 2, 3, 5, 9, 7), digits, strict=False)) % 11
    return {10: 0, 11: 5}.get(check, check) == digits[8]


def _network(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _reachable(text: str) -> bool:
    """Say whether it is an address however its dots are hidden, with a port, a range or neither."""
    bare = re.sub(r"[\[(]\.[\])]", ".", text).strip("[]")
    if (":" in bare and bare.count(":") == 1) or "/" in bare:
        bare = re.split("[:/]", bare)[0]
    if bare.count("-") == 3:  # noqa: PLR2004 - hyphens for dots
        bare = bare.replace("-", ".")
    return _network(bare.split("]")[0])


def _on_earth(text: str) -> bool:
    latitude, longitude = (float(part) for part in _DECIMAL.findall(text))
    return abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "air-waybill": _air_waybill,
        "bitcoin": _bitcoin,
        "card": _card,
        "container": _container,
        "iban": _passes(iban.validate),
        "imei": _passes(imei.validate),
        "network": _network,
        "on-earth": _on_earth,
        "postal": _postal,
        "reachable": _reachable,
    }
)
