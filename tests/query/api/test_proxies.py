"""Who asks, behind proxies: what trusted ones say is believed, and what their clients say is not."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.api.proxies import MOST_HOPS, TrustedProxies

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "127.0.0.1", "fd00::/8")))
XFF, PROTO, FORWARDED = b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"
Headers = list[tuple[bytes, bytes]]


def asking(
    peer: str, *headers: tuple[bytes, bytes], header: str = "x-forwarded-for"
) -> tuple[str, str | None]:
    return TrustedProxies(PROXIES, header).asking(peer, headers)


@pytest.mark.parametrize(
    ("peer", "sent", "asks"),
    [
        ("10.0.0.1", b"192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", b"6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", b"6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("192.0.2.9", b"6.6.6.6", "192.0.2.9"),
        ("192.0.2.9", b"10.0.0.1", "192.0.2.9"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"6.6.6.6, unknown", "10.0.0.1"),
        ("10.0.0.1", b"6.6.6.6, ", "10.0.0.1"),
        ("10.0.0.1", b"6.6.6.6, junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", b"192.0.2.7:8123", "192.0.2.7"),
        ("10.0.0.1", b"[2001:db8::7]:8123", "2001:db8::7"),
        ("10.0.0.1", b"[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", b"2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", b"[2001:db8::7]evil", "10.0.0.1"),
        ("10.0.0.1", b"[2001:db8::7", "10.0.0.1"),
        ("10.0.0.1", b"fe80::1%eth0", "10.0.0.1"),
        ("10.0.0.1", b"192.0.2.007", "10.0.0.1"),
        ("10.0.0.1", b"::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.1", b"192.0.2.7", "192.0.2.7"),
        ("fd00::1", b"192.0.2.7", "192.0.2.7"),
        ("", b"192.0.2.7", ""),
        ("unix", b"192.0.2.7", "unix"),
        ("10.0.0.1", b"192.0.2.7\xff", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.٧".encode(), "10.0.0.1"),
    ],
)
def test_the_last_address_that_is_no_proxy_asks(peer: str, sent: bytes, asks: str) -> None:
    """Read from the end: what trusted proxies wrote counts, what stands before it is their client's word."""
    assert asking(peer, (XFF, sent))[0] == asks


def test_lines_of_a_header_are_one_list() -> None:
    """A proxy may append a line of its own instead of continuing that of its client."""
    assert asking("10.0.0.1", (XFF, b"6.6.6.6"), (XFF, b"192.0.2.7"))[0] == "192.0.2.7"
    assert asking("10.0.0.1", (XFF, b"192.0.2.7"), (XFF, b"10.0.0.2"))[0] == "192.0.2.7"


def test_no_more_hops_are_read_than_anybody_has() -> None:
    """A header full of addresses that pass for proxies is not read to its end."""
    hops = b", ".join([b"192.0.2.7", *[b"10.0.0.9"] * (MOST_HOPS + 5)])
    assert asking("10.0.0.1", (XFF, hops))[0] == "10.0.0.9"
    assert (
        asking("10.0.0.1", (XFF, b", ".join([b"192.0.2.7", *[b"10.0.0.9"] * (MOST_HOPS - 1)])))[0]
        == "192.0.2.7"
    )


@pytest.mark.parametrize(
    ("peer", "headers", "scheme"),
    [
        ("10.0.0.1", [(XFF, b"192.0.2.7"), (PROTO, b"https")], "https"),
        ("10.0.0.1", [(XFF, b"192.0.2.7"), (PROTO, b"http, HTTPS ")], "https"),
        ("10.0.0.1", [(XFF, b"192.0.2.7"), (PROTO, b"https"), (PROTO, b"http")], "http"),
        ("10.0.0.1", [(XFF, b"192.0.2.7"), (PROTO, b"javascript")], None),
        ("10.0.0.1", [(XFF, b"192.0.2.7")], None),
        ("192.0.2.9", [(XFF, b"192.0.2.7"), (PROTO, b"https")], None),
    ],
)
def test_the_scheme_is_that_of_a_trusted_proxy(peer: str, headers: Headers, scheme: str | None) -> None:
    """http or https, as the last proxy says; nothing else, and not on a stranger's word."""
    assert asking(peer, *headers)[1] == scheme


@pytest.mark.parametrize(
    ("sent", "asks", "scheme"),
    [
        (b"for=192.0.2.7", "192.0.2.7", None),
        (b"for=192.0.2.7;proto=https;by=10.0.0.1", "192.0.2.7", "https"),
        (b'For="[2001:db8::7]:4711"', "2001:db8::7", None),
        (b'for=6.6.6.6, for="192.0.2.7:80" ; proto=HTTP', "192.0.2.7", "http"),
        (b"for=192.0.2.7;proto=https, for=10.0.0.2;proto=http", "192.0.2.7", "https"),
        (b"for=unknown", "10.0.0.1", None),
        (b"for=_hidden", "10.0.0.1", None),
        (b"proto=https", "10.0.0.1", "https"),
        (b"for=6.6.6.6;for=192.0.2.7", "10.0.0.1", None),
        (b'for=6.6.6.6;a="x, for=192.0.2.7', "192.0.2.7", None),
        (b'for=6.6.6.6;a="x, for="[2001:db8::7]"', "10.0.0.1", None),
        (b'for="19\\2.0.2.7"', "192.0.2.7", None),
        (b"for 6.6.6.6, for=192.0.2.7", "192.0.2.7", None),
        (b", ,for=192.0.2.7", "192.0.2.7", None),
        (b"", "10.0.0.1", None),
        (b'"', "10.0.0.1", None),
    ],
)
def test_the_forwarded_header_is_read_where_it_is_the_one(sent: bytes, asks: str, scheme: str | None) -> None:
    """RFC 7239: pairs in any order and case, quoted or not; what is malformed is nobody's address."""
    assert asking("10.0.0.1", (FORWARDED, sent), header="forwarded") == (asks, scheme)


