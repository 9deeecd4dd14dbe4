"""Candidates for an element of a page of which nothing was captured."""

from __future__ import annotations

from typing import Any

import pytest

from backsight import candidates
from backsight.errors import InvalidRequest
from backsight.rules.rule import parse_rules
from page_tables import node_of, tables_of
from query.planted_pages import asked

ORDER = """
<tr id="order-{n}" class="{parity}" data-order="{n}"><td><a class="product" href="/p/{n}">Kettle {n}</a></td>
<td><button class="btn btn-sm">Edit</button>
<button class="btn btn-sm"><svg><path d="M0"></path></svg>Delete</button></td></tr>"""
SHOP = f"""
<html><body>
<nav aria-label="Main"><a href="/">Home</a><a href="/pricing">Pricing</a><a href="#">Help</a></nav>
<main><table id="orders" aria-label="Orders"><tbody>
{"".join(ORDER.format(n=1000 + n, parity=["even", "odd"][n % 2]) for n in range(4))}
</tbody></table>
<form id="2nd"><input type="email" name="e-mail" class="md:flex w-1/2 größe">
<button class="btn btn-primary">Buy</button><button class="px-4 bg-blue-500" type="submit">Pay</button></form>
<x-card><template shadowrootmode="open"><div><button class="go"><b>Go</b></button></div></template></x-card>
<x-card><template shadowrootmode="open"><div><button class="go"><b>Go</b></button></div></template></x-card>
</main></body></html>"""

Answer = dict[str, Any]


def offered(html: str, node: int, **more: Any) -> dict[str, Answer]:
    """The candidates by scope."""
    found = candidates.for_page(asked(html, node, **more))["candidates"]
    assert [each["scope"] for each in found] == sorted(
        (each["scope"] for each in found), key=["element", "row", "kind", "text"].index
    )
    return {each["scope"]: each for each in found}


def saying(text: str, tag: str = "button", number: int = 0) -> int:
    """The place of one of the shop's elements that says something."""
    tables = tables_of(SHOP)
    tags = [tables["elements"][row[1]]["tag"] for row in tables["nodes"]]
    return [node for node, said in tables["texts"] if said == text and tags[node] == tag][number]


def test_a_button_in_a_row() -> None:
    """This one, that in any row, all of its class, all that say so: in words, and how many there are."""
    found = offered(SHOP, saying("Delete", number=1))
    assert {scope: (each["words"], each["css"], each["on_page"]) for scope, each in found.items()} == {
        "element": ("this “Delete” button", "#order-1001 .btn", 1),
        "row": ("the “Delete” button in any row of the table “Orders”", "#orders .btn", 4),
        "kind": ("every button of class btn", ".btn", 9),
        "text": ("anything that says “Delete”", None, 4),
    }
    assert found["row"]["rule"] == {
        "on": "click",
        "css": "#orders .btn",
        "text": {"op": "is", "value": "Delete"},
    }
    assert found["text"]["rule"] == {"on": "click", "text": {"op": "is", "value": "Delete"}}


def test_without_the_pages_texts() -> None:
    """What others say is not known then: this one is told by its place, and how many say so is not said."""
    found = offered(SHOP, saying("Delete", number=1), texts=False)
    assert found["element"]["css"] == "#order-1001 .btn:nth-child(2)"
    assert found["element"]["stability"] <= 0.3
    assert "place among them" in found["element"]["why"][-1]
    assert (found["row"]["on_page"], found["text"]["on_page"]) == (None, None)


def test_texts_of_others_alone_tell_nothing() -> None:
    """The definer sends those of buttons and links: whether a heading's is the only one is not known then."""
    html = "<html><body><h2>News</h2><h2>News</h2><button>Go</button></body></html>"
    tables = asked(html, 2)
    tables["texts"] = [[node, text] for node, text in tables["texts"] if text == "Go"]
    first = candidates.for_page(tables)["candidates"][0]
    assert (first["css"], first["on_page"]) == ("h2:nth-child(1)", 1)
    assert "text" not in first["rule"]


def test_rows_that_say_different_things() -> None:
    """A row's link to its product is told by its class; what one of them says is no part of it."""
    found = offered(SHOP, saying("Kettle 1002", "a"))
    assert found["element"]["css"] == '[href="/p/1002"]'
    assert found["row"]["rule"] == {"on": "click", "css": "#orders .product"}
    assert found["row"]["words"] == "the link in any row of the table “Orders”"


