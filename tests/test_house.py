"""Rules of the house over the whole tree, held against its source: who takes a secret out, and how secrets are compared."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("crypto", "tipline", "handling")
MODULES = sorted(str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

EXPOSED = {
    "crypto/age/bech32.py": "reads the letters of a typed or stored identity",
    "crypto/age/file.py": "a file's nonce is public; it is made by the same generator",
    "crypto/age/format.py": "the header's MAC",
    "crypto/age/hybrid.py": "HPKE seals the file key; a seed is expanded and written as Bech32",
    "crypto/age/keyfile.py": "reads the lines of a file of identities",
    "crypto/age/scrypt.py": "scrypt over the passphrase; the file key is wrapped",
    "crypto/age/stream.py": "the stream's cipher",
    "crypto/age/x25519.py": "the exchange; the file key is wrapped; a scalar is written as Bech32",
    "crypto/blobs.py": "a blob's nonce is public; it is made by the same generator",
    "crypto/codename.py": "words of the entropy, hash of the lookup, key of the submission MAC",
    "crypto/columns.py": "the subkey of a column",
    "crypto/hkdf.py": "derives keys",
    "crypto/macs.py": "the MAC's key",
    "crypto/pgp.py": "the passphrase goes to GnuPG over a pipe",
    "crypto/sandbox.py": "a secret goes into the sandbox over a pipe",
    "crypto/records.py": "a record key is wrapped",
    "crypto/secret.py": "two secrets are compared in constant time",
    "crypto/shares.py": "a seed is split into shares",
    "crypto/signing.py": "Ed25519 over the seed",
    "crypto/sshsig.py": "Ed25519 over the seed",
    "crypto/totp.py": "HOTP, and the key that a person types into an app",
    "handling/corridor/threads.py": "a thread's MAC keys go into its sealed row",
    "handling/enrol.py": "new keys go into sealed accounts and the keyring",
    "handling/exchange/forms.py": "a form's nonce goes into its own page",
    "handling/guard/sign.py": "the package key is handed to GnuPG",
    "handling/packagekeys.py": "new package keys are sealed to the signers",
    "handling/people.py": "new keys go into sealed accounts",
    "handling/signing.py": "a signer's keys go into a file under their passphrase",
    "handling/store/epochs.py": "a vault's identity is sealed to its members",
    "handling/store/intakekeys.py": "an intake seed goes under the vault",
    "handling/store/pgpkeys.py": "OpenPGP keys go under the vault",
    "handling/store/restricted.py": "a record key is wrapped to each of its readers",
    "handling/store/rewrap.py": "keys move to the vault in force",
    "tipline/base/account_page.py": "a new passphrase and second factor are shown once",
    "tipline/cli/cards.py": "sign-in cards are printed once",
    "tipline/cli/identity.py": "a new identity is printed for its owner",
    "tipline/cli/practice.py": "the practice unit's keys lie beside its data",
    "tipline/cli/sign.py": "a typed passphrase is brought into the form in which the guard keeps it",
    "tipline/cli/terminal.py": "a typed passphrase is compared with its repetition",
    "tipline/cli/tip.py": "a typed codename is read",
    "tipline/cli/tipwords.py": "a pickup code is printed for its owner",
    "tipline/envelope/message.py": "thread keys and lookup go into the sealed message",
    "tipline/source/session.py": "the cookie's halves, and the codename under one of them",
}
"""Every module in which a secret leaves its `Secret`, and what for. A new one is reviewed before it is added here."""

COMPARED = {
    "crypto/age/format.py": "header MAC",
    "crypto/macs.py": "every MAC of ours",
    "crypto/secret.py": "Secret.matches",
    "crypto/totp.py": "one-time codes",
    "handling/exchange/handed.py": "the check value of a signed acknowledgement",
    "handling/exchange/portal.py": "the check value of an acknowledgement",
    "tipline/base/sessions.py": "the token of a form",
}
"""Where bytes that somebody may guess at are compared; all in constant time."""

RANDOM = {"handling/corridor/collect.py": "the order of fetching; nothing secret"}
"""Where the predictable generator is imported."""

LOGGED_ERRORS = {
    "handling/corridor/main.py": "errors of the collector, with fixed texts",
    "handling/corridor/pages/common.py": "errors of sign-in, with fixed texts",
    "tipline/base/supervisor.py": "errors of a starting database, with fixed texts and a path",
    "tipline/source/main.py": "settings and pins, read before any tip",
}
"""Where the text of an exception of ours is logged, and why it is fixed; elsewhere its class or code is."""

_SECRET_NAME = re.compile(r"(^|_)(secret|passphrase|seed|entropy|csrf|mac|lookup|password|codename|cookie|nonce)$")
_LOGGER = re.compile(r"(^|[._])(log|logger)$|getLogger", re.IGNORECASE)
_HARMLESS = {"tipline/cli/seal.py": "whether a passphrase was asked for, not what it is"}
_CRYPTO_ERRORS = {
    node.name for node in ast.parse((ROOT / "crypto" / "errors.py").read_text()).body if isinstance(node, ast.ClassDef)
}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"))


def calls(module: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def logs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and bool(_LOGGER.search(ast.unparse(call.func.value)))


def test_secrets_are_taken_out_only_where_the_table_says_why() -> None:
    assert {module for module in MODULES if any(calls(module, "expose"))} == set(EXPOSED)
    assert all(EXPOSED.values())


@pytest.mark.parametrize("module", MODULES)
def test_no_secret_is_exposed_into_text_or_a_log(module: str) -> None:
    """`f"{key.expose()}"` shows bytes; a log line keeps them."""
    for node in ast.walk(tree(module)):
        shown: list[ast.AST] = []
        if isinstance(node, ast.FormattedValue) and not module.startswith("tipline/cli/"):
            shown = [node]
        if isinstance(node, ast.Call) and logs(node):
            shown = [*node.args]
        assert not any(
            isinstance(inner, ast.Attribute) and inner.attr == "expose" for one in shown for inner in ast.walk(one)
        ), ast.unparse(node)


def test_whatever_can_be_guessed_at_is_compared_in_constant_time_and_only_in_known_places() -> None:
    assert {module for module in MODULES if any(calls(module, "compare_digest"))} == set(COMPARED)


@pytest.mark.parametrize("module", MODULES)
def test_no_name_that_holds_a_secret_is_compared_with_equals(module: str) -> None:
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        names = {getattr(side, "id", getattr(side, "attr", "")) for side in (node.left, *node.comparators)}
        empty = any(isinstance(side, ast.Constant) and not side.value for side in node.comparators)
        held = {name for name in names if _SECRET_NAME.search(name)}
        assert not held or empty or module in _HARMLESS, f"{module}:{node.lineno} {ast.unparse(node)}"


def test_no_secret_comes_from_the_predictable_generator() -> None:
    found = set()
    for module in MODULES:
        for node in ast.walk(tree(module)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if "random" in names or (isinstance(node, ast.ImportFrom) and node.module == "random"):
                found.add(module)
    assert found == set(RANDOM)


def test_the_text_of_an_exception_is_logged_only_where_the_table_says_that_it_is_fixed() -> None:
    found = set()
    for module in MODULES:
        for handler in (node for node in ast.walk(tree(module)) if isinstance(node, ast.ExceptHandler) and node.name):
            for call in (node for node in ast.walk(handler) if isinstance(node, ast.Call)):
                if logs(call) and any(isinstance(arg, ast.Name) and arg.id == handler.name for arg in call.args):
                    found.add(module)
                assert not (logs(call) and any(keyword.arg == "exc_info" for keyword in call.keywords)), module
    assert found == set(LOGGED_ERRORS)


def imported(module: str) -> frozenset[str]:
    """The modules of ours that one imports, at its head or inside a function."""
    named = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            named.update(one if _file(one) in MODULES else node.module for one in inside)
    return frozenset(file for one in named if (file := _file(one)) in MODULES and file != module)


def _file(dotted: str) -> str:
    return f"{dotted.replace('.', '/')}.py"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """What imports each other is one thing in two files, and is read from the middle."""
    TopologicalSorter({module: imported(module) for module in MODULES}).prepare()  # names the cycle that it finds


@pytest.mark.parametrize("module", MODULES)
def test_no_error_of_crypto_becomes_part_of_another_text(module: str) -> None:
    """They hold fixed texts today; whoever adds a field to one does not thereby write it somewhere."""
    for handler in ast.walk(tree(module)):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None or handler.type is None:
            continue
        caught = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(handler.type)}
        if not caught & _CRYPTO_ERRORS or module.startswith("tipline/cli/"):
            continue
        for node in ast.walk(handler):
            if isinstance(node, ast.FormattedValue):
                assert not (isinstance(node.value, ast.Name) and node.value.id == handler.name), module


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("crypto/")])
def test_nothing_in_crypto_remembers_by_argument(module: str) -> None:
    """A cache holds its keys for as long as the process lives. Only a call without arguments may be remembered."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef):
            cached = any("cache" in ast.unparse(decorator) for decorator in node.decorator_list)
            assert not (cached and (node.args.args or node.args.kwonlyargs)), f"{module}: {node.name}"


@pytest.mark.parametrize("module", MODULES)
def test_errors_are_raised_from_none_where_crypto_or_a_parser_failed(module: str) -> None:
    """A cause is printed with its text, which may quote what was parsed."""
    for handler in (node for node in ast.walk(tree(module)) if isinstance(node, ast.ExceptHandler)):
        for node in ast.walk(handler):
            if isinstance(node, ast.Raise) and node.exc is not None:
                quiet = isinstance(node.cause, ast.Constant) and node.cause.value is None
                assert quiet, f"{module}:{node.lineno}"
