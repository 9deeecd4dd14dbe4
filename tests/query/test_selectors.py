"""Selectors: how they are read, what is refused and why. What they match, a browser judges in journey/."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.errors import InvalidRequest, UnsupportedSelector
from backsight.selectors import parse_selector
from backsight.selectors.syntax import (
    Attribute,
    Class,
    Complex,
    Compound,
    Host,
    Id,
    Logical,
    Position,
    Root,
    Simple,
    Tag,
)


def only(css: str) -> tuple[Simple, ...]:
    """The simple selectors of a selector that is one compound."""
    (branch,) = parse_selector(css).branches
    (compound,) = branch.compounds
    return compound.simples


@pytest.mark.parametrize(
    ("css", "simples"),
    [
        ("A", (Tag("a"),)),
        ("*", ()),
        ("*|a", (Tag("a"),)),
        ("a#b.c", (Tag("a"), Id("b"), Class("c"))),
        (r".md\:flex", (Class("md:flex"),)),
        (r".w-1\/2", (Class("w-1/2"),)),
        (r".\32 xl", (Class("2xl"),)),
        ("[HREF]", (Attribute("href"),)),
        ('[href^="/a b"]', (Attribute("href", "^=", "/a b"),)),
        ("[ lang |= en I ]", (Attribute("lang", "|=", "en", "i"),)),
        ("[type=a s]", (Attribute("type", "=", "a", "s"),)),
        ("p/* c */.a", (Tag("p"), Class("a"))),
        (":root", (Root(),)),
        (":FIRST-child", (Position(0, 1),)),
        (":only-of-type", (Position(0, 1, of_type=True), Position(0, 1, of_type=True, from_end=True))),
        (":nth-child(odd)", (Position(2, 1),)),
        (":nth-last-of-type( -3N - 2 )", (Position(-3, -2, of_type=True, from_end=True),)),
        (":host", (Host(),)),
        (":host(.a)", (Host(Compound((Class("a"),))),)),
        (":is()", (Logical(()),)),
        (
            ":not(a, .b)",
            (
                Logical(
                    (Complex((Compound((Tag("a"),)),)), Complex((Compound((Class("b"),)),))), negated=True
                ),
            ),
        ),
    ],
)
def test_simple_selectors(css: str, simples: tuple[Simple, ...]) -> None:
    """Each simple selector is read as what it says, escapes and white space included."""
    assert only(css) == simples


def test_combinators_and_lists() -> None:
    """Compounds stand in the order in which they are written, with what joins them."""
    first, second = parse_selector("a > b c, d").branches
    assert [compound.simples for compound in first.compounds] == [(Tag("a"),), (Tag("b"),), (Tag("c"),)]
    assert first.combinators == (">", " ")
    assert second.compounds[0].simples == (Tag("d"),)


@pytest.mark.parametrize(
    ("css", "part", "reason"),
    [
        ("a:hover", ":hover", "pointer"),
        ("input:checked", ":checked", "state"),
        ("a:visited", ":visited", "visited"),
        ("input:invalid", ":invalid", "entered"),
        ("p:lang(en)", ":lang()", "language"),
        ("p:empty", ":empty", "inside the element"),
        ("div:has(> a)", ":has()", "inside the element"),
        ("a + b", "+", "siblings"),
        ("a ~ b", "~", "siblings"),
        ("a || b", "||", "columns"),
        (":is(a, b:hover)", ":hover", "pointer"),
        (":not(:not(a + b))", "+", "siblings"),
        ("::before", "::before", "pseudo-elements"),
        ("a:after", ":after", "pseudo-elements"),
        (":not(::before)", "::before", "pseudo-elements"),
        ("li:nth-child(2 of .a)", ":nth-child(2 of .a)", "siblings"),
        ("[style]", "[style]", "not captured"),
        ("[VALUE='x']", "[VALUE]", "not captured"),
        ("[onclick]", "[onclick]", "not captured"),
        ("[*|href]", "[*|href]", "namespace"),
        (":host-context(a) b", ":host-context()", "out of a shadow tree"),
        (":is(:host, a) b", ":host", "before a combinator"),
        (":host(:is(a b)) c", ":host()", "ancestors"),
        (":scope > a", ":scope", "no scope"),
        (":first-chid", ":first-chid", "no such pseudo-class"),
    ],
)
def test_what_is_out_of_scope_is_named_with_its_reason(css: str, part: str, reason: str) -> None:
    """The message names the part of the selector and why a capture can't answer it."""
    with pytest.raises(UnsupportedSelector, match=reason) as caught:
        parse_selector(css, "steps[0].css")
    assert f"'{part}'" in caught.value.message
    assert (caught.value.field, caught.value.value) == ("steps[0].css", css)


def test_a_misspelt_pseudo_class_names_the_nearest() -> None:
    """What was probably meant stands in the error."""
    with pytest.raises(UnsupportedSelector, match="did you mean 'first-child'"):
        parse_selector(":first-chid")


@pytest.mark.parametrize(
    "css",
    [
        "",
        " ",
        "a,",
        ":is(a,)",
        ":is(!, a)",
        ":where(> a)",
        "[id=a i x]",
        "*|",
        ":is",
        ":nth-child(2000000)",
        "a\0{",
    ],
)
def test_what_browsers_forgive_or_refuse_is_no_selector(css: str) -> None:
    """A bad branch is refused, not dropped: a rule never matches less than it says."""
    with pytest.raises(InvalidRequest):
        parse_selector(css)


@pytest.mark.parametrize(
    "css",
    [
        "a " * 3_000,
        "a " * 300,
        "a," * 300 + "a",
        ":is(" * 9 + "a" + ")" * 9,
        ":not(" * 1_000 + "a" + ")" * 1_000,
        "(" * 4_000,
        "[" * 4_000,
        ":is(a,b)" * 300,
        "\\" * 4_096,
        ".a" * 2_000 + " b" * 101,
    ],
    ids=lambda css: css[:8],
)
def test_hostile_selectors_are_bounded(css: str) -> None:
    """Length, depth and number of parts have limits, and finding them passed takes no time."""
    started = time.perf_counter()
    error = raised(css)
    assert error is None or len(str(error)) < 400
    assert time.perf_counter() - started < 1


PIECES = [
    *"ab.#[]=\"'~|^$*:()>+, \\/-!\0\n2né",
    ":is(",
    ":not(",
    ":nth-child(",
    ":host(",
    "[href",
    "/*",
    "*/",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_a_selector_or_a_clear_error(css: str) -> None:
    """Whatever is written, nothing but InvalidRequest comes out."""
    error = raised(css)
    assert error is None or error.value == css


def raised(css: str) -> InvalidRequest | None:
    """The error, if there is one; any other than InvalidRequest fails the test."""
    try:
        parse_selector(css)
    except InvalidRequest as error:
        return error
    return None
