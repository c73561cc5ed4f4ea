from ipaddress import ip_address, ip_network
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.origin import client_address, is_inside
from tests.core.asking import ANY_TEXT

TRUSTED: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY: Final = "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        pytest.param("192.0.2.7", "", "192.0.2.7", id="direct"),
        pytest.param("192.0.2.7", "198.51.100.1", "192.0.2.7", id="spoofed-directly"),
        pytest.param(PROXY, "198.51.100.1", "198.51.100.1", id="one-proxy"),
        pytest.param(PROXY, "", PROXY, id="a-proxy-that-says-nothing"),
        pytest.param(PROXY, "203.0.113.9, 198.51.100.1", "198.51.100.1", id="spoofed-behind-proxy"),
        pytest.param(PROXY, "10.9.9.9, 198.51.100.1", "198.51.100.1", id="spoofed-as-a-proxy"),
        pytest.param(PROXY, "198.51.100.1, 10.0.0.2, fd00::3", "198.51.100.1", id="chain"),
        pytest.param(PROXY, "10.0.0.3,10.0.0.2", "10.0.0.3", id="all-of-them-trusted"),
        pytest.param(PROXY, "198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7", id="chain-broken"),
        pytest.param(PROXY, "::ffff:198.51.100.1", "198.51.100.1", id="mapped"),
        pytest.param("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1", id="mapped-proxy"),
        pytest.param("::FFFF:0a00:0001", "198.51.100.1", "198.51.100.1", id="mapped-in-hex"),
        pytest.param("::10.0.0.1", "198.51.100.1", "::a00:1", id="compatible-is-not-mapped"),
        pytest.param(PROXY, "198.51.100.1:54321", "198.51.100.1", id="port"),
        pytest.param(PROXY, "[2001:db8::1]:443", "2001:db8::1", id="brackets-and-port"),
        pytest.param(PROXY, "[2001:db8::1]", "2001:db8::1", id="brackets"),
        pytest.param(PROXY, "[::ffff:198.51.100.1]:80", "198.51.100.1", id="mapped-in-brackets"),
        pytest.param(PROXY, "2001:db8::1", "2001:db8::1", id="ipv6"),
        pytest.param(PROXY, " 198.51.100.1\t", "198.51.100.1", id="blanks"),
        pytest.param(PROXY, "198.51.100.1,unknown", None, id="garbage-is-nobody"),
        pytest.param(PROXY, "unknown, 198.51.100.1", "198.51.100.1", id="garbage-further-left"),
        pytest.param(PROXY, "198.51.100.1,,10.0.0.2", None, id="hole"),
        pytest.param(PROXY, "198.51.100.1/32", None, id="network-is-no-address"),
        pytest.param(PROXY, "198.51.100.256", None, id="no-such-octet"),
        pytest.param(PROXY, "3232235521", None, id="number-is-no-address"),
        pytest.param(PROXY, "[", None, id="bracket-alone"),
        pytest.param("fd00::1", "198.51.100.1", "198.51.100.1", id="ipv6-proxy"),
    ],
)
def test_the_client_is_whom_an_unbroken_chain_of_trust_names(
    peer: str, said: str, client: str | None
) -> None:
    expected = None if client is None else ip_address(client)
    assert client_address(peer, said, iter(TRUSTED)) == expected


@pytest.mark.parametrize("peer", ["", "unix:", "/run/callgate.sock", "localhost"])
def test_a_peer_without_an_address_speaks_for_nobody(peer: str) -> None:
    assert client_address(peer, "198.51.100.1", TRUSTED) is None


@given(peer=st.ip_addresses().map(str), said=ANY_TEXT)
def test_nobody_is_believed_where_nobody_is_trusted(peer: str, said: str) -> None:
    assert client_address(peer, said, ()) == client_address(peer, "", ())


@given(said=st.lists(st.ip_addresses(v=4).map(str) | ANY_TEXT).map(",".join), peer=ANY_TEXT)
def test_no_header_makes_it_fail(said: str, peer: str) -> None:
    client_address(PROXY, said, TRUSTED)
    client_address(peer, said, TRUSTED)


@given(spoofed=st.lists(st.ip_addresses().map(str) | ANY_TEXT).map(",".join))
def test_what_a_client_sends_ahead_never_changes_who_he_is(spoofed: str) -> None:
    client = ip_address("198.51.100.1")
    assert client_address(PROXY, f"{spoofed},{client}", TRUSTED) == client
    assert client_address(PROXY, f"{spoofed}, {client}, fd00::2", TRUSTED) == client


@pytest.mark.parametrize(
    ("address", "inside"),
    [("10.1.2.3", True), ("fd12::1", True), ("11.0.0.1", False), ("fe80::1", False)],
)
def test_an_address_is_inside_if_one_network_holds_it(address: str, inside: bool) -> None:
    assert is_inside(ip_address(address), TRUSTED) is inside


def test_no_address_is_inside_no_network_and_no_network_holds_anything() -> None:
    assert not is_inside(None, (ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert not is_inside(ip_address("10.0.0.1"), ())
