from dataclasses import replace
from datetime import timedelta

from gateway.core.tokens import TOKEN_LIFETIME, TokenRecord
from tests.fakes import NODE, NOON

INSTANT = timedelta(microseconds=1)
RECORD = TokenRecord("crm", NODE, NOON + TOKEN_LIFETIME)


def test_a_token_is_proven_until_its_hour_is_over() -> None:
    assert RECORD.proven(NOON)
    assert RECORD.proven(NOON + timedelta(hours=1) - INSTANT)
    assert not RECORD.proven(NOON + timedelta(hours=1))


def test_a_refused_token_is_not_proven_whatever_its_hour() -> None:
    assert not replace(RECORD, refused=True).proven(NOON)
