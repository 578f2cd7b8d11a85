import pytest

from crypto import age, records
from crypto.errors import NoMatchError, OpenError
from crypto.secret import Secret

VAULT = age.Identity.generate()


def test_a_record_key_comes_back_from_the_vault_alone() -> None:
    key = records.new_key()
    wrapped = records.wrap(key, VAULT.recipient)

    assert records.unwrap(wrapped, VAULT).matches(key)
    assert age.open_(wrapped, [VAULT]) == key.expose()
    with pytest.raises(NoMatchError):
        records.unwrap(wrapped, age.Identity.generate())


def test_what_is_no_record_key_is_neither_wrapped_nor_unwrapped() -> None:
    with pytest.raises(ValueError):
        records.wrap(Secret(b"short"), VAULT.recipient)
    with pytest.raises(OpenError):
        records.unwrap(age.seal(b"short", [VAULT.recipient]), VAULT)


def test_no_two_records_share_a_key() -> None:
    assert not records.new_key().matches(records.new_key())
