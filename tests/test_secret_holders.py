"""Whatever holds a secret cannot be shown, logged, cached, compared, copied or pickled by accident, nor can its errors."""

import builtins
import copy
import importlib
import json
import logging
import pickle
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache, lru_cache, reduce
from io import StringIO
from pathlib import Path
from typing import ForwardRef, get_args
from uuid import UUID

import pytest

from crypto import age, columns, macs, records, totp
from crypto.age import scrypt, x25519
from crypto.age.keyfile import parse_identities
from crypto.blobs import BlobOpener
from crypto.codename import Codename, keys
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from handling.corridor.session import Handler
from handling.corridor.threads import Book
from handling.desk.session import Desk
from handling.guard.keys import Keys
from handling.people import Card
from handling.signing import SigningKeys
from handling.store.keyring import Keyring
from handling.store.vault import OpenVault
from tests.test_house import MODULES
from tipline import envelope
from tipline.base.accounts import Opened
from tipline.base.sessions import Session
from tipline.source.session import Session as SourceSession
from tipline.source.ticket import DayKeys, Tickets

MARK = b"canary-0123456789abcdef-01234567"  # 32 bytes
MARKED = Secret(MARK)
IDENTITY = age.Identity.from_seed(MARKED)
CODENAME = Codename.from_entropy(Secret(MARK[:16]))


