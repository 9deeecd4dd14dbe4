"""What tokens look like, before any data are looked at."""

from __future__ import annotations

import pytest

from backsight.candidates.looks import Look, looks_of, stem
from backsight.candidates.tokens import Token, tokens_of

WORDS: dict[Look, str] = {
    "plain": (
        "btn btn-primary card__title card__title--promo js-buy order-button content-main list-item"
        " row-actions sidebar-toggled deleteBtn saveXML btnPrimaryLg cardTitle iPhone mp3player utf8name h1"
        " step2 error-message"
    ),
    "generated": (
        "css-1x2y3z css-1a2b3c-Button sc-bdVaJa hKqLmv Button_root__x7Gh2 styles_card__3kLm9 jsx-2871293847"
        " jss123 svelte-1abc2de ng-tns-c12-3 astro-j7pv25f6 a1b2c3d makeStyles-root-12 emotion-0"
    ),
    "style": (
        "md:flex w-1/2 bg-blue-500 text-white px-4 -mt-2 hover:bg-blue-700 w-[12px] col-md-6 rounded-circle"
        " btn-lg text-gray-800 font-bold w-100 d-flex mb-4 group-hover:text-white z-10 sm:grid-cols-2"
    ),
    "state": "is-active active open show card--active ng-dirty has-error tab_selected disabled",
    "pointer": "hover focus focus-visible is-hovered menu--focused",
    "number": "product-12345 post-1024 20261101",
    "counted": "tab-2 slide_11",
}
IDS: dict[Look, str] = {
    "plain": "signup main-nav orders",
    "generated": (
        ":r3: :R1lb: «r1» _r_1_ radix-:r1: radix-4 headlessui-menu-button-3 mui-12 react-aria:r0:-3 ember481"
        " v-14 react-aria-12-tab 550e8400-e29b-41d4-a716-446655440000 cdk-overlay-3 downshift-0-label"
    ),
    "number": "order-1012 4711",
    "counted": "item-3",
}


@pytest.mark.parametrize(("look", "word"), [(look, each) for look in WORDS for each in WORDS[look].split()])
def test_classes_by_their_looks(look: Look, word: str) -> None:
    """Names written by hand, by tools, for styling, for states."""
    assert looks_of(Token("class", word)).look == look


@pytest.mark.parametrize(("look", "word"), [(look, each) for look in IDS for each in IDS[look].split()])
def test_ids_by_their_looks(look: Look, word: str) -> None:
    """Those of React, Radix, Vue, Angular, Ember and Headless UI, and those that somebody wrote."""
    assert looks_of(Token("id", word)).look == look


@pytest.mark.parametrize(
    ("look", "name", "value"),
    [
        ("state", "aria-expanded", "true"),
        ("state", "data-state", "open"),
        ("generated", "data-v-7ba5bd90", None),
        ("generated", "aria-controls", "radix-:r7:"),
        ("plain", "aria-label", "Close"),
        ("plain", "data-action", "delete"),
        ("plain", "type", "submit"),
        ("number", "data-id", "10125"),
        ("plain", "href", "/p/10125"),
        ("number", "href", "/o/550e8400-e29b-41d4-a716-446655440000"),
    ],
)
def test_attributes_by_their_looks(look: Look, name: str, value: str | None) -> None:
    """By their names where these tell, else by what they are."""
    assert looks_of(Token("attribute", name, value)).look == look


def test_tokens_of_an_element() -> None:
    """Tag, id, each class once, telling attributes; a link also with the folder that it leads into."""
    tokens = tokens_of(
        "a",
        {
            "id": "x",
            "class": "a b\ta",
            "href": "/product/12?size=l",
            "data-sku": "12",
            "lang": "en",
            "title": None,
            "style": "top: 0",
        },
    )
    assert [token.css for token in tokens] == [
        "a",
        "#x",
        ".a",
        ".b",
        '[href="/product/12?size=l"]',
        '[href^="/product/"]',
        '[data-sku="12"]',
        "[data-sku]",
    ]


@pytest.mark.parametrize("href", ["#", "", "javascript:void(0)", " JavaScript:x()", "#!"])
def test_links_to_nowhere_say_nothing(href: str) -> None:
    """An address that leads nowhere tells no link from another."""
    assert tokens_of("a", {"href": href}) == [Token("tag", "a")]


def test_stems_of_generated_classes() -> None:
    """What a build keeps of a class's name."""
    assert [stem(word) for word in ("Button_root__x7Gh2", "css-1x2y", "btn")] == ["Button_root__", "css-", ""]
