"""
Where on the net we may call on somebody's word: never into our own network, whatever name leads there.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

_NAT64 = ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(ip_network(one) for one in ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10"))
"""What not every Python knows to be reserved."""
_LOWEST_OPEN_PORT = 1024


class NotNetworks(ValueError):
    """Write networks as 10.1.0.0/16 or 127.0.0.1, separated by commas."""


def networks(text: str) -> Networks:
    """The networks named, separated by commas; none for "". Raises NotNetworks."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise NotNetworks(f"{NotNetworks.__doc__} {error}") from None


def reason_not_to_call(address: str, port: int, allowed: Networks = ()) -> str | None:
    """Why this IP address and port must not be called, None where it may; what is in an allowed network always may."""
    try:
        meant = _meant(ip_address(address.partition("%")[0]))
    except ValueError:
        return f"{address} is no IP address."
    if is_allowed(address, allowed):
        return None
    if port != 443 and port < _LOWEST_OPEN_PORT:
        return f"Port {port} is not for webhooks; use 443, or one from {_LOWEST_OPEN_PORT} on."
    if not meant.is_global or meant.is_multicast or meant.is_reserved or any(meant in one for one in _NOT_PUBLIC):
        return f"{address} is no public address."
    return None


def is_allowed(address: str, allowed: Networks) -> bool:
    """Whether the address lies in one of the networks that the installation has opened."""
    meant = _meant(ip_address(address.partition("%")[0]))
    return any(meant in network for network in allowed)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does: mapped, translated, or tunneled."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
