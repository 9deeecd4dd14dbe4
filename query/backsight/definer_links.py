"""Links that open the definer on a page: the page's address with a token in its fragment.

A fragment is never sent to a server, so a link stands in no access log; the snippet takes the token out of
the address before the page is captured. Whoever has the link may do what its token may
(docs/reference/definer.md), so it is logged nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, Final

from backsight.contract import MAX_URL_CHARS
from backsight.errors import shown
from backsight.fields import read_object, read_string, read_whole, refuse

MINUTES: Final = 60
"""How long a token lasts, where nothing else is asked for."""
MOST_MINUTES: Final = 1_440

_VALID: Final = "the http:// or https:// address of a page, such as 'https://shop.example/pricing'"
_UNWANTED: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""What browsers would drop or read as something else: white space, controls, backslashes."""
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_EARLIER: Final = re.compile(r"(?:^|&)backsight-dt_[^&]*")


@dataclass(frozen=True)
class DefinerLink:
    """A link that opens the definer until `expires`; its token stands in `url` and nowhere else."""

    url: str
    expires: datetime

    def to_json(self) -> dict[str, Any]:
        """The link as the API gives it."""
        return {"url": self.url, "expires": self.expires.isoformat().replace("+00:00", "Z")}


@dataclass(frozen=True)
class LinkRequest:
    """What a link is asked for, checked."""

    url: str
    origin: str
    """Of the page, as its browser writes it in `Origin`."""
    minutes: int

    def with_token(self, token: str) -> str:
        """The link: the token stands in place of an earlier one, after whatever else the fragment says."""
        page, _, fragment = self.url.partition("#")
        kept = _EARLIER.sub("", fragment).lstrip("&")
        return f"{page}#{kept}{'&' if kept else ''}backsight-{token}"


def read_link_request(body: object) -> LinkRequest:
    """`{"url", "minutes"}`, checked. Raises InvalidRequest, naming the field."""
    fields: Mapping[str, object] = read_object(body, "", ("url", "minutes"))
    if fields.get("url") is None:
        refuse("the address of the page is missing.", "url", None, _VALID)
    url = read_string(fields["url"], "url", MAX_URL_CHARS)
    minutes = fields.get("minutes")
    asked = MINUTES if minutes is None else read_whole(minutes, "minutes", 1, MOST_MINUTES)
    return LinkRequest(url, origin_of(url), asked)


def origin_of(url: str) -> str:
    """scheme://host[:port] of a page, as browsers write it. Raises InvalidRequest for what is no web page."""
    import httpx  # heavy, and needed here alone

    if _UNWANTED.search(url):
        refuse(f"{shown(url)} holds white space, a control character or a backslash.", "url", url, _VALID)
    try:
        scheme, colon, rest = url.partition(":")
        page = httpx.URL(scheme.lower() + colon + rest)
        host = page.raw_host.decode()
    except (httpx.InvalidURL, UnicodeError) as error:
        refuse(f"{shown(url)} is no address: {error}", "url", url, _VALID)
    if page.scheme not in {"http", "https"}:
        refuse(f"{shown(url)} is no page of the web.", "url", url, _VALID)
    if page.userinfo:
        refuse("the address holds a user name or a password.", "url", None, "the address without them")
    if page.port is not None and page.port > 65_535:
        refuse(f"{page.port} is no port.", "url", url, "a port up to 65,535")
    port = "" if page.port is None else f":{page.port}"
    return f"{page.scheme}://{_host(host, url)}{port}"


def _host(host: str, url: str) -> str:
    """The host as browsers write it: an IPv6 address short and in brackets."""
    try:
        if ":" in host:
            return f"[{IPv6Address(host).compressed}]"
        if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
            return str(IPv4Address(host))
    except AddressValueError:
        refuse(f"{shown(host)} is no address of a host.", "url", url, "four numbers: 'http://127.0.0.1/'")
    if not host or "%" in host:
        refuse(f"{shown(url)} names no host.", "url", url, _VALID)
    return host.lower()
