"""
Where we call on somebody's word: only at public addresses, however they are written.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.addresses import NotNetworks, is_allowed, networks, reason_not_to_call

PUBLIC_V4 = st.ip_addresses(v=4).filter(
    lambda one: one.is_global and not one.is_multicast and not one.is_reserved and not str(one).startswith("192.0.0.")
)
INSIDE_V4 = st.sampled_from([
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.8",
])


@pytest.mark.parametrize("address", [
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "::127.0.0.1",
    "64:ff9b:1::1", "not an address", "",
])
def test_does_not_call_inside(address: str) -> None:
    assert reason_not_to_call(address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_calls_public_addresses(address: str) -> None:
    assert reason_not_to_call(address, 443) is None
    assert reason_not_to_call(address, 8443) is None


@given(PUBLIC_V4)
def test_calls_any_public_address(address: IPv4Address) -> None:
    assert reason_not_to_call(str(address), 443) is None


@given(INSIDE_V4, st.sampled_from(["::ffff:{}", "64:ff9b::{}", "2002:{hex}::1"]))
def test_is_not_fooled_by_another_way_of_writing_it(address: str, wrapped: str) -> None:
    number = int(ip_address(address))
    written = wrapped.format(address, hex=f"{number >> 16:x}:{number & 0xFFFF:x}")
    assert reason_not_to_call(address, 443)
    assert reason_not_to_call(written, 443), written


@given(st.ip_addresses(v=6))
def test_judges_every_address_one_way_or_the_other(address: IPv6Address) -> None:
    assert reason_not_to_call(str(address), 443) is None or not address.is_loopback or address.is_private


@given(st.integers(0, 1023).filter(lambda port: port != 443))
def test_leaves_ports_of_other_services_alone(port: int) -> None:
    assert reason_not_to_call("8.8.8.8", port)


def test_calls_what_the_installation_has_opened() -> None:
    ours = networks(" 10.1.0.0/16, 127.0.0.1,::1 ")
    assert reason_not_to_call("10.1.2.3", 80, ours) is None
    assert reason_not_to_call("::ffff:10.1.2.3", 80, ours) is None
    assert reason_not_to_call("10.2.2.3", 443, ours)
    assert is_allowed("::1", ours)
    assert networks("") == ()
    with pytest.raises(NotNetworks):
        networks("10.1.2.3/8")