def test_only_the_header_that_proxies_write_is_believed() -> None:
    """One that they pass on as it came is their client's word."""
    both = [(XFF, b"192.0.2.7"), (FORWARDED, b"for=192.0.2.8")]
    assert asking("10.0.0.1", *both)[0] == "192.0.2.7"
    assert asking("10.0.0.1", *both, header="forwarded")[0] == "192.0.2.8"
    assert asking("10.0.0.1", (FORWARDED, b"for=6.6.6.6"))[0] == "10.0.0.1"
    assert asking("10.0.0.1", (XFF, b"6.6.6.6"), header="forwarded")[0] == "10.0.0.1"


WORDS = [
    b"6.6.6.6",
    b"10.0.0.9",
    b"::1",
    b"for=",
    b"proto=https",
    *(bytes([each]) for each in b',";[]: \\\\'),
]
HOSTILE = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(WORDS), max_size=20).map(b"".join))
PROXY_ADDRESSES = st.lists(st.sampled_from(["10.0.0.2", "fd00::2", "127.0.0.1"]), max_size=3)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, PROXY_ADDRESSES, st.booleans())
def test_nobody_chooses_the_address_that_is_believed(sent: bytes, between: list[str], own_line: bool) -> None:
    """Whatever a client sends, behind any row of trusted proxies, it is told as who it is."""
    appended = ", ".join(["192.0.2.7", *between]).encode()
    headers = [(XFF, sent), (XFF, appended)] if own_line or not sent else [(XFF, sent + b", " + appended)]
    assert asking("10.0.0.1", *headers)[0] == "192.0.2.7"


@settings(max_examples=60, deadline=None)
@given(HOSTILE, PROXY_ADDRESSES, st.booleans(), st.booleans())
def test_nobody_chooses_the_address_in_a_forwarded_header(
    sent: bytes, between: list[str], own_line: bool, quoted: bool
) -> None:
    """A client that breaks the syntax hides itself behind a proxy at most; it is never somebody else."""
    said = [f'for="{each}"' if quoted else f"for={each}" for each in ("192.0.2.7", *between)]
    said = [f'for="[{each[4:]}]"' if each == "for=fd00::2" else each for each in said]
    appended = ", ".join(said).encode()
    headers = (
        [(FORWARDED, sent), (FORWARDED, appended)] if own_line else [(FORWARDED, sent + b", " + appended)]
    )
    assert asking("10.0.0.1", *headers, header="forwarded")[0] in {"192.0.2.7", "10.0.0.1", *between}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_strangers_ask_for_themselves(sent: bytes, header: str) -> None:
    """No header changes who asks where the peer is no trusted proxy."""
    headers = [(name, sent) for name in (XFF, PROTO, FORWARDED)]
    assert asking("192.0.2.9", *headers, header=header) == ("192.0.2.9", None)


@pytest.mark.parametrize(
    "sent", [b'"' * 60_000, b'a="' * 20_000, b"for=1," * 10_000, b"\\" * 60_000, b'a="\\' * 15_000]
)
def test_a_long_header_takes_no_long_time(sent: bytes) -> None:
    """What fits into a request's head is read in one pass; a quadratic reading would time out."""
    for header in ("x-forwarded-for", "forwarded"):
        asking("10.0.0.1", (XFF, sent), (FORWARDED, sent), header=header)


def scope_behind(proxies: TrustedProxies, **scope: Any) -> dict[str, Any]:
    """The scope that an application behind the proxies gets."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    asked: Any = {"type": "http", "scheme": "http", **scope}
    nothing: Any = None
    with ThreadPoolExecutor(1) as pool:  # a thread has no running loop, which Playwright leaves to this one
        pool.submit(asyncio.run, proxies.in_front_of(app)(asked, nothing, nothing)).result()  # type: ignore[arg-type]
    found: dict[str, Any] = seen[0]
    return found


def test_an_application_finds_who_asks_in_its_scope() -> None:
    """Address and scheme are those of who asks; a peer that asks for itself keeps its port."""
    headers = [(XFF, b"192.0.2.7"), (PROTO, b"https")]
    trusting = TrustedProxies(PROXIES)
    through = scope_behind(trusting, client=("10.0.0.1", 4711), headers=headers)
    assert (through["client"], through["scheme"]) == (("192.0.2.7", 0), "https")
    direct = scope_behind(trusting, client=("192.0.2.9", 4711), headers=headers)
    assert (direct["client"], direct["scheme"]) == (("192.0.2.9", 4711), "http")
    assert scope_behind(trusting, client=None, headers=headers)["client"] is None
    assert scope_behind(TrustedProxies(()), client=("10.0.0.1", 1), headers=headers)["client"] == (
        "10.0.0.1",
        1,
    )
