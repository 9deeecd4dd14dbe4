"""Links to the definer: which pages they may lead to, and how the token stands in them."""

from __future__ import annotations

from typing import Any

import pytest

from backsight.definer_links import read_link_request
from backsight.errors import InvalidRequest

LINKS = [
    ("https://shop.example/a?b=c", "https://shop.example", "https://shop.example/a?b=c#backsight-dt_T"),
    ("https://shop.example/#/route", "https://shop.example", "https://shop.example/#/route&backsight-dt_T"),
    ("https://shop.example", "https://shop.example", "https://shop.example#backsight-dt_T"),
    ("https://shop.example/#", "https://shop.example", "https://shop.example/#backsight-dt_T"),
    (
        "https://shop.example/#backsight-dt_Old",
        "https://shop.example",
        "https://shop.example/#backsight-dt_T",
    ),
    ("http://x/#a&backsight-dt_Old", "http://x", "http://x/#a&backsight-dt_T"),
    ("http://x/#backsight-dt_Old&a", "http://x", "http://x/#a&backsight-dt_T"),
    ("HTTPS://Shop.Example:443/", "https://shop.example", "HTTPS://Shop.Example:443/#backsight-dt_T"),
    ("http://127.0.0.1:8400/", "http://127.0.0.1:8400", "http://127.0.0.1:8400/#backsight-dt_T"),
    ("http://[0:0::1]:80/", "http://[::1]", "http://[0:0::1]:80/#backsight-dt_T"),
    ("https://köln.example/", "https://xn--kln-sna.example", "https://köln.example/#backsight-dt_T"),
]


@pytest.mark.parametrize(("page", "origin", "link"), LINKS, ids=[each[0] for each in LINKS])
def test_a_link_keeps_the_address_and_names_the_origin_as_browsers_do(
    page: str, origin: str, link: str
) -> None:
    """The token follows what the fragment says already; the origin is what browsers send as such."""
    asked = read_link_request({"url": page})
    assert (asked.origin, asked.with_token("dt_T"), asked.minutes) == (origin, link, 60)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": ["https://x"]}, "url"),
        *[
            ({"url": url}, "url")
            for url in (
                "", "/pricing", "shop.example", "//shop.example/", "ftp://x/", "file:///etc/passwd",
                "javascript:alert(1)", "data:text/html,x", "https://", "https:///x", "https://u:p@x/",
                "https://x y/", "https://x/\n", "https://x\\y/", "https://x:99999/", "http://[::1",
                "http://0x7f.1/", "http://127.1/", "http://a%2fb/", "https://☃.example/", "https://\ud800/",
                "https://x/" + "a" * 2_048,
            )
        ],
        ({"url": "https://x/", "minutes": 0}, "minutes"),
        ({"url": "https://x/", "minutes": 1_441}, "minutes"),
        ({"url": "https://x/", "minutes": "60"}, "minutes"),
        ({"url": "https://x/", "minutes": True}, "minutes"),
        ({"url": "https://x/", "hours": 1}, "hours"),
    ],
)  # fmt: skip
def test_what_is_no_page_of_the_web_is_refused(body: dict[str, Any], field: str) -> None:
    """Other schemes, credentials, what browsers read otherwise and times out of range name the field."""
    with pytest.raises(InvalidRequest) as refused:
        read_link_request(body)
    assert refused.value.field == field
    assert refused.value.valid


def test_a_password_in_the_address_is_not_repeated() -> None:
    """The message about credentials leaves them out."""
    with pytest.raises(InvalidRequest) as refused:
        read_link_request({"url": "https://ada:geheim@shop.example/"})
    assert "geheim" not in str(refused.value)
    assert refused.value.value is None
