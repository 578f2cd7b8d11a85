"""Identifiers that a text holds: phones, accounts, plates, containers and their like, with their check digits by library.

A form that many words have is taken only with its check digit, or where a word beside it says what it is. One that nothing
else has, as a container's, is taken without: a number with a slip of the pen leads to the same box.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import bitcoin, iban, imei, imo, iso6346, luhn
from stdnum.exceptions import ValidationError

from handling.rules.folded import Folded
from handling.rules.residue import Detector, Found, Residue

REGIONS: Final = (
    "KE",
    "TZ",
    "UG",
    "MZ",
    "CM",
    "CD",
    "GA",
    "ZA",
    "NG",
    "ES",
    "MX",
    "CO",
    "PE",
    "BR",
    "PT",
    "FR",
    "GB",
    "VN",
    "ID",
)
"""Where numbers without a country code are looked for (ISO 3166-1)."""

_NEAR: Final = 28
"""Letters before an identifier in which a word may say what it is."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of identifier: its pattern, and what else must hold.

    Attributes:
        good: of the matched text; None when the form says enough.
        near: a pattern of words, one of which must stand shortly before, unless *good* holds.
    """

    residue: Residue
    pattern: re.Pattern[str]
    good: Callable[[str], bool] | None = None
    near: re.Pattern[str] | None = None

    def detect(self, folded: Folded) -> Iterator[Found]:
        for match in self.pattern.finditer(folded.text):
            if self._holds(match, folded.lower):
                yield Found(self.residue, match.start(), match.end(), proposal=PROPOSALS[self.residue])

    def _holds(self, match: re.Match[str], lower: str) -> bool:
        if self.good is not None and self.good(match[0]):
            return True
        if self.near is not None:
            return self.near.search(lower, max(0, match.start() - _NEAR), match.start()) is not None
        return self.good is None


PROPOSALS: Final = {
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
}


def detectors(regions: Sequence[str] = REGIONS) -> tuple[Detector, ...]:
    """Return the detectors of all forms; *regions* are where national phone numbers are looked for."""

    def forms(folded: Folded) -> Iterator[Found]:
        for form in _FORMS:
            yield from form.detect(folded)

    def phones(folded: Folded) -> Iterator[Found]:
        return _phones(folded, regions)

    return (forms, phones)


def _near(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


def _any_of(forms: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(forms)})(?![\w-])")


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _compact(text: str) -> str:
    return re.sub(r"[\s./-]+", "", text).upper()


def _valid(check: Callable[[str], object]) -> Callable[[str], bool]:
    """Turn one of the library's checks into a question."""

    def good(text: str) -> bool:
        try:
            check(_compact(text))
        except ValidationError:
            return False
        return True

    return good


def _card(text: str) -> bool:
    digits = _digits(text)
    return digits[0] in "23456" and len(set(digits)) > 2 and luhn.is_valid(digits)  # noqa: PLR2004 - not 4444 4444 …


def _air_waybill(text: str) -> bool:
    """Say whether the eighth digit is the seven before modulo seven (IATA Resolution 600a)."""
    serial = _digits(text)[3:]
    return int(serial[:7]) % 7 == int(serial[7])


def _postal(text: str) -> bool:
    """Say whether the ninth digit is the check digit of the eight before (UPU S10)."""
    digits = [int(digit) for digit in _digits(text)]
    check = 11 - sum(weight * digit for weight, digit in zip((8, 6, 4, 2, 3, 5, 9, 7), digits, strict=False)) % 11
    return {10: 0, 11: 5}.get(check, check) == digits[8]


