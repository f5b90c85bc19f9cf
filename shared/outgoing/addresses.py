"""Which addresses are public: no name may lead a call to one that only this machine, or its network, can reach.

Python's own tables stop short of it: by them, 6to4, NAT64 and some of documentation are global in some versions.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Translators make these of any IPv4 address (RFC 6052). A network's own translator (64:ff9b:1::/48) may hide the
#: address in other places of it, so those are never public.
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
#: All that was ever given to anybody; link-local, unique local, multicast and reserved addresses are outside.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # the host of a virtual machine, in one large cloud
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        ),
    )
)


def is_open(address: Address, exempt: Collection[Network] = ()) -> bool:
    """Tell whether a call may go to an address: it is public, or in one of the operator's networks."""
    return all(
        _is_public(end) or any(end in network for network in exempt) for end in _ends_of(address)
    )


def _ends_of(address: Address) -> tuple[Address, ...]:
    """List where packets to an address may come out: at the IPv4 addresses in it, if it is made of some."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.teredo is not None:
        return address.teredo
    inner = address.ipv4_mapped or address.sixtofour
    return (address,) if inner is None else (inner,)


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in _GLOBAL_UNICAST:  # noqa: PLR2004
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)
