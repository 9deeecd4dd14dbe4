"""Whatever a page looks like, every candidate holds of the element, and the first of it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.candidates.held import Held
from backsight.candidates.request import parse
from backsight.candidates.scopes import Candidate, candidates_of
from backsight.rules.rule import parse_rule
from backsight.selectors import parse_selector
from page_tables import tables_of
from query.planted_pages import asked

WORDS = ["btn", "btn-primary", "md:flex", "w-1/2", "css-1x2y3z", "is-open", "a.b", "größe", "1st", "-", "--x",
         "hover", "🙂", "a\\b", "w-[calc(1px+2px)]", ":r3:", "order-1012", "x\"y", "'",
         "\x7f", "#", "*"]  # fmt: skip
ATTRIBUTES = ["id", "name", "data-testid", "data-id", "aria-label", "role", "href", "title", "type"]
TAGS = ["div", "button", "a", "li", "tr", "span", "x-card", "main"]

described = st.fixed_dictionaries(
    {},
    optional={
        "class": st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
        **{
            name: st.sampled_from([*WORDS, "/p/1", "#", "Close it", "two\nlines", "x" * 2_000])
            for name in ATTRIBUTES
        },
    },
)


def element(tag: str, attributes: dict[str, str], children: Sequence[str], shadow: bool) -> str:
    inside = "".join(children)
    if shadow and inside:
        inside = f'<template shadowrootmode="open">{inside}</template>'
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{inside}</{tag}>"


leaves = st.builds(
    element, st.sampled_from(TAGS), described, st.sampled_from([[], ["Save"], ["Delete"]]), st.just(False)
)
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        element,
        st.sampled_from(TAGS),
        described,
        # Now and then the same thing several times: rows, and elements that nothing tells apart.
        st.lists(inner, min_size=1, max_size=4).flatmap(lambda some: st.sampled_from([some, some[:1] * 3])),
        st.booleans(),
    ),
    max_leaves=12,
)
pages = st.lists(trees, min_size=1, max_size=3).map(lambda body: f"<html><body>{''.join(body)}</body></html>")


def single(candidate: Candidate) -> bool:
    return candidate.on_page is not None and int(candidate.on_page.sum()) == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(pages, st.booleans(), st.data())
def test_candidates_of_any_page(html: str, texts: bool, data: st.DataObject) -> None:
    """All can be saved, hold of the element by the real matcher, differ, and begin with the specific."""
    node = data.draw(st.integers(0, len(tables_of(html)["nodes"]) - 1))
    whole = parse(asked(html, node, texts=texts))
    meant = Held(whole, None).node
    held = Held(replace(whole, node=meant, text=asked(html, meant)["text"]), None)
    found = candidates_of(held)
    order = ["element", "row", "kind", "text"]
    assert [each.scope for each in found] == sorted({each.scope for each in found}, key=order.index)
    assert 1 <= len(found) <= 4
    assert len(found) > 1 or held.page.above[held.node] < 0
    for each in found:
        parse_rule(each.rule("click"))
        if each.path is not None:
            matching = held.page.matching(parse_selector(each.path.css))
            assert matching[held.node]
            assert (matching == each.path.mask).all()
    said = [(each.css, each.said) for each in found]
    assert len(set(said)) == len(said)
    in_shadow_of_shadow = held.host >= 0 and any(held.page.in_shadow[at] for at in held.page.chain(held.host))
    assert single(found[0]) or in_shadow_of_shadow