@pytest.fixture(params=["vault", "handler", "desk", "others"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> list[Guarded]:
    """Everything that holds a secret; a vault is a real one over an empty keyring."""
    vault = OpenVault.__new__(OpenVault)
    vault._member = IDENTITY
    vault._keyring = Keyring(tmp_path)
    kinds: dict[str, list[Guarded]] = {
        "vault": [vault],
        "handler": [Handler(member=None, members=None, vault=vault)],  # type: ignore[arg-type]  # only the vault is secret
        "desk": [Desk(member=None, members=None, vault=vault, intake=IDENTITY)],  # type: ignore[arg-type]
        "others": [
            MARKED,
            IDENTITY,
            x25519.Identity.generate(),
            SigningKey.from_seed(MARKED),
            CODENAME,
            scrypt.Passphrase(MARKED),
            envelope.Thread(MARKED, MARKED),
            Card(name="a", display="A", process="desk", passphrase=MARKED, totp=MARKED),
            SigningKeys("a", IDENTITY, SigningKey.from_seed(MARKED)),
            Opened("a", {"identity": MARK.decode()}),
            Session("a", MARK, began=0.0, seen=0.0, csrf=MARK.decode()),
            SourceSession(MARK, CODENAME, reported=True, urgent=False, kept=(), expires=datetime.now(UTC), _key=MARKED),
            Keys(None, IDENTITY, SigningKey.from_seed(MARKED)),  # type: ignore[arg-type]
            DayKeys(Path(), {date.min: MARKED}),
            Tickets(lambda _: MARKED, 3),
        ],
    }
    return kinds[request.param]


def ways_to_print(value: object) -> list[str]:
    log = StringIO()
    logger = logging.getLogger("a-test-of-secrets")
    logger.addHandler(logging.StreamHandler(log))
    logger.propagate = False
    logger.error("%s %r", value, value)
    try:
        raise ValueError(value)  # noqa: TRY301 - as careless code would
    except ValueError:
        logger.exception("with its error")
    return [repr(value), str(value), f"{value}", f"{value!r:>40}", "%s" % (value,), "{}".format(value), log.getvalue()]  # noqa: UP031, UP032 - each way of formatting


def test_what_holds_a_secret_shows_stars_however_it_is_printed_or_logged(held: list[Guarded]) -> None:
    for value in held:
        for shown in ways_to_print(value):
            assert "***" in shown
            assert MARK.decode() not in shown
            assert MARK.hex() not in shown


def test_what_holds_a_secret_is_not_compared_hashed_cached_copied_pickled_or_made_json(held: list[Guarded]) -> None:
    for value in held:
        attempts: tuple[Callable[[], object], ...] = (
            lambda value=value: value == value,  # noqa: PLR0124 - that is the test
            lambda value=value: value != MARKED,
            lambda value=value: [Secret(b"another")].index(value),
            lambda value=value: {value},
            lambda value=value: {value: 1},
            lambda value=value: lru_cache(lambda one: one)(value),
            lambda value=value: copy.copy(value),
            lambda value=value: copy.deepcopy([value]),
            *(lambda value=value, n=n: pickle.dumps(value, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
            lambda value=value: json.dumps(value),
        )
        for attempt in attempts:
            with pytest.raises(TypeError) as caught:
                attempt()
            assert MARK.decode() not in str(caught.value)


@cache
def classes() -> frozenset[type]:
    """Every class at the top of a module of the project."""
    modules = [importlib.import_module(name.removesuffix(".py").replace("/", ".")) for name in MODULES]
    return frozenset(
        one for module in modules for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    )  # fmt: skip


def named(annotation: object, module: str) -> Iterator[type]:
    """Every class that the annotation names, wherever in it."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        names = vars(builtins) | vars(sys.modules[module])
        for word in re.findall(r"[\w.]+", annotation):
            first, *more = word.split(".")
            yield from named(reduce(lambda one, name: getattr(one, name, None), more, names.get(first)), module)
    for part in annotation if isinstance(annotation, list) else get_args(annotation):
        yield from named(part, module)
    if isinstance(annotation, type):
        yield annotation


def test_no_class_that_holds_a_secret_takes_back_a_refusal() -> None:
    """A dataclass writes its own `__repr__` and `__eq__` unless it is told `eq=False, repr=False`."""
    refusals = [name for name in vars(Guarded) if callable(getattr(Guarded, name))]
    holders = [one for one in classes() if issubclass(one, Guarded)]

    assert {"__repr__", "__eq__", "__hash__", "__reduce_ex__", "__copy__", "__deepcopy__"} <= set(refusals)
    assert len(holders) >= 50
    assert [
        (one, name)
        for one in holders
        for name in (*refusals, "__str__", "__format__", "__ne__")
        if getattr(one, name) is not getattr(Guarded, name)
    ] == []


def test_whatever_has_a_field_for_a_secret_is_guarded_itself() -> None:
    held = [
        (one, field)
        for one in classes()
        for field, annotation in vars(one).get("__annotations__", {}).items()
        if any(issubclass(part, Guarded) for part in named(annotation, one.__module__))
    ]

    assert len(held) >= 40
    assert [(one, field) for one, field in held if not issubclass(one, Guarded)] == []


def test_a_book_of_a_thread_and_the_keys_of_a_source_show_no_key() -> None:
    book = Book.start(envelope.Thread(MARKED, MARKED))
    source = keys(CODENAME)

    assert "***" in repr(book)
    for shown in (repr(book), repr(source)):
        for key in (MARKED, source.lookup, source.to_unit, source.to_source, source.state):
            assert repr(key.expose())[2:-1] not in shown
            assert key.expose().hex() not in shown


PLACE = {"table": "t", "column": "c", "row": "1"}
OTHER = age.Identity.generate()
FAILURES: dict[str, Callable[[], object]] = {
    "column": lambda: columns.open_(MARKED, columns.seal(Secret(b"x" * 32), b"v", **PLACE), **PLACE),
    "mac": lambda: macs.check(MARKED, b"payload", bytes(32), purpose="to unit"),
    "blob": lambda: BlobOpener(MARKED, "1").update(bytes(70_000 * 2)),
    "record key": lambda: records.unwrap(age.seal(MARK + b"more", [IDENTITY.recipient]), IDENTITY),
    "age file": lambda: age.open_(age.seal(b"x", [OTHER.recipient]), [IDENTITY]),
    "passphrase": lambda: age.open_passphrase(age.seal_passphrase(b"x", Secret(b"other"), log_n=1), MARKED),
    "identity": lambda: age.Identity.parse(Secret(MARK)),
    "identity file": lambda: parse_identities(Secret(b"# mine\n" + MARK + b"\n")),
    "seed": lambda: SigningKey.from_seed(Secret(MARK + b"x")),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_keeps_no_secret_in_its_text_its_arguments_or_its_cause(name: str) -> None:
    with pytest.raises(CryptoError) as caught:
        FAILURES[name]()

    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert MARK.decode() not in f"{error!r} {error} {error.args} {getattr(error, '__notes__', '')}"
    assert MARK not in pickle.dumps([str(argument) for argument in error.args])


@pytest.mark.parametrize("name", ["column", "mac", "blob", "record key", "age file", "passphrase", "seed"])
def test_a_traceback_that_shows_local_values_shows_no_key(name: str) -> None:
    """Some tools print each frame's values. Keys stand there as `Secret`; text that a person typed cannot be helped."""
    with pytest.raises(CryptoError) as caught:
        FAILURES[name]()

    frames = caught.value.__traceback__.tb_next  # type: ignore[union-attr]  # the first frame is this test
    shown = "".join(
        traceback.TracebackException(type(caught.value), caught.value, frames, capture_locals=True).format()
    )

    assert MARK.decode() not in shown
    assert MARK.hex() not in shown


def test_nothing_made_for_a_second_factor_shows_it() -> None:
    assert MARK.decode() not in repr(Secret(MARK))
    assert totp.base32(Secret(MARK)) not in repr(Card("a", "A", "desk", MARKED, MARKED, str(UUID(int=0))))