def test_links_side_by_side() -> None:
    """A menu's links are rows themselves; one that leads nowhere is told by what it says."""
    found = offered(SHOP, saying("Help", "a"))
    assert found["element"]["rule"] == {
        "on": "click",
        "css": '[aria-label="Main"] a',
        "text": {"op": "is", "value": "Help"},
    }
    assert found["row"]["words"] == "any link of the navigation “Main”"
    assert found["row"]["on_page"] == 3


def test_what_is_hit_is_lifted_to_what_is_meant() -> None:
    """An icon inside a button stands for the button, whoever holds it; a cell for itself."""
    button = saying("Delete", number=1)
    path = next(node for node in range(button, button + 5) if node_tag(node) == "path")
    known = dict(map(tuple, tables_of(SHOP)["texts"]))
    assert candidates.for_page({**asked(SHOP, path), "text": known[button]}) == candidates.for_page(
        asked(SHOP, button)
    )
    cell = node_of(tables_of(SHOP), tag="td")
    assert offered(SHOP, cell)["element"]["words"].startswith("this cell")


def node_tag(node: int) -> str:
    tables = tables_of(SHOP)
    return str(tables["elements"][tables["nodes"][node][1]]["tag"])


def test_submits_are_about_the_form_and_changes_about_the_field() -> None:
    """What is meant depends on what happens."""
    tables = tables_of(SHOP)
    submitted = offered(SHOP, saying("Pay"), on="submit")["element"]
    assert submitted["rule"] == {"on": "submit", "css": "#\\32 nd"}
    changed = offered(SHOP, node_of(tables, tag="input"), on="change")["element"]
    assert changed["rule"] == {"on": "change", "css": '[name="e-mail"]'}


def test_styles_are_no_identity() -> None:
    """Utility classes tell buttons apart only where nothing else does."""
    found = offered(SHOP, saying("Pay"))
    assert "px-4" not in str(found["element"]["css"])
    assert found["kind"]["css"] in ('[type="submit"]', "button")


def test_shadow_trees_are_told_by_their_hosts() -> None:
    """Of two like hosts, by their places; the selector never crosses the shadow root."""
    found = offered(SHOP, saying("Go", "b", number=1))["element"]
    assert found["css"] == ":host(x-card:nth-child(4)) .go"
    assert found["on_page"] == 1


@pytest.mark.parametrize(
    ("attributes", "css"),
    [
        ('class="md:flex"', ".md\\:flex"),
        ('class="w-1/2"', ".w-1\\/2"),
        ('id="1st"', "#\\31 st"),
        ('id="-1"', "#-\\31 "),
        ('class="größe"', ".größe"),
        ('id="a.b"', "#a\\.b"),
        ('name="a&quot;]b\\c"', '[name="a\\"]b\\\\c"]'),
        ('aria-label="two\nlines"', '[aria-label="two\\a lines"]'),
    ],
)
def test_names_are_escaped(attributes: str, css: str) -> None:
    """Whatever a page calls its elements, the selector can be read and finds them."""
    html = f"<html><body><button {attributes}></button><button></button></body></html>"
    assert offered(html, 2)["element"]["css"] == css


def test_the_root_has_but_one() -> None:
    """There is nothing more general to say of a page than that something was clicked on it."""
    assert list(offered(SHOP, 0)) == ["element"]


def test_something_without_likenesses_has_what_is_around_it() -> None:
    """The general candidate is then anything at its place."""
    html = "<html><body><section id='s'><div><hr></div></section></body></html>"
    found = offered(html, 4)
    assert [each["words"] for each in found.values()] == ["this <hr> element", "anything in the section “s”"]
    assert found["kind"]["css"] == "#s *"


def test_the_top_of_a_shadow_tree_has_what_is_in_it() -> None:
    """No selector looks out of the tree but at its host."""
    inside = '<template shadowrootmode="open"><hr><i></i></template>'
    html = f'<html><body><x-card id="c">{inside}</x-card></body></html>'
    found = offered(html, 3)
    assert [(each["words"], each["css"]) for each in found.values()] == [
        ("this <hr> element", "hr"),
        ("anything in the <x-card> element “c”", ":host(#c) *"),
    ]


def test_generated_tokens_are_left_out_and_said_so() -> None:
    """With no data, by their looks."""
    html = '<html><body><button id=":r3:" class="css-1x2y3z save hover">Save</button></body></html>'
    answer = candidates.for_page(asked(html, 2))
    assert answer["candidates"][0]["css"] == ".save"
    assert {each["token"]: each["why"] for each in answer["left_out"]} == {
        "#\\:r3\\:": "it looks generated",
        ".css-1x2y3z": "it looks generated",
        ".hover": "it says where pointer or focus are",
    }


