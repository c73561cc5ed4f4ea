from ipaddress import ip_address, ip_network

import pytest

from gateway.core.applications import Application, Applications
from gateway.core.secrets import Secret
from tests.fakes import application

HOME = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("actions", "action", "may"),
    [
        pytest.param({"*"}, "DeleteCall", True, id="all"),
        pytest.param({"*"}, "Unheard", True, id="all-means-unknown-ones-too"),
        pytest.param({"GetCallID"}, "GetCallID", True, id="listed"),
        pytest.param({"GetCallID"}, "getcallid", False, id="compared-exactly"),
        pytest.param({"GetCallID"}, "DeleteCall", False, id="not-listed"),
        pytest.param(set(), "GetCallID", False, id="none"),
    ],
)
def test_an_application_may_use_what_it_lists(actions: set[str], action: str, may: bool) -> None:
    assert application(actions=frozenset(actions)).may_use(action) is may


@pytest.mark.parametrize(
    ("address", "may"),
    [
        pytest.param("10.255.0.1", True, id="inside"),
        pytest.param("11.0.0.1", False, id="outside"),
        pytest.param("fd00::1", True, id="inside-ipv6"),
        pytest.param("2001:db8::1", False, id="outside-ipv6"),
    ],
)
def test_an_application_comes_from_its_networks(address: str, may: bool) -> None:
    assert application(networks=HOME).may_come_from(ip_address(address)) is may
    assert application().may_come_from(ip_address(address))


def test_a_peer_without_an_address_comes_from_nowhere_but_anywhere() -> None:
    assert application().may_come_from(None)
    assert not application(networks=HOME).may_come_from(None)
    everywhere = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    assert not application(networks=everywhere).may_come_from(None)


def test_an_application_is_found_by_each_of_its_keys() -> None:
    old, new = Secret("old"), Secret("new")
    crm = Application("crm", frozenset({old.digest, new.digest}))
    other = application(name="phones", key="other")
    applications = Applications(iter([crm, other]))
    assert applications.with_key(old) is crm
    assert applications.with_key(new) is crm
    assert applications.with_key(Secret("other")) is other
    assert applications.all == (crm, other)


def test_no_application_is_found_by_a_keys_digest_or_other_case() -> None:
    applications = Applications([application(key="Key")])
    assert applications.with_key(Secret(Secret("Key").digest)) is None
    assert applications.with_key(Secret("key")) is None
    assert applications.with_key(Secret("")) is None