def _network(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _on_earth(text: str) -> bool:
    latitude, longitude = (float(part) for part in re.findall(r"[+-]?\d+\.\d+", text))
    return abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees


def _mixed(text: str) -> bool:
    """Say whether both letters and digits stand in it, as in most references and in few words."""
    return any(letter.isdigit() for letter in text) and len(_compact(text)) >= 6  # noqa: PLR2004 - shorter ones are words


def _phones(folded: Folded, regions: Sequence[str]) -> Iterator[Found]:
    """Find phone numbers: with a country code anywhere possible, without one where a region's plan has them."""
    taken: list[tuple[int, int]] = []
    for candidate in _PHONE.finditer(folded.text):
        if len(_digits(candidate[0])) < 7 or _NOT_PHONE.fullmatch(candidate[0].strip()):  # noqa: PLR2004 - too short
            continue
        for start, end in _numbers(folded.lower, candidate, regions):
            if not any(start < other and end > first for first, other in taken):
                taken.append((start, end))
                yield Found(Residue.PHONE, start, end, proposal=PROPOSALS[Residue.PHONE])


def _numbers(lower: str, candidate: re.Match[str], regions: Sequence[str]) -> list[tuple[int, int]]:
    raw = candidate[0]
    if raw.lstrip("( ").startswith(("+", "00")):
        international = "+" + _digits(raw).removeprefix("00")
        try:
            possible = phonenumbers.is_possible_number(phonenumbers.parse(international))
        except phonenumbers.NumberParseException:
            possible = False
        return [candidate.span()] if possible else []
    if _SAYS_PHONE.search(lower, max(0, candidate.start() - _NEAR), candidate.start()):
        return [candidate.span()]
    if not raw.startswith(("0", "(0")):
        return []
    for region in regions:
        found = [(m.start, m.end) for m in PhoneNumberMatcher(raw, region, Leniency.VALID)]
        if found:
            return [(candidate.start() + start, candidate.start() + end) for start, end in found]
    return []


_PHONE: Final = re.compile(r"(?<![\w.@/-])(?:\+|00)?\(?\d[\d ().-]{5,20}\d(?![\w@])(?!-\d)")
_NOT_PHONE: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[.-]\d{1,2}[.-]\d{2,4}|\d{1,3}(?:[ .]\d{3})+")
_SAYS_PHONE: Final = _near(
    *(
        "phone",
        "telephone",
        "tel",
        "mobile",
        "cell",
        "call(?:ed|ing|s)?",
        "whatsapp",
        "sms",
        "text(?:ed)?",
        "contact",
        "numero",
    ),
    *(
        "number",
        "portable",
        "appele[rz]?",
        "telefono",
        "celular",
        "llam\\w+",
        "movil",
        "telemovel",
        "telefone",
        "ligar",
        "ligue",
    ),
    *(
        "ligou",
        "simu",
        "nambari",
        "namba",
        "piga",
        "m-?pesa",
        "mpesa",
        "till",
        "airtel",
        "safaricom",
        "vodacom",
        "mtn",
        "orange",
    ),
)
_SAYS_PLATE: Final = _near(
    *(
        "plates?",
        "reg(?:istration|istered)?",
        "number plate",
        "licen[cs]e",
        "immatricul\\w+",
        "plaque",
        "matriculas?",
        "placas?",
    ),
    *(
        "chapa",
        "patente",
        "usajili",
        "bienes",
        "vehicle",
        "car",
        "van",
        "truck",
        "lorry",
        "pickup",
        "pick-up",
        "camion",
        "camioneta",
    ),
    *(
        "camionete",
        "voiture",
        "coche",
        "carro",
        "gari",
        "lori",
        "hilux",
        "probox",
        "landcruiser",
        "land cruiser",
        "toyota",
        "isuzu",
    ),
    *(
        "moto",
        "motorbike",
        "motorcycle",
        "pikipiki",
        "vehicule",
        "vehiculo",
        "veiculo",
        "fuso",
        "canter",
        "nissan",
        "mitsubishi",
    ),
)
_SAYS_ACCOUNT: Final = _near(
    *(
        "accounts?",
        "a/?c",
        "acct?",
        "compte",
        "cuenta",
        "conta",
        "akaunti",
        "iban",
        "bank",
        "banque",
        "banco",
        "benki",
        "rib",
    ),
    *("clabe", "swift", "sort code", "nib", "paybill"),
)
_SAYS_SHIPMENT: Final = _near(
    *(
        "tracking",
        "waybill",
        "awb",
        "hawb",
        "mawb",
        "b/?l",
        "bill of lading",
        "connaissement",
        "lta",
        "guia(?: aerea)?",
        "parcel",
    ),
    *(
        "conocimiento(?: de embarque)?",
        "conhecimento(?: de embarque)?",
        "rastreo",
        "rastreio",
        "suivi",
        "colis",
        "envio",
        "kifurushi",
    ),
    *(
        "shipment",
        "consignment",
        "booking",
        "dhl",
        "ems",
        "fedex",
        "ups",
        "seal",
        "numero de suivi",
        "hati ya shehena",
        "ufuatiliaji",
    ),
)
_SAYS_DOCUMENT: Final = _near(
    *(
        "passports?",
        "passeport",
        "pasaporte",
        "passaporte",
        "pasipoti",
        "id",
        "i\\.d\\.",
        "identity card",
        "carte d.identite",
        "nin",
    ),
    *(
        "cni",
        "cedula",
        "dni",
        "rg",
        "cpf",
        "bi",
        "bilhete de identidade",
        "kitambulisho",
        "licen[cs]e no",
        "permit",
        "visa",
        "ine",
    ),
    *("driving licen[cs]e", "permis", "licencia", "badge", "matricule", "kra pin", "nida"),
)
_SAYS_HANDLE: Final = _near(
    *(
        "telegram",
        "whatsapp",
        "wechat",
        "weixin",
        "signal",
        "instagram",
        "insta",
        "facebook",
        "fb",
        "tiktok",
        "line id",
        "line",
    ),
    *(
        "skype",
        "viber",
        "twitter",
        "snapchat",
        "discord",
        "wickr",
        "threema",
        "session",
        "handle",
        "user(?:name)?",
        "profile",
        "zalo",
    ),
    *("pseudo", "compte", "usuario", "perfil", "utilizador", "jina la mtumiaji", "akaunti", "微信", "kakao", "qq"),
)
_SAYS_VESSEL: Final = _near(
    "mmsi", "call ?sign", "imo", "indicatif", "distintivo", "indicativo", "vessel", "navire", "buque", "navio", "meli"
)
_SAYS_FLIGHT: Final = _near(
    *(
        "flight",
        "flights",
        "vol",
        "vuelo",
        "voo",
        "ndege",
        "airline",
        "aboard",
        "flew",
        "aircraft",
        "avion",
        "aviao",
        "by air",
    ),
    *("plane", "tail number", "registration", "matricula", "immatricul\\w+"),
)
_SAYS_DEVICE: Final = _near(
    "imei",
    "serial(?: no| number)?",
    "mac",
    "s/n",
    "device",
    "sim",
    "iccid",
    "numero de serie",
    "vin",
    "chassis",
    "chasis",
    "chassi",
    "engine no",
)

_MAIL: Final = r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
_PLATES: Final = (
    r"K[A-Z]{2} ?\d{3} ?[A-Z]",  # Kenya
    r"KM[A-Z]{2} ?\d{3}[A-Z]",
    r"U[A-Z]{2} ?\d{3} ?[A-Z]",  # Uganda
    r"T ?\d{3} ?[A-Z]{3}",  # Tanzania
    r"MC ?\d{3} ?[A-Z]{3}",
    r"A[A-Z]{2} ?\d{3} ?[A-Z]{2}",  # Mozambique
    r"(?:LT|CE|OU|NO|EN|AD|ES|SU|SW|NW) ?\d{3,4} ?[A-Z]{1,2}",  # Cameroon
    r"[A-Z]{2}-\d{3}-[A-Z]{2}",  # France
    r"[A-Z]{2}\d{2} ?[A-Z]{3}",  # United Kingdom
    r"[A-Z]{3}-?\d[A-Z]\d{2}",  # Brazil, Mercosur
    r"[A-Z]{3}-\d{4}",
    r"[A-Z]{3}-\d{3}(?:-[A-Z])?",  # Peru, Mexico
    r"\d{4} ?[B-DF-HJ-NP-TV-Z]{3}",  # Spain
    r"\d{2}-[A-Z]{2}-\d{2}|[A-Z]{2}-\d{2}-[A-Z]{2}",  # Portugal
    r"[A-Z]{2,3} ?\d{3}[ -]\d{3}(?: [A-Z]{2,3})?",  # South Africa
    r"[A-Z]{2} ?\d{2} ?[A-Z]{2} GP",
    r"\d{2}[A-Z]\d?-\d{3}\.?\d{2}",  # Viet Nam
    r"[A-Z]{1,2} \d{1,4} [A-Z]{1,3}",  # Indonesia
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. ]?[A-Z0-9]{5,6}",  # China
)
_FORMS: Final = (
    _Form(Residue.EMAIL, re.compile(rf"(?<![\w.+%-]){_MAIL}")),
    _Form(
        Residue.URL,
        re.compile(
            r"(?:https?|ftp|tg)://[^\s<>\"”’)]+|(?<![\w@.])(?:www\.|t\.me/|wa\.me/|bit\.ly/|fb\.com/|m\.me/)[^\s<>\"”’)]+"
            r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:onion|com|org|net|info|biz|io|co|africa|ke|tz|ug|cm|mz|fr|es|pt|br|mx|cn|vn|th|id|my|shop"
            r"|xyz|ru|me|online|site)(?:/[^\s<>\"”’)]*)?(?![\w@])"
        ),
    ),
    _Form(Residue.HANDLE, re.compile(r"(?<![\w.@/])@[A-Za-z0-9_](?:[\w.]{1,30}\w)")),
    _Form(Residue.HANDLE, re.compile(r"(?<![\w@.])(?=[A-Za-z_.\d]*[_.\d])[A-Za-z_][\w.]{3,30}\w(?![\w@])"), near=_SAYS_HANDLE),
    _Form(Residue.ADDRESS, re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)"), good=_network),
    _Form(Residue.ADDRESS, re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}:?[0-9a-fA-F]{1,4}(?![\w:])"), good=_network),
    _Form(Residue.DEVICE, re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])")),
    _Form(Residue.DEVICE, re.compile(r"(?<!\w)\d{2}[ -]?\d{6}[ -]?\d{6}[ -]?\d(?!\w)"), good=_valid(imei.validate), near=_SAYS_DEVICE),
    _Form(Residue.DEVICE, re.compile(r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)|(?<!\w)(?=\w*\d)[A-Z0-9-]{8,20}(?!\w)"), near=_SAYS_DEVICE),
    _Form(Residue.PLATE, _any_of(_PLATES[:8])),
    _Form(
        Residue.PLATE,
        _any_of(_PLATES[8:]),
        near=_SAYS_PLATE,
    ),
    _Form(
        Residue.PLATE,
        re.compile(r"(?<![\w-])(?=[A-Z0-9 -]*\d)(?=[A-Z0-9 -]*[A-Z])[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{1,4}){1,2}(?![\w-])"),
        near=_near(*("plates?", "number plate", "reg(?:istration)?", "plaque", "matricula", "placas?", "chapa", "usajili", "immatricul\\w+")),
    ),
    _Form(Residue.VESSEL, re.compile(r"(?<!\w)IMO[ :#no.]{0,5}\d{7}(?!\d)", re.IGNORECASE)),
    _Form(Residue.VESSEL, re.compile(r"(?<!\w)\d{7}(?!\w)"), good=None, near=_SAYS_VESSEL),
    _Form(Residue.VESSEL, re.compile(r"(?<!\w)[2-7]\d{8}(?!\w)|(?<!\w)[A-Z0-9]{2}[A-Z]{1,3}\d{0,4}(?!\w)"), near=_near("mmsi", "call ?sign", "indicatif", "distintivo", "indicativo")),
    _Form(
        Residue.VESSEL,
        re.compile(
            r"(?<!\w)(?:M/?[VT]|F/?V|S/?S|MSV|[Mm]otor vessel|[Dd]how|[Tt]rawler|[Vv]essel|[Nn]avire|[Cc]halutier|[Bb]uque|[Bb]arco|[Pp]esquero"
            r"|[Nn]avio|[Bb]arca[çc]a|[Mm]eli(?: ya| inaitwa)?|[Jj]ahazi|[Bb]oti|[Ss]hip|[Bb]oat|[Ff]erry|[Pp]irogue|[Ll]ancha|[Vv]eleiro|[Tt]raineira|[Cc]argueiro|[Cc]arguero|[Cc]argo)"
            r" (?:named |called |nommé |appelé |llamado |chamado |el |le |o )?[\"“‘«]?(?!MV |MT |FV )[A-Z][\w’-]+(?: (?:[A-Z][\w’-]*|\d{1,3}|of the|de la|do|del))*"
        ),
    ),
    _Form(Residue.AIRCRAFT, re.compile(r"(?<![\w-])(?:5[YHXNVRUTBWA]|9[QJGLOMS]|7[TQPO]|Z[SUT]|3[XCDB]|TJ|TR|TN|TT|TL|C9|C5|C6|D[246]|F|G|N|EC|CS|PP|PR|PT|XA|XB|HK|OB|VN|PK|HS|A6|ET)-[A-Z]{3,4}(?![\w-])")),
    _Form(Residue.AIRCRAFT, re.compile(r"(?<!\w)[A-Z][A-Z0-9] ?\d{2,4}[A-Z]?(?!\w)"), near=_SAYS_FLIGHT),
    _Form(Residue.CONTAINER, re.compile(r"(?<!\w)[A-Z]{3}[UJZ][ -]?\d{3}[ -]?\d{3}[ -/]?\d(?!\w)", re.IGNORECASE), good=lambda text: iso6346.is_valid(_compact(text)) or text[:4].isupper()),
    _Form(Residue.WAYBILL, re.compile(r"(?<![\w-])\d{3}[- ]\d{4} ?\d{4}(?![\w-])"), good=_air_waybill, near=_SAYS_SHIPMENT),
    _Form(Residue.WAYBILL, re.compile(r"(?<!\w)[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}(?!\w)"), good=_postal, near=_SAYS_SHIPMENT),
    _Form(Residue.WAYBILL, re.compile(r"(?<!\w)(?=[A-Z0-9-]*\d{3})[A-Z0-9][A-Z0-9-]{6,20}(?!\w)"), near=_SAYS_SHIPMENT),
    _Form(Residue.ACCOUNT, re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE), good=_valid(iban.validate), near=_near("iban")),
    _Form(Residue.ACCOUNT, re.compile(r"(?<![\w+])\d[\d -]{4,24}\d(?!\w)"), near=_SAYS_ACCOUNT),
    _Form(Residue.CARD, re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])"), good=_card),
    _Form(Residue.WALLET, re.compile(r"(?<!\w)(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})(?!\w)"), good=lambda text: bitcoin.is_valid(text) or text.startswith("bc1"), near=_near("btc", "bitcoin", "wallet", "address")),
    _Form(Residue.WALLET, re.compile(r"(?<!\w)(?:0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}|[48][1-9A-HJ-NP-Za-km-z]{94})(?!\w)")),
    _Form(Residue.COORDINATES, re.compile(r"(?<![\w.])[+-]?\d{1,2}\.\d{3,}°? ?[NS]?[,;/ ]{1,3}[+-]?\d{1,3}\.\d{3,}°? ?[EWO]?(?![\w.]*\d)"), good=_on_earth),
    _Form(
        Residue.COORDINATES,
        re.compile(
            r"\d{1,3} ?[°º] ?\d{1,2}(?:\.\d+)? ?[’'′] ?(?:\d{1,2}(?:[.,]\d+)? ?(?:[\"”″]|’’|''))? ?[NSEWO]"
            r"(?:[ ,;/]{0,3}\d{1,3} ?[°º] ?\d{1,2}(?:\.\d+)? ?[’'′] ?(?:\d{1,2}(?:[.,]\d+)? ?(?:[\"”″]|’’|''))? ?[NSEWO])?"
        ),
    ),
    _Form(Residue.COORDINATES, re.compile(r"(?<!\w)[NS] ?\d{1,2}[ °.]\d[\d. ’'′]{2,10}[ ,;]{0,2}[EWO] ?\d{1,3}[ °.]\d[\d. ’'′]{2,10}")),
    _Form(Residue.COORDINATES, re.compile(r"(?<!\w)(?:geo:-?\d+\.\d+,-?\d+\.\d+|[23456789CFGHJMPQRVWX]{6,8}\+[23456789CFGHJMPQRVWX]{2,3}|///\w+\.\w+\.\w+)(?!\w)")),
    _Form(Residue.COORDINATES, re.compile(r"(?<!\w)\d{1,2}[C-HJ-NP-X] ?[A-HJ-NP-Z]{2} ?\d{3,5} ?\d{3,5}(?!\w)|(?<!\w)\d{2}[C-HJ-NP-X] \d{6} \d{7}(?!\w)")),
    _Form(Residue.DOCUMENT, re.compile(r"(?<!\w)(?=[A-Z0-9./-]*\d{2})[A-Z0-9][A-Z0-9./-]{4,18}[A-Z0-9](?!\w)"), near=_SAYS_DOCUMENT),
)  # fmt: skip
