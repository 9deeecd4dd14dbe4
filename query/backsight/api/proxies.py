"""Who asks, where a reverse proxy stands in front: what it says is believed of proxies that are named alone.

Anybody may write `X-Forwarded-For`; proxies append to what they were sent. So it is read from its end: each
address is the peer of the one that wrote it, and is believed as far as those who wrote are trusted. Only one
header is read, that which the proxies write: one that they pass on as it came is their client's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Hop = tuple[Address | None, str | None]
"""Of whom a proxy was asked (None: it does not say, or nothing readable), and by which scheme."""

HEADERS: Final = ("x-forwarded-for", "forwarded")
"""Those in which proxies say who asked them: the customary one, and that of RFC 7239."""
MOST_HOPS: Final = 32
"""More proxies than anybody has in a row; what stands before them is not read."""

_PAIR: Final = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))\s*')
_SCHEMES: Final = frozenset({"http", "https"})


class TrustedProxies:
    """Tells who asks, of requests that come from these networks; any other peer asks for itself."""

    def __init__(self, networks: Iterable[Network], header: str = HEADERS[0]) -> None:
        self._networks = tuple(networks)
        self._hops = _forwarded if header == "forwarded" else _x_forwarded

    def asking(self, peer: str, headers: Sequence[tuple[bytes, bytes]]) -> tuple[str, str | None]:
        """The address of who asks, and by which scheme, where a trusted proxy says so (else None).

        It is the last one in the header that is no trusted proxy; where an entry can't be read, the proxy
        that wrote it.
        """
        address, scheme = _address(peer), None
        if address is None:
            return peer, None
        for said, by in self._hops(headers):
            if not self._trusts(address):
                break
            scheme = by or scheme
            if said is None:
                break
            address = said
        return str(address), scheme

    def in_front_of(self, app: ASGIApp) -> ASGIApp:
        """`app`, which finds who really asks in its scope's `client`, and the `scheme`."""
        if not self._networks:
            return app

        async def believing(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("client"):
                address, scheme = self.asking(scope["client"][0], scope["headers"])
                # A forwarded client's port is not known.
                port = scope["client"][1] if address == scope["client"][0] else 0
                scope = {**scope, "client": (address, port), "scheme": scheme or scope["scheme"]}
            await app(scope, receive, send)

        return believing

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _x_forwarded(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[Hop]:
    """The hops, the last one first. The scheme stands in a header of its own: of it the last word counts."""
    schemes = _listed(headers, b"x-forwarded-proto")
    scheme = schemes[-1].strip().lower() if schemes else ""
    for entry in reversed(_listed(headers, b"x-forwarded-for")[-MOST_HOPS:]):
        yield _address(_bare(entry.strip())), scheme if scheme in _SCHEMES else None


def _forwarded(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[Hop]:
    """The hops, the last one first."""
    for entry in reversed(_elements(b",".join(_values(headers, b"forwarded")))[-MOST_HOPS:]):
        scheme = entry.get("proto", "").lower()
        yield _address(_bare(entry.get("for", ""))), scheme if scheme in _SCHEMES else None


def _elements(value: bytes) -> list[dict[str, str]]:
    """The elements of a `Forwarded` header. Of one that is malformed nothing is taken, nor of those before it
    in the same header: where it begins can't be told.
    """
    elements: list[dict[str, str]] = [{}]
    text, at = value.decode("latin-1"), 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found:
            quoted, plain = found[2], found[3]
            name = found[1].lower()
            told = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            elements[-1][name] = "" if name in elements[-1] else told  # said twice: nobody knows which
            at = found.end()
        if at < len(text):
            if text[at] not in ",;":
                elements = [{}]
                at = next((i for i in range(at, len(text)) if text[i] == ","), len(text))
            if at < len(text) and text[at] == ",":
                elements.append({})
            at += 1
    return [element for element in elements if element] if value.strip() else []


def _listed(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[str]:
    values = b",".join(_values(headers, name)).decode("latin-1")
    return values.split(",") if values.strip() else []


def _values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _bare(entry: str) -> str:
    """An address without its port, and an IPv6 one without its brackets."""
    if entry.startswith("["):
        host, bracket, port = entry[1:].partition("]")
        return host if bracket and re.fullmatch(r"(:[0-9]{1,5})?", port) else ""
    host, colon, port = entry.partition(":")
    return host if colon and port.isascii() and port.isdecimal() and "." in host else entry


def _address(text: str) -> Address | None:
    """The address, an IPv4 one that is written as IPv6 as itself. None of what is none, or has a zone."""
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