def test_every_rule_can_be_saved() -> None:
    """What is offered is taken as the rules of a named event, for every element of the page."""
    tables = tables_of(SHOP)
    for node in range(len(tables["nodes"])):
        for each in offered(SHOP, node).values():
            parse_rules([each["rule"]])
            assert 0 <= each["stability"] <= 1
            assert each["on_page"] is None or each["on_page"] >= 1


SMALL = tables_of("<html><body><p></p></body></html>") | {"node": 2}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("elements", None, "elements"),
        ("elements", [], "elements"),
        ("elements", [{"tag": "html"}] * 20_001, "elements"),
        ("elements", [{"tag": ""}], "elements[0].tag"),
        ("elements", [{"tag": "a", "ns": "xul"}], "elements[0].ns"),
        ("elements", [{"tag": "a", "attrs": []}], "elements[0].attrs"),
        ("elements", [{"tag": "a", "attrs": {"id": 1}}], "elements[0].attrs.id"),
        ("elements", [{"tag": "a", "attrs": {"id": "\ud800"}}], "elements[0].attrs"),
        ("elements", [{"tag": "a", "text": "x"}], "elements[0].text"),
        ("nodes", [], "nodes"),
        ("nodes", [[-1, 0, 1, 1, 1]], "nodes[0]"),
        ("nodes", [[0, 0, 1, 1, 1, 1]], "nodes[0]"),
        ("nodes", [[-1, 3, 1, 1, 1, 1]], "nodes[0]"),
        ("nodes", [[-1, 0, 0, 1, 1, 1]], "nodes[0]"),
        ("nodes", [[-1, 0, 1, 1, 1, 1, -1]], "nodes[0]"),
        ("nodes", [[-1, 0, 1, 1, 1, True]], "nodes[0]"),
        ("nodes", [[-1, 0, 1, 1, 1, 2**40]], "nodes[0]"),
        ("nodes", [[at - 1, 0, 1, 1, 1, 1] for at in range(600)], "nodes[513]"),
        ("nodes", "[]", "nodes"),
        ("node", 3, "node"),
        ("node", -1, "node"),
        ("node", "2", "node"),
        ("node", None, "node"),
        ("text", 5, "text"),
        ("text", "x" * 256, "text"),
        ("texts", [[0]], "texts[0]"),
        ("texts", [[9, "x"]], "texts[0][0]"),
        ("page", {"path": "/"}, "page.path"),
        ("on", "pageview", "on"),
        ("css", "a", "css"),
    ],
)
def test_broken_requests_are_refused_by_name(field: str, value: object, named: str) -> None:
    """Whatever is out of bounds, or does not hang together."""
    with pytest.raises(InvalidRequest) as caught:
        candidates.for_page({**SMALL, field: value})
    assert caught.value.field == named


def test_what_the_snippet_sends_is_taken_as_it_is() -> None:
    """Its facts, nulls among them, and attributes that were withheld or are not kept."""
    element = {
        "tag": "a",
        "attrs": {"title": None, "style": "x", "onclick": "y", "class": "z" * 2_000, "id": "k"},
    }
    request = {
        "elements": [element],
        "nodes": [[-1, 0, 1, 1, 1, 1, 4]],
        "node": 0,
        "text": "Go",
        "href": None,
    }
    request |= {"label": "", "target_text": "", "page": {"url": "https://x.test/", "title": None}}
    found = candidates.for_page({**request, "on": "click"})["candidates"]
    assert found[0]["css"] == "#k"


def test_a_page_s_own_words_stay_on_their_line() -> None:
    """Controls, line ends and marks that turn text around are in the rule, and not in words about it."""
    nasty = "Buy\n\t\u202enow\x00"
    described = [
        {"tag": "html"},
        {"tag": "button", "attrs": {"data-x": nasty.replace("\x00", ""), "class": "a\u202eb"}},
    ]
    rows = [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 1, 2, 1, 2, 0], [0, 1, 2, 1, 2, 1, 0]]
    request = {
        "elements": described,
        "nodes": rows,
        "node": 1,
        "text": nasty,
        "texts": [[1, nasty], [2, "x"]],
    }
    answer = candidates.for_page(request)
    told = [words for each in answer["candidates"] for words in [each["words"], *each["why"]]]
    assert any("“Buy now”" in words for words in told)
    assert all(words.isprintable() for words in [*told, *(each["why"] for each in answer["left_out"])])
    assert answer["candidates"][-1]["rule"]["text"]["value"] == nasty
